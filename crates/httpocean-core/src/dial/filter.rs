//! Which addresses an application lets itself be sent to.

use core::fmt;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::Route;
use crate::error::TransportError;

/// Which addresses may be connected to, whatever a name resolves to: so that a URL from outside can't reach what is
/// inside, by a redirect either.
///
/// By a proxy it is asked about the server that is to be reached, if its address is known here: written in the URL, or
/// resolved for `socks5://`. About the proxy itself it is not asked. What a name leads to that the proxy resolves, only the
/// proxy knows.
///
/// ```
/// use httpocean_core::dial::{AddressFilter, Options};
///
/// let options = Options {
///     // The unspecified address is one more way to say "this machine".
///     filter: AddressFilter::new(|addr| !addr.ip().is_loopback() && !addr.ip().is_unspecified()),
///     ..Options::default()
/// };
/// assert!(!options.filter.allows(&"127.0.0.1:80".parse().unwrap()));
/// assert!(!options.filter.allows(&"[::ffff:127.0.0.1]:80".parse().unwrap()));
/// ```
#[derive(Clone, Default)]
pub struct AddressFilter(Option<Arc<Allows>>);

type Allows = dyn Fn(&SocketAddr) -> bool + Send + Sync;

impl AddressFilter {
    /// Allows what `allows` says yes to. It has to be a pure function: it may be asked at any time, and again. An
    /// IPv4 address in the clothes of IPv6 (`::ffff:127.0.0.1`) is shown to it as the IPv4 address that it is.
    pub fn new(allows: impl Fn(&SocketAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(allows)))
    }

    /// Whether `addr` may be connected to. The user's function is asked in the middle of things: one that panics lets
    /// nobody through.
    pub fn allows(&self, addr: &SocketAddr) -> bool {
        let addr = SocketAddr::new(addr.ip().to_canonical(), addr.port());
        let ask = |allows: &Arc<Allows>| catch_unwind(AssertUnwindSafe(|| allows(&addr))).unwrap_or(false);
        self.0.as_ref().is_none_or(ask)
    }

    pub(super) fn apply(&self, route: Route) -> Result<Route, TransportError> {
        let Route::Addresses(mut addrs) = route else { return Ok(route) };
        let found = addrs.len();
        addrs.retain(|addr| self.allows(addr));
        if addrs.is_empty() && found > 0 {
            return Err(TransportError::Filtered);
        }
        Ok(Route::Addresses(addrs))
    }
}

impl fmt::Debug for AddressFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "AddressFilter(of the user's)" } else { "AddressFilter(all)" })
    }
}

impl PartialEq for AddressFilter {
    /// The same function, or none twice.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl Eq for AddressFilter {}

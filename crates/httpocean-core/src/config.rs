//! The options of all machines, gathered.

use std::net::IpAddr;
use std::sync::Arc;

use http::Extensions;

use crate::dial::AddressFilter;
use crate::error::{Error, ErrorKind, Phase};
use crate::key::Key;
use crate::layer::Security;
use crate::limits::Limits;
use crate::policy::Retries;
use crate::policy::redirect::Redirects;
use crate::{call, dial, proxy};

/// Everything that a request can be told, apart from the pool's own options.
///
/// A client has one; a request may bring another. The key is derived from the request's URI and from this, and
/// from nothing else.
///
/// ```
/// use core::time::Duration;
/// use httpocean_core::{Config, call};
///
/// let config = Config {
///     call: call::Options { total: Some(Duration::from_secs(30)), ..call::Options::default() },
///     ..Config::default()
/// };
/// assert_eq!(config.dial.connect, Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What a call obeys: deadlines, expectations.
    pub call: call::Options,
    /// What a dial obeys: deadlines, and which addresses it may go to. A connection is made for whoever comes first,
    /// so these are the client's alone: a request that brings others does not change how it is connected.
    pub dial: dial::Options,
    /// Which redirects are followed, and how.
    pub redirects: Redirects,
    /// When a request is tried again.
    pub retries: Retries,
    /// Bounds on what a peer may make us hold, or try.
    pub limits: Limits,
    /// Which proxies requests take. A part of the key.
    pub proxy: proxy::Rules,
    /// How connections of https are secured; `None`: they are not made. A part of the key, by
    /// which a request with options of its own never gets a connection that was secured by others.
    pub tls: Option<Security>,
    /// The local address to connect from. A part of the key.
    pub local: Option<IpAddr>,
    /// Requests of different partitions never share a connection. A part of the key.
    pub partition: u64,
}

impl Config {
    /// The options that a request obeys: an `Arc<Config>` among its extensions, or else these, its client's.
    ///
    /// # Errors
    /// When it brings an address filter that is not the client's: it would go unheeded.
    pub fn of_request<'a>(self: &'a Arc<Self>, extensions: &'a Extensions) -> Result<&'a Arc<Self>, Error> {
        let own = extensions.get::<Arc<Self>>().unwrap_or(self);
        if own.dial.filter != AddressFilter::default() && own.dial.filter != self.dial.filter {
            let kind =
                ErrorKind::Request("an address filter is for a client: a request can't have another one");
            return Err(Error::new(kind, Phase::Start));
        }
        Ok(own)
    }

    /// A key of a URI with all that these options add to it.
    pub(crate) fn complete(&self, key: Key) -> Result<Key, Error> {
        let proxy = self.proxy.proxy_to(key.scheme(), key.host(), key.port());
        let proxy = proxy.map_err(|why| Error::new(ErrorKind::Proxy(why), Phase::Start))?;
        let key = if proxy.is_none() { key } else { key.by_proxy(proxy) };
        let key = key.secured(self.tls.as_ref());
        let key = if self.partition == 0 { key } else { key.in_partition(self.partition) };
        Ok(if self.local.is_none() { key } else { key.from_local(self.local) })
    }
}

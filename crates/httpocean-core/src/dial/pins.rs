//! Addresses that an application gives a host by itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use http::Uri;

use crate::key::Key;

/// Addresses to connect to for a host and port, in place of what the name leads to. The request stays as it is: `Host`,
/// what TLS asks for and the key are the URL's. curl's `--resolve`, reqwest's `resolve`.
///
/// A host that is pinned is not looked up, by a driver's resolver neither. One that is a proxy can be pinned as well.
/// What an [`AddressFilter`](super::AddressFilter) does not allow is not connected to, pinned or not.
///
/// ```
/// use httpocean_core::dial::{Options, Pins};
///
/// let pins = Pins::default().pin("example.com:443", ["127.0.0.1:8443".parse().unwrap()]).unwrap();
/// let options = Options { pins, ..Options::default() };
/// # drop(options);
/// assert!(Pins::default().pin("example.com", []).is_err(), "a port is needed");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins(Arc<BTreeMap<Box<str>, Vec<SocketAddr>>>);

impl Pins {
    /// These and one more: `host_port`, such as `example.com:80` or `[2001:db8::1]:80`, leads to `addresses`, of which
    /// the best comes first. With none of them it can't be reached. What was pinned for it before is replaced.
    ///
    /// # Errors
    /// When `host_port` is not a host and a port.
    pub fn pin(
        mut self,
        host_port: &str,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<Self, &'static str> {
        const WRONG: &str = "what is pinned is a host and a port, such as `example.com:80`";
        let uri: Uri = format!("http://{host_port}/").parse().map_err(|_| WRONG)?;
        uri.port().ok_or(WRONG)?;
        let key = Key::of(&uri).map_err(|_| WRONG)?;
        Arc::make_mut(&mut self.0).insert(name(&key), addresses.into_iter().collect());
        Ok(self)
    }

    /// Whether nothing is pinned.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is pinned, as [`pin`](Self::pin) takes it, in order of the hosts.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[SocketAddr])> {
        self.0.iter().map(|(host_port, addresses)| (&**host_port, &addresses[..]))
    }

    pub(super) fn of(&self, key: &Key) -> Option<&[SocketAddr]> {
        if self.is_empty() { None } else { self.0.get(&name(key)).map(Vec::as_slice) }
    }
}

/// Host and port in one spelling.
fn name(key: &Key) -> Box<str> {
    format!("{}:{}", key.host(), key.port()).into()
}

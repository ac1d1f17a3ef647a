//! The options of all machines, gathered.

use std::net::IpAddr;
use std::sync::Arc;

use http::{Extensions, Uri};

use crate::dial::AddressFilter;
use crate::error::{Error, ErrorKind, Phase};
use crate::key::Key;
use crate::layer::Security;
use crate::limits::Limits;
use crate::policy::Retries;
use crate::policy::redirect::Redirects;
use crate::proxy::Proxy;
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
    /// How connections of https are secured. `None`: as the client says, and if that says nothing either, they are not
    /// made. A part of the key, so that a request with options of its own never gets a connection that was secured by
    /// others.
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

    /// The key of requests for this URL that bring no options of their own.
    ///
    /// ```
    /// use httpocean_core::Config;
    ///
    /// let config = Config { partition: 7, ..Config::default() };
    /// let key = config.key_for(&"http://a.example/x".parse().unwrap()).unwrap();
    /// assert_eq!((key.host(), key.partition()), ("a.example", 7));
    /// assert!(config.key_for(&"/x".parse().unwrap()).is_err());
    /// ```
    ///
    /// # Errors
    /// When no request could be made for it.
    pub fn key_for(&self, uri: &Uri) -> Result<Key, Error> {
        self.key_of(uri, None)
    }

    /// The key of a URI with all that these options add to it: `known`, if it is that.
    pub(crate) fn key_of(&self, uri: &Uri, known: Option<Key>) -> Result<Key, Error> {
        match known.filter(|key| key.is_of(uri)) {
            Some(key) if self.is_complete(&key)? => Ok(key),
            Some(_) | None => {
                let refuse = |what| Error::new(ErrorKind::Request(what), Phase::Start);
                self.complete(Key::of(uri).map_err(refuse)?)
            }
        }
    }

    /// A key of a URI with all that these options add to it.
    pub(crate) fn complete(&self, key: Key) -> Result<Key, Error> {
        let proxy = self.proxy_to(&key)?;
        let key = if proxy.is_none() { key } else { key.by_proxy(proxy) };
        let key = key.secured(self.tls.as_ref());
        let key = if self.partition == 0 { key } else { key.in_partition(self.partition) };
        Ok(if self.local.is_none() { key } else { key.from_local(self.local) })
    }

    /// Whether a key has what these options add.
    fn is_complete(&self, key: &Key) -> Result<bool, Error> {
        let secured = !key.needs_security() || key.security() == self.tls.as_ref();
        let mine = secured && key.local() == self.local && key.partition() == self.partition;
        Ok(mine && key.proxy() == self.proxy_to(key)?)
    }

    fn proxy_to(&self, key: &Key) -> Result<Option<&Proxy>, Error> {
        let proxy = self.proxy.proxy_to(key.scheme(), key.host(), key.port());
        proxy.map_err(|why| Error::new(ErrorKind::Proxy(why), Phase::Start))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::layer::{Host, Layer, LayerError, Secure};

    #[derive(Debug)]
    struct Unused;

    impl Secure for Unused {
        fn layer(&self, _: Host<'_>, _: u16) -> Result<Box<dyn Layer>, LayerError> {
            unreachable!("nothing is connected")
        }
    }

    #[test]
    fn a_known_key_changes_nothing() {
        let uris = [
            "http://example.com/",
            "http://example.com:80/",
            "https://example.com/",
            "https://example.com:80/",
            "http://example.com:443/",
            "http://EXAMPLE.com./",
            "http://[::1]:8080/",
            "http://[0:0::1]:8080/",
            "http://127.0.0.1:8080/",
            "example.com:80",
            "example.com:443",
            "http://127.1/",
        ];
        let uris = uris.map(|uri| uri.parse::<Uri>().unwrap());
        let local = Some("127.0.0.2".parse().unwrap());
        let proxy = proxy::Rules::all("http://proxy.example:3128".parse().unwrap());
        let secured = proxy::Rules::all("https://proxy.example:3128".parse().unwrap());
        let configs = [
            Config::default(),
            Config { proxy, ..Config::default() },
            Config { tls: Some(Unused.into()), ..Config::default() },
            Config { tls: Some(Unused.into()), ..Config::default() },
            Config { proxy: secured.clone(), tls: Some(Unused.into()), ..Config::default() },
            Config { proxy: secured, tls: Some(Unused.into()), ..Config::default() },
            Config { partition: 7, ..Config::default() },
            Config { local, ..Config::default() },
        ];
        let of_all = || uris.iter().flat_map(|uri| configs.iter().map(move |config| (uri, config)));
        for (known, with) in of_all() {
            let known = with.key_of(known, None).ok();
            for (uri, config) in of_all() {
                assert_eq!(config.key_of(uri, known.clone()), config.key_of(uri, None), "{known:?} {uri}");
            }
        }
    }

    #[test]
    fn the_key_of_a_known_host_is_not_made_again() {
        let (config, uri) = (Config::default(), "http://example.com:8080/one".parse().unwrap());
        let known = config.key_of(&uri, None).unwrap();
        let again = "http://example.com:8080/two".parse().unwrap();
        assert!(config.key_of(&again, Some(known.clone())).unwrap().is_same(&known));
        assert!(!config.key_of(&again, None).unwrap().is_same(&known));
    }
}

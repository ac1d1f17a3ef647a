//! Everything that two requests must share to share a connection.

use core::fmt;
use core::hash::{Hash, Hasher};
use core::net::IpAddr;
use std::hash::DefaultHasher;
use std::sync::Arc;

use http::Uri;

use crate::authority::{Scheme, address, normalise, split_port};
use crate::layer::{Host, Security};
use crate::proxy::{Kind, Proxy};

/// What two requests must share to share a connection; compared whole.
///
/// A key is made from a URI and from what the options add, and every other use of the host is made from the key:
/// the name that is resolved, the address that is connected to, the `Host` field. They can't disagree.
///
/// The host is normalised: lower case, no trailing dot, IPv6 addresses in their shortest spelling, the port
/// always a number. A host that other programs may read in another way is refused: `127.1`, `0x7f000001`,
/// percent-encoding, zone ids, control bytes.
///
/// ```
/// use httpocean_core::Key;
///
/// let a = Key::of(&"http://Example.com./one".parse().unwrap()).unwrap();
/// let b = Key::of(&"http://example.com:80/two".parse().unwrap()).unwrap();
/// assert_eq!(a, b);
/// assert_eq!((a.host(), a.port(), a.authority()), ("example.com", 80, "example.com"));
///
/// assert!(Key::of(&"http://127.1/".parse().unwrap()).is_err());
/// assert_ne!(a, b.in_partition(1));
/// ```
#[derive(Clone)]
pub struct Key(Arc<Hashed>);

/// There may be very many keys, and each is in several places: they share it.
struct Hashed {
    hash: u64,
    parts: Parts,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Parts {
    scheme: Scheme,
    port: u16,
    /// Bytes of the authority that are the host.
    host: u16,
    proxy: Option<Proxy>,
    local: Option<IpAddr>,
    partition: u64,
    tls: Tls,
    /// Host and port as the `Host` field has them.
    authority: Box<str>,
}

/// How the connection is secured, if it is and the options say how. Compared, but not hashed: hashes are of what stays
/// the same from one run to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tls(Option<Security>);

impl Hash for Tls {
    fn hash<H: Hasher>(&self, state: &mut H) {
        if self.0.is_some() {
            state.write_u8(1);
        }
    }
}

impl Key {
    /// The key of what `uri` names. The error is a sentence that says what is wrong with the URI.
    ///
    /// A URI without a scheme but with an authority, as CONNECT has it, counts as `http` and needs a port.
    pub fn of(uri: &Uri) -> Result<Self, &'static str> {
        let authority = uri.authority().ok_or("the URL has no host")?;
        let scheme = match uri.scheme_str() {
            Some("http") | None => Scheme::Http,
            Some("https") => Scheme::Https,
            Some(_) => return Err("the URL's scheme is neither http nor https"),
        };
        if authority.as_str().contains('@') {
            return Err("the URL holds a user name or a password: send an Authorization field instead");
        }
        let (host, port) = split_port(authority.as_str())?;
        let port = match port {
            Some(port) => port,
            None if uri.scheme().is_none() => return Err("a CONNECT target needs a port"),
            None => scheme.default_port(),
        };
        let mut authority = normalise(host)?;
        let host = authority.len() as u16;
        if port != scheme.default_port() || uri.scheme().is_none() {
            authority = format!("{authority}:{port}");
        }
        let authority = authority.into_boxed_str();
        let (proxy, local, tls) = (None, None, Tls::default());
        Ok(Self::new(Parts { scheme, port, host, proxy, local, partition: 0, tls, authority }))
    }

    /// The same, but apart from all keys of other partitions: for users or tenants who must not share
    /// connections.
    #[must_use]
    pub fn in_partition(&self, partition: u64) -> Self {
        Self::new(Parts { partition, ..self.0.parts.clone() })
    }

    /// The same, but connected from the local address `local`.
    #[must_use]
    pub fn from_local(&self, local: Option<IpAddr>) -> Self {
        Self::new(Parts { local, ..self.0.parts.clone() })
    }

    /// The same, but reached by a proxy.
    #[must_use]
    pub fn by_proxy(&self, proxy: Option<&Proxy>) -> Self {
        Self::new(Parts { proxy: proxy.cloned(), ..self.0.parts.clone() })
    }

    /// The same, but secured in this way, if there is anything to secure, to the server or to its proxy: connections
    /// that are secured in another are another's.
    #[must_use]
    pub fn secured(&self, by: Option<&Security>) -> Self {
        if !self.needs_security() {
            return self.clone();
        }
        Self::new(Parts { tls: Tls(by.cloned()), ..self.0.parts.clone() })
    }

    /// Whether a scheme that is secured is spoken, to the server or to its proxy.
    pub(crate) fn needs_security(&self) -> bool {
        let to_proxy = self.proxy().is_some_and(|proxy| proxy.kind() == Kind::Https);
        to_proxy || self.scheme() == Scheme::Https
    }

    /// How the connection is secured. Where it has to be, `None` means: as the options of the dial say.
    pub fn security(&self) -> Option<&Security> {
        self.0.parts.tls.0.as_ref()
    }

    /// The host as a layer has to know it.
    pub(crate) fn peer(&self) -> Host<'_> {
        self.address().map_or(Host::Name(self.host()), Host::Address)
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme {
        self.0.parts.scheme
    }

    /// The normalised host; an IPv6 address is in brackets.
    pub fn host(&self) -> &str {
        &self.authority()[..usize::from(self.0.parts.host)]
    }

    /// The port, the scheme's default included.
    pub fn port(&self) -> u16 {
        self.0.parts.port
    }

    /// Host and port as the `Host` field has them: without the scheme's default port (RFC 9110 section 7.2).
    pub fn authority(&self) -> &str {
        &self.0.parts.authority
    }

    /// The host as an address, if it is one: then there is nothing to resolve.
    pub fn address(&self) -> Option<IpAddr> {
        address(self.host())
    }

    /// The proxy by which it is reached.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.0.parts.proxy.as_ref()
    }

    /// Whether a proxy is in between that is asked for a tunnel.
    pub(crate) fn is_tunnelled(&self) -> bool {
        self.proxy().is_some() && !self.is_forwarded()
    }

    /// Whether a proxy is sent the requests themselves.
    pub(crate) fn is_forwarded(&self) -> bool {
        self.proxy().is_some_and(|proxy| proxy.forwards(self.scheme()))
    }

    /// What a connection is made to: the proxy, if there is one.
    pub(crate) fn first_stop(&self) -> Self {
        let Some(proxy) = self.proxy() else { return self.clone() };
        let (host, port) = (proxy.host(), proxy.port());
        let authority = format!("{host}:{port}").into_boxed_str();
        let host = host.len() as u16;
        let Parts { local, partition, .. } = self.0.parts;
        let scheme = if proxy.kind() == Kind::Https { Scheme::Https } else { Scheme::Http };
        let tls = Tls::default();
        Self::new(Parts { scheme, host, port, proxy: None, local, partition, tls, authority })
    }

    /// The local address to connect from, if one was asked for.
    pub fn local(&self) -> Option<IpAddr> {
        self.0.parts.local
    }

    /// The partition.
    pub fn partition(&self) -> u64 {
        self.0.parts.partition
    }

    /// Whether it is the key of `uri` but for a partition and a local address, as far as that can be told at a glance:
    /// both have to be spelt alike, and neither without a scheme, as the target of a CONNECT that names its port.
    pub(crate) fn is_of(&self, uri: &Uri) -> bool {
        let names_port = self.authority().len() > self.host().len();
        uri.authority().is_some_and(|authority| authority.as_str() == self.authority())
            && uri.scheme_str() == Some(self.scheme().as_str())
            && names_port == (self.port() != self.scheme().default_port())
    }

    /// Whether a pool, a lease or anybody else has it as well.
    pub(crate) fn is_held_elsewhere(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Whether both are one key in memory too.
    #[cfg(test)]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    fn new(parts: Parts) -> Self {
        let mut hasher = DefaultHasher::new();
        parts.hash(&mut hasher);
        Self(Arc::new(Hashed { hash: hasher.finish(), parts }))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || (self.0.hash == other.0.hash && self.0.parts == other.0.parts)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.proxy() {
            Some(proxy) => write!(f, "Key({self} by {proxy:?})"),
            None => write!(f, "Key({self})"),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme().as_str(), self.authority())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn key(uri: &str) -> Result<Key, &'static str> {
        Key::of(&uri.parse().map_err(|_| "not a URI")?)
    }

    #[test]
    fn spellings_of_one_origin_are_one_key() {
        for (a, b) in [
            ("http://EXAMPLE.com", "http://example.com:80/path"),
            ("http://example.com.:80", "http://example.com"),
            ("https://example.com:443", "https://example.com"),
            ("http://[0:0::0:1]:8080", "http://[::1]:8080/x"),
            ("http://example.com:/", "http://example.com/"),
        ] {
            assert_eq!(key(a).unwrap(), key(b).unwrap(), "{a} {b}");
        }
    }

    #[test]
    fn what_differs_in_one_part_is_another_key() {
        let base = key("http://example.com").unwrap();
        let proxy: Proxy = "http://proxy".parse().unwrap();
        assert_ne!(base, base.by_proxy(Some(&proxy)));
        for other in ["https://example.com", "http://example.com:81", "http://www.example.com"] {
            assert_ne!(base, key(other).unwrap(), "{other}");
        }
        assert_ne!(base, base.in_partition(7));
        assert_ne!(base, base.from_local(Some("127.0.0.2".parse().unwrap())));
        assert_ne!(key("https://example.com:80").unwrap(), key("http://example.com:80").unwrap());
    }

    #[test]
    fn a_host_that_could_be_read_in_two_ways_is_refused() {
        for uri in [
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://127.0.0.01/",
            "http://a%2fb/",
            "http://[::1%25eth0]/",
            "http://user@example.com/",
            "http://user:pw@example.com/",
            "http://example.com:0/",
            "http://example.com:99999/",
            "http://a..b/",
            "http://./",
            "ftp://example.com/",
            "/path",
        ] {
            assert!(key(uri).is_err(), "{uri}");
        }
    }

    #[test]
    fn the_host_field_has_the_port_only_where_it_is_not_the_default() {
        assert_eq!(key("http://h:80").unwrap().authority(), "h");
        assert_eq!(key("https://h:80").unwrap().authority(), "h:80");
        assert_eq!(key("http://[::1]:8080").unwrap().authority(), "[::1]:8080");
        assert_eq!(key("example.com:80").unwrap().authority(), "example.com:80");
    }

    #[test]
    fn a_literal_address_needs_no_lookup() {
        assert_eq!(key("http://127.0.0.1:1").unwrap().address(), "127.0.0.1".parse().ok());
        assert_eq!(key("http://[::1]:1").unwrap().address(), "::1".parse().ok());
        assert_eq!(key("http://localhost:1").unwrap().address(), None);
    }
}

//! Who stands between us and a server, when, and what it is told.
//!
//! | the proxy's URL | an `http` target | an `https` target | who resolves the target's name |
//! |---|---|---|---|
//! | `http://`, `https://` | the request is sent to it, with the whole URL in its first line | a tunnel by CONNECT | the proxy |
//! | `socks5://` | a tunnel | a tunnel | we |
//! | `socks5h://`, `socks4a://` | a tunnel | a tunnel | the proxy |
//!
//! Which proxy a request takes is data, [`Rules`] in [`Config::proxy`](crate::Config::proxy), and all of a proxy is a
//! part of the [`Key`](crate::Key): requests by different proxies, or with different credentials, never share a
//! connection. A redirect to another host or scheme asks the rules again.

mod environment;
mod no_proxy;
mod parse;
mod rules;

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;
use std::sync::Arc;

use http::HeaderValue;

use crate::auth;
use crate::authority::{self, Scheme};
pub use environment::Environment;
pub use no_proxy::NoProxy;
pub use rules::{Choice, Rules};

/// A proxy: how it is spoken to, where it is, and who we are to it. Cheap to clone.
///
/// It is read from a URL, `KIND://USER:PASSWORD@HOST:PORT`. Without a kind it is `http`; without a port it is 80, 443
/// for `https`, and 1080 for SOCKS. User and password may be percent-encoded, and are never printed.
///
/// ```
/// use httpocean_core::proxy::{Kind, Proxy};
///
/// let proxy: Proxy = "http://ann:s3cret@Proxy.example:3128".parse().unwrap();
/// assert_eq!((proxy.kind(), proxy.host(), proxy.port()), (Kind::Http, "proxy.example", 3128));
/// assert_eq!(proxy.to_string(), "http://proxy.example:3128");
/// assert_eq!(format!("{proxy:?}"), "Proxy(http://proxy.example:3128, with credentials)");
/// assert!("ftp://proxy.example".parse::<Proxy>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Proxy(Arc<Parts>);

#[derive(Clone, PartialEq, Eq, Hash)]
struct Parts {
    kind: Kind,
    host: Box<str>,
    port: u16,
    credentials: Option<Credentials>,
    /// The value of `Proxy-Authorization`: derived from the others.
    authorization: Option<HeaderValue>,
}

/// How a proxy is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// HTTP in plain text (RFC 9110 section 3.7): it forwards requests, and tunnels by CONNECT.
    Http,
    /// The same within TLS.
    Https,
    /// SOCKS 4a: the proxy resolves names, knows no IPv6 and no passwords.
    Socks4a,
    /// SOCKS 5 (RFC 1928), told the address that we resolved.
    Socks5,
    /// SOCKS 5, told the name.
    Socks5h,
}

/// Who we are to a proxy.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Credentials {
    pub(crate) user: Box<[u8]>,
    pub(crate) password: Box<[u8]>,
}

impl Kind {
    /// As written in a URL.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks4a => "socks4a",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks4a | Self::Socks5 | Self::Socks5h => 1080,
        }
    }

    /// Whether it speaks HTTP, rather than SOCKS.
    fn is_http(self) -> bool {
        match self {
            Self::Http | Self::Https => true,
            Self::Socks4a | Self::Socks5 | Self::Socks5h => false,
        }
    }
}

impl Proxy {
    /// The same, with these credentials instead of those of its URL. The error is a sentence that says why its kind
    /// can't carry them.
    pub fn with_credentials(&self, user: &[u8], password: &[u8]) -> Result<Self, &'static str> {
        let credentials = Credentials { user: user.into(), password: password.into() };
        let Parts { kind, host, port, .. } = &*self.0;
        Parts::new(*kind, host.clone(), *port, Some(credentials)).map(|parts| Self(Arc::new(parts)))
    }

    /// How it is spoken to.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Its host, normalised as a [`Key`](crate::Key)'s.
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Its port, the default of its kind included.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Its host as an address, if it is one.
    pub fn address(&self) -> Option<IpAddr> {
        authority::address(self.host())
    }

    /// Whether it is told a user and a password.
    pub fn has_credentials(&self) -> bool {
        self.0.credentials.is_some()
    }

    /// Its URL with every byte of the credentials replaced by an `x`: for recordings, where lengths matter.
    pub fn redacted(&self) -> String {
        let (kind, port) = (self.kind().as_str(), self.port());
        match self.credentials() {
            None => self.to_string(),
            Some(Credentials { user, password }) => {
                let (user, password) = ("x".repeat(user.len()), "x".repeat(password.len()));
                format!("{kind}://{user}:{password}@{}:{port}", self.host())
            }
        }
    }

    /// Whether it is sent the requests themselves, for targets of that scheme, rather than asked for a tunnel.
    pub fn forwards(&self, scheme: Scheme) -> bool {
        self.kind().is_http() && scheme == Scheme::Http
    }

    pub(crate) fn credentials(&self) -> Option<&Credentials> {
        self.0.credentials.as_ref()
    }

    /// The value of `Proxy-Authorization` (RFC 7617), if it speaks HTTP and there are credentials.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.0.authorization.as_ref()
    }
}

impl Parts {
    fn new(
        kind: Kind,
        host: Box<str>,
        port: u16,
        credentials: Option<Credentials>,
    ) -> Result<Self, &'static str> {
        if let Some(credentials) = &credentials {
            parse::check_credentials(kind, credentials)?;
        }
        let authorization = credentials
            .as_ref()
            .filter(|_| kind.is_http())
            .and_then(|it| auth::basic(&it.user, &it.password).ok());
        Ok(Self { kind, host, port, credentials, authorization })
    }
}

impl FromStr for Proxy {
    type Err = &'static str;

    /// The error is a sentence that says what is wrong with the URL, and holds nothing of it.
    fn from_str(url: &str) -> Result<Self, &'static str> {
        parse::proxy(url).map(|parts| Self(Arc::new(parts)))
    }
}

/// Its URL without credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.kind().as_str(), self.host(), self.port())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credentials = if self.has_credentials() { ", with credentials" } else { "" };
        write!(f, "Proxy({self}{credentials})")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Proxy;

    #[test]
    fn credentials_are_sent_as_they_were_meant() {
        let proxy: Proxy = "http://Aladdin:open%20sesame@h".parse().unwrap();
        let value = proxy.authorization().unwrap();
        assert_eq!(value.to_str().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert!(value.is_sensitive());
        assert_eq!("http://h".parse::<Proxy>().unwrap().authorization(), None);
    }
}

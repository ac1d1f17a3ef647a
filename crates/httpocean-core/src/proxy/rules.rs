//! Which proxy a request takes.

use super::{Kind, NoProxy, Proxy};
use crate::authority::{Scheme, address};
use crate::error::ProxyError;

/// Which proxy requests take: by the scheme of their URL, and not for some hosts.
///
/// ```
/// use httpocean_core::proxy::{NoProxy, Proxy, Rules};
///
/// let proxy: Proxy = "socks5h://127.0.0.1:9050".parse().unwrap();
/// let rules = Rules { no_proxy: NoProxy::new("localhost"), ..Rules::all(proxy) };
/// # drop(rules);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// For `http` URLs. Default direct.
    pub http: Choice,
    /// For `https` URLs. Default direct.
    pub https: Choice,
    /// Hosts that are reached directly all the same. Default none.
    pub no_proxy: NoProxy,
}

/// By which way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Without a proxy.
    #[default]
    Direct,
    /// By this one.
    By(Proxy),
    /// By one that was named in a way that nobody understands; the sentence says what is wrong. Requests fail: to go
    /// without what somebody wanted in between would be worse.
    Wrong(&'static str),
}

/// By that proxy, whatever the URL.
impl From<Proxy> for Rules {
    fn from(proxy: Proxy) -> Self {
        Self::all(proxy)
    }
}

impl Rules {
    /// By that proxy, whatever the URL.
    pub fn all(proxy: Proxy) -> Self {
        let choice = Choice::By(proxy);
        Self { http: choice.clone(), https: choice, no_proxy: NoProxy::default() }
    }

    /// The proxy to a host, as a [`Key`](crate::Key) has it.
    pub(crate) fn proxy_to(
        &self,
        scheme: Scheme,
        host: &str,
        port: u16,
    ) -> Result<Option<&Proxy>, ProxyError> {
        let choice = match scheme {
            Scheme::Http => &self.http,
            Scheme::Https => &self.https,
        };
        let proxy = match choice {
            Choice::Direct => return Ok(None),
            Choice::By(_) | Choice::Wrong(_) if self.no_proxy.matches(host, port) => return Ok(None),
            Choice::Wrong(why) => return Err(ProxyError::Unusable(why)),
            Choice::By(proxy) => proxy,
        };
        if proxy.kind() == Kind::Socks4a && address(host).is_some_and(|addr| addr.is_ipv6()) {
            return Err(ProxyError::Unusable("SOCKS 4 can't carry an IPv6 address"));
        }
        Ok(Some(proxy))
    }
}

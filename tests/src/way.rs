//! The ways in which a scenario's requests come to its servers: bare, over TLS, and through a tunnel of a proxy.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};

use httpocean_core::layer::Security;
use httpocean_core::proxy::Rules;
use httpocean_std::Config;
use httpocean_testkit::server;
use httpocean_testkit::tls::Handshakes;

use crate::certificates::Authority;
use crate::names::Names;
use crate::proxy::{Manner, Proxy};
use crate::tls_end::TlsServer;

/// How requests come to servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By TCP, with nothing between.
    Plain,
    /// By TLS.
    Tls,
    /// By TLS in a tunnel that an HTTP proxy made for a CONNECT.
    Tunnel,
}

/// One way of one scenario, and how often it was taken.
#[derive(Debug)]
pub(crate) struct Journey {
    pub(crate) way: Way,
    handshakes: Handshakes,
    tunnels: Arc<AtomicUsize>,
}

/// Who issues the certificates of all servers that are on no bare socket, and one server's end with such a one.
static SECURED: LazyLock<(Security, TlsServer)> = LazyLock::new(|| {
    let authority = Authority::new("of all ways");
    let local = (1..64).map(|last| format!("127.0.0.{last}"));
    let names: Vec<_> =
        ["localhost", "named.test", "a.test", "::1"].into_iter().map(str::to_owned).chain(local).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    (authority.trusted().into(), TlsServer::new(authority.issue(&names)))
});

impl Way {
    /// How servers speak TLS that are on no bare socket.
    pub fn server() -> &'static TlsServer {
        &SECURED.1
    }

    /// Options that lead this way, by the proxy where there is one. What they say themselves about TLS and proxies stays.
    pub(crate) fn take(self, config: &mut Config, proxy: Option<&Proxy>) {
        if self != Self::Plain && config.tls.is_none() {
            config.tls = Some(SECURED.0.clone());
        }
        if let Some(proxy) = proxy.filter(|_| config.proxy == Rules::default()) {
            config.proxy = Rules::all(proxy.url("http", "").parse().expect("its own URL"));
        }
    }
}

impl Journey {
    pub(crate) fn begin(way: Way) -> Self {
        Self { way, handshakes: Handshakes::default(), tunnels: Arc::default() }
    }

    pub(crate) fn server(&self) -> server::Builder {
        let builder = server::Server::builder();
        match self.way {
            Way::Plain => builder,
            Way::Tls | Way::Tunnel => builder.layered(Way::server().ends(&self.handshakes)),
        }
    }

    /// Who makes tunnels to what `names` knows, if that is the way.
    pub(crate) fn proxy(&self, names: Option<&Names>) -> Option<Proxy> {
        let manner = || Manner {
            resolver: Some(names.cloned().unwrap_or_default()),
            forgets: true,
            tunnels: self.tunnels.clone(),
            ..Manner::default()
        };
        (self.way == Way::Tunnel).then(|| Proxy::start(manner()))
    }

    /// # Panics
    /// When nothing came this way: the scenario is about something else.
    pub(crate) fn end(&self) {
        let handshakes = self.handshakes.whole() + self.handshakes.resumed();
        let tunnels = self.tunnels.load(SeqCst);
        match self.way {
            Way::Plain => {}
            Way::Tls => assert!(
                handshakes > 0,
                "no TLS was spoken: serve by `on`, or say in `on_both_adapters!` why this is for bare sockets"
            ),
            Way::Tunnel => assert!(
                (1..=tunnels).contains(&handshakes),
                "{handshakes} handshakes in {tunnels} tunnels: serve by `on`, or say in `on_both_adapters!` why this is for bare sockets"
            ),
        }
    }
}

//! What proxies lead to in tests.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use httpocean_core::layer::Security;
use httpocean_core::proxy::Rules;
use httpocean_std::Config;
use httpocean_testkit::front::Front;
use httpocean_testkit::server::{Reply, Server};
use httpocean_testkit::toy::{Toy, ToyPeer};

/// A server, and what stands before it where https is spoken: a toy layer in place of TLS, so that all that goes through
/// a tunnel can be read.
pub struct Proxied {
    /// Says `hi` to everybody.
    pub server: Server,
    /// Before it.
    pub front: Front,
}

impl Proxied {
    /// With ports of its own.
    pub fn start() -> Self {
        let server = Server::start(|_| Reply::ok("hi"));
        let front = Front::start(server.addr(), || ToyPeer::new(3)).expect("a port");
        Self { server, front }
    }

    /// The names by which a proxy knows it.
    pub fn names(&self) -> BTreeMap<String, SocketAddr> {
        [("a.test:80".to_owned(), self.server.addr()), ("a.test:443".to_owned(), self.front.addr())].into()
    }
}

/// Options that send all by the proxy of that URL, and secure https by the toy layer.
pub fn by_proxy(url: &str) -> Config {
    let proxy = url.parse().expect("the URL of a proxy");
    Config { proxy: Rules::all(proxy), tls: Some(Security::new(Toy::default())), ..Config::default() }
}

//! What a layer has to say before the first request, and beside all of them, is carried like everything else.

use httpocean_core::Config;
use httpocean_core::layer::Security;

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene};
use crate::front::Front;
use crate::server::{Reply, Server};
use crate::toy::{Toy, ToyPeer};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|_| Reply::ok("hello"));
    let ticketing = || {
        let mut peer = ToyPeer::new(7);
        peer.tickets();
        peer
    };
    let front = Front::start(server.addr(), ticketing).expect("a free port of loopback");
    let config = Config { tls: Some(Security::new(Toy::default())), ..Config::default() };
    let client = scene.client(Setup { config, ..Setup::default() });
    let url = format!("https://{}/", front.addr());
    scene.expect(Rule::Handshakes, "a response over a connection that begins with a handshake");
    for _ in 0..3 {
        let body = scene.get(&client, url.clone())?.body;
        scene.ensure(body == b"hello", || format!("it brought {:?}", String::from_utf8_lossy(&body)))?;
    }
    scene.expect(
        Rule::IdleConnections,
        "one connection for 3 requests, though a layer's own words came while it was idle",
    );
    let accepted = front.stats().accepted;
    scene.ensure(accepted == 1, || format!("the server saw {accepted}"))
}

//! A connection that the server asked to close is closed by the client, at once.

use httpocean_core::pool;

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene};
use crate::server::{End, Reply, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    // The server's side ends only when the client's does.
    let started = Server::builder()
        .max_connections(1)
        .idle_timeout(scene.patience() * 10)
        .start(|_| Reply::ok("").header("Connection", "close").then(End::HalfClose));
    let server = started.expect("loopback has a free port");
    let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    for _ in 0..5 {
        scene.expect(
            Rule::Order,
            "a connection whose close was said to be closed, so that another one can take its place",
        );
        scene.get(&client, server.url("/"))?;
        scene.server_sees(&server, |stats| stats.open == 0)?;
    }
    let open = client.counts().map(|counts| counts.open);
    scene.ensure(open.is_none_or(|open| open == 0), || format!("the client counts {open:?} open ones"))
}

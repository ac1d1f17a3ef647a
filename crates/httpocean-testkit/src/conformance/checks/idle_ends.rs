//! A connection that was idle for too long is closed, though nothing happens.

use std::time::Duration;

use httpocean_core::pool;

use crate::conformance::adapter::{Lack, Setup};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene};
use crate::server::{Reply, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::WatchedIdle)?;
    let started = Server::builder().idle_timeout(scene.patience() * 10).start(|_| Reply::ok(""));
    let server = started.expect("loopback has a free port");
    let pool = pool::Options { idle: Duration::from_millis(100), ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    scene.expect(Rule::Ends, "a connection to be kept for the next request");
    scene.get(&client, server.url("/"))?;
    scene.expect(
        Rule::Sleep,
        "a connection to be closed when it was idle for too long, though nothing happens",
    );
    scene.server_sees(&server, |stats| stats.open == 0)
}

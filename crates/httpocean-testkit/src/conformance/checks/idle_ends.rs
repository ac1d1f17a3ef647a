//! A connection that was idle for too long is closed, though nothing happens, or nothing but tending.

use std::time::{Duration, Instant};

use httpocean_core::pool;

use crate::conformance::adapter::{Lack, Setup};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene};
use crate::server::{Reply, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let started = Server::builder().idle_timeout(scene.patience() * 10).start(|_| Reply::ok(""));
    let server = started.expect("loopback has a free port");
    let pool = pool::Options { idle: Duration::from_millis(100), ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    let tended = client.tend();
    if !tended {
        scene.needs(Lack::WatchedIdle)?;
    }
    scene.expect(Rule::Ends, "a connection to be kept for the next request");
    scene.get(&client, server.url("/"))?;
    scene.expect(
        Rule::Sleep,
        "a connection to be closed when it was idle for too long, though nothing happens",
    );
    let start = Instant::now();
    while tended && server.stats().open > 0 && start.elapsed() < scene.patience() {
        client.tend();
        std::thread::sleep(Duration::from_millis(10));
    }
    scene.server_sees(&server, |stats| stats.open == 0)
}

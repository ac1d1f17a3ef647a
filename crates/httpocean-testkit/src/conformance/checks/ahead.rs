//! Connections that nobody asks for yet are made, stay, and serve those who ask then.

use std::time::Duration;

use httpocean_core::pool;

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get, skipped};
use crate::server::{Reply, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|_| Reply::ok("fine").pause(Duration::from_millis(100)));
    let pool = pool::Options { max_per_key: 2, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    let (user, url) = (client.clone(), server.url("/"));
    scene.expect(Rule::CallersThread, "a wish for connections to be taken at once");
    if !scene.in_time(move || user.preconnect(&url, 5))? {
        return Err(skipped("the adapter makes no connections before somebody asks"));
    }
    scene.expect(Rule::Sleep, "the two connections that the limit leaves of five, though no request asks");
    scene.server_sees(&server, |stats| stats.accepted == 2)?;
    scene.expect(
        Rule::IdleConnections,
        "connections that were made ahead to serve the requests that come then",
    );
    let both = [(); 2].map(|()| scene.begin_whole(&client, get(&server.url("/")), Upload::None));
    for running in both {
        scene.answer(running)?;
    }
    let stats = server.stats();
    scene.ensure(stats.accepted == 2 && stats.requests == 2, || format!("the server saw {stats:?}"))
}

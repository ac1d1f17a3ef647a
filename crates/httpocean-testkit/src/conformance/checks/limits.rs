//! However many requests there are, there are not more connections than allowed, and every request gets its turn.

use std::time::Duration;

use httpocean_core::pool;

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get};
use crate::server::{Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| {
        let reply = Reply::ok(request.target.clone()).pause(Duration::from_millis(5));
        // Some connections end, so that others have to be made in their place.
        if request.target.ends_with('5') { reply.close() } else { reply }
    });
    let pool = pool::Options { max_per_key: 3, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    scene.expect(Rule::Ends, "all of 24 requests to get one of three connections, and its own answer");
    let paths: Vec<String> = (0..24).map(|nth| format!("/{nth}")).collect();
    let begin = |path: &String| scene.begin_whole(&client, get(&server.url(path)), Upload::None);
    let running: Vec<_> = paths.iter().map(begin).collect();
    for (path, running) in paths.iter().zip(running) {
        let body = scene.answer(running)?.body;
        scene
            .ensure(body == path.as_bytes(), || format!("{path} got {:?}", String::from_utf8_lossy(&body)))?;
    }
    // A server that notices closes late counts one connection too many for each that was closed: two were.
    scene.expect(Rule::Order, "three connections at a time at most");
    let stats = server.stats();
    scene.ensure(stats.peak_open <= 3 + 2, || format!("the server saw {stats:?}"))?;
    let open = client.counts().map(|counts| counts.open);
    scene.ensure(open.is_none_or(|open| open <= 3), || format!("the client counts {open:?} open ones"))
}

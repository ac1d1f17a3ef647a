//! A connection that ended while it was idle is found before a request is written to it, of any method.

use http::Method;

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::server::{End, Reply, Request, Server};

const ROUNDS: usize = 20;

pub(super) fn check(scene: &Scene) -> Checking {
    for end in [End::CloseNow, End::Reset] {
        rounds(scene, end)?;
    }
    Ok(())
}

fn rounds(scene: &Scene, end: End) -> Checking {
    let server = Server::start(move |_: &Request| Reply::ok("").then(end.clone()));
    let client = scene.client(Setup::default());
    for _ in 0..ROUNDS {
        scene.expect(
            Rule::IdleConnections,
            "a connection that ended while it was idle to be found before a POST is written to it",
        );
        let post = request(Method::POST, &server.url("/"));
        scene.answer(scene.begin_whole(&client, post, Upload::None))?;
        // Once the server has let go of it, its end is there to be read.
        scene.expect(Rule::Order, "a connection that the server closed to be gone");
        scene.server_sees(&server, |stats| stats.open == 0)?;
    }
    scene.expect(Rule::IdleConnections, "each request to be sent once");
    let stats = server.stats();
    scene.ensure(stats.requests == ROUNDS as u64, || format!("the server saw {stats:?}"))
}

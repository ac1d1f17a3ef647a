//! A connection that is reset fails its request at once, and the next one gets another.

use httpocean_core::pool;

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get};
use crate::server::{End, Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/body" => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").then(End::Reset),
        "/head" => Reply::script([]).then(End::Reset),
        _ => Reply::ok("fine"),
    });
    let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    for path in ["/body", "/head"] {
        scene.expect(Rule::Facts, format!("a request whose connection is reset ({path}) to fail for that"));
        let (failure, _) = scene.failure(&client, get(&server.url(path)))?;
        scene.ensure(!failure.timed_out, || format!("it failed with {}", failure.text))?;
        scene.expect(Rule::Ends, "the next request to get a connection");
        scene.get(&client, server.url("/"))?;
    }
    Ok(())
}

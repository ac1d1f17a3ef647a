//! A body that stops coming is waited for until the deadline, and a slow one is not cut short.

use std::time::Duration;

use httpocean_core::{Config, call};

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene};
use crate::server::{End, Reply, Request, Server};

const LIMIT: Duration = Duration::from_millis(400);

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/slow" => Reply::ok("slow but steady").in_pieces(4, Duration::from_millis(20)),
        _ => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").then(End::Hold(LIMIT * 1000)),
    });
    // The whole of the slow one takes a good part of a second.
    let call = call::Options { idle: Some(LIMIT), total: Some(scene.patience()), ..call::Options::default() };
    let client = scene.client(Setup { config: Config { call, ..Config::default() }, ..Setup::default() });
    scene.expect(Rule::Time, "a body to be read whose bytes come in time");
    scene.get(&client, server.url("/slow"))?;
    scene.expect(Rule::Sleep, format!("a body that stalls to end at its deadline of {LIMIT:?}"));
    let (failure, _) = scene.failure(&client, server.url("/stalls"))?;
    scene.ensure(failure.timed_out, || format!("it failed with {}", failure.text))
}

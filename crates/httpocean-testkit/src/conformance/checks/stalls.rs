//! A body that stops coming is waited for until the deadline, and a slow one is not cut short.

use std::time::Duration;

use httpocean_core::call;

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get_with};
use crate::server::{End, Reply, Request, Server};

const LIMIT: Duration = Duration::from_millis(100);

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/slow" => Reply::ok("slow but steady").in_pieces(4, Duration::from_millis(20)),
        _ => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").then(End::Hold(LIMIT * 1000)),
    });
    let client = scene.client(Setup::default());
    scene.expect(Rule::Time, "a body to be read whose bytes come in time");
    // It takes a good part of a second.
    let slow = call::Options { total: Some(scene.patience()), ..call::Options::default() };
    scene.answer(scene.begin_whole(&client, get_with(&server.url("/slow"), slow), Upload::None))?;
    scene.expect(Rule::Sleep, format!("a body that stalls to end at its deadline of {LIMIT:?}"));
    let stalls = call::Options { idle: Some(LIMIT), ..call::Options::default() };
    let (failure, _) = scene.failure(&client, get_with(&server.url("/stalls"), stalls))?;
    scene.ensure(failure.timed_out, || format!("it failed with {}", failure.text))
}

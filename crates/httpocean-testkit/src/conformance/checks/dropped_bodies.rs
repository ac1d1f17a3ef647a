//! Responses that nobody wants to the end hold up nobody, and keep nothing.

use std::time::Duration;

use httpocean_core::pool;

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get};
use crate::server::{End, Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/endless" => Reply::generated(1 << 40),
        "/stalls" => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .then(End::Hold(Duration::from_secs(3600))),
        _ => Reply::ok("fine"),
    });
    let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    for path in ["/endless", "/stalls", "/short"] {
        scene.expect(Rule::Sleep, "the head of a response to be told before its body is there");
        let answer = scene.answer(scene.begin(&client, get(&server.url(path)), Upload::None))?;
        scene.expect(Rule::DropNeverBlocks, format!("the body of {path} to be dropped at once"));
        scene.in_time(move || drop(answer))?;
        scene.expect(Rule::DroppedLease, "the only connection to come back from a response that was dropped");
        scene.get(&client, server.url("/short"))?;
    }
    Ok(())
}

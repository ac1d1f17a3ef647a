//! What is gone is spoken of no more.

use std::time::Duration;

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, skipped};
use crate::server::{Reply, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|_| Reply::ok("fine").close());
    let client = scene.client(Setup::default());
    if client.counts().is_none_or(|counts| counts.late.is_none()) {
        return Err(skipped("the adapter does not count inputs for what is gone"));
    }
    scene.expect(Rule::Ends, "each request to get a connection in place of the one that was closed");
    for _ in 0..5 {
        scene.get(&client, server.url("/"))?;
    }
    // To name what has just ended once more is harmless; to go on doing so is not.
    let late = || client.counts().and_then(|counts| counts.late);
    let before = late();
    std::thread::sleep(Duration::from_millis(50));
    scene.expect(Rule::LateAnswers, "no input for connections that were closed, while nothing happens");
    let after = late();
    scene.ensure(before == after, || format!("in 50 ms the core counted {before:?} to {after:?} of them"))
}

//! Where nothing is late, nothing that is gone is spoken of.

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
    scene.expect(Rule::LateAnswers, "no input for a connection that was closed before");
    for _ in 0..5 {
        scene.get(&client, server.url("/"))?;
    }
    let late = client.counts().and_then(|counts| counts.late);
    scene.ensure(late == Some(0), || format!("the core counted {late:?} inputs for what was gone"))
}

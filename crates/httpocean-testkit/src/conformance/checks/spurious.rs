//! A wake-up without a reason changes nothing.

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, skipped};
use crate::server::{Reply, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|_| Reply::ok("fine"));
    let client = scene.client(Setup::default());
    for _ in 0..5 {
        scene.expect(Rule::SpuriousWakeUp, "a healthy idle connection to stay when it stirs for no reason");
        scene.get(&client, server.url("/"))?;
        let user = client.clone();
        if !scene.in_time(move || user.stir())? {
            return Err(skipped("the adapter has no way to believe that a socket can be read"));
        }
    }
    let stats = server.stats();
    scene.ensure(stats.accepted == 1, || format!("the server saw {stats:?}"))
}

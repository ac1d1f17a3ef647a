//! A body without a length ends with its connection.

use crate::conformance::adapter::Setup;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene};
use crate::server::{Reply, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|_| Reply::ok("").until_close("to the end"));
    let client = scene.client(Setup::default());
    scene.expect(Rule::ForgottenEnd, "a body without a length to end when its connection does");
    let whole = scene.get(&client, server.url("/"))?;
    scene.ensure(whole.body == b"to the end", || format!("{} bytes came", whole.body.len()))?;
    scene.expect(Rule::Order, "the connection to be closed after that");
    scene.server_sees(&server, |stats| stats.open == 0)
}

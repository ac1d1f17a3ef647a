//! A server that closes its side after the response, without a word before, is not used again.

use std::time::Duration;

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get};
use crate::server::{End, Reply, Request, Server};

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| match (request.index, request.target.as_str()) {
        (0, "/later") => Reply::ok("whole").then(End::HalfClose.after(Duration::from_millis(40))),
        (0, _) => Reply::ok("whole").then(End::HalfClose),
        _ => Reply::ok("unseen"),
    });
    let client = scene.client(Setup::default());
    scene.expect(
        Rule::Facts,
        "a whole response to count, though the server's side of the connection ended behind it",
    );
    let whole = scene.get(&client, server.url("/"))?;
    scene.ensure(whole.body == b"whole", || format!("{} bytes came", whole.body.len()))?;
    if scene.needs(Lack::WatchedIdle).is_ok() {
        scene.expect(Rule::ForgottenEnd, "a connection to be closed whose server ended it");
        scene.server_sees(&server, |stats| stats.open == 0)?;
        scene.get(&client, server.url("/later"))?;
        scene.expect(Rule::ForgottenEnd, "an idle connection to be closed when its server ends it");
        scene.server_sees(&server, |stats| stats.open == 0)?;
    }
    scene.expect(Rule::IdleConnections, "a request on a new connection, because the old one had ended");
    let upload = if scene.needs(Lack::Uploads).is_ok() { Upload::Bytes(b"x".to_vec()) } else { Upload::None };
    let whole = scene.answer(scene.begin_whole(&client, get(&server.url("/")), upload))?;
    scene.ensure(whole.body == b"whole", || "what came was no response to this request".into())
}

//! Long bodies arrive as they were given, at a server that takes its time.

use std::time::Duration;

use http::Method;
use httpocean_core::{Config, call};

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::pattern::{fill_pattern, is_pattern};
use crate::server::{Act, Reply, Server};

/// More than lies between the two ends.
const LEN: usize = 6 * 1024 * 1024;

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::Uploads)?;
    let answer = Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec());
    let acts = [Act::Pause(Duration::from_millis(100)), Act::ReadBody, answer];
    let reply = Reply::script(acts).early();
    let started = Server::builder().record_body(LEN).start(move |_| reply.clone());
    let server = started.expect("loopback has a free port");
    let call = call::Options { total: Some(scene.patience() * 2), ..call::Options::default() };
    let client = scene.client(Setup { config: Config { call, ..Config::default() }, ..Setup::default() });
    let mut bytes = vec![0; LEN];
    fill_pattern(0, &mut bytes);
    let read = |size| Upload::Reader(size, Box::new(std::io::Cursor::new(bytes.clone())));
    let uploads = [Upload::Bytes(bytes.clone()), read(Some(LEN as u64)), read(None)];
    for (nth, upload) in uploads.into_iter().enumerate() {
        scene.expect(Rule::PartialWrite, "a body to arrive, though the transport takes it in parts");
        let post = request(Method::POST, &server.url("/"));
        scene.answer(scene.begin_whole(&client, post, upload))?;
        let received = server.requests();
        let Some(received) = received.get(nth) else { return scene.fail("no request arrived") };
        scene.expect(Rule::Writes, "the body as it was given");
        let same = received.body_complete && received.body.len() == LEN && is_pattern(0, &received.body);
        scene.ensure(same, || format!("{} of {LEN} bytes arrived, or others", received.body_len))?;
    }
    scene.ensure(server.requests().len() == 3, || "a request was sent twice".into())
}

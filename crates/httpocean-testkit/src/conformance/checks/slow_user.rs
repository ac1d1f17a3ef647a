//! A user who takes longer than the peer's deadlines is no reason to fail the peer.

use std::time::Duration;

use httpocean_core::{Config, call};

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get, read_whole};
use crate::server::{Reply, Server};

const LIMIT: Duration = Duration::from_millis(600);

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::SlowUsers)?;
    let server = Server::start(|_| Reply::generated(2_000_000));
    let call = call::Options { idle: Some(LIMIT), ..call::Options::default() };
    let client = scene.client(Setup { config: Config { call, ..Config::default() }, ..Setup::default() });
    scene.expect(Rule::Sleep, "the head of a response to be told before its body is there");
    let mut answer = scene.answer(scene.begin(&client, get(&server.url("/")), Upload::None))?;
    scene.expect(Rule::LentBytes, "a user who reads late to get what the server sent in time");
    let read = scene.in_time(move || {
        let first = answer.read(&mut [0; 100])?;
        std::thread::sleep(LIMIT * 2);
        read_whole(answer).map(|rest| first + rest.body.len())
    })?;
    let len = read.or_else(|failure| scene.fail(failure.text))?;
    scene.ensure(len == 2_000_000, || format!("{len} bytes came"))
}

//! Requests that wait for a connection give up at their own deadlines, and the others go on waiting.

use std::time::Duration;

use http::Method;
use httpocean_core::{Config, Phase, call, pool};

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request};
use crate::server::{Reply, Request, Server};

const WAIT: Duration = Duration::from_millis(60);

pub(super) fn check(scene: &Scene) -> Checking {
    let server = Server::start(|request: &Request| {
        let reply = Reply::ok("");
        if request.target == "/busy" { reply.pause(WAIT * 4) } else { reply }
    });
    let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    let busy = scene.begin_whole(&client, request(Method::GET, &server.url("/busy")), Upload::None);
    scene.expect(Rule::Sleep, "a request to be sent at once");
    scene.server_sees(&server, |stats| stats.requests == 1)?;
    let mut impatient = request(Method::GET, &server.url("/impatient"));
    let call = call::Options { pool_wait: Some(WAIT), ..call::Options::default() };
    impatient.extensions_mut().insert(std::sync::Arc::new(Config { call, ..Config::default() }));
    let patient = scene.begin_whole(&client, request(Method::GET, &server.url("/patient")), Upload::None);
    let impatient = scene.begin_whole(&client, impatient, Upload::None);
    scene.expect(Rule::Sleep, "a request to stop waiting for a connection at its deadline");
    match scene.outcome(impatient)? {
        Err(failure) if failure.timed_out && failure.phase == Phase::PoolWait => {}
        Err(failure) => scene.fail(format_args!("it failed with {}", failure.text))?,
        Ok(_) => scene.fail("it had a response")?,
    }
    scene.expect(Rule::Ends, "the connection to go to the one that still waits");
    scene.answer(busy)?;
    scene.answer(patient).map(drop)
}

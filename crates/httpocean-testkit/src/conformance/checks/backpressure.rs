//! A user who does not read holds the server back, and loses nothing.

use std::time::Duration;

use http::Method;

use crate::conformance::adapter::{Failure, Lack, Setup, Upload};
use crate::conformance::by_hand::Flood;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, request, skipped};
use crate::pattern::is_pattern;

const LEN: u64 = 24 * 1024 * 1024;
/// More than the system itself holds between the two ends.
const HELD: u64 = 16 * 1024 * 1024;

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::SlowUsers)?;
    let Ok(server) = Flood::start(LEN) else { return Err(skipped("the system has no free port")) };
    let client = scene.client(Setup::default());
    scene.expect(Rule::Sleep, "the head of a response to be told before its body is there");
    let mut answer = scene.answer(scene.begin(&client, request(Method::GET, &server.url()), Upload::None))?;
    scene.expect(Rule::LentBytes, "a server to be held back by a user who does not read");
    let mut written = u64::MAX;
    while server.written() != written {
        written = server.written();
        scene.ensure(written < HELD, || format!("{written} bytes were taken from it"))?;
        std::thread::sleep(Duration::from_millis(150));
    }
    scene.expect(Rule::LentBytes, "the rest to come when the user reads on, and all of it");
    let mut at = 0;
    loop {
        let (back, block) = scene
            .in_time(move || {
                let mut block = vec![0; 256 * 1024];
                let len = answer.read(&mut block)?;
                block.truncate(len);
                Ok((answer, block))
            })?
            .or_else(|failure: Failure| scene.fail(failure.text))?;
        let len = block.len() as u64;
        scene.ensure(is_pattern(at, &block), || format!("other bytes came than were sent, after {at}"))?;
        (answer, at) = (back, at + len);
        if len == 0 {
            return scene.ensure(at == LEN, || format!("{at} of {LEN} bytes came"));
        }
    }
}

//! A user who does not read holds the server back, and loses nothing.

use std::time::Duration;

use http::Method;

use crate::conformance::adapter::{Lack, Setup, Upload};
use crate::conformance::flood::Flood;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, read_whole, request, skipped};
use crate::pattern::is_pattern;

const LEN: u64 = 48 * 1024 * 1024;
/// More than the system itself holds between the two ends.
const HELD: u64 = 32 * 1024 * 1024;

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
    scene.expect(Rule::LentBytes, "the rest to come when the user reads on");
    let mut first = [0; 7];
    let (answer, first) = scene
        .in_time(move || {
            let read = answer.read(&mut first);
            read.map(|len| (answer, first[..len].to_vec()))
        })?
        .or_else(|failure| scene.fail(failure.text))?;
    let rest = scene.in_time(move || read_whole(answer))?.or_else(|failure| scene.fail(failure.text))?;
    let same = is_pattern(0, &first) && is_pattern(first.len() as u64, &rest.body);
    let len = (first.len() + rest.body.len()) as u64;
    scene.ensure(same && len == LEN, || format!("{len} of {LEN} bytes came, or others"))
}

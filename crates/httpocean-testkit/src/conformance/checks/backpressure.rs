//! A user who does not read holds the server back, and loses nothing.

use std::time::Duration;

use crate::conformance::adapter::{Answer, Failure, Lack, Setup, Upload};
use crate::conformance::by_hand::Flood;
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get, skipped};
use crate::pattern::is_pattern;

const LEN: u64 = 20 * 1024 * 1024;
/// More than the system itself holds between the two ends.
const HELD: u64 = 16 * 1020 * 1024;

pub(super) fn check(scene: &Scene) -> Checking {
    scene.needs(Lack::SlowUsers)?;
    let Ok(server) = Flood::start(LEN) else { return Err(skipped("the system has no free port")) };
    let client = scene.client(Setup::default());
    scene.expect(Rule::Sleep, "the head of a response to be told before its body is there");
    let mut answer = scene.answer(scene.begin(&client, get(&server.url()), Upload::None))?;
    scene.expect(Rule::LentBytes, "a server to be held back by a user who does not read");
    let (mut written, mut quiet) = (0, 0);
    while quiet < 4 {
        std::thread::sleep(Duration::from_millis(60));
        quiet = if server.written() == written { quiet + 1 } else { 0 };
        written = server.written();
        scene.ensure(written < HELD, || format!("{written} bytes were taken from it"))?;
    }
    scene.expect(Rule::LentBytes, "the rest to come when the user reads on, and all of it");
    let mut at = 0;
    loop {
        let (back, block) =
            scene.in_time(move || read_some(answer))?.or_else(|failure| scene.fail(failure.text))?;
        let len = block.len() as u64;
        scene.ensure(is_pattern(at, &block), || format!("other bytes came than were sent, after {at}"))?;
        (answer, at) = (back, at + len);
        if len == 0 {
            return scene.ensure(at == LEN, || format!("{at} of {LEN} bytes came"));
        }
    }
}

/// A few MiB; nothing at the end.
fn read_some(mut answer: Box<dyn Answer>) -> Result<(Box<dyn Answer>, Vec<u8>), Failure> {
    let (mut block, mut len) = (vec![0; 4 * 1024 * 1024], 0);
    while len < block.len() {
        match answer.read(&mut block[len..])? {
            0 => break,
            more => len += more,
        }
    }
    block.truncate(len);
    Ok((answer, block))
}

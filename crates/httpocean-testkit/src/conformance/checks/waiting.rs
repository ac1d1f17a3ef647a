//! Requests that wait for a connection give up at their own deadlines, and the others go on waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use httpocean_core::{Phase, call, pool};

use crate::conformance::adapter::{Setup, Upload};
use crate::conformance::rule::Rule;
use crate::conformance::scene::{Checking, Scene, get, get_with};
use crate::server::{Reply, Request, Server};

const WAIT: Duration = Duration::from_millis(60);

/// A response that is held back until this is dropped.
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}

pub(super) fn check(scene: &Scene) -> Checking {
    let released = Arc::new(AtomicBool::new(false));
    let (release, most) = (released.clone(), Instant::now() + scene.patience() * 4);
    let server = Server::start(move |request: &Request| {
        while request.target == "/busy" && !release.load(Relaxed) && Instant::now() < most {
            std::thread::sleep(Duration::from_millis(1));
        }
        Reply::ok("")
    });
    // Also when the check ends early.
    let held = Held(released);
    let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = scene.client(Setup { pool, ..Setup::default() });
    let busy = scene.begin_whole(&client, get(&server.url("/busy")), Upload::None);
    scene.expect(Rule::Sleep, "a request to be sent at once");
    scene.server_sees(&server, |stats| stats.requests == 1)?;
    let call = call::Options { pool_wait: Some(WAIT), ..call::Options::default() };
    let patient = scene.begin_whole(&client, get(&server.url("/patient")), Upload::None);
    let impatient = scene.begin_whole(&client, get_with(&server.url("/impatient"), call), Upload::None);
    scene.expect(Rule::Sleep, "a request to stop waiting for a connection at its deadline");
    match scene.outcome(impatient)? {
        Err(failure) if failure.timed_out && failure.phase == Phase::PoolWait => {}
        Err(failure) => scene.fail(format_args!("it failed with {}", failure.text))?,
        Ok(_) => scene.fail("it had a response")?,
    }
    scene.expect(Rule::Ends, "the connection to go to the one that still waits");
    drop(held);
    scene.answer(busy)?;
    scene.answer(patient).map(drop)
}

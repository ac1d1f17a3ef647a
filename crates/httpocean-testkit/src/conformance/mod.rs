//! A suite that shows whether an adapter keeps the rules of the adapter guide.
//!
//! The author of an adapter says how a client is made and how a request is sent with it, and calls [`run`]. Each
//! check is a scenario on a loopback server; what fails says which [`Rule`] it breaks and what was seen. What an
//! adapter says it [lacks](Adapter::lacks) is skipped, and the report says that as well.
//!
//! A blocking adapter, and one whose requests can be made to block, is a [`Client`] as it is:
//!
//! ```no_run
//! use std::sync::Arc;
//! use http::{Request, StatusCode};
//! use httpocean_testkit::conformance::{self, Adapter, Answer, Client, Failure, Lack, Setup, Upload};
//! # mod mine {
//! #     use http::{Request, StatusCode};
//! #     use httpocean_testkit::conformance::{Failure, Setup, Upload};
//! #     pub struct Client;
//! #     impl Client {
//! #         pub fn new(_: Setup) -> Self { Self }
//! #         pub fn send(&self, _: Request<()>, _: Upload) -> Result<Response, Failure> { Ok(Response) }
//! #     }
//! #     pub struct Response;
//! #     impl Response {
//! #         pub fn status(&self) -> StatusCode { StatusCode::OK }
//! #         pub fn read(&mut self, _: &mut [u8]) -> Result<usize, Failure> { Ok(0) }
//! #     }
//! # }
//!
//! struct Mine;
//!
//! impl Adapter for Mine {
//!     fn name(&self) -> &str {
//!         "mine"
//!     }
//!
//!     fn client(&self, setup: Setup) -> Arc<dyn Client> {
//!         Arc::new(mine::Client::new(setup))
//!     }
//!
//!     fn lacks(&self) -> &[Lack] {
//!         &[Lack::WatchedIdle]
//!     }
//! }
//!
//! impl Client for mine::Client {
//!     fn send(&self, request: Request<()>, body: Upload) -> Result<Box<dyn Answer>, Failure> {
//!         Ok(Box::new(self.send(request, body)?))
//!     }
//! }
//!
//! impl Answer for mine::Response {
//!     fn status(&self) -> StatusCode {
//!         self.status()
//!     }
//!
//!     fn read(&mut self, into: &mut [u8]) -> Result<usize, Failure> {
//!         self.read(into)
//!     }
//! }
//!
//! conformance::run(Mine).assert();
//! ```
//!
//! One with an event loop implements [`EventLoop`] instead, and its clients are [`Turned`]: a thread of the suite
//! turns the loop, and so sleeps exactly as the adapter does. `tests/tests/conformance` has both, in full.

mod adapter;
mod by_hand;
mod checks;
mod report;
mod rule;
mod scene;
mod turned;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::switch::lock;
use checks::{CHECKS, Check};
use scene::Scene;

pub use adapter::{Adapter, Answer, Client, Counts, Failure, Lack, Setup, Upload};
pub use report::{Checked, Outcome, Report};
pub use rule::Rule;
pub use turned::{EventLoop, News, Turned};

/// A check waits several times. So many patiences are more than any of them needs.
const PATIENCES: u32 = 4;

/// Checks mostly wait: so many are made at a time.
const AT_A_TIME: usize = 4;

/// Makes all checks, each with servers and clients of its own. A check whose adapter hangs is given up, and what hangs
/// is left to itself.
pub fn run(adapter: impl Adapter) -> Report {
    run_some(adapter, |_| true)
}

/// Makes the checks whose names `which` picks: to look at one of them again.
pub fn run_some(adapter: impl Adapter, which: impl Fn(&str) -> bool) -> Report {
    let adapter: Arc<dyn Adapter> = Arc::new(adapter);
    let picked: Vec<&'static (&str, Check)> = CHECKS.iter().filter(|(name, _)| which(name)).collect();
    let next = AtomicUsize::new(0);
    let checked = Mutex::new(Vec::new());
    let work = || {
        loop {
            let nth = next.fetch_add(1, Relaxed);
            let Some(check) = picked.get(nth) else { return };
            let made = make(check, &adapter);
            lock(&checked).push((nth, made));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(work);
        }
    });
    let mut checks = std::mem::take(&mut *lock(&checked));
    checks.sort_by_key(|(nth, _)| *nth);
    let checks = checks.into_iter().map(|(_, checked)| checked).collect();
    Report { adapter: adapter.name().to_owned(), checks }
}

fn make((name, check): &'static (&'static str, Check), adapter: &Arc<dyn Adapter>) -> Checked {
    let scene = Arc::new(Scene::new(adapter.clone()));
    let (start, watched) = (Instant::now(), scene.clone());
    let (say, said) = channel();
    let run = move || _ = say.send(check(&scene));
    std::thread::Builder::new().name((*name).into()).spawn(run).expect("a free thread");
    let outcome = match said.recv_timeout(adapter.patience() * PATIENCES) {
        Ok(Ok(())) => Outcome::Passed,
        Ok(Err(ended)) => ended.into(),
        Err(RecvTimeoutError::Timeout) => watched.broken("it came to no end"),
        Err(RecvTimeoutError::Disconnected) => watched.broken("the adapter panicked"),
    };
    Checked { name, outcome, took: start.elapsed() }
}

//! What the checks are written with: clients, bounded waiting, and the rule that is at stake.

use std::fmt::Display;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::{Method, Request, StatusCode};
use httpocean_core::{Config, call};

use super::adapter::{Adapter, Answer, Client, Failure, Lack, Setup, Upload};
use super::report::Outcome;
use super::rule::Rule;
use crate::server::{Server, Stats};
use crate::switch::lock;

/// Why a check came to an end before its last line.
pub(super) struct Ended(Outcome);

pub(super) type Checking<T = ()> = Result<T, Ended>;

/// Made for each check anew.
pub(super) struct Scene {
    adapter: Arc<dyn Adapter>,
    at_stake: Mutex<(Rule, String)>,
}

/// A response whose body was read to its end.
pub(super) struct Whole {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Scene {
    pub(super) fn new(adapter: Arc<dyn Adapter>) -> Self {
        Self { adapter, at_stake: Mutex::new((Rule::Sleep, "the check did not begin".into())) }
    }

    /// What a failure means from here on: the rule that it breaks, and what is expected.
    pub(super) fn expect(&self, rule: Rule, what: impl Into<String>) {
        *lock(&self.at_stake) = (rule, what.into());
    }

    pub(super) fn needs(&self, lack: Lack) -> Checking {
        if self.adapter.lacks().contains(&lack) { Err(skipped(lack.explain())) } else { Ok(()) }
    }

    pub(super) fn client(&self, setup: Setup) -> Arc<dyn Client> {
        self.adapter.client(setup)
    }

    pub(super) fn patience(&self) -> Duration {
        self.adapter.patience()
    }

    /// The rule at stake is broken; what was seen says how.
    pub(super) fn broken(&self, seen: impl Display) -> Outcome {
        let (rule, what) = lock(&self.at_stake).clone();
        Outcome::Broken { rule, seen: format!("expected {what}; {seen}.") }
    }

    pub(super) fn fail<T>(&self, seen: impl Display) -> Checking<T> {
        Err(Ended(self.broken(seen)))
    }

    pub(super) fn ensure(&self, kept: bool, seen: impl FnOnce() -> String) -> Checking {
        if kept { Ok(()) } else { self.fail(seen()) }
    }

    /// Sends a request on a thread of its own.
    pub(super) fn begin(
        &self,
        client: &Arc<dyn Client>,
        request: Request<()>,
        body: Upload,
    ) -> Running<Box<dyn Answer>> {
        let client = client.clone();
        Running::start(move || client.send(request, body))
    }

    /// The same, and reads the response to its end.
    pub(super) fn begin_whole(
        &self,
        client: &Arc<dyn Client>,
        request: Request<()>,
        body: Upload,
    ) -> Running<Whole> {
        let client = client.clone();
        Running::start(move || read_whole(client.send(request, body)?))
    }

    /// What comes of a request that was begun, in time.
    pub(super) fn outcome<T>(&self, running: Running<T>) -> Checking<Result<T, Failure>> {
        match running.0.recv_timeout(self.patience()) {
            Ok(outcome) => Ok(outcome),
            Err(why) => self.nothing(why),
        }
    }

    fn nothing<T>(&self, why: RecvTimeoutError) -> Checking<T> {
        match why {
            RecvTimeoutError::Timeout => {
                self.fail(format_args!("nothing came of it within {:?}", self.patience()))
            }
            RecvTimeoutError::Disconnected => self.fail("the adapter panicked"),
        }
    }

    /// The response to a request that was begun; no failure is expected.
    pub(super) fn answer<T>(&self, running: Running<T>) -> Checking<T> {
        match self.outcome(running)? {
            Ok(answer) => Ok(answer),
            Err(failure) => self.fail(format_args!("the request failed: {}", failure.text)),
        }
    }

    /// A GET and all of its response.
    pub(super) fn get(&self, client: &Arc<dyn Client>, url: String) -> Checking<Whole> {
        self.answer(self.begin_whole(client, get(&url), Upload::None))
    }

    /// Of a request that has to fail: how, and after how long.
    pub(super) fn failure(
        &self,
        client: &Arc<dyn Client>,
        request: Request<()>,
    ) -> Checking<(Failure, Duration)> {
        let start = Instant::now();
        match self.outcome(self.begin_whole(client, request, Upload::None))? {
            Ok(whole) => {
                self.fail(format_args!("a response of {} bytes, status {}", whole.body.len(), whole.status))
            }
            Err(failure) => Ok((failure, start.elapsed())),
        }
    }

    /// Waits for what the server has to see.
    pub(super) fn server_sees(&self, server: &Server, reached: impl Fn(&Stats) -> bool) -> Checking {
        let seen = server.wait_for(self.patience(), reached);
        self.ensure(seen, || format!("the server saw {:?}", server.stats()))
    }

    /// Runs what may take as long as it likes if the adapter is broken.
    pub(super) fn in_time<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Checking<T> {
        match Running::start(move || Ok(job())).0.recv_timeout(self.patience()) {
            Ok(done) => done.or_else(|failure: Failure| self.fail(failure.text)),
            Err(why) => self.nothing(why),
        }
    }
}

/// A thread that was started, and what it will say.
pub(super) struct Running<T>(Receiver<Result<T, Failure>>);

impl<T: Send + 'static> Running<T> {
    fn start(job: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> Self {
        let (say, said) = channel();
        // Whoever does not wait any more has said so in the report.
        let run = move || _ = say.send(job());
        std::thread::Builder::new().name("conformance-user".into()).spawn(run).expect("a free thread");
        Self(said)
    }
}

pub(super) fn read_whole(mut answer: Box<dyn Answer>) -> Result<Whole, Failure> {
    let (mut body, mut block) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match answer.read(&mut block)? {
            0 => return Ok(Whole { status: answer.status(), body }),
            len => body.extend_from_slice(&block[..len]),
        }
    }
}

pub(super) fn skipped(why: impl Into<String>) -> Ended {
    Ended(Outcome::Skipped(why.into()))
}

pub(super) fn request(method: Method, url: &str) -> Request<()> {
    Request::builder().method(method).uri(url).body(()).expect("a check's requests are sound")
}

pub(super) fn get(url: &str) -> Request<()> {
    request(Method::GET, url)
}

/// A GET with options of its own.
pub(super) fn get_with(url: &str, call: call::Options) -> Request<()> {
    let mut request = get(url);
    request.extensions_mut().insert(Arc::new(Config { call, ..Config::default() }));
    request
}

impl From<Ended> for Outcome {
    fn from(ended: Ended) -> Self {
        ended.0
    }
}

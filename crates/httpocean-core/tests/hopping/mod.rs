//! Options and responses that lead to a hop, and a faithful driver of one call in virtual time.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test uses a part of it")]

use core::time::Duration;
use std::collections::BTreeMap;

use httpocean_core::policy::redirect::Redirects;
use httpocean_core::policy::{Backoff, Retries};
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, CallStep, Config, Conn, Error, Hop, Instant, Io, call};

pub const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

/// So many retries, after waits of `base`, twice that, and so on.
pub fn retries(total: u32, base: Duration) -> Retries {
    Retries { backoff: Backoff { base, jitter_percent: 0, ..Backoff::default() }, ..Retries::new(total) }
}

pub fn retrying(total: u32, base: Duration) -> Config {
    Config { retries: retries(total, base), ..Config::default() }
}

pub fn within(total: Duration, config: Config) -> Config {
    Config { call: call::Options { total: Some(total), ..config.call.clone() }, ..config }
}

pub fn following(limit: u32) -> Config {
    Config { redirects: Redirects { limit, ..Redirects::default() }, ..Config::default() }
}

pub fn leads_to(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 4\r\n\r\nover")
}

/// 503 with what the server says of when to come back.
pub fn busy(retry_after: &str) -> String {
    format!("HTTP/1.1 503 Busy\r\nretry-after: {retry_after}\r\ncontent-length: 4\r\n\r\nbusy")
}

/// What arrives how long after the request; no text is the end of the connection.
pub type Pieces = Vec<(Duration, Option<String>)>;

pub fn reply(after: Duration, text: &str) -> Pieces {
    vec![(after, Some(text.to_owned()))]
}

/// One byte at a time, the first after one `gap`.
pub fn drip(text: &str, gap: Duration) -> Pieces {
    text.chars().enumerate().map(|(n, c)| (gap * (n as u32 + 1), Some(c.to_string()))).collect()
}

/// A GET that is driven as it says, on fresh connections, until it ends.
pub struct Play {
    call: Call,
    io: Io,
    pub now: Instant,
    connect: Duration,
    server: Box<dyn Fn(usize) -> Pieces>,
    make: fn() -> Conn,
    pub requests: usize,
    arrivals: BTreeMap<(Instant, usize), Option<String>>,
    attached_at: Option<Instant>,
    pub hops: Vec<(Instant, Hop)>,
    pub status: Option<u16>,
    pub body: Vec<u8>,
    /// When its own clock woke it.
    pub wakes: Vec<Instant>,
    pub steps: usize,
    /// Gives up before that step: by `discard`, if that is true, or by `cancel`.
    pub gives_up: Option<(usize, bool)>,
    pub attached: usize,
    pub released: usize,
}

impl Play {
    pub fn new(
        config: Config,
        connect: Duration,
        make: fn() -> Conn,
        server: impl Fn(usize) -> Pieces + 'static,
    ) -> Self {
        let request = http::Request::get("http://example.com/").body(()).unwrap();
        Self {
            call: Call::new(request, BodyPlan::empty(), &config.into(), Instant::ZERO).unwrap(),
            io: Io::default(),
            now: Instant::ZERO,
            connect,
            server: Box::new(server),
            make,
            requests: 0,
            arrivals: BTreeMap::new(),
            attached_at: None,
            hops: Vec::new(),
            status: None,
            body: Vec::new(),
            wakes: Vec::new(),
            steps: 0,
            gives_up: None,
            attached: 0,
            released: 0,
        }
    }

    /// To the end: `None` if the response is whole.
    pub fn run(&mut self) -> Option<Error> {
        for _ in 0..100_000 {
            match self.gives_up.filter(|(step, _)| *step == self.steps) {
                Some((_, true)) => self.call.discard(self.now),
                Some((_, false)) => self.call.cancel(self.now),
                None => {}
            }
            self.steps += 1;
            match self.call.step(&mut self.io, self.now) {
                CallStep::Acquire(_) => self.attached_at = Some(self.now + self.connect),
                CallStep::Release(_) => {
                    assert!(self.call.detach().is_some());
                    assert!(self.io.rx.is_quiet() && self.io.tx.pending().is_empty(), "not clean");
                    self.released += 1;
                    self.arrivals.clear();
                }
                CallStep::Hop(hop) => self.hops.push((self.now, *hop)),
                CallStep::Head(len) => self.status = Some(self.io.head(len).status().as_u16()),
                CallStep::Data(len) => self.body.extend_from_slice(self.io.data(len)),
                CallStep::Interim(_) | CallStep::Passing(_) => {}
                CallStep::End => return None,
                CallStep::Failed(error) => return Some(error),
                CallStep::Wait(want) => self.wait(want.until),
                other @ (CallStep::NeedBody { .. } | CallStep::Upgraded(_)) => panic!("{other:?}"),
            }
        }
        panic!("it never ends")
    }

    fn wait(&mut self, until: Option<Instant>) {
        assert!(until.is_none_or(|until| until > self.now), "a busy loop");
        let pending = self.io.tx.pending().len();
        if pending > 0 {
            self.io.tx.sent(pending);
            for (delay, piece) in (self.server)(self.requests) {
                let number = self.arrivals.len();
                self.arrivals.insert((self.now + delay, number), piece);
            }
            self.requests += 1;
            return;
        }
        let arrival = self.arrivals.keys().next().map(|(at, _)| *at);
        let next = Instant::earliest(self.attached_at, arrival);
        let wakes = until.filter(|until| next.is_none_or(|next| *until < next));
        if let Some(until) = wakes {
            self.now = until;
            return self.wakes.push(until);
        }
        self.now = next.expect("nobody will ever wake it");
        if self.attached_at == next {
            self.attached_at = None;
            self.attached += 1;
            return self.call.attach((self.make)(), Facts::default(), self.now);
        }
        match self.arrivals.pop_first().unwrap().1 {
            Some(text) => self.io.rx.append(text.as_bytes()),
            None => self.io.rx.set_eof(),
        }
    }
}

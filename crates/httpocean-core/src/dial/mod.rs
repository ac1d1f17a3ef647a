//! From a key to a ready connection: resolve, then one address after the other.
//!
//! ```text
//!     Resolve ──resolved──▶ Connect(0) ──failed or too slow──▶ Connect(1) ─ ─ ▶ Failed
//!                               └──────────connected──────────────┴──▶ Ready
//! ```
//!
//! Addresses are tried in turn. TLS and proxies are stages between `Connect` and `Ready` that are not built
//! yet: a key that needs one fails with an error that says so.

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::config::Config;
use crate::conn::Conn;
use crate::error::{Error, ErrorKind, Phase, TransportError};
use crate::key::{Key, Scheme};
use crate::time::Instant;
use crate::want::Want;

/// What a dial obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long the look-up of the name may take. Default none; the system's resolver has its own. A look-up
    /// that can't be interrupted, as the system's, fails only when it returns.
    pub resolve: Option<Duration>,
    /// How long connecting may take, all addresses together. Default 10 s.
    pub connect: Option<Duration>,
    /// How long one address may take, if there are further ones. Default 3 s.
    pub connect_each: Option<Duration>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            resolve: None,
            connect: Some(Duration::from_secs(10)),
            connect_each: Some(Duration::from_secs(3)),
        }
    }
}

/// Where a key can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// At these addresses, tried in this order.
    Addresses(SmallVec<[SocketAddr; 4]>),
    /// The transport finds its own way by the key alone, as a Unix socket or a pipe in memory does.
    Direct,
}

/// What a driver has to do for a dial.
#[must_use]
#[derive(Debug)]
pub enum DialStep {
    /// Look up [`Dial::key`]'s host, and answer with [`Dial::resolved`].
    Resolve,
    /// Connect, and answer with [`Dial::connected`].
    Connect {
        /// Which attempt it is.
        attempt: u8,
        /// Where to; `None` after [`Route::Direct`].
        addr: Option<SocketAddr>,
    },
    /// Stop that attempt: its answer would come too late.
    Abandon {
        /// Which attempt.
        attempt: u8,
    },
    /// Nothing to do until an answer comes or `until` has passed.
    Wait(Want),
    /// The connection is ready: give it, with its transport, to [`Pool::dialed`](crate::Pool::dialed).
    Ready(Conn),
    /// There is none: give the error to [`Pool::dial_failed`](crate::Pool::dial_failed).
    Failed(Error),
}

/// The making of one connection.
///
/// ```
/// use std::sync::Arc;
/// use httpocean_core::{Config, Instant, Key};
/// use httpocean_core::dial::{Dial, DialStep, Route};
///
/// let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
/// let now = Instant::ZERO;
/// let mut dial = Dial::new(&key, &Arc::new(Config::default()), now);
/// assert!(matches!(dial.step(now), DialStep::Resolve));
/// let addr = "192.0.2.1:80".parse().unwrap();
/// dial.resolved(Ok(Route::Addresses([addr].into_iter().collect())), now);
/// assert!(matches!(dial.step(now), DialStep::Connect { attempt: 0, addr: Some(a) } if a == addr));
/// dial.connected(0, Ok(()), now);
/// assert!(matches!(dial.step(now), DialStep::Ready(_)));
/// ```
#[derive(Debug)]
pub struct Dial {
    key: Key,
    config: Arc<Config>,
    state: State,
    now: Instant,
    /// Attempts that took too long and were not yet said to be abandoned.
    late: Option<u8>,
    /// Why the latest address did not work.
    cause: Option<TransportError>,
}

#[derive(Debug)]
enum State {
    Start,
    Resolving {
        until: Option<Instant>,
    },
    /// An address is to be tried next.
    Next {
        route: Rest,
        attempt: u8,
        until: Option<Instant>,
    },
    Connecting {
        route: Rest,
        attempt: u8,
        until: Option<Instant>,
        each: Option<Instant>,
    },
    Ready,
    /// The connection was handed out.
    Over,
    Failed(Error),
}

/// The addresses that are left.
#[derive(Debug)]
enum Rest {
    Addresses { all: SmallVec<[SocketAddr; 4]>, next: usize },
    Direct,
    Nothing,
}

impl Dial {
    /// A dial of `key`; its clocks start when it is first stepped.
    pub fn new(key: &Key, config: &Arc<Config>, now: Instant) -> Self {
        Self { key: key.clone(), config: config.clone(), state: State::Start, now, late: None, cause: None }
    }

    /// What it is a dial of.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The answer to `Resolve`. Too late, it does nothing.
    pub fn resolved(&mut self, route: Result<Route, TransportError>, now: Instant) {
        self.now = self.now.max(now);
        self.judge_deadlines();
        let State::Resolving { .. } = self.state else { return };
        let until = self.config.dial.connect.map(|limit| self.now + limit);
        self.state = match route {
            Err(why) => State::Failed(Error::new(ErrorKind::Resolve(why), Phase::Resolve)),
            Ok(Route::Addresses(all)) if all.is_empty() => {
                State::Failed(Error::new(ErrorKind::Resolve(TransportError::NotFound), Phase::Resolve))
            }
            Ok(Route::Addresses(all)) => {
                State::Next { route: Rest::Addresses { all, next: 0 }, attempt: 0, until }
            }
            Ok(Route::Direct) => State::Next { route: Rest::Direct, attempt: 0, until },
        };
    }

    /// The answer to `Connect`. That of an attempt that is over does nothing.
    pub fn connected(&mut self, attempt: u8, result: Result<(), TransportError>, now: Instant) {
        self.now = self.now.max(now);
        let State::Connecting { attempt: current, .. } = self.state else { return };
        if attempt != current {
            return;
        }
        match result {
            Ok(()) => self.state = State::Ready,
            Err(why) => self.give_up_address(why),
        }
    }

    /// What to do next.
    pub fn step(&mut self, now: Instant) -> DialStep {
        self.now = self.now.max(now);
        self.judge_deadlines();
        if let Some(attempt) = self.late.take() {
            return DialStep::Abandon { attempt };
        }
        match core::mem::replace(&mut self.state, State::Over) {
            State::Start => self.begin(),
            State::Resolving { until } => {
                self.state = State::Resolving { until };
                DialStep::Wait(Want { read: false, write: false, until, phase: Phase::Resolve })
            }
            State::Next { route, attempt, until } => self.try_next(route, attempt, until),
            State::Connecting { route, attempt, until, each } => {
                self.state = State::Connecting { route, attempt, until, each };
                let until = Instant::earliest(until, each);
                DialStep::Wait(Want { read: false, write: false, until, phase: Phase::Connect })
            }
            State::Ready => DialStep::Ready(Conn::new()),
            State::Over => {
                DialStep::Wait(Want { read: false, write: false, until: None, phase: Phase::Connect })
            }
            State::Failed(error) => {
                self.state = State::Failed(error.clone());
                DialStep::Failed(error)
            }
        }
    }

    fn begin(&mut self) -> DialStep {
        if self.key.scheme() == Scheme::Https {
            let kind = ErrorKind::Unsupported("https needs a TLS layer, and none is built in yet");
            let error = Error::new(kind, Phase::Start);
            self.state = State::Failed(error.clone());
            return DialStep::Failed(error);
        }
        self.state = State::Resolving { until: self.config.dial.resolve.map(|limit| self.now + limit) };
        DialStep::Resolve
    }

    fn try_next(&mut self, route: Rest, attempt: u8, until: Option<Instant>) -> DialStep {
        let (addr, rest) = match route {
            Rest::Direct => (None, Rest::Nothing),
            // An attempt's number must not come twice, or a late answer would be taken for another attempt's.
            Rest::Addresses { all, next } if next < all.len() && next == usize::from(attempt) => {
                let addr = all[next];
                (Some(addr), Rest::Addresses { all, next: next + 1 })
            }
            Rest::Addresses { .. } | Rest::Nothing => return self.fail_connect(),
        };
        let more = matches!(&rest, Rest::Addresses { all, next } if *next < all.len());
        let each = self.config.dial.connect_each.filter(|_| more).map(|limit| self.now + limit);
        self.state = State::Connecting { route: rest, attempt, until, each };
        DialStep::Connect { attempt, addr }
    }

    fn fail_connect(&mut self) -> DialStep {
        let why = self.cause.unwrap_or(TransportError::NotFound);
        let kind = if why == TransportError::TimedOut { ErrorKind::Timeout } else { ErrorKind::Connect(why) };
        let error = Error::new(kind, Phase::Connect);
        self.state = State::Failed(error.clone());
        DialStep::Failed(error)
    }

    fn judge_deadlines(&mut self) {
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= self.now);
        match &self.state {
            State::Resolving { until } if passed(*until) => {
                self.state = State::Failed(Error::new(ErrorKind::Timeout, Phase::Resolve));
            }
            State::Next { until, .. } if passed(*until) => {
                self.state = State::Failed(Error::new(ErrorKind::Timeout, Phase::Connect));
            }
            State::Connecting { until, attempt, .. } if passed(*until) => {
                self.late = Some(*attempt);
                self.state = State::Failed(Error::new(ErrorKind::Timeout, Phase::Connect));
            }
            State::Connecting { each, attempt, .. } if passed(*each) => {
                self.late = Some(*attempt);
                self.give_up_address(TransportError::TimedOut);
            }
            State::Start
            | State::Resolving { .. }
            | State::Next { .. }
            | State::Connecting { .. }
            | State::Ready
            | State::Over
            | State::Failed(_) => {}
        }
    }

    fn give_up_address(&mut self, why: TransportError) {
        self.cause = Some(why);
        if let State::Connecting { route, attempt, until, .. } =
            core::mem::replace(&mut self.state, State::Over)
        {
            self.state = State::Next { route, attempt: attempt.saturating_add(1), until };
        }
    }
}

//! From a key to a ready connection: resolve, then race the addresses.
//!
//! ```text
//!     Resolve ──resolved──▶ [filter] ──▶ Connect(0) ──────────────connected──▶ Ready
//!                                          │ 250 ms, or it failed    │ Abandon the others
//!                                          └▶ Connect(1) ────────────┤
//!                                               └▶ ...               └──▶ Failed, with each address's reason
//! ```
//!
//! Addresses race as RFC 8305 says. TLS and proxies are stages between `Connect` and `Ready` that are not built
//! yet: a key that needs one fails with an error that says so.

mod filter;
mod options;
mod race;

use std::net::SocketAddr;
use std::sync::Arc;

use smallvec::SmallVec;

pub use filter::AddressFilter;
pub use options::Options;

use crate::authority::Scheme;
use crate::config::Config;
use crate::conn::Conn;
use crate::error::{Error, ErrorKind, Phase, TransportError};
use crate::key::Key;
use crate::time::Instant;
use crate::want::Want;
use race::{Heat, Race};

/// Where a key can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// At these addresses, the best first. The families take turns, beginning with the first address's; no more
    /// are tried than [`Limits::addresses`](crate::Limits::addresses).
    Addresses(SmallVec<[SocketAddr; 4]>),
    /// The transport finds its own way by the key alone, as a Unix socket or a pipe in memory does.
    Direct,
}

/// What a driver has to do for a dial.
#[must_use]
#[derive(Debug)]
pub enum DialStep {
    /// Look up [`Dial::target`]'s host, and answer with [`Dial::resolved`].
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
    /// What is looked up and connected to.
    target: Key,
    config: Arc<Config>,
    state: State,
    now: Instant,
}

#[derive(Debug)]
enum State {
    Start,
    Resolving {
        until: Option<Instant>,
    },
    Racing(Box<Race>),
    /// The connection was handed out.
    Over,
    Failed(Error),
}

impl Dial {
    /// A dial of `key`; its clocks start when it is first stepped.
    pub fn new(key: &Key, config: &Arc<Config>, now: Instant) -> Self {
        Self { key: key.clone(), target: key.first_stop(), config: config.clone(), state: State::Start, now }
    }

    /// What it is a dial of.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// What has to be looked up and connected to: what it is a dial of, or the proxy in between.
    pub fn target(&self) -> &Key {
        &self.target
    }

    /// Until when an attempt may take that is under way; `None` if for ever. A driver that can't wait for two
    /// attempts at once makes them one by one, each until then, and does not heed [`DialStep::Wait`], which would
    /// have it begin the next one as well.
    pub fn until(&self, attempt: u8) -> Option<Instant> {
        match &self.state {
            State::Racing(race) => race.until(attempt),
            State::Start | State::Resolving { .. } | State::Over | State::Failed(_) => None,
        }
    }

    /// The answer to `Resolve`. Too late, it does nothing.
    pub fn resolved(&mut self, route: Result<Route, TransportError>, now: Instant) {
        self.now = self.now.max(now);
        self.judge_resolve();
        let State::Resolving { .. } = self.state else { return };
        self.state = match route.and_then(|route| self.config.dial.filter.apply(route)) {
            Ok(Route::Addresses(all)) if all.is_empty() => unresolved(TransportError::NotFound),
            Ok(route) => {
                let Config { limits, dial, .. } = &*self.config;
                State::Racing(Box::new(Race::new(route, limits.addresses, dial, self.now)))
            }
            Err(why) => unresolved(why),
        };
    }

    /// The answer to `Connect`. That of an attempt that is over does nothing; an attempt is over when it was
    /// answered, or when a step found that its time had passed.
    pub fn connected(&mut self, attempt: u8, result: Result<(), TransportError>, now: Instant) {
        self.now = self.now.max(now);
        if let State::Racing(race) = &mut self.state {
            race.answer(attempt, result, self.now);
        }
    }

    /// What to do next.
    pub fn step(&mut self, now: Instant) -> DialStep {
        self.now = self.now.max(now);
        self.judge_resolve();
        match &mut self.state {
            State::Start => self.begin(),
            State::Resolving { until } => wait(*until, Phase::Resolve),
            State::Racing(race) => match race.step(&self.config.dial, self.now) {
                Heat::Connect { attempt, addr } => DialStep::Connect { attempt, addr },
                Heat::Abandon { attempt } => DialStep::Abandon { attempt },
                Heat::Wait { until } => wait(until, Phase::Connect),
                Heat::Won => {
                    self.state = State::Over;
                    DialStep::Ready(Conn::new())
                }
                Heat::Lost { failed, in_time } => self.fail(Error::connect(failed, in_time)),
            },
            State::Over => wait(None, Phase::Connect),
            State::Failed(error) => DialStep::Failed(error.clone()),
        }
    }

    fn begin(&mut self) -> DialStep {
        if self.key.proxy().is_some() && !self.key.is_forwarded() {
            let kind = ErrorKind::Unsupported("tunnels through proxies are not built in yet");
            return self.fail(Error::new(kind, Phase::Start));
        }
        if self.target.scheme() == Scheme::Https {
            let kind = ErrorKind::Unsupported("https needs a TLS layer, and none is built in yet");
            return self.fail(Error::new(kind, Phase::Start));
        }
        self.state = State::Resolving { until: self.config.dial.resolve.map(|limit| self.now + limit) };
        DialStep::Resolve
    }

    fn fail(&mut self, error: Error) -> DialStep {
        self.state = State::Failed(error.clone());
        DialStep::Failed(error)
    }

    fn judge_resolve(&mut self) {
        if let State::Resolving { until: Some(until) } = self.state {
            if until <= self.now {
                self.state = State::Failed(Error::new(ErrorKind::Timeout, Phase::Resolve));
            }
        }
    }
}

fn wait(until: Option<Instant>, phase: Phase) -> DialStep {
    DialStep::Wait(Want { read: false, write: false, until, phase })
}

fn unresolved(why: TransportError) -> State {
    State::Failed(Error::new(ErrorKind::Resolve(why), Phase::Resolve))
}

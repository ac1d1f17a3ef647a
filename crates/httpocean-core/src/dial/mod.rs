//! From a key to a ready connection: resolve, race the addresses, then whatever has to be agreed on with the peer.
//!
//! ```text
//!     Resolve ──resolved──▶ [filter] ──▶ Connect(0) ──────────────connected──▶ stages ──▶ Ready
//!                                          │ 250 ms, or it failed    │ Abandon     │ Wait: move bytes
//!                                          └▶ Connect(1) ────────────┤ the others  └──▶ Failed
//!                                               └▶ ...               └──▶ Failed, with each address's reason
//! ```
//!
//! Addresses race as RFC 8305 says. The stages are those that the key asks for, none for plain http.

mod filter;
mod options;
mod race;
mod stages;

use std::net::SocketAddr;
use std::sync::Arc;

use smallvec::SmallVec;

pub use filter::AddressFilter;
pub use options::Options;

use crate::authority::Scheme;
use crate::config::Config;
use crate::conn::Conn;
use crate::error::{Error, ErrorKind, Phase, TransportError};
use crate::io::Io;
use crate::key::Key;
use crate::time::Instant;
use crate::want::Want;
use race::{Heat, Race};
use stages::{Staged, Stages};

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
    /// Nothing to do until an answer comes or `until` has passed. If it wants to read or to write, an attempt has
    /// won, and this is about its transport: flush `io.tx`, fill `io.rx`, and step again.
    Wait(Want),
    /// The connection is ready, and the buffers are clean: give it, with its transport, to [`Pool::dialed`](crate::Pool::dialed).
    Ready(Conn),
    /// There is none: give the error to [`Pool::dial_failed`](crate::Pool::dial_failed).
    Failed(Error),
}

/// The making of one connection.
///
/// ```
/// use std::sync::Arc;
/// use httpocean_core::{Config, Instant, Io, Key};
/// use httpocean_core::dial::{Dial, DialStep, Route};
///
/// let mut io = Io::default();
/// let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
/// let now = Instant::ZERO;
/// let mut dial = Dial::new(&key, &Arc::new(Config::default()), now);
/// assert!(matches!(dial.step(&mut io, now), DialStep::Resolve));
/// let addr = "192.0.2.1:80".parse().unwrap();
/// dial.resolved(Ok(Route::Addresses([addr].into_iter().collect())), now);
/// assert!(matches!(dial.step(&mut io, now), DialStep::Connect { attempt: 0, addr: Some(a) } if a == addr));
/// dial.connected(0, Ok(()), now);
/// assert!(matches!(dial.step(&mut io, now), DialStep::Ready(_)));
/// ```
#[derive(Debug)]
pub struct Dial {
    key: Key,
    /// What is looked up and connected to.
    target: Key,
    config: Arc<Config>,
    state: State,
    now: Instant,
    goodbye: Vec<u8>,
}

#[derive(Debug)]
enum State {
    Start,
    Resolving {
        until: Option<Instant>,
    },
    Racing(Box<Race>),
    /// Connected, and not ready.
    Staged(Box<Stages>),
    /// The connection was handed out.
    Over,
    Failed(Error),
}

impl Dial {
    /// A dial of `key`; its clocks start when it is first stepped.
    pub fn new(key: &Key, config: &Arc<Config>, now: Instant) -> Self {
        Self {
            key: key.clone(),
            target: key.first_stop(),
            config: config.clone(),
            state: State::Start,
            now,
            goodbye: Vec::new(),
        }
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
            State::Start | State::Resolving { .. } | State::Staged(_) | State::Over | State::Failed(_) => {
                None
            }
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

    /// What to do next. The buffers are those of the connection that it becomes; before an attempt has won they are
    /// not looked at.
    pub fn step(&mut self, io: &mut Io, now: Instant) -> DialStep {
        self.step_up_to_stages(now).unwrap_or_else(|| self.go_through_stages(io))
    }

    /// Of one that failed with a connected transport: what the peer is still to be told, such as why its certificate
    /// is not good enough. Like [`Conn::goodbye`].
    pub fn goodbye(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.goodbye)
    }

    /// Whether an attempt has won, so that what follows is about its bytes.
    pub(crate) fn is_staged(&self) -> bool {
        matches!(self.state, State::Staged(_))
    }

    /// The same, as long as it is not about bytes. `None`: an attempt has won, and from now on it is.
    pub(crate) fn step_up_to_stages(&mut self, now: Instant) -> Option<DialStep> {
        self.now = self.now.max(now);
        self.judge_resolve();
        Some(match &mut self.state {
            State::Start => self.begin(),
            State::Resolving { until } => wait(*until, Phase::Resolve),
            State::Racing(race) => match race.step(&self.config.dial, self.now) {
                Heat::Connect { attempt, addr } => DialStep::Connect { attempt, addr },
                Heat::Abandon { attempt } => DialStep::Abandon { attempt },
                Heat::Wait { until } => wait(until, Phase::Connect),
                Heat::Won => match Stages::of(&self.key) {
                    Some(stages) => {
                        self.state = State::Staged(Box::new(stages));
                        return None;
                    }
                    None => self.ready(Conn::default()),
                },
                Heat::Lost { failed, in_time } => self.fail(Error::connect(failed, in_time)),
            },
            State::Staged(_) => return None,
            State::Over => wait(None, Phase::Connect),
            State::Failed(error) => DialStep::Failed(error.clone()),
        })
    }

    fn begin(&mut self) -> DialStep {
        if self.key.proxy().is_some() && !self.key.is_forwarded() {
            let kind = ErrorKind::Unsupported("tunnels through proxies are not built in yet");
            return self.fail(Error::new(kind, Phase::Start));
        }
        if self.target.scheme() == Scheme::Https && self.target.security().is_none() {
            let kind = ErrorKind::Unsupported(match self.key.proxy() {
                Some(_) => "proxies that are spoken to by TLS are not built in yet",
                None => "https needs TLS, and the options have none",
            });
            return self.fail(Error::new(kind, Phase::Start));
        }
        self.state = State::Resolving { until: self.config.dial.resolve.map(|limit| self.now + limit) };
        DialStep::Resolve
    }

    fn go_through_stages(&mut self, io: &mut Io) -> DialStep {
        let State::Staged(stages) = &mut self.state else { return wait(None, Phase::Connect) };
        match stages.step(&self.key, &self.config.dial, io, self.now) {
            Staged::Wait(want) => DialStep::Wait(want),
            Staged::Through(conn) => {
                io.reset();
                self.ready(conn)
            }
            Staged::Failed(error) => {
                self.goodbye = io.tx.take();
                io.reset();
                self.fail(error)
            }
        }
    }

    fn ready(&mut self, conn: Conn) -> DialStep {
        self.state = State::Over;
        DialStep::Ready(conn)
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

//! From a key to a ready connection: resolve, race the addresses, then whatever has to be agreed on with the peer.
//!
//! ```text
//!     Resolve ──resolved──▶ [filter] ──▶ Connect(0) ──────────────connected──▶ stages ──▶ Ready
//!                                          │ 250 ms, or it failed    │ Abandon     │ Wait: move bytes
//!                                          └▶ Connect(1) ────────────┤ the others  └──▶ Failed
//!                                               └▶ ...               └──▶ Failed, with each address's reason
//! ```
//!
//! A host that is [pinned](Pins) needs no look-up. Addresses race as RFC 8305 says. The stages are those that the key asks for, none for plain http.
//!
//! By a proxy, that is what is resolved and connected to, and the way from it to the key's host is made by a stage. Only
//! for `socks5://` the key's host is resolved as well, before: the proxy is told its address.

mod filter;
mod handshake;
mod options;
mod pins;
mod race;
mod socks;
mod stages;
mod tunnel;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use smallvec::SmallVec;

pub use filter::AddressFilter;
pub use options::Options;
pub use pins::Pins;

use crate::config::Config;
use crate::conn::Conn;
use crate::error::{Error, ErrorKind, Phase, TransportError};
use crate::io::Io;
use crate::key::Key;
use crate::proxy::{Kind, Proxy};
use crate::time::Instant;
use crate::want::Want;
use handshake::Words;
use race::{Heat, Race};
use stages::{About, Staged, Stages};

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
    /// It looks up the key's host first, to tell a SOCKS proxy its address.
    looks_ahead: bool,
    /// What a SOCKS proxy is told of the key's host, where that is not its name.
    told: Option<Box<str>>,
    config: Arc<Config>,
    state: State,
    now: Instant,
    /// Of a layer that failed.
    goodbye: Words,
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
        // Who did not say how it is to be secured leaves that to the client.
        let usual = key.security().is_none() && config.tls.is_some();
        let key = if usual { key.secured(config.tls.as_ref()) } else { key.clone() };
        let config = config.clone();
        let looks_ahead = is_told_an_address(&key);
        let target = if looks_ahead { key.by_proxy(None) } else { key.first_stop() };
        Self {
            key,
            target,
            looks_ahead,
            told: None,
            config,
            state: State::Start,
            now,
            goodbye: Words::default(),
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
        let is_ahead = self.looks_ahead;
        let filter = &self.config.dial.filter;
        // Whoever chose the proxy wants to go there.
        let allowed =
            |route| if self.key.proxy().is_none() || is_ahead { filter.apply(route) } else { Ok(route) };
        self.state = match route.and_then(allowed) {
            Ok(Route::Addresses(all)) if all.is_empty() => self.unresolved(TransportError::NotFound),
            Ok(route) if is_ahead => {
                self.looks_ahead = false;
                self.told = told(&route);
                self.target = self.key.first_stop();
                State::Start
            }
            Ok(route) => {
                let Config { limits, dial, .. } = &*self.config;
                State::Racing(Box::new(Race::new(route, limits.addresses, dial, self.now)))
            }
            Err(why) => self.unresolved(why),
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
        core::mem::take(&mut self.goodbye).0
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
            State::Start => return self.begin(),
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
                Heat::Lost { failed, in_time } => {
                    let error = Error::connect(failed, in_time);
                    self.fail(error.on_the_way_to(self.proxy_ahead()))
                }
            },
            State::Staged(_) => return None,
            State::Over => wait(None, Phase::Connect),
            State::Failed(error) => DialStep::Failed(error.clone()),
        })
    }

    fn begin(&mut self) -> Option<DialStep> {
        if self.key.needs_security() && self.key.security().is_none() {
            let kind = ErrorKind::Unsupported("https needs TLS, and the options have none");
            return Some(self.fail(Error::new(kind, Phase::Start)));
        }
        let behind = self.key.address().filter(|_| self.key.proxy().is_some());
        let behind = behind.map(|address| SocketAddr::new(address, self.key.port()));
        if behind.is_some_and(|addr| !self.config.dial.filter.allows(&addr)) {
            let kind = ErrorKind::Resolve(TransportError::Filtered);
            return Some(self.fail(Error::new(kind, Phase::Resolve)));
        }
        self.state = State::Resolving { until: self.config.dial.resolve.map(|limit| self.now + limit) };
        let Some(pinned) = self.config.dial.pins.of(&self.target) else { return Some(DialStep::Resolve) };
        let route = Route::Addresses(pinned.iter().copied().collect());
        self.resolved(Ok(route), self.now);
        self.step_up_to_stages(self.now)
    }

    fn go_through_stages(&mut self, io: &mut Io) -> DialStep {
        let State::Staged(stages) = &mut self.state else { return wait(None, Phase::Connect) };
        let told = self.told.as_deref().unwrap_or(self.key.host());
        let about = About { key: &self.key, target: &self.target, told, config: &self.config };
        match stages.step(about, io, self.now) {
            Staged::Wait(want) => DialStep::Wait(want),
            Staged::Through(conn) => {
                io.reset();
                self.ready(conn)
            }
            Staged::Failed(error) => {
                // What is left of what a proxy was to be told is none.
                if let ErrorKind::Tls(_) = error.kind() {
                    self.goodbye = Words(io.tx.take());
                }
                io.reset();
                let is_with_proxy = stages.is_with_proxy();
                self.fail(error.on_the_way_to(self.key.proxy().filter(|_| is_with_proxy)))
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
                let error = Error::new(ErrorKind::Timeout, Phase::Resolve);
                self.state = State::Failed(error.on_the_way_to(self.proxy_ahead()));
            }
        }
    }

    fn unresolved(&self, why: TransportError) -> State {
        let error = Error::new(ErrorKind::Resolve(why), Phase::Resolve);
        State::Failed(error.on_the_way_to(self.proxy_ahead()))
    }

    /// The proxy, if it is what is looked up and connected to.
    fn proxy_ahead(&self) -> Option<&Proxy> {
        self.key.proxy().filter(|_| !self.looks_ahead)
    }
}

fn wait(until: Option<Instant>, phase: Phase) -> DialStep {
    DialStep::Wait(Want { read: false, write: false, until, phase })
}

/// Whether a name has to be looked up before anybody speaks with the proxy.
fn is_told_an_address(key: &Key) -> bool {
    key.address().is_none() && key.proxy().is_some_and(|proxy| proxy.kind() == Kind::Socks5)
}

/// What a proxy is told instead of a name: the best address. A transport that finds its own way leaves that to it.
fn told(route: &Route) -> Option<Box<str>> {
    match route {
        Route::Addresses(all) => all.first().map(|addr| match addr.ip() {
            IpAddr::V4(address) => address.to_string().into(),
            IpAddr::V6(address) => format!("[{address}]").into(),
        }),
        Route::Direct => None,
    }
}

//! A virtual world around an engine: a faithful driver, scripted servers and users, virtual time, and a ledger.
//!
//! The driver carries out tasks until there are none, then sleeps exactly until the earlier of
//! `Engine::next_timeout` and the next thing that happens. The ledger is checked as it goes.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::large_enum_variant
)]

mod driver;
mod script;
mod server;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use script::*;

use httpocean_core::pool::Options;
use httpocean_core::{
    BodyPlan, CallId, CloseReason, Config, ConnId, Engine, Error, Hop, Instant, Io, TransportError,
};
pub use server::Seen;
use server::Server;

/// A connection as its driver knows it: from `Resolve` until `Close` or `Upgraded`.
pub struct Socket {
    pub host: String,
    /// Which dial of the world it was.
    pub number: usize,
    pub io: Io,
    open: bool,
    script: DialScript,
    /// Attempts that were asked for, and neither answered nor abandoned.
    attempts: BTreeSet<u8>,
    asked: BTreeSet<u8>,
    server: Server,
    inbox: Vec<Piece>,
    /// A user who still holds what was lent, and how many bytes that is.
    held: Option<(CallId, usize)>,
    /// Said to be free with something in its buffers: it has to be closed in the same turn.
    dirty: bool,
}

/// One call as its user sees it.
#[derive(Default)]
pub struct User {
    pub habits: Habits,
    pub heard: Vec<&'static str>,
    pub body: Vec<u8>,
    pub status: Option<u16>,
    pub conn: Option<usize>,
    pub reused: Option<u32>,
    pub hops: Vec<(Instant, Hop)>,
    pub end: Option<(Instant, Ending)>,
    handed: usize,
}

#[derive(Debug)]
pub enum Ending {
    Whole,
    Upgraded(Vec<u8>),
    Failed(Error),
}

enum Happening {
    Resolved(ConnId),
    Connected(ConnId, u8),
    Arrives(ConnId, Piece),
    Silent(ConnId, u64),
    Read(ConnId, CallId),
    Body(CallId),
    Start(usize, http::Request<()>, BodyPlan, Habits),
    Act(usize, Act),
}

pub struct World {
    pub engine: Engine,
    pub now: Instant,
    pub net: Net,
    pub sockets: BTreeMap<ConnId, Socket>,
    /// By the order of their starts; `start_at` fixes it.
    pub users: BTreeMap<usize, User>,
    pub ids: BTreeMap<usize, CallId>,
    /// Every end of a connection: by the number of its dial.
    pub closed: Vec<(Instant, usize, CloseReason)>,
    pub handed_over: Vec<usize>,
    /// Every request that reached a server, in order.
    pub seen: Vec<Seen>,
    /// When the engine's own clock woke the driver.
    pub wakes: Vec<Instant>,
    pub dials: usize,
    /// Of these, how many had their names looked up.
    pub looked_up: usize,
    /// The most connections at one time, those being made included; and the most that were open.
    pub most: usize,
    pub dead_conns: BTreeSet<ConnId>,
    /// What to do at which step; steps are counted at each call of the engine.
    pub interrupt: Option<(usize, usize, Act)>,
    pub steps: usize,
    /// Throws dead ids at the engine at every step.
    pub haunted: bool,
    pub shut: Option<Instant>,
    options: Options,
    plan: BTreeMap<(Instant, u64), Happening>,
    planned: u64,
    started: usize,
    turns: usize,
    /// Tasks.
    said: u64,
}

impl World {
    pub fn new(options: Options, config: Config, net: Net) -> Self {
        Self {
            engine: Engine::new(options.clone(), Arc::new(config)),
            now: Instant::ZERO,
            net,
            sockets: BTreeMap::new(),
            users: BTreeMap::new(),
            ids: BTreeMap::new(),
            closed: Vec::new(),
            handed_over: Vec::new(),
            seen: Vec::new(),
            wakes: Vec::new(),
            dials: 0,
            looked_up: 0,
            most: 0,
            dead_conns: BTreeSet::new(),
            interrupt: None,
            steps: 0,
            haunted: false,
            shut: None,
            options,
            plan: BTreeMap::new(),
            planned: 0,
            started: 0,
            turns: 0,
            said: 0,
        }
    }

    pub fn simple(net: Net) -> Self {
        Self::new(Options::default(), Config::default(), net)
    }

    /// A request that starts at `at`; its number.
    pub fn start_at(
        &mut self,
        at: Instant,
        request: http::Request<()>,
        plan: BodyPlan,
        habits: Habits,
    ) -> usize {
        let number = self.started;
        self.started += 1;
        self.happens(at, Happening::Start(number, request, plan, habits));
        number
    }

    pub fn get_at(&mut self, at: Instant, host: &str) -> usize {
        self.start_at(at, request("GET", host, &[]), BodyPlan::empty(), Habits::default())
    }

    pub fn act_at(&mut self, at: Instant, user: usize, act: Act) {
        self.happens(at, Happening::Act(user, act));
    }

    pub fn arrives_at(&mut self, at: Instant, dial: usize, piece: Piece) {
        let conn = *self.sockets.iter().find(|(_, socket)| socket.number == dial).unwrap().0;
        self.happens(at, Happening::Arrives(conn, piece));
    }

    fn happens(&mut self, at: Instant, what: Happening) {
        self.planned += 1;
        self.plan.insert((at.max(self.now), self.planned), what);
    }

    fn happens_after(&mut self, delay: Duration, what: Happening) {
        self.happens(self.now + delay, what);
    }

    /// Until nothing is left to happen and nothing to wait for: idle connections have come to their deadlines.
    pub fn run(&mut self) {
        while self.turn(None) {}
        // Nobody is woken to forget a key whose dials failed; whoever comes by later does it.
        self.now = self.now + ms(1_000);
        self.carry_out();
        self.is_empty();
    }

    /// Until `end`, that included.
    pub fn run_until(&mut self, end: Instant) {
        while self.turn(Some(end)) {}
        self.now = self.now.max(end);
    }

    /// Does what there is to do, and sleeps until there is more.
    fn turn(&mut self, end: Option<Instant>) -> bool {
        self.turns += 1;
        assert!(self.turns < 200_000, "it never ends");
        self.carry_out();
        let timeout = self.engine.next_timeout();
        assert!(timeout.is_none_or(|at| at > self.now), "a busy loop at {:?}", self.now);
        let planned = self.plan.keys().next().map(|(at, _)| *at);
        let next = Instant::earliest(timeout, planned);
        let Some(next) = next.filter(|next| end.is_none_or(|end| *next <= end)) else { return false };
        self.now = next;
        // What happens at the same time may be answered without a task.
        let (asked, said) = (planned != Some(next), self.said);
        let waiting = self.engine.counts().waiting;
        if asked {
            self.wakes.push(next);
        }
        // What happened comes before what time has come for.
        while let Some(entry) = self.plan.first_entry() {
            if entry.key().0 > self.now {
                break;
            }
            let what = entry.remove();
            self.happen(what);
            if !self.net.batches {
                self.carry_out();
            }
        }
        self.carry_out();
        // A call whose wait for its next attempt is over may find others before it.
        let queues = self.engine.counts().waiting > waiting;
        assert!(!asked || self.said > said || queues || self.lines_up(), "woken at {next:?} for nothing");
        true
    }

    /// Whether a key whose pause is over may have begun to wait for a place.
    fn lines_up(&self) -> bool {
        let counts = self.engine.counts();
        let full = counts.open >= self.options.max_total || counts.dialing >= self.options.max_dials;
        counts.waiting > 0 && full
    }

    /// Everything is back where it began.
    fn is_empty(&mut self) {
        let counts = self.engine.counts();
        assert_eq!(self.engine.calls(), 0, "calls");
        assert_eq!((counts.open, counts.dialing, counts.idle, counts.waiting), (0, 0, 0, 0), "{counts:?}");
        assert_eq!((counts.keys, counts.timers, counts.words), (0, 0, 0), "{counts:?}");
        assert!(self.sockets.is_empty(), "sockets that nobody closed");
        for (number, user) in &self.users {
            assert!(user.end.is_some(), "call {number} has no end: {:?}", user.heard);
        }
    }

    /// A step of the engine is about to be made.
    fn step(&mut self) {
        let step = self.steps;
        self.steps += 1;
        if let Some((_, user, act)) = self.interrupt.filter(|(at, _, _)| *at == step) {
            self.act(user, act);
        }
        if self.haunted {
            self.haunt();
        }
    }

    pub fn act(&mut self, user: usize, act: Act) {
        let now = self.now;
        if act == Act::ShutDown {
            self.shut = Some(now);
            return self.engine.shut_down(now);
        }
        let Some(call) = self.ids.get(&user).copied() else { return };
        if act == Act::Cancel {
            self.engine.cancel(call, now);
        } else {
            self.engine.discard(call, now);
        }
        // Who gives up holds nothing any more.
        for socket in self.sockets.values_mut().filter(|s| s.held.is_some_and(|(held, _)| held == call)) {
            socket.held = None;
        }
    }

    fn haunt(&mut self) {
        let now = self.now;
        let calls: Vec<CallId> = self
            .ids
            .iter()
            .filter(|(number, _)| self.users[number].end.is_some())
            .map(|(_, id)| *id)
            .chain([CallId::from_bits(u64::MAX)])
            .collect();
        let conns: Vec<ConnId> =
            self.dead_conns.iter().copied().chain([ConnId::from_bits(u64::MAX)]).collect();
        let before = (self.engine.next_timeout(), self.engine.counts(), self.engine.calls());
        let mut io = Io::default();
        let mut inputs = 0;
        for call in calls {
            self.engine.cancel(call, now);
            self.engine.discard(call, now);
            self.engine.send_body(call, b"x", &mut io);
            self.engine.finish_body(call, None, &mut io);
            self.engine.body_failed(call, "gone");
            assert_eq!(self.engine.read_body(call, &mut io, &mut [0; 4]), 0);
            assert!(self.engine.call(call).is_none() && self.engine.connection(call).is_none());
            inputs += 6;
        }
        for conn in conns {
            self.engine.resolved(conn, Err(TransportError::NotFound), now);
            self.engine.connected(conn, 0, Ok(()), now);
            self.engine.ready(conn, now);
            assert!(matches!(self.engine.drive(conn, &mut io, now), httpocean_core::Driven::Free));
            assert!(self.engine.target(conn).is_none());
            inputs += 4;
        }
        assert!(io.rx.is_quiet() && io.tx.pending().is_empty());
        let after = (self.engine.next_timeout(), self.engine.counts(), self.engine.calls());
        assert_eq!(after.1.stale_inputs, before.1.stale_inputs + inputs, "each is counted");
        let blank = |counts| httpocean_core::pool::Counts { stale_inputs: 0, work: 0, ..counts };
        assert_eq!(
            (after.0, blank(after.1), after.2),
            (before.0, blank(before.1), before.2),
            "nothing changed"
        );
    }

    pub fn failure(&self, user: usize) -> &Error {
        match &self.users[&user].end {
            Some((_, Ending::Failed(error))) => error,
            other => panic!("no failure but {other:?}"),
        }
    }

    pub fn ended_at(&self, user: usize) -> Instant {
        self.users[&user].end.as_ref().unwrap().0
    }

    pub fn is_whole(&self, user: usize) -> bool {
        matches!(self.users[&user].end, Some((_, Ending::Whole)))
    }

    pub fn open(&self) -> usize {
        self.sockets.values().filter(|socket| socket.open).count()
    }

    pub fn reasons(&self) -> Vec<CloseReason> {
        self.closed.iter().map(|(_, _, why)| *why).collect()
    }
}

pub fn request(method: &str, host: &str, fields: &[(&str, &str)]) -> http::Request<()> {
    let mut request = http::Request::builder().method(method).uri(format!("http://{host}/"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// A body that can be had only once.
pub fn once(size: Option<u64>) -> BodyPlan {
    BodyPlan { size, replayable: false, trailers: false }
}

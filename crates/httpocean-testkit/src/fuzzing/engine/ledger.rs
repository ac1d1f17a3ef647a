//! What was said about whom, and whether it may be said.

use std::collections::{BTreeMap, BTreeSet};

use httpocean_core::{CallId, ConnId, Engine, Event, Instant, Io, pool};

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Dialing,
    Open,
    Gone,
}

pub(super) struct Ledger {
    options: pool::Options,
    /// In order of their coming; all that there ever were.
    calls: Vec<CallId>,
    conns: Vec<ConnId>,
    over: BTreeSet<usize>,
    stages: Vec<Stage>,
    /// Of a connection, the attempts that run.
    attempts: BTreeMap<usize, BTreeSet<u8>>,
    /// By which attempt.
    opened: BTreeMap<usize, u8>,
    /// All attempts that there ever were.
    asked: BTreeSet<(usize, u8)>,
    /// What heads that came are numbered with, and which of these nobody asked for.
    numbered: u32,
    unasked: BTreeSet<u32>,
    /// Calls whose head was said.
    headed: BTreeSet<usize>,
    latest: Instant,
}

impl Ledger {
    pub(super) fn new(options: pool::Options) -> Self {
        Self {
            options,
            calls: Vec::new(),
            conns: Vec::new(),
            over: BTreeSet::new(),
            stages: Vec::new(),
            attempts: BTreeMap::new(),
            opened: BTreeMap::new(),
            asked: BTreeSet::new(),
            numbered: 0,
            unasked: BTreeSet::new(),
            headed: BTreeSet::new(),
            latest: Instant::ZERO,
        }
    }

    /// One of all calls, those that are over included.
    pub(super) fn call(&self, n: u8) -> Option<CallId> {
        self.calls.get(usize::from(n) % self.calls.len().max(1)).copied()
    }

    /// One of all connections, those that are gone included.
    pub(super) fn conn(&self, n: u8) -> Option<ConnId> {
        self.conns.get(usize::from(n) % self.conns.len().max(1)).copied()
    }

    pub(super) fn number(&self, conn: ConnId) -> usize {
        self.conns.iter().position(|known| *known == conn).expect("I1: a connection that nobody dialled")
    }

    pub(super) fn stage(&self, conn: ConnId) -> Stage {
        self.stages[self.number(conn)]
    }

    pub(super) fn is_open(&self, conn: ConnId) -> bool {
        self.stage(conn) == Stage::Open
    }

    pub(super) fn living(&self) -> Vec<ConnId> {
        self.conns.iter().copied().filter(|conn| self.stage(*conn) != Stage::Gone).collect()
    }

    pub(super) fn unfinished(&self) -> Vec<CallId> {
        let calls = self.calls.iter().enumerate().filter(|(n, _)| !self.over.contains(n));
        calls.map(|(_, call)| *call).collect()
    }

    /// The engine carries on with this time at least: the latest that it was asked at.
    pub(super) fn latest(&self) -> Instant {
        self.latest
    }

    pub(super) fn told(&mut self, now: Instant) {
        self.latest = self.latest.max(now);
    }

    pub(super) fn started(&mut self, call: CallId) {
        assert!(!self.calls.contains(&call), "I3: an id is used twice");
        self.calls.push(call);
    }

    pub(super) fn dials(&mut self, conn: ConnId) {
        assert!(!self.conns.contains(&conn), "I1: an id is used twice");
        self.conns.push(conn);
        self.stages.push(Stage::Dialing);
    }

    /// A task is about it.
    pub(super) fn names(&self, conn: ConnId, stage: Stage) {
        assert_eq!(self.stage(conn), stage, "I4: a task about what is not so");
    }

    pub(super) fn connects(&mut self, conn: ConnId, attempt: u8) {
        self.names(conn, Stage::Dialing);
        let number = self.number(conn);
        assert!(self.asked.insert((number, attempt)), "each attempt once");
        self.attempts.entry(number).or_default().insert(attempt);
    }

    pub(super) fn abandons(&mut self, conn: ConnId, attempt: u8) {
        let number = self.number(conn);
        assert_ne!(self.stages[number], Stage::Gone, "I4: a task about what is gone");
        // Its answer may have crossed this on the way, and be too late even if it is a success.
        self.attempts.entry(number).or_default().remove(&attempt);
        if self.opened.get(&number) == Some(&attempt) {
            self.stages[number] = Stage::Dialing;
        }
        assert!(self.asked.contains(&(number, attempt)), "abandons what never ran");
    }

    /// Whether there was such an attempt.
    pub(super) fn attempt_ends(&mut self, conn: ConnId, attempt: u8, well: bool) -> bool {
        let number = self.number(conn);
        let live = self.attempts.get_mut(&number).is_some_and(|attempts| attempts.remove(&attempt));
        if live && well && self.stages[number] == Stage::Dialing {
            self.stages[number] = Stage::Open;
            self.opened.insert(number, attempt);
        }
        live
    }

    pub(super) fn closes(&mut self, conn: ConnId) {
        let number = self.number(conn);
        assert_ne!(self.stages[number], Stage::Gone, "I2: closed twice");
        self.stages[number] = Stage::Gone;
        self.attempts.remove(&number);
    }

    pub(super) fn hands_over(&mut self, conn: ConnId) {
        self.closes(conn);
    }

    /// A number for what comes; whether anybody waits for it.
    pub(super) fn numbered(&mut self, idle: bool) -> u32 {
        self.numbered += 1;
        if idle {
            self.unasked.insert(self.numbered);
        }
        self.numbered
    }

    pub(super) fn hears(&mut self, call: CallId, event: &Event, io: Option<&Io>) {
        let number = self.calls.iter().position(|known| *known == call).expect("I3: nobody's call");
        assert!(!self.over.contains(&number), "I3: {event:?} after the end");
        match (event, io) {
            (Event::Head(len), Some(io)) => {
                assert!(self.headed.insert(number), "I24: two heads");
                let head = io.head(*len);
                let which =
                    head.field("n").and_then(|number| core::str::from_utf8(number).ok()?.parse().ok());
                assert!(
                    which.is_none_or(|which: u32| !self.unasked.contains(&which)),
                    "I23: nobody asked for it"
                );
            }
            (Event::Data(len), Some(io)) => {
                assert!(self.headed.contains(&number) && io.data(*len).len() == *len && *len > 0);
            }
            (Event::Hop(_), _) => assert!(!self.headed.contains(&number), "a hop after the answer"),
            (Event::End { .. }, io) => {
                assert!(self.headed.contains(&number), "I37: an end without a head");
                self.ends(number, io);
            }
            (Event::Failed(_), io) => self.ends(number, io),
            (Event::Upgraded(_), _) => drop(self.over.insert(number)),
            (Event::Passing(_), _) => {
                assert!(!self.headed.contains(&number), "a response in passing after the answer");
            }
            (Event::Interim(_) | Event::NeedBody { .. } | Event::Head(_) | Event::Data(_), _) => {}
        }
    }

    fn ends(&mut self, number: usize, io: Option<&Io>) {
        self.over.insert(number);
        if let Some(io) = io {
            assert!(io.rx.is_quiet() && io.tx.pending().is_empty(), "it left something in the buffers");
        }
    }

    /// I8, I9, I11, I12
    pub(super) fn limits_hold(&self, engine: &Engine) {
        let (counts, options) = (engine.counts(), &self.options);
        assert!(counts.open <= options.max_total.max(1), "I9: {counts:?}");
        assert!(counts.dialing <= options.max_dials.max(1), "I11: {counts:?}");
        assert!(counts.waiting <= options.max_waiters.max(1), "I12: {counts:?}");
        assert!(self.living().len() <= options.max_total.max(1), "I9: more than the engine counts");
        for conn in self.living() {
            let Some(key) = engine.target(conn) else { continue };
            let same = self.living().iter().filter(|other| engine.target(**other) == Some(key)).count();
            assert!(same <= options.max_per_key.max(1), "I8: {key}");
        }
    }

    pub(super) fn all_is_over(&self, engine: &mut Engine) {
        let counts = engine.counts();
        assert_eq!(engine.calls(), 0, "I3: calls without an end");
        assert_eq!(self.unfinished(), [], "I3: calls whose end nobody heard");
        assert_eq!(self.living(), [], "I2: connections that nobody closed");
        assert_eq!((counts.open, counts.dialing, counts.idle, counts.waiting), (0, 0, 0, 0), "{counts:?}");
        assert_eq!((counts.keys, counts.timers, counts.words), (0, 0, 0), "{counts:?}");
        assert_eq!(engine.next_timeout(), None);
    }
}

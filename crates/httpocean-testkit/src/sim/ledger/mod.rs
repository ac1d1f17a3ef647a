//! The books that are kept of a run, from commands, bytes and answers alone, and the rules that they are held to.
//!
//! What an engine has decided and not said yet can't be seen; where that matters a rule is judged when the engine
//! has nothing more to say.

mod bytes;
mod calls;
mod conns;
mod grants;
mod judged;
mod quiet;

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use httpocean_core::pool::{Counts, Facts, Options};
use httpocean_core::{CallId, CloseReason, Config, ConnId, Engine, Instant, Key};

use super::network::SocketId;

pub use judged::Judged;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which: its number, such as `I24`, or `contract` for what a driver is promised.
    pub rule: &'static str,
    /// When, by the clock of the client.
    pub at: Instant,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not hold: {}, at {} us", self.rule, self.what, self.at.as_micros())
    }
}

#[derive(Debug)]
pub(super) struct Ledger {
    options: Options,
    /// The latest time that the engine was told.
    now: Instant,
    violation: Option<Violation>,
    judged: Judged,
    conns: Vec<Option<Conn>>,
    calls: Vec<Call>,
    /// Numbers of calls that have not ended.
    active: Vec<usize>,
    keys: Vec<KeyBook>,
    open: usize,
    dialing: usize,
    /// Stamps the order of arrivals: one for each time that somebody looked.
    looks: u64,
    seen: Option<Counts>,
    shut: Option<Instant>,
    /// The bound on calls that are retrying: at least so many, or so many in a hundred.
    pub(super) budget: Option<(usize, usize)>,
    /// The most calls that were active at this instant.
    busiest: (Instant, usize),
    retrying: usize,
    pausing: usize,
    /// When a pause of a call was over last.
    resumed: Option<Instant>,
}

#[derive(Debug)]
struct KeyBook {
    key: Key,
    open: usize,
    dialing: usize,
    dials: u64,
    arrivals: u64,
    failures: u64,
    last_failure: Option<Instant>,
    /// Calls that wait, by arrival.
    waiting: Vec<usize>,
}

#[derive(Debug)]
struct Conn {
    id: ConnId,
    key: usize,
    state: ConnState,
    socket: Option<SocketId>,
    born: Instant,
    idle_since: Instant,
    /// Requests of which a byte was written.
    uses: u32,
    /// Something was read that nobody asked for: it has to be closed before the engine falls silent.
    stirred: bool,
    dirty: bool,
    /// More of a body was left than is drained.
    too_much_left: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ConnState {
    Dialing,
    Idle,
    Busy(usize),
}

#[derive(Debug)]
struct Call {
    id: Option<CallId>,
    key: usize,
    config: Arc<Config>,
    began: Instant,
    state: CallState,
    method: http::Method,
    keyed: bool,
    replayable: bool,
    body_touched: bool,
    retries: u32,
    redirects: u32,
    hops: usize,
    /// What the first attempt failed with, if it was retried for a failure.
    first_failure: Option<httpocean_core::ErrorKind>,
    /// Whether it counts against the budget.
    retrying: bool,
    replays: bool,
    /// Since when an unwanted response is read: its hop was decided then.
    drains: Option<Instant>,
    /// How many calls were active then.
    among: usize,
    /// When the user wanted no more.
    acted: Option<Instant>,
    cancelled: bool,
    head: bool,
    interims: u32,
    received: usize,
    attempt: Attempt,
    /// Somebody who came later was served first, and it is not known yet why.
    passed_by: bool,
    /// It gave a connection back, and nobody said yet what comes next.
    left: bool,
}

/// What was done for a call on its connection, the last one that it had.
#[derive(Clone, Copy, Debug, Default)]
struct Attempt {
    conn: Option<ConnId>,
    facts: Facts,
    flushed: u64,
    /// Bytes that the connection had delivered when it was granted, and since.
    read_before: u64,
    read: u64,
    /// How many of the bytes that have come since are those that every response begins with, and whether another one
    /// came where they should be.
    begun: usize,
    begins_none: bool,
    /// The whole response was there.
    complete: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallState {
    /// `loose`: it came some time in this instant, nobody can tell when.
    Waiting {
        stamp: u64,
        since: Instant,
        fresh: bool,
        loose: bool,
    },
    Pausing {
        until: Instant,
    },
    Busy,
    Ended,
}

impl Ledger {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            now: Instant::ZERO,
            violation: None,
            judged: Judged::default(),
            conns: Vec::new(),
            calls: Vec::new(),
            active: Vec::new(),
            keys: Vec::new(),
            open: 0,
            dialing: 0,
            looks: 0,
            seen: None,
            shut: None,
            budget: None,
            busiest: (Instant::ZERO, 0),
            retrying: 0,
            pausing: 0,
            resumed: None,
        }
    }

    pub(super) fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// The latest time that the engine was told.
    pub(super) fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn violation(&self) -> Option<Violation> {
        self.violation.clone()
    }

    pub(super) fn judged(&self) -> &Judged {
        &self.judged
    }

    /// A rule is judged in another way than by [`demand`](Self::demand).
    pub(super) fn judges(&mut self, rule: &'static str) {
        self.judged.note(rule);
    }

    pub(super) fn is_broken(&self) -> bool {
        self.violation.is_some()
    }

    /// A rule is broken. Only the first is kept: the others may follow from it.
    pub(super) fn breaks(&mut self, rule: &'static str, what: impl Into<String>) {
        let at = self.now;
        self.violation.get_or_insert_with(|| Violation { rule, at, what: what.into() });
    }

    /// Where a rule is at stake, it holds.
    fn demand(&mut self, holds: bool, rule: &'static str, what: impl FnOnce() -> String) {
        self.judged.note(rule);
        if !holds {
            self.breaks(rule, what());
        }
    }

    pub(super) fn shuts_down(&mut self) {
        self.shut.get_or_insert(self.now);
    }

    /// The engine said that there is nothing to do until then.
    pub(super) fn sleeps(&mut self, timeout: Option<Instant>) {
        let now = self.now;
        self.demand(timeout.is_none_or(|at| at > now), "contract", || format!("a busy loop: {timeout:?}"));
    }

    /// `in_vain`: for the sake of its timeout alone, and it had nothing to say.
    pub(super) fn woke(&mut self, in_vain: bool, engine: &Engine) {
        // A key whose pause is over may have begun to wait for a place.
        let counts = engine.counts();
        let full = counts.open >= self.options.max_total || counts.dialing >= self.options.max_dials;
        let lines_up = counts.waiting > 0 && full;
        // A call whose pause is over has begun to wait for a connection.
        let queues = self.resumed == Some(self.now);
        self.demand(!in_vain || lines_up || queues, "contract", || "woken for nothing".to_owned());
    }

    fn key_of(&mut self, key: &Key) -> usize {
        if let Some(at) = self.keys.iter().position(|book| book.key == *key) {
            return at;
        }
        self.keys.push(KeyBook {
            key: key.clone(),
            open: 0,
            dialing: 0,
            dials: 0,
            arrivals: 0,
            failures: 0,
            last_failure: None,
            waiting: Vec::new(),
        });
        self.keys.len() - 1
    }

    fn conn(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.conns.get_mut(id.index())?.as_mut().filter(|conn| conn.id == id)
    }

    /// The end of a run: everything is back where it began.
    pub(super) fn is_over(&mut self, engine: &Engine) {
        let counts = engine.counts();
        let left = (counts.open, counts.dialing, counts.idle, counts.waiting, counts.keys, counts.timers);
        self.demand(left == (0, 0, 0, 0, 0, 0), "I2", || format!("left at the end: {counts:?}"));
        let (open, dialing) = (self.open, self.dialing);
        self.demand(open == 0 && dialing == 0, "I2", || format!("{open} connections that nobody closed"));
        let endless = self.active.first().copied();
        let state = endless.map(|number| self.calls[number].state);
        self.demand(endless.is_none() && engine.calls() == 0, "I3", || {
            format!("call {endless:?} has no end: {state:?}")
        });
    }

    /// Whether a deadline of a call has passed.
    fn deadline(&self, number: usize) -> Option<Instant> {
        let call = &self.calls[number];
        call.config.call.total.map(|total| call.began + total)
    }
}

/// A dialed connection of a key pauses no longer than this after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

fn is_of_dial(why: CloseReason) -> bool {
    matches!(why, CloseReason::NotMade | CloseReason::Unwanted)
}

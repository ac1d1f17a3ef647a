//! Judges what a pool says from its inputs and commands alone, however they interleave.
//!
//! What a pool has decided and not said yet can't be seen; where that matters a rule is only checked when the
//! pool has nothing more to say.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use httpocean_core::pool::{Counts, Demand, DialPolicy, Facts, Fate, Options, Refusal, Surplus};
use httpocean_core::{CloseReason, Instant};

use super::{Input, Said};

/// The longest that a key may pause after a failed dial.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What was said so far, and what may therefore be said. Its methods panic, naming the broken invariant.
#[derive(Debug)]
pub struct Ledger {
    options: Options,
    now: Instant,
    conns: BTreeMap<usize, Conn>,
    waiters: BTreeMap<usize, Waiter>,
    /// Errors that were handed out.
    charged: BTreeSet<usize>,
    failed: BTreeMap<usize, u8>,
    last_failure: BTreeMap<u8, Instant>,
    /// The most connections that were wished for at a time.
    wishes: BTreeMap<u8, usize>,
    /// Whether a grant may have been decided and come to nothing since the pool was last dry.
    shaken: bool,
    /// Whether that ever was so.
    was_shaken: bool,
    shut: bool,
}

#[derive(Debug)]
struct Conn {
    key: u8,
    place: Place,
    number: Option<u64>,
    uses: u32,
    ready: Instant,
    /// Until when it may be idle, at most and at least.
    idle_until: (Instant, Instant),
    dies_at: Option<(Instant, Instant)>,
    used_up: bool,
    /// Evicted while it was not idle: it must be closed when it comes back.
    doomed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Dialing {
        abandoned: bool,
    },
    /// With the pool, which may hand it out.
    Kept,
    /// With the pool, which has to close it.
    Ending,
    /// With a request.
    Busy,
}

#[derive(Clone, Copy, Debug)]
struct Waiter {
    key: u8,
    demand: Demand,
    since: Instant,
    /// Others that waited when it came.
    before: usize,
    retaken: bool,
    /// It came by `retake` since the pool was last dry.
    just_retaken: bool,
}

impl Ledger {
    /// For a pool of these options.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            now: Instant::ZERO,
            conns: BTreeMap::new(),
            waiters: BTreeMap::new(),
            charged: BTreeSet::new(),
            failed: BTreeMap::new(),
            last_failure: BTreeMap::new(),
            wishes: BTreeMap::new(),
            shaken: false,
            was_shaken: false,
            shut: false,
        }
    }

    /// The pool was told the time.
    pub fn time(&mut self, now: Instant) {
        self.now = self.now.max(now);
        // A grant of what is past its deadline by now is taken back.
        let past = |conn: &Conn| conn.place == Place::Kept && conn.idle_until.0 <= self.now;
        if self.conns.values().any(past) {
            self.shake();
        }
    }

    /// The pool was told something.
    pub fn input(&mut self, input: Input, now: Instant) {
        self.time(now);
        match input {
            Input::Acquire { waiter, key, demand } => self.comes(waiter, key, demand, false),
            Input::Preconnect { key, count } => {
                let wish = self.wishes.entry(key).or_default();
                *wish = count.max(*wish);
            }
            Input::Cancel { waiter } => {
                self.waiters.remove(&waiter);
            }
            Input::Dialed { conn } => self.dialed(conn),
            Input::DialFailed { conn } => {
                let key = self.conns.remove(&conn).expect("a dial").key;
                self.failed.insert(conn, key);
                self.last_failure.insert(key, self.now);
            }
            Input::Release { conn, fate, kept } => self.released(conn, fate, kept),
            Input::Retake { conn, waiter, demand, .. } => {
                let entry = self.conns.get_mut(&conn).expect("a connection");
                entry.place = Place::Ending;
                let key = entry.key;
                self.comes(waiter, key, demand, true);
            }
            Input::Forget { conn } => {
                self.conns.remove(&conn);
            }
            Input::Stirred { conn, .. } => {
                if let Some(entry) = self.conns.get_mut(&conn).filter(|entry| entry.place == Place::Kept) {
                    entry.place = Place::Ending;
                    self.shake();
                }
            }
            Input::Evict { keys } => {
                for entry in self.conns.values_mut().filter(|entry| keys & (1 << entry.key) != 0) {
                    entry.doomed |= entry.place != Place::Kept;
                }
            }
            Input::ShutDown => {
                self.shut = true;
                for entry in self.conns.values_mut().filter(|entry| entry.place == Place::Kept) {
                    entry.place = Place::Ending;
                }
            }
        }
    }

    /// The pool said something.
    pub fn said(&mut self, said: Said, now: Instant) {
        self.time(now);
        match said {
            Said::Grant { waiter, conn, key, facts } => self.granted(waiter, conn, key, facts),
            Said::Dial { conn, key } => self.dial(conn, key),
            Said::Abandon { conn } => {
                let entry = self.conns.get_mut(&conn).expect("I4: abandoned after its end");
                let running = Place::Dialing { abandoned: false };
                assert_eq!(entry.place, running, "I4: only a running dial is abandoned, once");
                entry.place = Place::Dialing { abandoned: true };
                assert!(self.shut || self.options.surplus == Surplus::Cancel, "a surplus dial goes on");
            }
            Said::Refuse { waiter, why, error } => self.refused(waiter, why, error),
            Said::Close { conn, key, why, .. } => self.closed(conn, key, why),
        }
        self.limits();
    }

    /// The pool has nothing more to say.
    pub fn dry(&mut self, counts: Counts, next_timeout: Option<Instant>) {
        for (conn, entry) in &self.conns {
            assert_ne!(entry.place, Place::Ending, "I23, I2: {conn} was to be closed");
        }
        let dialing = self.count(|conn| matches!(conn.place, Place::Dialing { .. }));
        let idle = self.count(|conn| conn.place == Place::Kept);
        assert_eq!(counts.open, self.conns.len(), "I1: connections");
        assert_eq!(counts.dialing, dialing, "I1: dials");
        assert_eq!(counts.idle, idle, "I1: idle connections");
        assert_eq!(counts.waiting, self.waiters.len(), "I3: one waits for each request without an answer");
        assert!(idle <= self.options.max_idle_total, "I10: idle connections");
        assert!(next_timeout.is_none_or(|at| at > self.now), "I13: asks to be polled again at once");
        for key in 0..crate::steps::KEYS {
            let idle = self.count(|conn| conn.key == key && conn.place == Place::Kept);
            assert!(idle <= self.options.max_idle_per_key, "I10: idle connections of a key");
            self.work_conserved(key, next_timeout);
        }
        for (waiter, entry) in &self.waiters {
            let late = entry.demand.deadline.is_some_and(|at| at <= self.now);
            assert!(!late, "I3: {waiter} waits past its deadline");
        }
        let first_time = self.waiters.values().filter(|waiter| !waiter.retaken).count();
        assert!(self.was_shaken || first_time <= self.options.max_waiters, "I12: too many wait");
        if self.shut {
            assert_eq!(counts.waiting + counts.idle, 0, "I2: something outlives shut_down");
            if self.conns.is_empty() {
                assert_eq!((counts.keys, counts.timers), (0, 0), "I2: something is left over");
            }
        }
        self.shaken = false;
        self.waiters.values_mut().for_each(|waiter| waiter.just_retaken = false);
    }

    fn comes(&mut self, waiter: usize, key: u8, demand: Demand, retaken: bool) {
        let before = self.waiters.len();
        let entry = Waiter { key, demand, since: self.now, before, retaken, just_retaken: retaken };
        assert!(self.waiters.insert(waiter, entry).is_none(), "I3: two requests of one number");
    }

    fn dialed(&mut self, conn: usize) {
        let (now, until) = (self.now, self.range(self.options.idle));
        let dies_at = self.options.lifetime.map(|lifetime| self.range(lifetime));
        let entry = self.conns.get_mut(&conn).expect("a dial");
        assert!(matches!(entry.place, Place::Dialing { .. }), "a dial");
        entry.place = if self.shut { Place::Ending } else { Place::Kept };
        entry.ready = now;
        entry.dies_at = dies_at;
        entry.idle_until = no_longer_than(until, dies_at);
        self.last_failure.remove(&entry.key);
    }

    fn released(&mut self, conn: usize, fate: Fate, kept: bool) {
        let allowed = match fate {
            Fate::Reusable { hint, .. } => {
                let hint = hint.map(|hint| hint.saturating_sub(self.options.idle_margin));
                hint.map_or(self.options.idle, |hint| hint.min(self.options.idle))
            }
            Fate::Untouched | Fate::Spent(_) => Duration::ZERO,
        };
        let (now, until) = (self.now, self.range(allowed));
        let entry = self.conns.get_mut(&conn).expect("a connection");
        assert_eq!(entry.place, Place::Busy, "the rig returns what was granted");
        entry.place = if kept { Place::Kept } else { Place::Ending };
        match fate {
            Fate::Reusable { uses_left, .. } => {
                entry.uses += 1;
                entry.ready = now;
                entry.idle_until = no_longer_than(until, entry.dies_at);
                entry.used_up =
                    uses_left == Some(0) || self.options.max_uses.is_some_and(|max| entry.uses >= max);
            }
            Fate::Untouched => {}
            Fate::Spent(_) => assert!(!kept, "I22: a spent connection is not kept"),
        }
        let over = entry.dies_at.is_some_and(|at| at.1 <= now) || entry.doomed || entry.used_up || self.shut;
        assert!(!kept || !over, "I29: kept beyond its time");
        assert!(!kept || entry.idle_until.1 > now, "I27: kept without any time to be idle");
    }

    fn granted(&mut self, waiter: usize, conn: usize, key: u8, facts: Facts) {
        let asked = self.waiters.remove(&waiter).expect("I3, I4: granted to nobody");
        let entry = self.conns.get_mut(&conn).expect("I4: granted after its end");
        assert_eq!(entry.place, Place::Kept, "I1: granted while somebody else has it");
        assert_eq!((entry.key, asked.key), (key, key), "I21: one key");
        assert!(!self.shut, "I29: granted after shut_down");
        assert_eq!(facts.reused, entry.uses, "how often it was used");
        assert!(facts.number > 0 && entry.number.is_none_or(|number| number == facts.number), "one number");
        entry.number = Some(facts.number);
        let unused = entry.uses == 0 && facts.idle_for.is_none();
        assert!(unused || entry.idle_until.1 > self.now, "I28: expired and served");
        assert!(unused || !asked.demand.fresh, "asked for a fresh connection");
        assert!(facts.idle_for.is_none_or(|idle| idle <= self.now - entry.ready), "idle since it was ready");
        assert!(!entry.used_up, "I29: granted at its end");
        entry.place = Place::Busy;
        self.in_order(waiter, asked, unused);
    }

    /// I15: nobody who takes the same connection has waited for longer.
    fn in_order(&self, waiter: usize, asked: Waiter, unused: bool) {
        if self.shaken {
            return;
        }
        for (other, entry) in &self.waiters {
            let takes_it = entry.key == asked.key && (unused || !entry.demand.fresh);
            if !takes_it || entry.just_retaken {
                continue;
            }
            let older = match (entry.retaken, asked.retaken) {
                (true, true) => *other > waiter,
                (back, other_back) if back != other_back => back,
                (_, _) => *other < waiter,
            };
            assert!(!older, "I15: {waiter} is served before {other}");
        }
    }

    fn dial(&mut self, conn: usize, key: u8) {
        assert!(!self.shut, "I2: dialed after shut_down");
        let zero = (Instant::ZERO, Instant::ZERO);
        let entry = Conn {
            key,
            place: Place::Dialing { abandoned: false },
            number: None,
            uses: 0,
            ready: self.now,
            idle_until: zero,
            dies_at: None,
            used_up: false,
            doomed: false,
        };
        assert!(self.conns.insert(conn, entry).is_none(), "I1: two connections of one number");
        let waiting = self.waiters.values().filter(|waiter| waiter.key == key).count();
        let running = self.count(|conn| conn.key == key && conn.place == Place::Dialing { abandoned: false });
        let wish = self.wishes.get(&key).copied().unwrap_or(0).max(self.options.min_idle);
        assert!(running <= waiting + wish, "I11: {running} dials for {waiting} requests and {wish} to spare");
    }

    fn refused(&mut self, waiter: usize, why: Refusal, error: Option<usize>) {
        let asked = self.waiters.remove(&waiter).expect("I3, I4: refused to nobody");
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= self.now);
        assert_eq!(error.is_some(), why == Refusal::DialFailed, "an error says what was wrong with a dial");
        match why {
            Refusal::WaitedTooLong => {
                assert!(passed(asked.demand.patience) || passed(asked.demand.deadline), "refused too early");
            }
            Refusal::DialTooSlow => assert!(passed(asked.demand.deadline), "refused too early"),
            Refusal::QueueFull => {
                assert!(asked.before >= self.options.max_waiters, "I12: refused though there is room");
                assert!(!asked.retaken, "I12: a dead grant is no error");
            }
            Refusal::ShutDown => assert!(self.shut, "refused as if shut down"),
            Refusal::DialFailed => {
                let error = error.expect("an error");
                assert_eq!(self.failed.get(&error), Some(&asked.key), "I19: the dial of another key");
                assert!(self.charged.insert(error), "I19: charged to two");
            }
            other => panic!("an unknown reason: {other:?}"),
        }
    }

    fn closed(&mut self, conn: usize, key: u8, why: CloseReason) {
        let entry = self.conns.remove(&conn).expect("I2, I4: closed twice");
        assert!(matches!(entry.place, Place::Kept | Place::Ending), "I1, I26, I29: closed in use");
        assert_eq!(entry.key, key, "I21: one key");
        if why == CloseReason::IdleTooLong {
            assert!(entry.idle_until.0 <= self.now, "I26: closed by an earlier timer");
        }
        if why == CloseReason::TooOld {
            assert!(entry.dies_at.is_some_and(|at| at.0 <= self.now), "I29: closed before its time");
        }
    }

    /// I8, I9, I11, at each step.
    fn limits(&self) {
        let dials = |conn: &Conn| matches!(conn.place, Place::Dialing { .. });
        assert!(self.conns.len() <= self.options.max_total, "I9: connections");
        assert!(self.count(dials) <= self.options.max_dials, "I11: dials");
        for key in 0..crate::steps::KEYS {
            assert!(self.open(key) <= self.options.max_per_key, "I8: connections of a key");
            let dials = self.count(|conn| conn.key == key && dials(conn));
            assert!(dials <= self.options.max_dials_per_key, "I11: dials of a key");
        }
    }

    /// I13: who waits has a reason to.
    fn work_conserved(&self, key: u8, next_timeout: Option<Instant>) {
        let waiting: Vec<&Waiter> = self.waiters.values().filter(|waiter| waiter.key == key).collect();
        if waiting.is_empty() {
            return;
        }
        let idle = self.count(|conn| conn.key == key && conn.place == Place::Kept);
        let any_idle = self.count(|conn| conn.place == Place::Kept);
        let used_will_do = waiting.iter().any(|waiter| !waiter.demand.fresh);
        assert!(idle == 0 || !used_will_do, "I13, I14: one waits while a connection is idle");
        let dials = |conn: &Conn| matches!(conn.place, Place::Dialing { .. });
        let running = self.count(|conn| conn.key == key && conn.place == Place::Dialing { abandoned: false });
        let key_is_full = self.open(key) >= self.options.max_per_key && idle == 0;
        let all_is_full = self.conns.len() >= self.options.max_total && any_idle == 0;
        let dials_of_key = self.count(|conn| conn.key == key && dials(conn));
        let must_wait = running >= waiting.len()
            || key_is_full
            || all_is_full
            || dials_of_key >= self.options.max_dials_per_key
            || self.count(dials) >= self.options.max_dials;
        if must_wait {
            return;
        }
        let pauses = self.last_failure.get(&key).is_some_and(|at| *at + LONGEST_PAUSE > self.now);
        let delays = match self.options.dial {
            DialPolicy::Eager => false,
            DialPolicy::Wait(delay) => waiting.iter().any(|waiter| waiter.since + delay > self.now),
        };
        assert!(pauses || delays, "I13: key {key} could dial and does not");
        assert!(next_timeout.is_some(), "I13: key {key} pauses and nothing will wake it");
    }

    fn shake(&mut self) {
        self.shaken = true;
        self.was_shaken = true;
    }

    /// The earliest and the latest end of a time that jitter may shorten.
    fn range(&self, duration: Duration) -> (Instant, Instant) {
        let least = duration * u32::from(100 - self.options.jitter_percent.min(50)) / 100;
        (self.now + least, self.now + duration)
    }

    fn open(&self, key: u8) -> usize {
        self.count(|conn| conn.key == key)
    }

    fn count(&self, which: impl Fn(&Conn) -> bool) -> usize {
        self.conns.values().filter(|conn| which(conn)).count()
    }
}

fn no_longer_than(until: (Instant, Instant), dies: Option<(Instant, Instant)>) -> (Instant, Instant) {
    dies.map_or(until, |dies| (until.0.min(dies.0), until.1.min(dies.1)))
}

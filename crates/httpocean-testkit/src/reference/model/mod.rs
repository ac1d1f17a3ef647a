//! A pool of vectors and linear scans, which is told everything at once and holds nothing back.
//!
//! It decides and says in one breath, so it knows nothing of decisions that are not said yet.

mod conns;
mod dials;
mod places;
mod ready;
mod waiters;

use core::time::Duration;

use httpocean_core::pool::{Demand, DialPolicy, Options, Refusal};
use httpocean_core::{CloseReason, Instant};

use super::{Input, Said};

/// The pool. Jitter is not modelled.
#[derive(Debug)]
pub struct Model {
    options: Options,
    now: Instant,
    conns: Vec<Conn>,
    /// Numbers of idle connections, the coldest first.
    idle: Vec<usize>,
    /// In the order in which they are served.
    queue: Vec<Waiter>,
    keys: Vec<Known>,
    /// Keys that wait for a place, by incarnation.
    ring: Vec<u64>,
    turns_taken: u32,
    said: Vec<Said>,
    dials: usize,
    numbers: u64,
    grants: u64,
    incarnations: u64,
    touches: u64,
    /// Keys that may have too few connections for nobody.
    lacking: Vec<u8>,
    shut: bool,
    /// A connection that is about to be closed.
    leaving: Option<usize>,
}

#[derive(Debug)]
struct Conn {
    id: usize,
    key: u8,
    state: State,
    number: u64,
    uses: u32,
    uses_left: Option<u32>,
    idle_until: Instant,
    dies_at: Option<Instant>,
    granted: u64,
    doomed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Dialing { charged: bool, abandoned: bool, started: Instant },
    Busy { idle_since: Option<Instant> },
    Idle { since: Instant },
}

#[derive(Debug)]
struct Waiter {
    id: usize,
    key: u8,
    demand: Demand,
    since: Instant,
    dial: Option<usize>,
}

/// A key, as long as it holds or wants something or pauses.
#[derive(Debug)]
struct Known {
    key: u8,
    incarnation: u64,
    /// Who has no dial, in the order in which they get one.
    unasked: Vec<usize>,
    failures: u32,
    failed_at: Option<Instant>,
    no_dial_before: Instant,
    /// Dials that nobody owns, the last that was left in front.
    orphans: Vec<usize>,
    /// So many dials are for nobody.
    spare: usize,
    /// So many connections are wished for, until they are there or can't be.
    wish: usize,
    sound: bool,
    touched: u64,
    in_use_until: Instant,
}

impl Model {
    /// An empty pool.
    pub fn new(options: Options) -> Self {
        assert_eq!(options.jitter_percent, 0, "jitter is not modelled");
        Self {
            options,
            now: Instant::ZERO,
            conns: Vec::new(),
            idle: Vec::new(),
            queue: Vec::new(),
            keys: Vec::new(),
            ring: Vec::new(),
            turns_taken: 0,
            said: Vec::new(),
            dials: 0,
            numbers: 0,
            grants: 0,
            incarnations: 0,
            touches: 0,
            lacking: Vec::new(),
            shut: false,
            leaving: None,
        }
    }

    /// What follows from an input.
    pub fn tell(&mut self, input: Input, now: Instant) -> Vec<Said> {
        self.now = self.now.max(now);
        match input {
            Input::Acquire { waiter, key, demand } => {
                if self.admit(waiter, key, demand, false) {
                    self.balance(key);
                }
            }
            Input::Preconnect { key, count } => {
                if !self.shut && count > 0 {
                    self.touches += 1;
                    let touches = self.touches;
                    let known = self.known(key);
                    (known.wish, known.touched) = (known.wish.max(count), touches);
                    self.may_lack(key);
                }
            }
            Input::Cancel { waiter } => {
                if let Some(key) = self.unqueue(waiter) {
                    self.trim(key);
                }
            }
            Input::Dialed { conn } => self.dialed(conn),
            Input::DialFailed { conn } => self.dial_failed(conn),
            Input::Release { conn, fate, kept } => {
                self.release(conn, fate);
                let open = self.conns.iter().any(|c| c.id == conn);
                assert_eq!(kept, open, "whether connection {conn} stays open");
            }
            Input::Retake { conn, why, waiter, demand } => {
                // It asks before its old place is free, so that it lines up for a place before that is given.
                let key = self.conn(conn).key;
                self.leaving = Some(conn);
                if self.admit(waiter, key, demand, true) {
                    self.balance(key);
                }
                self.leaving = None;
                self.close(conn, why);
                self.free(key, None);
            }
            Input::Forget { conn } => {
                let key = self.take(conn).key;
                self.free(key, None);
            }
            Input::Stirred { conn, why } => {
                if self.idle.contains(&conn) {
                    let (key, unused) = (self.conn(conn).key, self.conn(conn).uses == 0);
                    if unused {
                        self.dies_unused(key);
                    }
                    let key = self.close(conn, why);
                    self.free(key, None);
                }
            }
            Input::Evict { keys } => self.evict(keys),
            Input::ShutDown => self.shut_down(),
        }
        self.tidy()
    }

    /// What follows from the time alone.
    pub fn wake(&mut self, now: Instant) -> Vec<Said> {
        self.now = self.now.max(now);
        let overdue = |c: &&Conn| matches!(c.state, State::Idle { .. }) && c.idle_until <= self.now;
        for conn in self.conns.iter().filter(overdue).map(|c| c.id).collect::<Vec<_>>() {
            let dies = self.conn(conn).dies_at.is_some_and(|at| at <= self.now);
            let key = self.close(conn, if dies { CloseReason::TooOld } else { CloseReason::IdleTooLong });
            self.free(key, None);
        }
        for waiter in self.queue.iter().map(|w| w.id).collect::<Vec<_>>() {
            self.refuse_if_due(waiter);
        }
        for key in self.keys.iter().map(|k| k.key).collect::<Vec<_>>() {
            self.balance(key);
        }
        self.tidy()
    }

    /// Keys that wait for a place, the next in front. Numbers of no meaning, but of no two keys at any time.
    pub fn line(&self) -> &[u64] {
        &self.ring
    }

    /// When time alone may change something next, after `now`.
    pub fn next_deadline(&self) -> Option<Instant> {
        let idle = self.conns.iter().filter(|c| matches!(c.state, State::Idle { .. })).map(|c| c.idle_until);
        let waits = self.queue.iter().flat_map(|w| [w.demand.deadline, w.demand.patience]).flatten();
        let delay = match self.options.dial {
            DialPolicy::Eager => Duration::ZERO,
            DialPolicy::Wait(delay) => delay,
        };
        let delays = self.queue.iter().map(|w| w.since + delay);
        let pauses = self.keys.iter().map(|k| k.no_dial_before);
        idle.chain(waits).chain(delays).chain(pauses).filter(|at| *at > self.now).min()
    }

    fn evict(&mut self, keys: u8) {
        for c in self.conns.iter_mut().filter(|c| keys & (1 << c.key) != 0) {
            c.doomed = true;
        }
        for known in self.keys.iter_mut().filter(|known| keys & (1 << known.key) != 0) {
            (known.wish, known.in_use_until) = (0, Instant::ZERO);
        }
        let picked = |id: &usize| keys & (1 << self.conn(*id).key) != 0;
        let closed: Vec<usize> = self.idle.iter().copied().filter(picked).collect();
        let keys: Vec<u8> = closed.into_iter().map(|conn| self.close(conn, CloseReason::Evicted)).collect();
        for key in keys {
            self.free(key, None);
        }
    }

    fn shut_down(&mut self) {
        self.shut = true;
        for conn in self.idle.clone() {
            self.close(conn, CloseReason::ShutDown);
        }
        for waiter in self.queue.iter().map(|w| w.id).collect::<Vec<_>>() {
            self.refuse(waiter, Refusal::ShutDown, None);
        }
        for conn in self.running(None) {
            self.abandon(conn);
        }
    }

    fn tidy(&mut self) -> Vec<Said> {
        self.make_ready();
        let (conns, queue, now, shut) = (&self.conns, &self.queue, self.now, self.shut);
        self.keys.retain(|known| {
            conns.iter().any(|c| c.key == known.key)
                || queue.iter().any(|w| w.key == known.key)
                || known.no_dial_before > now && !shut
        });
        core::mem::take(&mut self.said)
    }

    fn open(&self, key: u8) -> usize {
        self.conns.iter().filter(|c| c.key == key).count()
    }

    fn key_of(&self, incarnation: u64) -> Option<u8> {
        self.keys.iter().find(|k| k.incarnation == incarnation).map(|k| k.key)
    }

    fn know(&mut self, key: u8) {
        if !self.keys.iter().any(|k| k.key == key) {
            self.incarnations += 1;
            self.keys.push(Known {
                key,
                incarnation: self.incarnations,
                unasked: Vec::new(),
                failures: 0,
                failed_at: None,
                no_dial_before: Instant::ZERO,
                orphans: Vec::new(),
                spare: 0,
                wish: 0,
                sound: false,
                touched: 0,
                in_use_until: Instant::ZERO,
            });
        }
    }

    fn known(&mut self, key: u8) -> &mut Known {
        self.know(key);
        self.keys.iter_mut().find(|k| k.key == key).expect("a known key")
    }

    fn conn(&self, id: usize) -> &Conn {
        self.conns.iter().find(|c| c.id == id).expect("a live connection")
    }

    fn conn_mut(&mut self, id: usize) -> &mut Conn {
        self.conns.iter_mut().find(|c| c.id == id).expect("a live connection")
    }
}

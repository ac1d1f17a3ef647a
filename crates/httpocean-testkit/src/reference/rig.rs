//! Carries steps out on a pool, translates what it says, and lets the ledger and the model judge it.

use core::time::Duration;
use std::collections::BTreeMap;

use httpocean_core::pool::{Demand, Lease, Options, Pool, PoolCommand};
use httpocean_core::{CloseReason, ConnId, Instant, Key, WaitId};

use super::{Event, Input, Ledger, Model, Said};
use crate::steps::{KEYS, Step, Wish, after};

/// A pool with somebody who carries its commands out, in so far as numbers can.
///
/// What is parked is the number of the connection; the error of a dial is its number.
#[derive(Debug)]
pub struct Rig {
    pool: Pool<usize, usize>,
    ledger: Ledger,
    keys: Vec<Key>,
    now: Instant,
    behind: Duration,
    dials: Vec<(usize, Lease)>,
    held: Vec<(usize, Lease)>,
    /// Live requests, in order of arrival.
    waiting: Vec<(usize, WaitId)>,
    numbers: BTreeMap<WaitId, usize>,
    /// Requests so far.
    waiters: usize,
    asks_at_once: bool,
    conns: BTreeMap<ConnId, usize>,
    ids: Vec<ConnId>,
    gone: Vec<WaitId>,
    log: Vec<Event>,
}

/// Runs steps with commands polled only where the steps say so, and ends with a shut-down. Answers what happened.
pub fn loosely(options: Options, steps: impl IntoIterator<Item = Step>) -> Vec<Event> {
    let mut rig = Rig { asks_at_once: true, ..Rig::new(options) };
    for step in steps {
        rig.step(step);
    }
    rig.wind_up();
    rig.log
}

/// Runs steps with a driver that polls dry after each and sleeps exactly as long as the pool says, and compares
/// the pool with the model at each. Answers what happened.
pub fn faithfully(options: Options, steps: impl IntoIterator<Item = Step>) -> Vec<Event> {
    // So that no two deadlines are at once, whose order would be a free choice.
    const TICK: Duration = Duration::from_micros(1);
    let options = Options { jitter_percent: 0, ..options };
    let mut model = Model::new(options.clone());
    let mut rig = Rig { asks_at_once: true, ..Rig::new(options) };
    for step in steps {
        if let Step::Advance(duration) = step {
            let until = rig.now + duration;
            rig.sleep_until(until, &mut model);
            continue;
        }
        if matches!(step, Step::Backwards(_) | Step::Poll(_)) {
            continue;
        }
        let now = rig.now + TICK;
        rig.sleep_until(now, &mut model);
        let before = rig.log.len();
        rig.step(step);
        rig.poll_dry();
        let input = rig.log[before..].iter().find_map(|event| match event {
            Event::Input(_, input) => Some(*input),
            Event::Said(..) | Event::Dry(_) => None,
        });
        let expected = input.map_or_else(Vec::new, |input| model.tell(input, rig.now));
        rig.compare(before, expected);
    }
    rig.log
}

impl Rig {
    /// An empty pool.
    pub fn new(options: Options) -> Self {
        let key = |n| format!("http://key{n}.example").parse().ok().and_then(|uri| Key::of(&uri).ok());
        Self {
            pool: Pool::new(options.clone()),
            ledger: Ledger::new(options),
            keys: (0..KEYS).filter_map(key).collect(),
            now: Instant::from_micros(1),
            behind: Duration::ZERO,
            dials: Vec::new(),
            held: Vec::new(),
            waiting: Vec::new(),
            numbers: BTreeMap::new(),
            waiters: 0,
            asks_at_once: false,
            conns: BTreeMap::new(),
            ids: Vec::new(),
            gone: Vec::new(),
            log: Vec::new(),
        }
    }

    /// The pool.
    pub fn pool(&self) -> &Pool<usize, usize> {
        &self.pool
    }

    /// When the pool asks to be polled.
    pub fn next_timeout(&mut self) -> Option<Instant> {
        self.pool.next_timeout()
    }

    /// What happened so far.
    pub fn log(&self) -> &[Event] {
        &self.log
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Numbers of connections that are granted.
    pub fn held(&self) -> impl Iterator<Item = usize> + '_ {
        self.held.iter().map(|(conn, _)| *conn)
    }

    /// How many dials run.
    pub fn dials(&self) -> usize {
        self.dials.len()
    }

    /// Requests that wait, as far as the driver knows.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Does one step. One that has nothing to pick from does nothing.
    pub fn step(&mut self, step: Step) {
        let told = self.told();
        match step {
            Step::Acquire { key, wish } => {
                self.acquire(key, demand(wish, told));
            }
            Step::Preconnect { key, count } => {
                self.pool.preconnect(&self.keys[usize::from(key)], count, told);
                self.input(Input::Preconnect { key, count });
            }
            Step::Cancel(n) => {
                if let Some((waiter, id)) = take(&mut self.waiting, n) {
                    self.pool.cancel(id, told);
                    self.gone.push(id);
                    self.input(Input::Cancel { waiter });
                }
            }
            Step::CancelGone(n) => self.cancel_gone(n),
            Step::Dialed(n) => {
                if let Some((conn, lease)) = take(&mut self.dials, n) {
                    self.pool.dialed(lease, conn, told);
                    self.input(Input::Dialed { conn });
                }
            }
            Step::DialFailed(n) => {
                if let Some((conn, lease)) = take(&mut self.dials, n) {
                    self.pool.dial_failed(lease, conn, told);
                    self.input(Input::DialFailed { conn });
                }
            }
            Step::Release(n, fate) => {
                if let Some((conn, lease)) = take(&mut self.held, n) {
                    let kept = self.pool.release(lease, conn, fate, told);
                    self.input(Input::Release { conn, fate, kept });
                }
            }
            Step::Retake(n, wish) => self.retake(n, demand(wish, told)),
            Step::Forget(n) => {
                if let Some((conn, lease)) = take(&mut self.held, n) {
                    self.pool.forget(lease, told);
                    self.input(Input::Forget { conn });
                }
            }
            Step::Stirred(n) => self.stir(n),
            Step::Evict(keys) => {
                let known = &self.keys;
                let picked =
                    |key: &Key| known.iter().position(|k| k == key).is_some_and(|n| keys & (1 << n) != 0);
                self.pool.evict(picked, told);
                self.input(Input::Evict { keys });
            }
            Step::Advance(duration) => {
                self.behind = Duration::ZERO;
                self.now = self.now + duration;
            }
            Step::Backwards(duration) => self.behind = duration,
            Step::Poll(n) => drop((0..n).take_while(|_| self.poll()).count()),
            Step::PollDry => self.poll_dry(),
            Step::ShutDown => {
                self.pool.shut_down(told);
                self.input(Input::ShutDown);
            }
        }
    }

    /// Polls until there is nothing more to say.
    pub fn poll_dry(&mut self) {
        while self.poll() {}
        self.log.push(Event::Dry(self.now));
        self.ledger.dry(self.pool.counts(), self.pool.next_timeout());
    }

    /// Goes on until `until`, awake exactly when the pool asks for it.
    pub fn sleep_until(&mut self, until: Instant, model: &mut Model) {
        loop {
            let asked = self.pool.next_timeout().filter(|at| *at <= until);
            let (wake, line) = (asked.unwrap_or(until), model.line().to_vec());
            assert!(wake >= self.now, "asked to wake up in the past");
            while let Some(at) = model.next_deadline().filter(|at| *at < wake) {
                let missed = model.wake(at);
                assert!(
                    missed.is_empty(),
                    "I13: the driver sleeps until {wake:?}, and misses at {at:?} {missed:?}"
                );
            }
            self.now = wake;
            let before = self.log.len();
            self.poll_dry();
            let expected = model.wake(wake);
            let reason = !expected.is_empty() || model.line() != line;
            assert!(asked.is_none() || reason, "woken at {wake:?} for nothing");
            self.compare(before, expected);
            if wake >= until {
                return;
            }
        }
    }

    /// Gives everything back, shuts down, and sees to it that nothing is left.
    pub fn wind_up(&mut self) {
        self.poll_dry();
        self.step(Step::ShutDown);
        self.poll_dry();
        while !self.held.is_empty() {
            self.step(Step::Release(0, httpocean_core::pool::Fate::REUSABLE));
        }
        while !self.dials.is_empty() {
            self.step(if self.dials.len() % 2 == 0 { Step::Dialed(0) } else { Step::DialFailed(0) });
        }
        self.poll_dry();
        assert_eq!(self.pool.counts().open, 0, "I2: a connection outlives shut_down");
        assert!(self.waiting.is_empty(), "I3: a request without an answer");
    }

    fn compare(&self, from: usize, mut expected: Vec<Said>) {
        let mut said: Vec<Said> = self.log[from..]
            .iter()
            .filter_map(|event| match event {
                Event::Said(_, said) => Some(*said),
                Event::Input(..) | Event::Dry(_) => None,
            })
            .collect();
        // The order between commands of different kinds is a free choice, of closings and refusals also among
        // themselves.
        let order = |said: &Said| match *said {
            Said::Close { conn, .. } => (0, conn),
            Said::Abandon { conn } => (1, conn),
            Said::Dial { conn, .. } => (2, conn),
            Said::Grant { .. } => (3, 0),
            Said::Refuse { waiter, .. } => (4, waiter),
        };
        said.sort_by_key(order);
        expected.sort_by_key(order);
        assert_eq!(said, expected, "the pool and the model (right) differ after {:?}", self.log.get(from));
    }

    /// Whether there was something.
    fn poll(&mut self) -> bool {
        let now = self.told();
        self.ledger.time(now);
        let Some(command) = self.pool.poll(now) else { return false };
        let said = match command {
            PoolCommand::Grant { waiter, lease, parked, facts } => {
                let key = self.key(lease.key());
                assert_eq!(self.conns.get(&lease.conn()), Some(&parked), "I1: what was parked is handed out");
                self.held.push((parked, lease));
                Said::Grant { waiter: self.answered(waiter), conn: parked, key, facts }
            }
            PoolCommand::Dial { lease } => {
                let (conn, key) = (self.ids.len(), self.key(lease.key()));
                assert!(self.conns.insert(lease.conn(), conn).is_none(), "I1: an id is used twice");
                self.ids.push(lease.conn());
                self.dials.push((conn, lease));
                Said::Dial { conn, key }
            }
            PoolCommand::Abandon { conn } => Said::Abandon { conn: self.conns[&conn] },
            PoolCommand::Refuse { waiter, why, error } => {
                Said::Refuse { waiter: self.answered(waiter), why, error }
            }
            PoolCommand::Close { conn, number, key, parked, why } => {
                assert_eq!(self.conns.get(&conn), Some(&parked), "I1: what was parked is closed");
                Said::Close { conn: parked, key: self.key(&key), number, why }
            }
        };
        self.log.push(Event::Said(now, said));
        self.ledger.said(said, now);
        true
    }

    fn input(&mut self, input: Input) {
        let now = self.told();
        self.log.push(Event::Input(now, input));
        self.ledger.input(input, now);
    }

    /// Every other request asks for what is idle in one step, if any does, which must come to the same as in two.
    fn acquire(&mut self, key: u8, demand: Demand) {
        let (now, key_of) = (self.told(), &self.keys[usize::from(key)]);
        let at_once = self.asks_at_once && self.waiters % 2 == 1;
        let served = if at_once { self.pool.acquire_idle(key_of, demand, now) } else { None };
        let Some((lease, parked, facts)) = served else {
            let id = self.pool.acquire(key_of, demand, now);
            let waiter = self.welcome(id);
            return self.input(Input::Acquire { waiter, key, demand });
        };
        let waiter = self.next_waiter();
        self.input(Input::Acquire { waiter, key, demand });
        assert_eq!(self.conns.get(&lease.conn()), Some(&parked), "I1: what was parked is handed out");
        self.held.push((parked, lease));
        let said = Said::Grant { waiter, conn: parked, key, facts };
        self.log.push(Event::Said(now, said));
        self.ledger.said(said, now);
    }

    fn retake(&mut self, n: u8, demand: Demand) {
        let Some((conn, lease)) = take(&mut self.held, n) else { return };
        let why = CloseReason::PeerClosed;
        let id = self.pool.retake(lease, conn, why, demand, self.told());
        let waiter = self.welcome(id);
        self.input(Input::Retake { conn, why, waiter, demand });
    }

    /// I5: somebody who is long gone can't disturb.
    fn cancel_gone(&mut self, n: u8) {
        if self.gone.is_empty() {
            return;
        }
        self.ledger.time(self.told());
        let (before, stale) = (self.pool.counts(), self.pool.counts().stale_inputs);
        let id = self.gone[usize::from(n) % self.gone.len()];
        self.pool.cancel(id, self.told());
        let after = self.pool.counts();
        assert_eq!(after.stale_inputs, stale + 1, "I5: a late input is counted");
        assert_eq!(
            httpocean_core::pool::Counts { stale_inputs: stale, ..after },
            before,
            "I5: and does nothing"
        );
    }

    fn stir(&mut self, n: u8) {
        if self.ids.is_empty() {
            return;
        }
        let conn = usize::from(n) % self.ids.len();
        let why = CloseReason::PeerClosed;
        self.pool.stirred(self.ids[conn], why, self.told());
        self.input(Input::Stirred { conn, why });
    }

    fn welcome(&mut self, id: WaitId) -> usize {
        let waiter = self.next_waiter();
        assert!(self.numbers.insert(id, waiter).is_none(), "I3: an id is used twice");
        self.waiting.push((waiter, id));
        waiter
    }

    fn next_waiter(&mut self) -> usize {
        self.waiters += 1;
        self.waiters - 1
    }

    fn answered(&mut self, id: WaitId) -> usize {
        let at = self.waiting.iter().position(|(_, waiting)| *waiting == id);
        let at = at.expect("I3, I4: an answer for nobody");
        self.gone.push(id);
        self.waiting.remove(at).0
    }

    fn key(&self, key: &Key) -> u8 {
        let at = self.keys.iter().position(|known| known == key);
        at.and_then(|at| u8::try_from(at).ok()).expect("I21: a known key")
    }

    fn told(&self) -> Instant {
        Instant::from_micros(self.now.as_micros().saturating_sub(self.behind.as_micros() as u64))
    }
}

fn demand(wish: Wish, now: Instant) -> Demand {
    Demand { patience: after(now, wish.patience), deadline: after(now, wish.deadline), fresh: wish.fresh }
}

fn take<T>(from: &mut Vec<T>, n: u8) -> Option<T> {
    if from.is_empty() { None } else { Some(from.remove(usize::from(n) % from.len())) }
}

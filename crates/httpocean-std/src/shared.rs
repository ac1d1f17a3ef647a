//! The pool behind its lock, and the carrying out of what it says.
//!
//! The lock is held for bookkeeping only: no probe, no connect, no close and no parse happens under it.

mod settle;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Uri;
use httpocean_core::policy::Common;
use httpocean_core::pool::{self, Demand, Facts, Fate, Lease};
use httpocean_core::{CloseReason, Config, Conn, ConnId, Instant, Io, Key, Keys, Pool, WaitId};
use httpocean_driver::session::Session;
use httpocean_driver::{Clock, Ends, Observer, Stats, Teller};

use crate::attempts::Lookups;
use crate::contention::{Contention, Takes, take};
use crate::mailbox::{Answer, Mailbox};
use crate::transport::{Connect, Transport};
use settle::Asker;

/// What is parked in the pool.
pub(crate) struct Parked {
    pub(crate) conn: Conn,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) ends: Ends,
}

/// So many sets of buffers are kept for requests that will need some.
const SPARE: usize = 16;
/// Larger ones are let go of: few responses need them.
const SPARE_BYTES: usize = 128 * 1024;

/// Of all idle connections that are closed, so many at a time: there may be very many, and others want the lock.
const CLOSES: usize = 64;

/// Why a dial failed: the core's verdict, and what the system said.
pub(crate) struct DialError {
    pub(crate) verdict: httpocean_core::Error,
    pub(crate) source: Option<io::Error>,
}

pub(crate) struct Shared {
    state: Mutex<State>,
    /// Keys that were made before. Nobody makes one under this lock either.
    keys: Mutex<Known>,
    /// How often one woke that slept in its mailbox.
    wakes: AtomicU64,
    /// Wakes dial threads.
    pub(crate) work: Condvar,
    /// Wakes who waits for the next attempt when there will be none.
    over: Condvar,
    pub(crate) common: Common,
    pub(crate) connector: Box<dyn Connect>,
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) dial_threads: usize,
    pub(crate) teller: Teller,
    probe_after: Duration,
    /// What is added to requests, if anything is.
    pub(crate) session: Option<Session>,
    pub(crate) names: Mutex<Lookups>,
}

#[derive(Default)]
struct Known {
    keys: Keys,
    takes: Takes,
}

pub(crate) struct State {
    takes: Takes,
    /// Answers that were put into mailboxes.
    answers: u64,
    pub(crate) pool: Pool<Parked, DialError>,
    /// By the index of the waiter's id.
    mailboxes: BTreeMap<WaitId, Arc<Mailbox>>,
    pub(crate) jobs: VecDeque<Lease>,
    /// Closes that were said and are not done, by the order in which they were said.
    closing: BTreeSet<u64>,
    closes_said: u64,
    /// Dials that must not begin before so many closes, those said before them, are done.
    held_back: VecDeque<(u64, Lease)>,
    pub(crate) abandoned: Vec<ConnId>,
    /// Buffers that nobody uses: idle connections have none.
    spare: Vec<Io>,
    pub(crate) threads: usize,
    pub(crate) idle_threads: usize,
    /// Threads that are counted and have not looked for a job yet.
    pub(crate) starting: usize,
    pub(crate) ended: bool,
}

impl Shared {
    pub(crate) fn new(
        options: pool::Options,
        config: Arc<Config>,
        connector: Box<dyn Connect>,
        observer: Option<Arc<dyn Observer>>,
        dial_threads: usize,
        probe_after: Duration,
        common: Common,
    ) -> Self {
        let clock = Clock::start();
        let state = State {
            takes: Takes::default(),
            answers: 0,
            pool: Pool::new(options),
            mailboxes: BTreeMap::new(),
            jobs: VecDeque::new(),
            closing: BTreeSet::new(),
            closes_said: 0,
            held_back: VecDeque::new(),
            abandoned: Vec::new(),
            spare: Vec::new(),
            threads: 0,
            idle_threads: 0,
            starting: 0,
            ended: false,
        };
        Self {
            state: Mutex::new(state),
            keys: Mutex::default(),
            wakes: AtomicU64::new(0),
            work: Condvar::new(),
            over: Condvar::new(),
            common: Common { epoch: clock.epoch(), ..common },
            connector,
            config,
            clock,
            dial_threads: dial_threads.max(1),
            teller: Teller::new(observer),
            probe_after,
            session: None,
            names: Mutex::new(Lookups::new(Duration::ZERO)),
        }
    }

    /// The same, which keeps the addresses of names for so long.
    pub(crate) fn keeping_names(self, time: Duration) -> Self {
        Self { names: Mutex::new(Lookups::new(time)), ..self }
    }

    /// With what is added to requests.
    pub(crate) fn with(self, session: Session) -> Self {
        Self { session: Some(session).filter(|session| !session.is_empty()), ..self }
    }

    /// What may be the key of a URI.
    pub(crate) fn known_key(&self, uri: &Uri) -> Option<Key> {
        self.known().keys.look_up(uri).cloned()
    }

    pub(crate) fn remember_key(&self, key: &Key) {
        self.known().keys.remember(key);
    }

    /// Asks for a connection and sleeps until the answer, in a mailbox of its own. `first`: at the first attempt of a
    /// request, which is counted if it has to wait. `now` goes on if it sleeps; `io` gets buffers that were used before.
    pub(crate) fn acquire(
        self: &Arc<Self>,
        key: &Key,
        demand: Demand,
        first: bool,
        now: &mut Instant,
        io: &mut Io,
    ) -> Answer {
        let mut state = self.lock();
        if let Some(spare) = state.spare.pop() {
            *io = spare;
        }
        if let Some((lease, parked, facts)) = state.pool.acquire_idle(key, demand, *now) {
            let outbox = self.settle(&mut state, None, *now);
            drop(state);
            self.carry_out(outbox);
            return Answer::Granted { lease, parked, facts };
        }
        let waiter = state.pool.acquire(key, demand, *now);
        self.await_answer(state, waiter, first, now)
    }

    /// The connection of a grant was dead: another one, before all who wait.
    pub(crate) fn retake(
        self: &Arc<Self>,
        lease: Lease,
        parked: Parked,
        why: CloseReason,
        demand: Demand,
        now: &mut Instant,
    ) -> Answer {
        let mut state = self.lock();
        let waiter = state.pool.retake(lease, parked, why, demand, *now);
        self.await_answer(state, waiter, false, now)
    }

    /// Whether the connection stays open. The buffers, which are clean, are taken if others may need some.
    pub(crate) fn release(
        self: &Arc<Self>,
        lease: Lease,
        parked: Parked,
        fate: Fate,
        io: &mut Io,
        now: Instant,
    ) -> bool {
        let mut state = self.lock();
        if state.spare.len() < SPARE && io.capacity() <= SPARE_BYTES {
            state.spare.push(std::mem::take(io));
        }
        let kept = state.pool.release(lease, parked, fate, now);
        let outbox = self.settle(&mut state, None, now);
        drop(state);
        self.carry_out(outbox);
        kept
    }

    pub(crate) fn with_pool<R>(
        self: &Arc<Self>,
        act: impl FnOnce(&mut Pool<Parked, DialError>, Instant) -> R,
    ) -> R {
        let now = self.clock.now();
        let mut state = self.lock();
        let result = act(&mut state.pool, now);
        loop {
            let outbox = self.settle_some(&mut state, None, now, CLOSES);
            drop(state);
            let more = outbox.as_ref().is_some_and(|outbox| outbox.closes.len() == CLOSES);
            self.carry_out(outbox);
            if !more {
                return result;
            }
            state = self.lock();
        }
    }

    /// Ends the pool, and the threads that dial for it.
    pub(crate) fn shut_down(self: &Arc<Self>) {
        self.with_pool(|pool, now| pool.shut_down(now));
        self.lock().ended = true;
        self.work.notify_all();
        self.over.notify_all();
    }

    /// Sleeps until then, unless the pool ends before: whether it did.
    pub(crate) fn is_over_by(&self, until: std::time::Instant) -> bool {
        let left = until.saturating_duration_since(std::time::Instant::now());
        let waited = self.over.wait_timeout_while(self.lock(), left, |state| !state.ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }

    /// Whether a granted connection is asked for signs of life.
    pub(crate) fn probes(&self, facts: Facts) -> bool {
        facts.idle_for.unwrap_or_default() >= self.probe_after
    }

    pub(crate) fn stats(&self) -> Stats {
        let counts = self.lock().pool.counts();
        self.teller.stats(counts)
    }

    pub(crate) fn contention(&self) -> Contention {
        // Who looks is not counted.
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner).takes;
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (locks, waits) = (keys.all + state.takes.all, keys.waited + state.takes.waited);
        Contention { locks, waits, sleeps: state.answers, wakes: self.wakes.load(Relaxed) }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        take(&self.keys, |known| &mut known.takes)
    }

    /// A thread that panicked under the lock left nothing half-done: the pool's methods are whole transitions.
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        take(&self.state, |state| &mut state.takes)
    }

    fn await_answer(
        self: &Arc<Self>,
        mut state: MutexGuard<'_, State>,
        waiter: WaitId,
        first: bool,
        now: &mut Instant,
    ) -> Answer {
        let mut asker = Asker { waiter, answer: None };
        let outbox = self.settle(&mut state, Some(&mut asker), *now);
        if let Some(answer) = asker.answer {
            drop(state);
            self.carry_out(outbox);
            return answer;
        }
        if first && state.pool.waits_for_others(waiter) {
            self.teller.count_wait();
        }
        let mailbox = Arc::new(Mailbox::default());
        state.mailboxes.insert(waiter, mailbox.clone());
        let mut wake = state.pool.next_timeout_of(waiter);
        drop(state);
        self.carry_out(outbox);
        loop {
            let answer = mailbox.take(self.clock.system(wake), &self.wakes);
            *now = self.clock.now();
            if let Some(answer) = answer {
                return answer;
            }
            // A deadline of this waiter or of its key: whoever looks judges it.
            let mut state = self.lock();
            let outbox = self.settle(&mut state, None, *now);
            let answered = !state.mailboxes.contains_key(&waiter);
            wake = if answered { None } else { state.pool.next_timeout_of(waiter) };
            drop(state);
            self.carry_out(outbox);
        }
    }
}

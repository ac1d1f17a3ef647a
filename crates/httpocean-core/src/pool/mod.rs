//! Who gets which connection, who waits, who dials, what is closed.
//!
//! ```text
//!                 acquire ──▶ waiting ──────────── Grant ──▶ (the driver has the lease)
//!                               │  ▲                              │
//!                             Dial │ late binding                 │ release / retake / forget
//!                               ▼  │                              ▼
//!     dial_failed ◀── dialing ──┴──┴── dialed ──▶ idle ◀──── Reusable, Untouched
//!                                                   │             │
//!                         deadline, limits, stirred └── Close ◀───┘ Spent
//! ```
//!
//! A request waits for the first connection of its key that becomes usable, never for the dial that it caused.
//! Within a key waiters are served in order of arrival and nobody barges in; between keys that wait for a place
//! under [`Options::max_total`] places go round.

mod check;
mod conns;
mod dials;
mod idle;
mod list;
mod options;
mod parts;
mod places;
mod ready;
mod timers;
mod waiters;

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

pub use options::{DialPolicy, Options, Order, Surplus};

use crate::arena::{Arena, ConnId, WaitId};
use crate::key::Key;
use crate::reason::CloseReason;
pub use crate::reason::Refusal;
use crate::rng::Rng;
use crate::time::Instant;
use crate::timers::Timers;
use list::List;
use parts::{Host, HostId, Idle, Seeded, Slot, Waiter, Word};
use timers::Of;

/// The connections of all keys, without the connections: it parks an opaque `T` and never looks at it.
///
/// Inputs are methods; what follows from them is asked for with [`poll`](Self::poll) until it says `None`, and
/// carried out in that order. `E` is the error of a dial.
///
/// ```
/// use httpocean_core::{Instant, Key};
/// use httpocean_core::pool::{Demand, Fate, Options, Pool, PoolCommand};
///
/// let mut pool: Pool<&str, &str> = Pool::new(Options::default());
/// let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
/// let now = Instant::ZERO;
///
/// let first = pool.acquire(&key, Demand::default(), now);
/// let Some(PoolCommand::Dial { lease, .. }) = pool.poll(now) else { panic!() };
/// pool.dialed(lease, "a socket", now);
/// let Some(PoolCommand::Grant { waiter, lease, parked, .. }) = pool.poll(now) else { panic!() };
/// assert_eq!((waiter, parked), (first, "a socket"));
/// pool.release(lease, parked, Fate::REUSABLE, now);
///
/// let second = pool.acquire(&key, Demand::default(), now);
/// let Some(PoolCommand::Grant { waiter, lease, parked, facts }) = pool.poll(now) else { panic!() };
/// assert_eq!((waiter, facts.reused), (second, 1));
/// # pool.release(lease, parked, Fate::REUSABLE, now);
/// ```
#[derive(Debug)]
pub struct Pool<T, E> {
    options: Options,
    /// The latest instant that we were told; time does not go back.
    now: Instant,
    conns: Arena<ConnId, Slot<T>>,
    waiters: Arena<WaitId, Waiter>,
    hosts: Arena<HostId, Host<T>>,
    by_key: HashMap<Key, HostId, Seeded>,
    /// Idle connections of all keys, the coldest in front.
    idle: List<Idle<T>>,
    /// Idle connections of each key by their turn; only kept for round robin.
    rotation: BTreeMap<(HostId, (u64, u64)), ConnId>,
    /// Keys that wait for a place under `max_total` or `max_dials`, in turn.
    ring: VecDeque<HostId>,
    /// Keys whose dials failed and that nobody wants now, with when that stops to matter, about in that order.
    fading: VecDeque<(Instant, HostId)>,
    /// Keys that may lack connections for nobody, by when they were last asked for.
    lacking: BTreeSet<(u64, HostId)>,
    /// How often any key was asked for, where that matters.
    touches: u64,
    /// Grants made from returned connections since the ring's front began to wait.
    turns_taken: u32,
    words: VecDeque<Word<T, E>>,
    /// At so many words those that are moot are thrown out.
    words_limit: usize,
    /// Turns of loops; what an input costs must not depend on how much the pool holds.
    work: u64,
    timers: Timers<Of>,
    waiting: usize,
    dialing: usize,
    /// Connections whose closing is decided and not said.
    closing: usize,
    /// Of these: closed to make room for a certain key.
    promised: usize,
    arrivals: i64,
    front_arrivals: i64,
    numbers: u64,
    grants: u64,
    stale_inputs: u64,
    shut: bool,
    rng: Rng,
}

/// The right to one connection of a pool. It ends with [`release`](Pool::release), [`retake`](Pool::retake),
/// [`forget`](Pool::forget), [`dialed`](Pool::dialed) or [`dial_failed`](Pool::dial_failed).
#[must_use = "a lost lease leaks a slot of the pool"]
#[derive(Debug, PartialEq, Eq)]
pub struct Lease {
    conn: ConnId,
    key: Key,
}

impl Lease {
    /// The connection that it is for.
    pub fn conn(&self) -> ConnId {
        self.conn
    }

    /// What that is, or will be, connected to.
    pub fn key(&self) -> &Key {
        &self.key
    }
}

/// What a request asks of the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Until when it waits for a connection of others to come free. Not counted while a dial runs that it
    /// caused, or that somebody left to it.
    pub patience: Option<Instant>,
    /// Until when it waits at all.
    pub deadline: Option<Instant>,
    /// Whether only a connection that was never used and never idle will do.
    pub fresh: bool,
}

impl Demand {
    /// What has passed for sure where a pool refuses it for that reason.
    pub(crate) fn refused_at(&self, why: Refusal) -> Option<Instant> {
        match why {
            Refusal::DialTooSlow => self.deadline,
            Refusal::WaitedTooLong => Instant::earliest(self.patience, self.deadline),
            Refusal::QueueFull | Refusal::DialFailed | Refusal::ShutDown => None,
        }
    }
}

/// What the pool knows of a connection that it grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Connections are numbered from 1, in order of their becoming ready.
    pub number: u64,
    /// How many requests it has served before.
    pub reused: u32,
    /// How long it was idle before this grant, if it was.
    pub idle_for: Option<Duration>,
}

impl Facts {
    /// Whether the peer may have closed it in the meantime, as peers do with old connections.
    pub fn may_be_stale(&self) -> bool {
        self.reused > 0 || self.idle_for.is_some()
    }
}

/// What a driver has to do, in the order in which it is said.
#[must_use]
#[derive(Debug)]
pub enum PoolCommand<T, E> {
    /// Hand this connection to that waiter.
    Grant {
        /// Whom it is for. The id ends here.
        waiter: WaitId,
        /// The right to it.
        lease: Lease,
        /// What was parked.
        parked: T,
        /// What is known of it.
        facts: Facts,
    },
    /// Make a connection of this key, for whoever will need it: answer with [`Pool::dialed`] or
    /// [`Pool::dial_failed`].
    Dial {
        /// The right to it, which says what it is to be connected to.
        lease: Lease,
    },
    /// Nobody wants that dial any more. It may be stopped, and is answered all the same.
    Abandon {
        /// Of the lease that the dial was asked with.
        conn: ConnId,
    },
    /// Tell that waiter that it gets no connection.
    Refuse {
        /// Whom it is for. The id ends here.
        waiter: WaitId,
        /// Why.
        why: Refusal,
        /// What was wrong with its dial, for [`Refusal::DialFailed`].
        error: Option<E>,
    },
    /// Close this connection, before any later command is carried out. Its slot is free now.
    Close {
        /// Which. The id ends here.
        conn: ConnId,
        /// Its number, as in [`Facts::number`].
        number: u64,
        /// What it was connected to.
        key: Key,
        /// What was parked.
        parked: T,
        /// Why.
        why: CloseReason,
    },
}

/// What becomes of a connection whose request is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It ended at a clean boundary and can serve another request.
    Reusable {
        /// What the server announced as `Keep-Alive: timeout`.
        hint: Option<Duration>,
        /// How many more requests the server will take on it (`Keep-Alive: max`).
        uses_left: Option<u32>,
    },
    /// It was granted and never used: idle deadline and use count stay as they were.
    Untouched,
    /// It can't be used again.
    Spent(CloseReason),
}

impl Fate {
    /// Reusable, and the server announced nothing.
    pub const REUSABLE: Self = Self::Reusable { hint: None, uses_left: None };
}

/// How much of what a pool holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections in any state, those being made included.
    pub open: usize,
    /// Of these: connections being made.
    pub dialing: usize,
    /// Of these: idle ones.
    pub idle: usize,
    /// Requests that wait.
    pub waiting: usize,
    /// Keys that hold or want something.
    pub keys: usize,
    /// Timers that are armed.
    pub timers: usize,
    /// Inputs about something that was gone already; they did nothing.
    pub stale_inputs: u64,
    /// Words that wait to be polled, those included that have become moot.
    pub words: usize,
    /// Turns of the pool's loops so far: what all inputs together have cost, but for the depth of a heap.
    pub work: u64,
}

impl<T, E> Pool<T, E> {
    /// An empty pool.
    pub fn new(options: Options) -> Self {
        let seed = options.seed;
        Self {
            options: options.sound(),
            now: Instant::ZERO,
            conns: Arena::new(),
            waiters: Arena::new(),
            hosts: Arena::new(),
            by_key: HashMap::with_hasher(Seeded::new(seed)),
            idle: List::default(),
            rotation: BTreeMap::new(),
            ring: VecDeque::new(),
            fading: VecDeque::new(),
            lacking: BTreeSet::new(),
            touches: 0,
            turns_taken: 0,
            words: VecDeque::new(),
            words_limit: 64,
            work: 0,
            timers: Timers::default(),
            waiting: 0,
            dialing: 0,
            closing: 0,
            promised: 0,
            arrivals: 0,
            front_arrivals: 0,
            numbers: 0,
            grants: 0,
            stale_inputs: 0,
            shut: false,
            rng: Rng::new(seed),
        }
    }

    /// The options that it obeys.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Asks for a connection of `key`. The answer, a `Grant` or a `Refuse`, comes from [`poll`](Self::poll).
    pub fn acquire(&mut self, key: &Key, demand: Demand, now: Instant) -> WaitId {
        self.tick(now);
        self.arrivals += 1;
        let host = self.host_of(key);
        let waiter = self.admit(host, demand, self.arrivals);
        self.verified(waiter)
    }

    /// A request does not wait any more. A grant that was decided but not yet polled goes to the next.
    pub fn cancel(&mut self, waiter: WaitId, now: Instant) {
        self.tick(now);
        self.withdraw(waiter);
        self.verified(());
    }

    /// The answer to a `Dial`: here is the connection. It goes to the oldest waiter of its key.
    pub fn dialed(&mut self, lease: Lease, parked: T, now: Instant) {
        self.tick(now);
        self.dial_succeeded(lease, parked);
        self.verified(());
    }

    /// The answer to a `Dial`: it could not be made. The error goes to the request that caused the dial, if
    /// that still waits, and to nobody else.
    pub fn dial_failed(&mut self, lease: Lease, error: E, now: Instant) {
        self.tick(now);
        self.dial_is_lost(lease.conn, error);
        self.verified(());
    }

    /// Gives a granted connection back. Whether it stays open is the answer.
    pub fn release(&mut self, lease: Lease, parked: T, fate: Fate, now: Instant) -> bool {
        self.tick(now);
        let kept = self.give_back(lease, parked, fate);
        self.verified(kept)
    }

    /// A granted connection turned out to be dead before it was used: closes it and asks again, in front of
    /// all who wait, however many they are.
    pub fn retake(
        &mut self,
        lease: Lease,
        parked: T,
        why: CloseReason,
        demand: Demand,
        now: Instant,
    ) -> WaitId {
        self.tick(now);
        self.front_arrivals -= 1;
        let waiter = self.exchange(lease, parked, why, demand, self.front_arrivals);
        self.verified(waiter)
    }

    /// A granted connection leaves the pool alive, as after an upgrade: its slot is free.
    pub fn forget(&mut self, lease: Lease, now: Instant) {
        self.tick(now);
        self.let_go(lease.conn);
        self.verified(());
    }

    /// What is parked of an idle connection.
    pub fn parked_mut(&mut self, conn: ConnId) -> Option<&mut T> {
        self.conns.get_mut(conn).and_then(Slot::idle_mut)
    }

    /// Bytes, an end or an error were read on an idle connection: a fact, not a hint. It is closed.
    pub fn stirred(&mut self, conn: ConnId, why: CloseReason, now: Instant) {
        self.tick(now);
        self.close_stirred(conn, why);
        self.verified(());
    }

    /// Closes what is idle of the keys that `which` picks, and what is busy of them at its next boundary.
    pub fn evict(&mut self, which: impl FnMut(&Key) -> bool, now: Instant) {
        self.tick(now);
        self.evict_keys(which);
        self.verified(());
    }

    /// Closes what is idle, refuses who waits and who comes, abandons dials. Busy connections close when they
    /// are given back.
    pub fn shut_down(&mut self, now: Instant) {
        self.tick(now);
        self.end();
        self.verified(());
    }

    /// What to do next; `None` when there is nothing until another input or [`next_timeout`](Self::next_timeout).
    #[inline]
    pub fn poll(&mut self, now: Instant) -> Option<PoolCommand<T, E>> {
        self.tick(now);
        if self.is_silent() { self.verified(None) } else { self.speak() }
    }

    /// When to poll again though nothing happens; not late. Asked when [`poll`](Self::poll) has just said `None`, not
    /// early either: there will be something to say, or a key will begin to line up for a place.
    pub fn next_timeout(&mut self) -> Option<Instant> {
        if !self.words.is_empty() || !self.lacking.is_empty() {
            return Some(self.now);
        }
        self.settle_timers();
        self.verified(self.timers.earliest())
    }

    /// When to poll again for the sake of one waiter: its own deadlines, and what its key waits for. Many threads
    /// that sleep, each for a waiter of its own, need not all wake for each other's deadlines. Maybe early: what
    /// changes while they sleep may make it matter.
    pub fn next_timeout_of(&self, waiter: WaitId) -> Option<Instant> {
        let waiter = self.waiters.get(waiter)?;
        let Demand { patience, deadline, .. } = waiter.demand;
        let to_come = |at: Option<Instant>| at.filter(|at| *at > self.now);
        let own = Instant::earliest(to_come(patience), deadline);
        Instant::earliest(own, to_come(self.asks_at(waiter.host)))
    }

    /// How much of what it holds.
    pub fn counts(&self) -> Counts {
        Counts {
            open: self.conns.len(),
            dialing: self.dialing,
            idle: self.idle.len(),
            waiting: self.waiting,
            keys: self.hosts.len(),
            timers: self.timers.armed(),
            stale_inputs: self.stale_inputs,
            words: self.words.len(),
            work: self.work,
        }
    }
}

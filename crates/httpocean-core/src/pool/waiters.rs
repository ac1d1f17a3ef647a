//! Requests that wait: who comes in, who is next, who leaves without a connection.

use super::list::Links;
use super::parts::{HostId, Waiter, Waiting, Word};
use super::{Demand, Facts, Lease, Pool, Refusal};
use crate::arena::{ConnId, WaitId};
use crate::key::Key;
use crate::time::Instant;

impl<T, E> Pool<T, E> {
    /// Asks for a connection of `key` as [`acquire`](Self::acquire) does, and takes the answer, where that is to be had
    /// at once: one that is idle, while nothing waits to be polled. With `None` nothing was asked.
    ///
    /// ```
    /// # use httpocean_core::{Instant, Key};
    /// # use httpocean_core::pool::{Demand, Fate, Options, Pool, PoolCommand};
    /// # let mut pool: Pool<&str, &str> = Pool::new(Options::default());
    /// # let (key, now) = (Key::of(&"http://example.com".parse().unwrap()).unwrap(), Instant::ZERO);
    /// assert!(pool.acquire_idle(&key, Demand::default(), now).is_none());
    /// # let _ = pool.acquire(&key, Demand::default(), now);
    /// # let Some(PoolCommand::Dial { lease, .. }) = pool.poll(now) else { panic!() };
    /// # pool.dialed(lease, "a socket", now);
    /// # let Some(PoolCommand::Grant { lease, parked, .. }) = pool.poll(now) else { panic!() };
    /// pool.release(lease, parked, Fate::REUSABLE, now);
    /// let (lease, parked, facts) = pool.acquire_idle(&key, Demand::default(), now).unwrap();
    /// assert_eq!((parked, facts.reused), ("a socket", 1));
    /// # pool.release(lease, parked, Fate::REUSABLE, now);
    /// ```
    pub fn acquire_idle(&mut self, key: &Key, demand: Demand, now: Instant) -> Option<(Lease, T, Facts)> {
        self.tick(now);
        let served = self.serve(key, demand);
        self.verified(served)
    }

    /// Whether a request waits for what others have: no dial runs for it, and not because those of its key failed
    /// just now.
    pub fn waits_for_others(&self, waiter: WaitId) -> bool {
        let Some(waiter) = self.waiters.get(waiter).filter(|waiter| waiter.state == Waiting::Queued) else {
            return false;
        };
        let pauses = self.hosts.get(waiter.host).is_some_and(|host| host.no_dial_before > self.now);
        waiter.dial.is_none() && !pauses
    }

    /// A request comes in: it is served from what is idle, waits, or is refused.
    pub(super) fn admit(&mut self, host: HostId, demand: Demand, arrival: i64) -> WaitId {
        let waiter = self.waiters.insert(Waiter {
            host,
            demand,
            since: self.now,
            arrival,
            returned: arrival < 0,
            state: Waiting::Queued,
            dial: None,
            armed: None,
            in_queue: Links::default(),
            in_unasked: Links::default(),
        });
        if self.shut {
            self.refuse(waiter, Refusal::ShutDown, None);
            return waiter;
        }
        if self.options.min_idle > 0 {
            self.note_use(host);
        }
        if let Some((conn, parked)) = self.take_idle_for(host, demand, arrival) {
            self.grant(conn, parked, waiter);
            return waiter;
        }
        // Who comes back with a dead connection was let in once.
        let newcomer = arrival > 0;
        if newcomer && self.waiting >= self.options.max_waiters {
            self.refuse(waiter, Refusal::QueueFull, None);
            return waiter;
        }
        self.enqueue(waiter);
        self.balance(host);
        waiter
    }

    /// The same for a request that needs no answer but this: it is served from what is idle, and need not be a waiter.
    /// What waits to be said goes before it.
    pub(super) fn serve(&mut self, key: &Key, demand: Demand) -> Option<(Lease, T, Facts)> {
        if !self.is_silent() {
            return None;
        }
        let host = *self.by_key.get(key)?;
        let (conn, parked) = self.take_idle_for(host, demand, self.arrivals + 1)?;
        if self.options.min_idle > 0 {
            self.note_use(host);
        }
        self.grants += 1;
        if let Some(slot) = self.conns.get_mut(conn) {
            slot.granted = self.grants;
        }
        let (lease, facts) = self.lease(conn)?;
        Some((lease, parked, facts))
    }

    /// A waiter whose grant was taken back waits again, in its old place.
    pub(super) fn requeue(&mut self, waiter: WaitId) {
        let Some(waiting) = self.waiters.get_mut(waiter) else { return };
        waiting.state = Waiting::Queued;
        waiting.returned = true;
        let (host, fresh) = (waiting.host, waiting.demand.fresh);
        if self.shut {
            self.refuse(waiter, Refusal::ShutDown, None);
            return;
        }
        if !fresh {
            if let Some(conn) = self.take_idle(host) {
                if let Some(parked) = self.unpark(conn) {
                    self.assign(conn, parked, waiter);
                    return;
                }
            }
        }
        self.enqueue(waiter);
        self.balance(host);
    }

    pub(super) fn withdraw(&mut self, waiter: WaitId) {
        let Some(waiting) = self.waiters.get(waiter) else {
            self.stale_inputs += 1;
            return;
        };
        let host = waiting.host;
        match waiting.state {
            Waiting::Queued => {
                self.unqueue(waiter);
                self.waiters.discard(waiter);
                self.trim_dials(host);
            }
            Waiting::Assigned(conn) => {
                self.waiters.discard(waiter);
                self.take_grant_back(conn);
            }
            Waiting::Refused => {
                self.waiters.discard(waiter);
            }
        }
        self.forget_empty(host);
    }

    pub(super) fn refuse(&mut self, waiter: WaitId, why: Refusal, error: Option<E>) {
        self.unqueue(waiter);
        if let Some(waiting) = self.waiters.get_mut(waiter) {
            waiting.state = Waiting::Refused;
            let host = waiting.host;
            self.push_word(Word::Refuse { waiter, why, error });
            self.trim_dials(host);
        }
    }

    /// The oldest waiter of a key that takes such a connection.
    pub(super) fn oldest_waiter(&self, host: HostId, never_used: bool) -> Option<WaitId> {
        let host = self.hosts.get(host)?;
        let any = host.waiting.front(&self.waiters);
        let fresh = if never_used { host.waiting_fresh.front(&self.waiters) } else { None };
        match (any, fresh) {
            (Some(any), Some(fresh)) if self.arrival(fresh) < self.arrival(any) => Some(fresh),
            (Some(any), _) => Some(any),
            (None, fresh) => fresh,
        }
    }

    /// Out of all queues, whatever comes next.
    pub(super) fn unqueue(&mut self, id: WaitId) {
        let Some(waiter) = self.waiters.get(id) else { return };
        let (host, fresh) = (waiter.host, waiter.demand.fresh);
        let Some(host) = self.hosts.get_mut(host) else { return };
        let queue = if fresh { &mut host.waiting_fresh } else { &mut host.waiting };
        if queue.remove(&mut self.waiters, id) {
            self.waiting -= 1;
        }
        host.unasked.remove(&mut self.waiters, id);
        self.disarm_waiter(id);
        self.leave_dial(id);
    }

    /// A deadline of a waiter may have passed.
    pub(super) fn waiter_is_due(&mut self, id: WaitId) {
        let Some(waiter) = self.waiters.get(id) else { return };
        if waiter.state != Waiting::Queued {
            return;
        }
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= self.now);
        let dials = waiter.dial.is_some();
        if passed(waiter.demand.deadline) {
            let why = if dials { Refusal::DialTooSlow } else { Refusal::WaitedTooLong };
            self.refuse(id, why, None);
        } else if passed(waiter.demand.patience) && !dials {
            self.refuse(id, Refusal::WaitedTooLong, None);
        } else {
            self.arm_waiter(id);
        }
    }

    fn enqueue(&mut self, id: WaitId) {
        let Some(waiter) = self.waiters.get(id) else { return };
        let (host, fresh, returned) = (waiter.host, waiter.demand.fresh, waiter.returned);
        let arrival = waiter.arrival;
        let Some(host) = self.hosts.get_mut(host) else { return };
        let queue = if fresh { &mut host.waiting_fresh } else { &mut host.waiting };
        if returned {
            // Only others who came back are in front of this one.
            self.work += queue.insert_before(&mut self.waiters, id, |other| other.arrival > arrival);
        } else {
            queue.push_back(&mut self.waiters, id);
        }
        self.wait_for_dial(id);
        self.waiting += 1;
        self.arm_waiter(id);
    }

    /// Takes over a dial that somebody left, or lines up for one: whoever has waited the longest asks next.
    pub(super) fn wait_for_dial(&mut self, id: WaitId) {
        let Some(waiter) = self.waiters.get(id) else { return };
        let since = waiter.since;
        let Some(host) = self.hosts.get_mut(waiter.host) else { return };
        if let Some(orphan) = host.orphans.front(&self.conns) {
            self.take_over(orphan, id);
        } else if since == self.now {
            host.unasked.push_back(&mut self.waiters, id);
        } else {
            // Only others who lost a dial or a grant can have waited for longer.
            self.work += host.unasked.insert_before(&mut self.waiters, id, |other| other.since >= since);
        }
    }

    /// An idle connection for one who takes it, and came in as `arrival` says.
    fn take_idle_for(&mut self, host: HostId, demand: Demand, arrival: i64) -> Option<(ConnId, T)> {
        if demand.fresh || !self.may_take_idle(host, arrival) {
            return None;
        }
        let conn = self.take_idle(host)?;
        Some((conn, self.unpark(conn)?))
    }

    /// Nobody takes an idle connection past somebody who came earlier.
    fn may_take_idle(&self, host: HostId, arrival: i64) -> bool {
        match self.hosts.get(host).and_then(|host| host.waiting.front(&self.waiters)) {
            Some(oldest) => arrival < self.arrival(oldest),
            None => true,
        }
    }

    pub(super) fn arrival(&self, waiter: WaitId) -> i64 {
        self.waiters.get(waiter).map_or(i64::MAX, |waiter| waiter.arrival)
    }

    /// A grant that was decided and not said goes to the next.
    fn take_grant_back(&mut self, conn: ConnId) {
        use super::parts::State;
        let Some(State::Granted { parked, idle_since, .. }) = self.move_out(conn) else { return };
        if let Some(slot) = self.conns.get_mut(conn) {
            slot.state = State::Busy { idle_since };
        }
        if self.conns.get(conn).is_some_and(|slot| slot.uses == 0) && idle_since.is_none() {
            self.place_new(conn, parked, false);
        } else {
            self.offer(conn, parked);
        }
    }
}

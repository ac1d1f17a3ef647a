//! Dials: when one is started, for whom, what its end means, who gets a place that is free.

use core::time::Duration;

use super::parts::{HostId, Slot, State, Word};
use super::{DialPolicy, Lease, Pool, Refusal, Surplus};
use crate::arena::{ConnId, WaitId};
use crate::reason::CloseReason;
use crate::time::Instant;

/// The pause after the first failed dial of a key; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What came of an attempt to start a dial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    /// A dial was started, or room is being made for one.
    Begun,
    /// Nobody needs one, or the key itself has to wait: its own limits, a pause, the dial policy.
    NotNow,
    /// A place has to come free first, or a dial to end: of the pool, or its own that is about to be closed.
    Full,
}

/// A dial that was answered.
struct Ended {
    owner: Option<WaitId>,
    charged: bool,
}

impl<T, E> Pool<T, E> {
    /// Starts the dials that a key needs and may have.
    pub(super) fn balance(&mut self, host: HostId) {
        loop {
            self.work += 1;
            match self.try_dial(host) {
                Attempt::Begun => {}
                Attempt::NotNow => return,
                Attempt::Full => return self.enter_ring(host),
            }
        }
    }

    /// Gives free places to the keys that wait for one, each in turn.
    pub(super) fn feed(&mut self) {
        while let Some(host) = self.ring.pop_front() {
            self.work += 1;
            match self.try_dial(host) {
                Attempt::Begun => self.ring.push_back(host),
                Attempt::NotNow => {
                    if let Some(host) = self.hosts.get_mut(host) {
                        host.in_ring = false;
                    }
                }
                Attempt::Full => {
                    self.ring.push_front(host);
                    return;
                }
            }
            self.turns_taken = 0;
        }
        self.turns_taken = 0;
    }

    pub(super) fn dial_succeeded(&mut self, lease: Lease, parked: T) {
        let conn = lease.conn;
        let Some(Ended { owner, .. }) = self.end_dial(conn) else { return self.stray(lease, parked) };
        self.numbers += 1;
        let (number, now) = (self.numbers, self.now);
        let lifetime = self.options.lifetime.map(|lifetime| self.jittered(lifetime));
        if let Some(slot) = self.conns.get_mut(conn) {
            slot.number = number;
            slot.born = now;
            slot.dies_at = lifetime.map(|lifetime| now + lifetime);
            slot.state = State::Busy { idle_since: None };
            if let Some(host) = self.hosts.get_mut(slot.host) {
                host.failures = 0;
                host.failed_at = None;
                host.no_dial_before = Instant::ZERO;
            }
        }
        self.set_idle_deadline(conn, None);
        if let Some(owner) = owner {
            self.lose_dial(owner);
        }
        self.place_new(conn, parked);
        if let Some(owner) = owner {
            self.waiter_is_due(owner);
        }
        // Others may have waited for the dial to end: its own key comes after them.
        self.feed();
        if let Some(slot) = self.conns.get(conn) {
            self.balance(slot.host);
        }
    }

    /// A connection that was never used goes to the oldest waiter, or is surplus.
    pub(super) fn place_new(&mut self, conn: ConnId, parked: T) {
        let Some(slot) = self.conns.get(conn) else { return };
        let host = slot.host;
        if self.shut {
            return self.close(conn, parked, CloseReason::ShutDown, None);
        }
        if let Some(waiter) = self.oldest_waiter(host, true) {
            return self.assign(conn, parked, waiter);
        }
        if let Some(why) = slot.doomed {
            return self.close(conn, parked, why, None);
        }
        let room = self.hosts.get(host).is_some_and(|h| h.idle.len() < self.options.max_idle_per_key)
            && self.idle.len() < self.options.max_idle_total;
        let unwanted = self.options.surplus == Surplus::Cancel || !room || slot.idle_until <= self.now;
        if unwanted {
            self.close(conn, parked, CloseReason::Unwanted, None);
        } else {
            self.park(conn, parked);
        }
    }

    pub(super) fn dial_is_lost(&mut self, conn: ConnId, error: E) {
        let abandoned = self.is_abandoned(conn);
        let started = match self.conns.get(conn).map(|slot| &slot.state) {
            Some(State::Dialing(dialing)) => dialing.started,
            Some(_) | None => self.now,
        };
        let Some(Ended { owner, charged }) = self.end_dial(conn) else {
            self.stale_inputs += 1;
            return;
        };
        let Some(host) = self.conns.get(conn).map(|slot| slot.host) else { return };
        if !abandoned {
            self.note_failure(host, started);
        }
        if let Some(owner) = owner {
            self.lose_dial(owner);
            if charged {
                self.refuse(owner, Refusal::DialFailed, Some(error));
            } else {
                self.waiter_is_due(owner);
            }
        }
        self.free(conn);
    }

    /// Ends dials that nobody waits for any more, the newest first: those not said yet without a word, others
    /// by the surplus policy.
    pub(super) fn trim_dials(&mut self, id: HostId) {
        while let Some(host) = self.hosts.get(id) {
            let (Some(orphan), Some(newest)) = (host.orphans.front(), host.dials.back()) else { return };
            let said = self.is_said(newest);
            if said && self.options.surplus == Surplus::Keep {
                return;
            }
            self.work += 1;
            // The older dial is nearer to its end: whoever waits for the newest is better off with that.
            if let Some(owner) = self.owner(newest) {
                self.disown(newest);
                self.take_over(orphan, owner);
            }
            if said { self.abandon(newest) } else { self.retract(newest) }
        }
    }

    /// A waiter leaves its dial to the next who has none.
    pub(super) fn leave_dial(&mut self, waiter: WaitId) {
        let Some(waiter) = self.waiters.get_mut(waiter) else { return };
        let Some(conn) = waiter.dial.take() else { return };
        let heir = self.hosts.get(waiter.host).and_then(|host| host.unasked.front());
        self.disown(conn);
        if let Some(heir) = heir {
            self.take_over(conn, heir);
        }
    }

    /// A dial without an owner gets one.
    pub(super) fn take_over(&mut self, conn: ConnId, waiter: WaitId) {
        let Some(slot) = self.conns.get_mut(conn) else { return };
        let Some(waiting) = self.waiters.get_mut(waiter) else { return };
        let State::Dialing(dialing) = &mut slot.state else { return };
        dialing.owner = Some(waiter);
        // As long as nobody knows of it, it is as good as one that the new owner caused.
        dialing.charged = !dialing.said;
        waiting.dial = Some(conn);
        if let Some(host) = self.hosts.get_mut(slot.host) {
            host.orphans.remove(&mut self.conns, conn);
            host.unasked.remove(&mut self.waiters, waiter);
        }
    }

    /// The dial of a waiter is over and did not serve it.
    fn lose_dial(&mut self, id: WaitId) {
        let Some(waiter) = self.waiters.get_mut(id) else { return };
        waiter.dial = None;
        self.wait_for_dial(id);
    }

    fn disown(&mut self, conn: ConnId) {
        let Some(slot) = self.conns.get_mut(conn) else { return };
        let State::Dialing(dialing) = &mut slot.state else { return };
        if let Some(owner) = dialing.owner.take() {
            if let Some(waiter) = self.waiters.get_mut(owner) {
                waiter.dial = None;
            }
        }
        if let Some(host) = self.hosts.get_mut(slot.host) {
            // In front, from where the next takes it: who comes and goes leaves all as it was.
            host.orphans.push_front(&mut self.conns, conn);
        }
    }

    pub(super) fn abandon_all(&mut self, id: HostId) {
        while let Some(newest) = self.hosts.get(id).and_then(|host| host.dials.back()) {
            if self.is_said(newest) { self.abandon(newest) } else { self.retract(newest) }
        }
    }

    /// Whose turn it is to get the place of a connection of `host` that came back, if not its own.
    pub(super) fn whose_turn(&mut self, host: HostId) -> Option<HostId> {
        if self.hosts.get(host)?.waiters() == 0 || !self.lacks_places() {
            return None;
        }
        let next = self.next_in_ring(host)?;
        self.turns_taken = self.turns_taken.saturating_add(1);
        if self.turns_taken <= self.options.turns {
            return None;
        }
        self.turns_taken = 0;
        // It was in front, and has had its turn.
        self.ring.rotate_left(1);
        Some(next)
    }

    /// Whether the oldest waiter of a key takes only a fresh connection and there is no place to dial one, while
    /// others take all that come back: the one that comes back now has to give its place.
    pub(super) fn is_turn_of_fresh(&mut self, id: HostId) -> bool {
        let Some(host) = self.hosts.get(id) else { return false };
        let (Some(fresh), Some(any)) = (host.waiting_fresh.front(), host.waiting.front()) else {
            return false;
        };
        let no_place = host.will_be_open() >= self.options.max_per_key || self.lacks_places();
        self.arrival(fresh) < self.arrival(any)
            && host.unasked.front() == Some(fresh)
            && no_place
            && self.dialing + self.promised < self.options.max_dials
            && self.may_ask(id)
    }

    /// Whether one more place would let a dial start that can't start now.
    fn lacks_places(&self) -> bool {
        let will_be_open = self.conns.len() + self.promised - self.closing;
        will_be_open >= self.options.max_total && self.dialing + self.promised < self.options.max_dials
    }

    /// The first key of the ring that wants a place, other than `host`: that one's turn is being taken now.
    fn next_in_ring(&mut self, host: HostId) -> Option<HostId> {
        let mut skipped_own = false;
        loop {
            self.work += 1;
            let next = *self.ring.front()?;
            if !self.could_use_place(next) {
                self.ring.pop_front();
                if let Some(host) = self.hosts.get_mut(next) {
                    host.in_ring = false;
                }
            } else if next != host {
                return Some(next);
            } else if skipped_own {
                return None;
            } else {
                skipped_own = true;
                self.ring.rotate_left(1);
            }
        }
    }

    /// Whether a key would dial if it had a place.
    fn could_use_place(&mut self, id: HostId) -> bool {
        let max = self.options.max_per_key;
        self.may_ask(id) && self.hosts.get(id).is_some_and(|host| host.will_be_open() < max)
    }

    /// Whether a key may dial now, as far as only the key is concerned. If it has to pause, it is woken later.
    fn may_ask(&mut self, id: HostId) -> bool {
        let Some(host) = self.hosts.get(id) else { return false };
        if self.shut || host.wants() == 0 || host.dialing + host.promised >= self.options.max_dials_per_key {
            return false;
        }
        let mut at = host.no_dial_before;
        if let DialPolicy::Wait(delay) = self.options.dial {
            // For those in front of it room is being made already; it may not have waited for long enough.
            self.work += host.promised as u64;
            let asker = host.unasked.iter(&self.waiters).nth(host.promised);
            let Some(asker) = asker.and_then(|asker| self.waiters.get(asker)) else { return false };
            at = at.max(asker.since + delay);
        }
        if at > self.now {
            self.arm_host(id, at);
        }
        at <= self.now
    }

    fn try_dial(&mut self, id: HostId) -> Attempt {
        if !self.may_ask(id) {
            return Attempt::NotNow;
        }
        let Some(host) = self.hosts.get(id) else { return Attempt::NotNow };
        // Only who wants a fresh connection waits while one of the key is idle.
        let (own_idle, key_is_full) = (host.idle.front(), host.will_be_open() >= self.options.max_per_key);
        if key_is_full && own_idle.is_none() {
            return Attempt::NotNow;
        }
        if self.dialing + self.promised >= self.options.max_dials {
            return Attempt::Full;
        }
        if let Some(coldest) = own_idle.filter(|_| key_is_full) {
            return self.make_room(coldest, id);
        }
        if host.open >= self.options.max_per_key {
            // A closing is about to be said, which looks again; till then it keeps its place in the ring.
            return Attempt::Full;
        }
        if self.conns.len() >= self.options.max_total {
            return match self.idle.front().filter(|_| self.lacks_places()) {
                Some(coldest) => self.make_room(coldest, id),
                None => Attempt::Full,
            };
        }
        // Who has waited the longest gets the first dial, also when it is another's for whom room is made.
        let Some(asker) = host.unasked.front() else { return Attempt::NotNow };
        self.start_dial(id, asker);
        Attempt::Begun
    }

    fn make_room(&mut self, coldest: ConnId, host: HostId) -> Attempt {
        self.close_idle(coldest, CloseReason::Evicted, Some(host));
        Attempt::Begun
    }

    fn start_dial(&mut self, id: HostId, asker: WaitId) {
        let conn = self.conns.insert(Slot::dialing(id, asker, self.now));
        self.dialing += 1;
        if let Some(host) = self.hosts.get_mut(id) {
            host.open += 1;
            host.dialing += 1;
            host.dials.push_back(&mut self.conns, conn);
            host.unasked.remove(&mut self.waiters, asker);
        }
        if let Some(waiter) = self.waiters.get_mut(asker) {
            waiter.dial = Some(conn);
        }
        self.push_word(Word::Dial(conn));
    }

    /// The answer to a dial has come: it counts no more. `None` if there is no such dial.
    fn end_dial(&mut self, conn: ConnId) -> Option<Ended> {
        let slot = self.conns.get(conn)?;
        let State::Dialing(dialing) = &slot.state else { return None };
        if !dialing.said {
            return None;
        }
        let (ended, id) = (Ended { owner: dialing.owner, charged: dialing.charged }, slot.host);
        self.dialing -= 1;
        if let Some(host) = self.hosts.get_mut(id) {
            host.dialing -= 1;
        }
        self.unlist_dial(conn);
        Some(ended)
    }

    /// Takes a dial back that was not said yet and that nobody owns: it never was.
    fn retract(&mut self, conn: ConnId) {
        let Some(slot) = self.conns.get_mut(conn) else { return };
        let State::Dialing(dialing) = &mut slot.state else { return };
        dialing.said = true;
        if self.end_dial(conn).is_some() {
            self.free(conn);
        }
    }

    /// Gives a dial up that nobody owns.
    fn abandon(&mut self, conn: ConnId) {
        let Some(slot) = self.conns.get_mut(conn) else { return };
        let State::Dialing(dialing) = &mut slot.state else { return };
        dialing.abandoned = true;
        self.unlist_dial(conn);
        self.push_word(Word::Abandon(conn));
    }

    fn unlist_dial(&mut self, conn: ConnId) {
        let Some(host) = self.conns.get(conn).map(|slot| slot.host) else { return };
        if let Some(host) = self.hosts.get_mut(host) {
            host.dials.remove(&mut self.conns, conn);
            host.orphans.remove(&mut self.conns, conn);
        }
    }

    fn note_failure(&mut self, id: HostId, started: Instant) {
        let now = self.now;
        let Some(host) = self.hosts.get_mut(id) else { return };
        // Dials that ran at the same time fail for the same reason: they count once.
        if host.failed_at.is_none_or(|failed_at| started >= failed_at) {
            let pause = FIRST_PAUSE.saturating_mul(1 << host.failures.min(10));
            host.failures = host.failures.saturating_add(1);
            host.no_dial_before = now + pause.min(LONGEST_PAUSE);
            host.failed_at = Some(now);
        }
    }

    fn enter_ring(&mut self, id: HostId) {
        let Some(host) = self.hosts.get_mut(id) else { return };
        if host.in_ring {
            return;
        }
        host.in_ring = true;
        self.ring.push_back(id);
        // Keys that were forgotten stay in the ring until it comes round, or until they are too many.
        if self.ring.len() > 2 * self.hosts.len() + 16 {
            self.work += self.ring.len() as u64;
            let hosts = &self.hosts;
            self.ring.retain(|id| hosts.contains(*id));
        }
    }

    fn is_said(&self, conn: ConnId) -> bool {
        self.conns.get(conn).is_some_and(|slot| matches!(&slot.state, State::Dialing(d) if d.said))
    }

    pub(super) fn is_abandoned(&self, conn: ConnId) -> bool {
        self.conns.get(conn).is_some_and(|slot| matches!(&slot.state, State::Dialing(d) if d.abandoned))
    }

    fn owner(&self, conn: ConnId) -> Option<WaitId> {
        match self.conns.get(conn).map(|slot| &slot.state) {
            Some(State::Dialing(dialing)) => dialing.owner,
            Some(_) | None => None,
        }
    }
}

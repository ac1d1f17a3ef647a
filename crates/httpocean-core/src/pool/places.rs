//! Places: which key may dial now, and who gets a place that is free.

use super::parts::{Host, HostId};
use super::{DialPolicy, Pool};
use crate::arena::ConnId;
use crate::reason::CloseReason;
use crate::time::Instant;

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

/// Where a dial can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Free,
    /// That idle connection's, which is closed for it.
    Of(ConnId),
    /// A place has to come free first, or a dial to end: of the pool, or its own that is about to be closed.
    None,
    /// The key has as many connections as it may, and uses all of them.
    NoneOfKey,
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
        let (Some(fresh), Some(any)) =
            (host.waiting_fresh.front(&self.waiters), host.waiting.front(&self.waiters))
        else {
            return false;
        };
        let no_place = host.will_be_open() >= self.options.max_per_key || self.lacks_places();
        self.arrival(fresh) < self.arrival(any)
            && host.unasked.front(&self.waiters) == Some(fresh)
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
        if let (DialPolicy::Wait(_), Some(host)) = (self.options.dial, self.hosts.get(id)) {
            self.work += host.promised as u64;
        }
        let Some(at) = self.asks_at(id) else { return false };
        if at > self.now {
            self.arm_host(id, at);
        }
        at <= self.now
    }

    /// From when on a key may dial, as far as only the key is concerned; `None` while it needs no further dial.
    pub(super) fn asks_at(&self, id: HostId) -> Option<Instant> {
        let host = self.hosts.get(id)?;
        if self.shut || host.wants() == 0 || host.will_dial() >= self.options.max_dials_per_key {
            return None;
        }
        match self.options.dial {
            DialPolicy::Eager => Some(host.no_dial_before),
            DialPolicy::Wait(delay) => {
                // For those in front of it room is being made already; it may not have waited for long enough.
                let asker = host.unasked.iter(&self.waiters).nth(host.promised as usize)?;
                let since = self.waiters.get(asker)?.since;
                Some(host.no_dial_before.max(since + delay))
            }
        }
    }

    /// When a key's pause ends in something: in a dial, or in its lining up for a place.
    pub(super) fn host_due(&self, id: HostId) -> Option<Instant> {
        let (at, host) = (self.asks_at(id).filter(|at| *at > self.now)?, self.hosts.get(id)?);
        match self.place(host) {
            Place::Free | Place::Of(_) => Some(at),
            Place::None => Some(at).filter(|_| !host.in_ring),
            Place::NoneOfKey => None,
        }
    }

    /// Where the next dial of a key would go.
    fn place(&self, host: &Host<T>) -> Place {
        // Only who wants a fresh connection waits while one of the key is idle.
        let (own_idle, key_is_full) =
            (host.idle.front(&self.conns), host.will_be_open() >= self.options.max_per_key);
        if key_is_full && own_idle.is_none() {
            return Place::NoneOfKey;
        }
        if self.dialing + self.promised >= self.options.max_dials {
            return Place::None;
        }
        if let Some(coldest) = own_idle.filter(|_| key_is_full) {
            return Place::Of(coldest);
        }
        if host.open as usize >= self.options.max_per_key {
            // A closing is about to be said, which looks again; till then it keeps its place in the ring.
            return Place::None;
        }
        if self.conns.len() >= self.options.max_total {
            let coldest = self.idle.front(&self.conns).filter(|_| self.lacks_places());
            return coldest.map_or(Place::None, Place::Of);
        }
        Place::Free
    }

    fn try_dial(&mut self, id: HostId) -> Attempt {
        if !self.may_ask(id) {
            return Attempt::NotNow;
        }
        let Some(host) = self.hosts.get(id) else { return Attempt::NotNow };
        match self.place(host) {
            Place::NoneOfKey => Attempt::NotNow,
            Place::None => Attempt::Full,
            Place::Of(coldest) => self.make_room(coldest, id),
            Place::Free => {
                // Who has waited the longest gets the first dial, also when it is another's for whom room is made.
                let Some(asker) = host.unasked.front(&self.waiters) else { return Attempt::NotNow };
                self.start_dial(id, asker);
                Attempt::Begun
            }
        }
    }

    fn make_room(&mut self, coldest: ConnId, host: HostId) -> Attempt {
        self.close_idle(coldest, CloseReason::Evicted, Some(host));
        Attempt::Begun
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
}

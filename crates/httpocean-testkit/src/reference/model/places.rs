//! Who gets a place that is free.

use httpocean_core::CloseReason;
use httpocean_core::pool::DialPolicy;

use super::Model;

#[derive(PartialEq)]
enum Attempt {
    Begun,
    NotNow,
    Full,
}

impl Model {
    pub(super) fn free(&mut self, key: u8, first: Option<u8>) {
        if let Some(first) = first {
            self.balance(first);
        }
        self.feed();
        self.balance(key);
        self.may_lack(key);
    }

    pub(super) fn balance(&mut self, key: u8) {
        loop {
            match self.try_dial(key) {
                Attempt::Begun => {}
                Attempt::NotNow => return,
                Attempt::Full => {
                    let incarnation = self.known(key).incarnation;
                    if !self.ring.contains(&incarnation) {
                        self.ring.push(incarnation);
                    }
                    return;
                }
            }
        }
    }

    pub(super) fn feed(&mut self) {
        while let Some(first) = self.ring.first().copied() {
            match self.key_of(first).map_or(Attempt::NotNow, |key| self.try_dial(key)) {
                Attempt::Begun => self.ring.rotate_left(1),
                Attempt::NotNow => {
                    self.ring.remove(0);
                }
                Attempt::Full => return,
            }
            self.turns_taken = 0;
        }
        self.turns_taken = 0;
    }

    pub(super) fn whose_turn(&mut self, key: u8) -> Option<u8> {
        let waits = self.queue.iter().any(|w| w.key == key);
        let full = self.conns.len() >= self.options.max_total;
        if !waits || !full || self.dialing(None) >= self.options.max_dials {
            return None;
        }
        let mut passed_own = false;
        let next = loop {
            let first = *self.ring.first()?;
            let useful = self
                .key_of(first)
                .filter(|key| self.next_asker(*key).is_some() && self.open(*key) < self.options.max_per_key);
            match useful {
                None => drop(self.ring.remove(0)),
                Some(next) if next != key => break next,
                Some(_) if passed_own => return None,
                Some(_) => {
                    passed_own = true;
                    self.ring.rotate_left(1);
                }
            }
        };
        self.turns_taken += 1;
        if self.turns_taken <= self.options.turns {
            return None;
        }
        self.turns_taken = 0;
        self.ring.rotate_left(1);
        Some(next)
    }

    /// The oldest waiter of a key takes only a fresh connection, others take any, and there is no place for a dial.
    pub(super) fn is_turn_of_fresh(&self, key: u8) -> bool {
        let mut waiting = self.queue.iter().filter(|w| w.key == key);
        let Some(oldest) = waiting.next() else { return false };
        let full = self.open(key) >= self.options.max_per_key || self.conns.len() >= self.options.max_total;
        oldest.demand.fresh
            && waiting.any(|w| !w.demand.fresh)
            && full
            && self.dialing(None) < self.options.max_dials
            && self.next_asker(key) == Some(oldest.id)
    }

    fn next_asker(&self, key: u8) -> Option<usize> {
        let known = self.keys.iter().find(|k| k.key == key)?;
        if self.shut || self.dialing(Some(key)) >= self.options.max_dials_per_key {
            return None;
        }
        let asker = *known.unasked.first()?;
        let since = self.queue.iter().find(|w| w.id == asker)?.since;
        let ready = match self.options.dial {
            DialPolicy::Eager => true,
            DialPolicy::Wait(delay) => since + delay <= self.now,
        };
        (ready && known.no_dial_before <= self.now).then_some(asker)
    }

    fn try_dial(&mut self, key: u8) -> Attempt {
        let Some(asker) = self.next_asker(key) else { return Attempt::NotNow };
        let own_idle = self.idle.iter().copied().find(|id| self.conn(*id).key == key);
        let own_leaves = self.leaving.is_some_and(|conn| self.conn(conn).key == key);
        let key_is_full = self.open(key) - usize::from(own_leaves) >= self.options.max_per_key;
        if key_is_full && own_idle.is_none() {
            return Attempt::NotNow;
        }
        if self.dialing(None) >= self.options.max_dials {
            return Attempt::Full;
        }
        if let (true, Some(coldest)) = (key_is_full, own_idle) {
            self.close(coldest, CloseReason::Evicted);
        }
        let own_place_is_coming = own_leaves && self.open(key) >= self.options.max_per_key;
        let place_is_coming = self.leaving.is_some() && self.conns.len() >= self.options.max_total;
        if own_place_is_coming || place_is_coming {
            return Attempt::Full;
        }
        if self.conns.len() >= self.options.max_total {
            match self.idle.first().copied() {
                Some(coldest) => drop(self.close(coldest, CloseReason::Evicted)),
                None => return Attempt::Full,
            }
        }
        self.start_dial(key, asker);
        Attempt::Begun
    }
}

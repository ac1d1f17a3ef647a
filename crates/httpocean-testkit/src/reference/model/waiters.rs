//! Requests that wait: who comes in, who is next, who leaves without a connection.

use httpocean_core::Instant;
use httpocean_core::pool::{Demand, Refusal};

use super::{Model, Waiter};
use crate::reference::Said;

impl Model {
    pub(super) fn admit(&mut self, waiter: usize, key: u8, demand: Demand, back: bool) -> bool {
        self.know(key);
        if self.shut {
            self.said.push(Said::Refuse { waiter, why: Refusal::ShutDown, error: None });
            return false;
        }
        if self.options.min_idle > 0 {
            let in_use_until = self.now + self.options.idle;
            self.touches += 1;
            let touches = self.touches;
            let known = self.known(key);
            (known.in_use_until, known.touched) = (in_use_until, touches);
            self.may_lack(key);
        }
        let entry = Waiter { id: waiter, key, demand, since: self.now, dial: None };
        let older = self.queue.iter().any(|w| w.key == key && !w.demand.fresh);
        if !demand.fresh && (back || !older) {
            if let Some(conn) = self.pick_idle(key) {
                self.queue.push(entry);
                self.grant(conn, waiter);
                return false;
            }
        }
        if !back && self.queue.len() >= self.options.max_waiters {
            self.said.push(Said::Refuse { waiter, why: Refusal::QueueFull, error: None });
            return false;
        }
        if back {
            self.queue.insert(0, entry);
        } else {
            self.queue.push(entry);
        }
        self.wait_for_dial(waiter);
        true
    }

    pub(super) fn refuse_if_due(&mut self, waiter: usize) {
        let Some(w) = self.queue.iter().find(|w| w.id == waiter) else { return };
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= self.now);
        if passed(w.demand.deadline) && w.dial.is_some() {
            self.refuse(waiter, Refusal::DialTooSlow, None);
        } else if passed(w.demand.deadline) || passed(w.demand.patience) && w.dial.is_none() {
            self.refuse(waiter, Refusal::WaitedTooLong, None);
        }
    }

    pub(super) fn refuse(&mut self, waiter: usize, why: Refusal, error: Option<usize>) {
        if let Some(key) = self.unqueue(waiter) {
            self.said.push(Said::Refuse { waiter, why, error });
            self.trim(key);
        }
    }

    pub(super) fn oldest(&self, key: u8, never_used: bool) -> Option<usize> {
        self.queue.iter().find(|w| w.key == key && (never_used || !w.demand.fresh)).map(|w| w.id)
    }

    /// A waiter leaves; its dial goes to the next who has none.
    pub(super) fn unqueue(&mut self, waiter: usize) -> Option<u8> {
        let at = self.queue.iter().position(|w| w.id == waiter)?;
        let Waiter { key, dial, .. } = self.queue.remove(at);
        let known = self.known(key);
        known.unasked.retain(|id| *id != waiter);
        if let Some(dial) = dial {
            let heir = known.unasked.first().copied();
            known.orphans.insert(0, dial);
            if let Some(heir) = heir {
                self.take_over(dial, heir);
            }
        }
        Some(key)
    }

    /// Whoever has waited the longest asks next.
    pub(super) fn wait_for_dial(&mut self, waiter: usize) {
        let Some(w) = self.queue.iter().find(|w| w.id == waiter) else { return };
        let (key, since) = (w.key, w.since);
        if let Some(orphan) = self.known(key).orphans.first().copied() {
            return self.take_over(orphan, waiter);
        }
        let waited: Vec<(usize, Instant)> = self.queue.iter().map(|w| (w.id, w.since)).collect();
        let no_older = |id: &usize| waited.iter().any(|(other, at)| other == id && *at >= since);
        let unasked = &mut self.known(key).unasked;
        let at = unasked.iter().position(no_older).unwrap_or(unasked.len());
        unasked.insert(at, waiter);
    }
}

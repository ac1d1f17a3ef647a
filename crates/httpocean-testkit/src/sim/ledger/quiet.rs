//! What holds when the engine has nothing more to say: nobody waits in vain (I9, I13, I14, I40), nobody was passed by
//! (I15), what stirs is closed (I23), what is over is over (I34, I38), and the books agree (I1, I10, I11, I12).

use httpocean_core::pool::{DialPolicy, Surplus};
use httpocean_core::{ConnId, Engine};

use super::{CallState, ConnState, LONGEST_PAUSE, Ledger};
use crate::sim::network::Network;

impl Ledger {
    /// `held`: whether a user still holds what a connection lent.
    pub(in crate::sim) fn is_dry(&mut self, engine: &Engine, net: &Network, held: impl Fn(ConnId) -> bool) {
        self.seen = None;
        self.watch(engine, net);
        if self.is_broken() {
            return;
        }
        self.conns_are_quiet(engine, net);
        self.calls_are_in_time(held);
        for key in 0..self.keys.len() {
            if self.keys[key].waiting.is_empty() {
                continue;
            }
            for rule in ["I9", "I13", "I14", "I40"] {
                self.judges(rule);
            }
            if let Some((rule, what)) = self.starves(key) {
                let book = &self.keys[key];
                let what =
                    format!("{}: {what}, {} wait, {} are open", book.key, book.waiting.len(), book.open);
                self.breaks(rule, what);
            }
        }
    }

    fn conns_are_quiet(&mut self, engine: &Engine, net: &Network) {
        let (mut idle, mut per_key) = (0, vec![0; self.keys.len()]);
        for at in 0..self.conns.len() {
            let Some(conn) = &self.conns[at] else { continue };
            if conn.state != ConnState::Idle {
                continue;
            }
            idle += 1;
            per_key[conn.key] += 1;
            let (id, stirred, dirty) = (conn.id, conn.stirred, conn.dirty);
            self.demand(!stirred && !dirty, "I23", || {
                format!("{id:?} stirred while idle, and is not closed")
            });
            self.is_clean(id, net);
        }
        let counts = engine.counts();
        let (open, dialing) = (self.open, self.dialing);
        let waiting: usize = self.keys.iter().map(|book| book.waiting.len()).sum();
        let own = (open, dialing, idle, waiting);
        let its = (counts.open, counts.dialing, counts.idle, counts.waiting);
        self.demand(own == its, "I1", || {
            format!("open, dialing, idle, waiting: {own:?}, the engine says {its:?}")
        });
        let (most, total) = (self.options.max_idle_per_key, self.options.max_idle_total);
        let within = idle <= total && per_key.iter().all(|count| *count <= most);
        if idle > 0 {
            self.demand(within, "I10", || format!("{idle} idle, by key {per_key:?}"));
        }
        let (limit, surplus) = (self.options.max_waiters, self.options.surplus);
        if waiting > 0 {
            self.demand(waiting <= limit, "I12", || format!("{waiting} wait"));
        }
        let ready = self.options.min_idle;
        let wanted = self.keys.iter().all(|book| book.dialing <= book.waiting.len() + ready);
        self.demand(wanted || surplus == Surplus::Keep, "I11", || "dials that nobody waits for".to_owned());
    }

    fn calls_are_in_time(&mut self, held: impl Fn(ConnId) -> bool) {
        for at in 0..self.active.len() {
            let number = self.active[at];
            let call = &self.calls[number];
            let busy = call.state == CallState::Busy;
            if busy && call.attempt.conn.is_some_and(&held) {
                continue;
            }
            let (passed_by, now) = (call.passed_by, self.now);
            if passed_by {
                self.breaks("I15", format!("call {number} was passed by"));
            }
            if let Some(deadline) = self.deadline(number) {
                let late = deadline <= now;
                self.demand(!late, "I34", || format!("call {number} goes on after its deadline"));
            }
            let call = &self.calls[number];
            if let Some(acted) = call.acted {
                let lingers = acted + call.config.limits.drain_time < now;
                self.demand(!lingers, "I38", || format!("call {number} goes on after its user gave it up"));
            }
            let cancelled = call_is_cancelled(&self.calls[number]);
            self.demand(!cancelled, "I3", || format!("call {number} was cancelled, and is told nothing"));
        }
    }

    /// Why somebody who waits for a connection of a key waits in vain.
    fn starves(&self, key: usize) -> Option<(&'static str, &'static str)> {
        let book = &self.keys[key];
        if book.waiting.is_empty() || self.shut.is_some() {
            return None;
        }
        let idle = |key: Option<usize>| {
            self.conns
                .iter()
                .flatten()
                .any(|conn| conn.state == ConnState::Idle && key.is_none_or(|key| conn.key == key))
        };
        let takes_any = book
            .waiting
            .iter()
            .any(|number| matches!(self.calls[*number].state, CallState::Waiting { fresh: false, .. }));
        if takes_any && idle(Some(key)) {
            return Some(("I14", "one is idle"));
        }
        let pauses = book.last_failure.is_some_and(|failed| self.now < failed + LONGEST_PAUSE);
        if book.dialing > 0 || pauses || self.waits_to_dial(key) {
            return None;
        }
        if self.dialing >= self.options.max_dials.max(1) {
            return None;
        }
        if book.open >= self.options.max_per_key.max(1) {
            return idle(Some(key)).then_some(("I13", "its own idle one is in the way"));
        }
        if self.open >= self.options.max_total.max(1) {
            return idle(None).then_some(("I9", "an idle one of another key is in the way"));
        }
        Some(("I13", "there is room, and nobody dials"))
    }

    /// Whether the dial policy holds the oldest of them back.
    fn waits_to_dial(&self, key: usize) -> bool {
        let DialPolicy::Wait(wait) = self.options.dial else { return false };
        self.keys[key].waiting.iter().all(|number| match self.calls[*number].state {
            CallState::Waiting { since, .. } => self.now < since + wait,
            CallState::Pausing { .. } | CallState::Busy | CallState::Ended => true,
        })
    }
}

fn call_is_cancelled(call: &super::Call) -> bool {
    call.cancelled && call.state != CallState::Ended
}

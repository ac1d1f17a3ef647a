//! The pool's own bookkeeping, recounted.

use super::Pool;
use super::parts::{State, Waiting};
use super::timers::Of;

/// Above so many connections and waiters only the cheap part is checked: recounting is linear.
const RECOUNT_UP_TO: usize = 256;

impl<T, E> Pool<T, E> {
    /// Passes `value` through, after a check in builds that have debug assertions.
    pub(super) fn verified<V>(&self, value: V) -> V {
        if cfg!(debug_assertions) {
            self.check();
        }
        value
    }

    /// Panics if the pool's books don't agree: a bug of the pool's, never of its user's.
    ///
    /// Runs by itself after every input in builds with debug assertions.
    pub fn check(&self) {
        assert!(self.conns.len() <= self.options.max_total, "I9: more connections than max_total");
        assert!(self.idle.len() <= self.options.max_idle_total, "I10: more idle connections than allowed");
        assert!(self.dialing <= self.options.max_dials, "I11: more dials than allowed");
        if self.conns.len() + self.waiters.len() > RECOUNT_UP_TO {
            return;
        }
        self.recount_conns();
        self.recount_waiters();
        self.check_hosts();
        self.check_timers();
    }

    fn check_timers(&self) {
        let conns = self.conns.iter().map(|(id, slot)| (Of::Conn(id), slot.armed));
        let waiters = self.waiters.iter().map(|(id, waiter)| (Of::Waiter(id), waiter.armed));
        let hosts = self.hosts.iter().map(|(id, host)| (Of::Host(id), host.armed));
        let mut count = 0;
        for (of, armed) in conns.chain(waiters).chain(hosts) {
            count += usize::from(armed.is_some());
            // What a closing will mean for its key is looked at when it is said.
            let due = self.due_at(of).filter(|_| self.words.is_empty());
            assert!(due.is_none() || armed.is_some_and(|at| Some(at) <= due), "I13: {of:?} is woken in time");
        }
        assert_eq!(self.timers.armed(), count, "armed timers");
    }

    fn recount_conns(&self) {
        let (mut idle, mut dialing, mut closing, mut promised) = (0, 0, 0, 0);
        for (id, slot) in self.conns.iter() {
            let host = self.hosts.get(slot.host).expect("I1: the key of every connection is known");
            match &slot.state {
                State::Idle { .. } => {
                    idle += 1;
                    assert!(
                        slot.in_idle.is_linked() && slot.in_host.is_linked(),
                        "{id:?} is idle and listed"
                    );
                }
                State::Dialing(dial) => {
                    dialing += 1;
                    assert_eq!(slot.in_host.is_linked(), !dial.abandoned, "{id:?} is dialed and listed");
                    let orphan = !dial.abandoned && dial.owner.is_none();
                    assert_eq!(slot.in_idle.is_linked(), orphan, "{id:?} has an owner or is listed");
                    if let Some(owner) = dial.owner {
                        let owned = self.waiters.get(owner).and_then(|waiter| waiter.dial);
                        assert_eq!(owned, Some(id), "the owner of {id:?} knows");
                    }
                }
                State::Granted { waiter, .. } => {
                    let state = self.waiters.get(*waiter).map(|waiter| waiter.state);
                    assert_eq!(state, Some(Waiting::Assigned(id)), "I1: {id:?} is granted to one who knows");
                }
                State::Busy { .. } | State::Closing { .. } => {
                    if let State::Closing { room_for, .. } = &slot.state {
                        closing += 1;
                        promised += usize::from(room_for.is_some());
                    }
                    assert!(!slot.in_idle.is_linked() && !slot.in_host.is_linked(), "{id:?} is in no list");
                }
                State::Moving => panic!("I1: {id:?} was left in the middle of a transition"),
            }
            assert!(host.open as usize <= self.options.max_per_key, "I8: more connections than max_per_key");
        }
        assert_eq!(idle, self.idle.len(), "idle connections");
        assert_eq!(dialing, self.dialing, "dials");
        assert_eq!(
            (closing, promised),
            (self.closing, self.promised),
            "closings and whom they make room for"
        );
    }

    fn recount_waiters(&self) {
        let (mut waiting, mut newcomers) = (0, 0);
        for (id, waiter) in self.waiters.iter() {
            let queued = waiter.state == Waiting::Queued;
            waiting += usize::from(queued);
            newcomers += usize::from(queued && !waiter.returned);
            assert_eq!(waiter.in_queue.is_linked(), queued, "{id:?} is queued and listed");
            if let Some(dial) = waiter.dial {
                let state = self.conns.get(dial).map(|slot| &slot.state);
                let owned = matches!(state, Some(State::Dialing(dial)) if dial.owner == Some(id));
                assert!(queued && owned, "{id:?} waits and owns its dial");
            }
            assert_eq!(
                waiter.in_unasked.is_linked(),
                queued && waiter.dial.is_none(),
                "{id:?} has no dial and is listed"
            );
        }
        assert_eq!(waiting, self.waiting, "waiters");
        // Who had a grant that came to nothing waits again without being counted in anew.
        assert!(newcomers <= self.options.max_waiters, "I12: more waiters than allowed");
    }

    fn check_hosts(&self) {
        let (mut open, mut closing, mut promised) = (0, 0, 0);
        for (id, host) in self.hosts.iter() {
            open += host.open as usize;
            closing += host.closing as usize;
            promised += host.promised as usize;
            assert_eq!(self.by_key.get(&host.key), Some(&id), "a key is known under its name");
            assert!(host.idle.len() <= self.options.max_idle_per_key, "I10: idle connections of one key");
            assert!(host.spare as usize <= host.dials.len(), "I11: dials for nobody are dials");
            let surplus = host.orphans.len().saturating_sub(host.spare as usize);
            let keeps = self.options.surplus == super::Surplus::Keep;
            assert!(keeps || surplus == 0, "I11: {surplus} dials go on that nobody wants");
            assert!(host.dials.len() <= host.dialing as usize, "dials that count are dials");
            assert!(host.dialing as usize <= self.options.max_dials_per_key, "I11: dials of one key");
            assert_eq!(host.idle.iter(&self.conns).count(), host.idle.len(), "the list of idle connections");
            assert!(
                host.orphans.len() == 0 || host.unasked.len() == 0,
                "I11: one has no dial, another dial has no owner"
            );
            let waits = |id| self.waiters.get(id).map(|waiter| waiter.since);
            assert!(
                host.unasked.iter(&self.waiters).is_sorted_by_key(waits),
                "who has waited the longest asks next"
            );
            let wants_any = host.waiting.len() > 0;
            assert!(!(wants_any && host.idle.len() > 0), "I13: one waits while a connection is idle");
            let mut last = i64::MIN;
            for waiter in host.waiting.iter(&self.waiters) {
                let arrival = self.waiters.get(waiter).map_or(i64::MIN, |waiter| waiter.arrival);
                assert!(arrival > last, "I15: the queue is in order of arrival");
                last = arrival;
            }
        }
        assert_eq!((closing, promised), (self.closing, self.promised), "every closing belongs to one key");
        assert_eq!(open, self.conns.len(), "I1: every connection belongs to one key");
        assert_eq!(self.by_key.len(), self.hosts.len(), "keys");
    }
}

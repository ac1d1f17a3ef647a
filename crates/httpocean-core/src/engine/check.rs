//! The engine's own bookkeeping, recounted.

use super::Engine;
use super::entries::Link;

/// Above so many calls and connections nothing is recounted: that is linear.
const RECOUNT_UP_TO: usize = 64;

impl Engine {
    /// A check in builds that have debug assertions.
    pub(super) fn verify(&self) {
        if cfg!(debug_assertions) && self.calls.len() + self.pool.counts().open <= RECOUNT_UP_TO {
            self.check();
        }
    }

    /// Panics if the engine's books don't agree with each other or with the pool's: a bug of the engine's, never
    /// of its user's. To be asked when nothing is left to route.
    fn check(&self) {
        let (mut open, mut dialing, mut idle, mut armed) = (0, 0, 0, 0);
        for link in self.links.iter() {
            open += 1;
            match &link.state {
                Link::Dialing(dial) => {
                    dialing += 1;
                    armed += usize::from(dial.alarm.is_armed());
                    assert_eq!(dial.lease.conn(), link.id, "a dial holds its own lease");
                }
                Link::Busy(call) => {
                    let lease = self.calls.get(*call).and_then(|entry| entry.lease.as_ref());
                    assert_eq!(lease.map(|lease| lease.conn()), Some(link.id), "I1: its call knows {link:?}");
                }
                Link::Idle => idle += 1,
            }
        }
        let counts = self.pool.counts();
        assert_eq!(
            (open, dialing, idle),
            (counts.open, counts.dialing, counts.idle),
            "I1: the pool's connections are the engine's"
        );
        let (mut waiting, mut leased) = (0, 0);
        for (id, entry) in self.calls.iter() {
            armed += usize::from(entry.alarm.is_armed());
            waiting += usize::from(entry.waiter.is_some());
            leased += usize::from(entry.lease.is_some());
            let pauses = entry.call.is_pausing() && !entry.hops;
            let places = [entry.waiter.is_some(), entry.lease.is_some(), entry.ended, pauses, entry.hops];
            let in_one = places.iter().filter(|is| **is).count() == 1;
            assert!(!pauses || entry.alarm.is_armed(), "who pauses goes on by a timer");
            assert!(in_one, "I3: {id:?} waits, hops, pauses, has a connection, or has ended");
        }
        assert_eq!(leased, open - dialing - idle, "I1: every busy connection has one call");
        assert_eq!((waiting, waiting), (counts.waiting, self.links.expected()), "every waiter is a call's");
        assert_eq!(armed, self.timers.armed(), "armed timers");
        assert!(!self.timers.is_crowded(), "timers that mean nothing don't pile up");
    }
}

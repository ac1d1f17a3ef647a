//! Dials: for whom they run, what their end means, which go on that nobody waits for.

use core::time::Duration;

use super::parts::{HostId, Slot, State, Word};
use super::{Lease, Pool, Refusal, Surplus};
use crate::arena::{ConnId, WaitId};
use crate::reason::CloseReason;
use crate::time::Instant;

/// The pause after the first failed dial of a key; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A dial that was answered.
struct Ended {
    owner: Option<WaitId>,
    charged: bool,
}

impl<T, E> Pool<T, E> {
    pub(super) fn dial_succeeded(&mut self, lease: Lease, parked: T) {
        let conn = lease.conn;
        let spare = self.take_spare(conn);
        let Some(Ended { owner, .. }) = self.end_dial(conn) else { return self.stray(lease, parked) };
        self.numbers += 1;
        let (number, now) = (self.numbers, self.now);
        let lifetime = self.options.lifetime.map(|lifetime| self.jittered(lifetime));
        if let Some(slot) = self.conns.get_mut(conn) {
            slot.number = number;
            slot.dies_at = lifetime.map(|lifetime| now + lifetime);
            slot.state = State::Busy { idle_since: None };
            if let Some(host) = self.hosts.get_mut(slot.host) {
                host.failures = 0;
                host.is_sound = true;
                host.failed_at = None;
                host.no_dial_before = Instant::ZERO;
            }
        }
        self.set_idle_deadline(conn, None);
        if let Some(owner) = owner {
            self.lose_dial(owner);
        }
        self.place_new(conn, parked, spare);
        if let Some(owner) = owner {
            self.waiter_is_due(owner);
        }
        // Others may have waited for the dial to end: its own key comes after them.
        self.feed();
        if let Some(host) = self.conns.get(conn).map(|slot| slot.host) {
            self.balance(host);
            self.may_lack(host);
        }
    }

    /// A connection that was never used goes to the oldest waiter, or is surplus unless it was wished for.
    pub(super) fn place_new(&mut self, conn: ConnId, parked: T, wished_for: bool) {
        let Some(slot) = self.conns.get(conn) else { return };
        let host = slot.host;
        if self.shut {
            return self.close(conn, parked, CloseReason::ShutDown, None);
        }
        if let Some(waiter) = self.oldest_waiter(host, true) {
            if let Some(host) = self.hosts.get_mut(host).filter(|_| wished_for) {
                // The dial of its own that the waiter leaves behind is what is wished for now.
                host.spare += 1;
                host.clamp_spare();
            }
            return self.assign(conn, parked, waiter);
        }
        if let Some(why) = slot.doomed {
            return self.close(conn, parked, why, None);
        }
        let room = self.hosts.get(host).is_some_and(|h| h.idle.len() < self.options.max_idle_per_key)
            && self.idle.len() < self.options.max_idle_total;
        let surplus = self.options.surplus == Surplus::Cancel && !wished_for;
        let unwanted = surplus || !room || slot.idle_until <= self.now;
        if unwanted {
            if let Some(host) = self.hosts.get_mut(host).filter(|_| wished_for) {
                host.dies_unused();
            }
            self.close(conn, parked, CloseReason::Unwanted, None);
        } else {
            self.park(conn, parked);
        }
    }

    pub(super) fn dial_is_lost(&mut self, conn: ConnId, error: E) {
        let abandoned = self.is_abandoned(conn);
        self.take_spare(conn);
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
            if host.orphans.len() <= host.spare as usize {
                return;
            }
            let (Some(orphan), Some(newest)) =
                (host.orphans.front(&self.conns), host.dials.back(&self.conns))
            else {
                return;
            };
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
        let heir = self.hosts.get(waiter.host).and_then(|host| host.unasked.front(&self.waiters));
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
        while let Some(newest) = self.hosts.get(id).and_then(|host| host.dials.back(&self.conns)) {
            if self.is_said(newest) { self.abandon(newest) } else { self.retract(newest) }
        }
    }

    pub(super) fn start_dial(&mut self, id: HostId, asker: WaitId) {
        let conn = self.conns.insert(Slot::dialing(id, Some(asker), self.now));
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
            host.clamp_spare();
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
            host.is_sound = false;
        }
    }

    fn is_said(&self, conn: ConnId) -> bool {
        self.conns.get(conn).is_some_and(|slot| matches!(&slot.state, State::Dialing(d) if d.said))
    }

    pub(super) fn is_abandoned(&self, conn: ConnId) -> bool {
        self.conns.get(conn).is_some_and(|slot| matches!(&slot.state, State::Dialing(d) if d.abandoned))
    }

    pub(super) fn owner(&self, conn: ConnId) -> Option<WaitId> {
        match self.conns.get(conn).map(|slot| &slot.state) {
            Some(State::Dialing(dialing)) => dialing.owner,
            Some(_) | None => None,
        }
    }
}

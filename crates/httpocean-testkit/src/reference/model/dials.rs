//! Dials: for whom they run, what their end means, which go on that nobody waits for.

use core::time::Duration;

use httpocean_core::pool::{Refusal, Surplus};
use httpocean_core::{CloseReason, Instant};

use super::{Conn, Model, State};
use crate::reference::Said;

impl Model {
    pub(super) fn dialed(&mut self, conn: usize) {
        let spare = self.take_spare(conn);
        let owner = self.end_dial(conn);
        self.numbers += 1;
        let (number, now) = (self.numbers, self.now);
        let dies_at = self.options.lifetime.map(|lifetime| now + lifetime);
        let idle_until = now + self.options.idle;
        let c = self.conn_mut(conn);
        c.number = number;
        c.dies_at = dies_at;
        c.idle_until = dies_at.map_or(idle_until, |at| at.min(idle_until));
        c.state = State::Busy { idle_since: None };
        let key = c.key;
        let known = self.known(key);
        (known.failures, known.failed_at, known.no_dial_before) = (0, None, Instant::ZERO);
        known.sound = true;
        if let Some(owner) = owner {
            self.lose_dial(owner);
        }
        self.place_new(conn, key, spare);
        if let Some(owner) = owner {
            self.refuse_if_due(owner);
        }
        self.feed();
        self.balance(key);
        self.may_lack(key);
    }

    fn place_new(&mut self, conn: usize, key: u8, wished_for: bool) {
        if let (Some(waiter), false) = (self.oldest(key, true), self.shut) {
            let running = self.running(Some(key)).len();
            let known = self.known(key);
            known.spare = running.min(known.spare + usize::from(wished_for));
            return self.grant(conn, waiter);
        }
        let own_idle = self.idle.iter().filter(|id| self.conn(**id).key == key).count();
        let room = own_idle < self.options.max_idle_per_key && self.idle.len() < self.options.max_idle_total;
        let c = self.conn(conn);
        let why = if self.shut {
            CloseReason::ShutDown
        } else if c.doomed {
            CloseReason::Evicted
        } else if (self.options.surplus == Surplus::Cancel && !wished_for)
            || !room
            || c.idle_until <= self.now
        {
            CloseReason::Unwanted
        } else {
            return self.park(conn);
        };
        if wished_for && why == CloseReason::Unwanted {
            self.dies_unused(key);
        }
        self.close(conn, why);
        self.free(key, None);
    }

    pub(super) fn dial_failed(&mut self, conn: usize) {
        let State::Dialing { charged, abandoned, started } = self.conn(conn).state else {
            panic!("{conn} is not dialed")
        };
        self.take_spare(conn);
        let owner = self.end_dial(conn);
        let (key, now) = (self.take(conn).key, self.now);
        let known = self.known(key);
        if !abandoned && known.failed_at.is_none_or(|at| started >= at) {
            let pause = Duration::from_millis(50).saturating_mul(1 << known.failures.min(10));
            known.failures += 1;
            known.no_dial_before = now + pause.min(Duration::from_secs(1));
            known.failed_at = Some(now);
            known.sound = false;
        }
        if let Some(owner) = owner {
            self.lose_dial(owner);
            if charged {
                self.refuse(owner, Refusal::DialFailed, Some(conn));
            } else {
                self.refuse_if_due(owner);
            }
        }
        self.free(key, None);
    }

    pub(super) fn start_dial(&mut self, key: u8, asker: usize) {
        let id = self.dial(key, true);
        self.known(key).unasked.retain(|w| *w != asker);
        if let Some(w) = self.queue.iter_mut().find(|w| w.id == asker) {
            w.dial = Some(id);
        }
    }

    pub(super) fn dial(&mut self, key: u8, charged: bool) -> usize {
        let (id, now) = (self.dials, self.now);
        self.dials += 1;
        self.conns.push(Conn {
            id,
            key,
            state: State::Dialing { charged, abandoned: false, started: now },
            number: 0,
            uses: 0,
            uses_left: None,
            idle_until: now,
            dies_at: None,
            granted: 0,
            doomed: false,
        });
        self.said.push(Said::Dial { conn: id, key });
        id
    }

    pub(super) fn take_over(&mut self, dial: usize, waiter: usize) {
        let Some(w) = self.queue.iter_mut().find(|w| w.id == waiter) else { return };
        w.dial = Some(dial);
        let key = w.key;
        if let State::Dialing { charged, .. } = &mut self.conn_mut(dial).state {
            *charged = false;
        }
        self.known(key).orphans.retain(|id| *id != dial);
        self.known(key).unasked.retain(|id| *id != waiter);
    }

    fn lose_dial(&mut self, waiter: usize) {
        let Some(w) = self.queue.iter_mut().find(|w| w.id == waiter) else { return };
        w.dial = None;
        self.wait_for_dial(waiter);
    }

    /// Who owned it.
    fn end_dial(&mut self, dial: usize) -> Option<usize> {
        let key = self.conn(dial).key;
        self.known(key).orphans.retain(|id| *id != dial);
        let left = self.running(Some(key)).into_iter().filter(|id| *id != dial).count();
        let known = self.known(key);
        known.spare = known.spare.min(left);
        self.queue.iter().find(|w| w.dial == Some(dial)).map(|w| w.id)
    }

    pub(super) fn trim(&mut self, key: u8) {
        while self.options.surplus == Surplus::Cancel {
            if self.known(key).orphans.len() <= self.known(key).spare {
                return;
            }
            let Some(orphan) = self.known(key).orphans.first().copied() else { return };
            let Some(newest) = self.running(Some(key)).pop() else { return };
            if let Some(owner) = self.end_dial(newest) {
                self.take_over(orphan, owner);
            }
            self.abandon(newest);
        }
    }

    pub(super) fn abandon(&mut self, dial: usize) {
        self.end_dial(dial);
        if let State::Dialing { abandoned, .. } = &mut self.conn_mut(dial).state {
            *abandoned = true;
        }
        self.said.push(Said::Abandon { conn: dial });
    }

    /// Dials that were not abandoned, the oldest first.
    pub(super) fn running(&self, key: Option<u8>) -> Vec<usize> {
        let counts = |c: &&Conn| matches!(c.state, State::Dialing { abandoned: false, .. });
        self.conns
            .iter()
            .filter(counts)
            .filter(|c| key.is_none_or(|key| c.key == key))
            .map(|c| c.id)
            .collect()
    }

    pub(super) fn dialing(&self, key: Option<u8>) -> usize {
        let dials = |c: &&Conn| matches!(c.state, State::Dialing { .. });
        self.conns.iter().filter(dials).filter(|c| key.is_none_or(|key| c.key == key)).count()
    }
}

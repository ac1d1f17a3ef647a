//! Deadlines: one heap for all, at most one live entry a thing.

use super::Pool;
use super::parts::{HostId, Waiting};
use crate::arena::{ConnId, WaitId};
use crate::time::Instant;

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Conn(ConnId),
    Waiter(WaitId),
    Host(HostId),
}

impl<T, E> Pool<T, E> {
    pub(super) fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    pub(super) fn has_due(&self) -> bool {
        let fades = self.fading.front().is_some_and(|(at, _)| *at <= self.now);
        fades || self.timers.earliest().is_some_and(|at| at <= self.now)
    }

    pub(super) fn run_timers(&mut self) {
        self.let_fade();
        while let Some(timer) = self.timers.pop_due(self.now) {
            self.work += 1;
            if self.armed_at(timer.of) == Some(timer.at) {
                self.disarm(timer.of);
                self.fire(timer.of);
            }
        }
    }

    /// Sees to it that no timer wakes the driver for nothing: to be done only before it goes to sleep.
    pub(super) fn settle_timers(&mut self) {
        while let Some(timer) = self.timers.first() {
            let counts = self.armed_at(timer.of) == Some(timer.at);
            let due = self.due_at(timer.of).filter(|_| counts);
            if due.is_some_and(|due| due <= timer.at) {
                return;
            }
            self.work += 1;
            self.timers.drop_first();
            if counts {
                self.disarm(timer.of);
            }
            if let Some(at) = due {
                self.arm(timer.of, at);
            }
        }
    }

    /// Wakes for a connection at `at`, unless an earlier wake-up is due: that one looks again.
    pub(super) fn arm_conn(&mut self, conn: ConnId, at: Instant) {
        self.arm(Of::Conn(conn), at);
    }

    pub(super) fn arm_waiter(&mut self, id: WaitId) {
        if let Some(at) = self.waiter_due(id) {
            self.arm(Of::Waiter(id), at);
        }
    }

    pub(super) fn arm_host(&mut self, id: HostId, at: Instant) {
        self.arm(Of::Host(id), at);
    }

    pub(super) fn disarm_conn(&mut self, conn: ConnId) {
        self.disarm(Of::Conn(conn));
    }

    pub(super) fn disarm_waiter(&mut self, id: WaitId) {
        self.disarm(Of::Waiter(id));
    }

    pub(super) fn disarm_host(&mut self, id: HostId) {
        self.disarm(Of::Host(id));
    }

    fn arm(&mut self, of: Of, at: Instant) {
        let note = match of {
            Of::Conn(conn) => self.conns.get_mut(conn).map(|slot| &mut slot.armed),
            Of::Waiter(waiter) => self.waiters.get_mut(waiter).map(|waiter| &mut waiter.armed),
            Of::Host(host) => self.hosts.get_mut(host).map(|host| &mut host.armed),
        };
        if let Some(note) = note {
            self.timers.arm(note, at, of);
            self.drop_moot();
        }
    }

    fn disarm(&mut self, of: Of) {
        let note = match of {
            Of::Conn(conn) => self.conns.get_mut(conn).map(|slot| &mut slot.armed),
            Of::Waiter(waiter) => self.waiters.get_mut(waiter).map(|waiter| &mut waiter.armed),
            Of::Host(host) => self.hosts.get_mut(host).map(|host| &mut host.armed),
        };
        if let Some(note) = note {
            self.timers.disarm(note);
        }
    }

    fn drop_moot(&mut self) {
        if self.timers.is_crowded() {
            self.work += self.timers.len() as u64;
            let mut timers = core::mem::take(&mut self.timers);
            timers.retain(|of| self.armed_at(of));
            self.timers = timers;
        }
    }

    fn armed_at(&self, of: Of) -> Option<Instant> {
        match of {
            Of::Conn(conn) => self.conns.get(conn)?.armed,
            Of::Waiter(waiter) => self.waiters.get(waiter)?.armed,
            Of::Host(host) => self.hosts.get(host)?.armed,
        }
    }

    /// When a thing has to be looked at, as it stands now: not before its timer.
    pub(super) fn due_at(&self, of: Of) -> Option<Instant> {
        match of {
            Of::Conn(conn) => self.conns.get(conn).filter(|slot| slot.is_idle()).map(|slot| slot.idle_until),
            Of::Waiter(waiter) => self.waiter_due(waiter),
            Of::Host(host) => self.host_due(host),
        }
    }

    fn waiter_due(&self, id: WaitId) -> Option<Instant> {
        let waiter = self.waiters.get(id).filter(|waiter| waiter.state == Waiting::Queued)?;
        // While its dial lasts it does not wait for others; the dial's end looks again.
        let patience = waiter.demand.patience.filter(|_| waiter.dial.is_none());
        Instant::earliest(patience, waiter.demand.deadline)
    }

    fn fire(&mut self, of: Of) {
        match of {
            Of::Conn(conn) => {
                if let Some(why) = self.overdue(conn) {
                    self.close_idle(conn, why, None);
                } else if let Some(at) = self.due_at(of) {
                    // It was used since the timer was set.
                    self.arm_conn(conn, at);
                }
            }
            Of::Waiter(waiter) => self.waiter_is_due(waiter),
            Of::Host(host) => {
                self.balance(host);
                self.forget_empty(host);
            }
        }
    }

    /// Forgets the keys whose dials failed so long ago that it does not matter any more. Nobody is woken for that.
    fn let_fade(&mut self) {
        while let Some((_, host)) = self.fading.front().filter(|(at, _)| *at <= self.now).copied() {
            self.work += 1;
            self.fading.pop_front();
            if let Some(host) = self.hosts.get_mut(host) {
                host.is_fading = false;
            }
            self.forget_empty(host);
        }
    }
}

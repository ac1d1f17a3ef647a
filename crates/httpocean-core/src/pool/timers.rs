//! Deadlines: one heap for all, at most one live entry a thing.

use super::Pool;
use super::parts::HostId;
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
    pub(super) fn run_timers(&mut self) {
        while let Some(timer) = self.timers.pop_due(self.now) {
            self.work += 1;
            if self.armed_at(timer.of) == Some(timer.at) {
                self.disarm(timer.of);
                self.fire(timer.of);
            }
        }
    }

    /// Wakes for a connection at `at`, unless an earlier wake-up is due: that one looks again.
    pub(super) fn arm_conn(&mut self, conn: ConnId, at: Instant) {
        if let Some(slot) = self.conns.get_mut(conn) {
            self.timers.arm(&mut slot.armed, at, Of::Conn(conn));
            self.drop_moot();
        }
    }

    pub(super) fn arm_waiter(&mut self, id: WaitId) {
        let now = self.now;
        let Some(waiter) = self.waiters.get_mut(id) else { return };
        // Once its patience is over it stays for the sake of its own dial, whose end looks again.
        let patience = waiter.demand.patience.filter(|at| *at > now || waiter.dial.is_none());
        if let Some(at) = Instant::earliest(patience, waiter.demand.deadline) {
            self.timers.arm(&mut waiter.armed, at, Of::Waiter(id));
            self.drop_moot();
        }
    }

    pub(super) fn arm_host(&mut self, id: HostId, at: Instant) {
        if let Some(host) = self.hosts.get_mut(id) {
            self.timers.arm(&mut host.armed, at, Of::Host(id));
            self.drop_moot();
        }
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

    fn fire(&mut self, of: Of) {
        match of {
            Of::Conn(conn) => match self.overdue(conn) {
                Some(why) if self.conns.get(conn).is_some_and(|slot| slot.is_idle()) => {
                    self.close_idle(conn, why, None);
                }
                Some(_) => {}
                None => self.rearm_idle(conn),
            },
            Of::Waiter(waiter) => self.waiter_is_due(waiter),
            Of::Host(host) => {
                self.balance(host);
                self.forget_empty(host);
            }
        }
    }

    /// It was used since the timer was set: its deadline is later now.
    fn rearm_idle(&mut self, conn: ConnId) {
        if let Some(slot) = self.conns.get(conn).filter(|slot| slot.is_idle()) {
            let at = slot.idle_until;
            self.arm_conn(conn, at);
        }
    }
}

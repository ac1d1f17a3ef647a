//! Deadlines: one heap for all, at most one live entry a thing.

use core::cmp::Ordering;

use super::Pool;
use super::parts::HostId;
use crate::arena::{ConnId, WaitId};
use crate::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timer {
    pub(super) at: Instant,
    of: Of,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Conn(ConnId),
    Waiter(WaitId),
    Host(HostId),
}

impl Ord for Timer {
    /// The earliest is the greatest: a heap has its greatest on top.
    fn cmp(&self, other: &Self) -> Ordering {
        other.at.cmp(&self.at).then_with(|| other.of.cmp(&self.of))
    }
}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T, E> Pool<T, E> {
    pub(super) fn run_timers(&mut self) {
        while let Some(timer) = self.timers.peek().copied() {
            if timer.at > self.now {
                return;
            }
            self.work += 1;
            self.timers.pop();
            if self.take_armed(timer) {
                self.fire(timer.of);
            }
        }
    }

    /// Wakes for a connection at `at`, unless an earlier wake-up is due: that one looks again.
    pub(super) fn arm_conn(&mut self, conn: ConnId, at: Instant) {
        if let Some(slot) = self.conns.get_mut(conn) {
            let before = slot.armed;
            if before.is_none_or(|before| before > at) {
                slot.armed = Some(at);
                self.push(Timer { at, of: Of::Conn(conn) }, before.is_some());
            }
        }
    }

    pub(super) fn arm_waiter(&mut self, id: WaitId) {
        let now = self.now;
        let Some(waiter) = self.waiters.get_mut(id) else { return };
        // Once its patience is over it stays for the sake of its own dial, whose end looks again.
        let patience = waiter.demand.patience.filter(|at| *at > now || waiter.dial.is_none());
        let Some(at) = Instant::earliest(patience, waiter.demand.deadline) else { return };
        let before = waiter.armed;
        if before.is_none_or(|before| before > at) {
            waiter.armed = Some(at);
            self.push(Timer { at, of: Of::Waiter(id) }, before.is_some());
        }
    }

    pub(super) fn arm_host(&mut self, id: HostId, at: Instant) {
        if let Some(host) = self.hosts.get_mut(id) {
            let before = host.armed;
            if before.is_none_or(|before| before > at) {
                host.armed = Some(at);
                self.push(Timer { at, of: Of::Host(id) }, before.is_some());
            }
        }
    }

    pub(super) fn disarm_conn(&mut self, conn: ConnId) {
        let was = self.conns.get_mut(conn).and_then(|slot| slot.armed.take());
        self.armed -= usize::from(was.is_some());
    }

    pub(super) fn disarm_waiter(&mut self, id: WaitId) {
        let was = self.waiters.get_mut(id).and_then(|waiter| waiter.armed.take());
        self.armed -= usize::from(was.is_some());
    }

    pub(super) fn disarm_host(&mut self, id: HostId) {
        let was = self.hosts.get_mut(id).and_then(|host| host.armed.take());
        self.armed -= usize::from(was.is_some());
    }

    fn push(&mut self, timer: Timer, replaces: bool) {
        self.armed += usize::from(!replaces);
        self.timers.push(timer);
        if self.timers.len() > 2 * self.armed + 64 {
            self.work += self.timers.len() as u64;
            let mut timers = core::mem::take(&mut self.timers);
            timers.retain(|timer| self.armed_at(timer.of) == Some(timer.at));
            self.timers = timers;
        }
    }

    /// Whether a timer that came up is still meant; it is then used up.
    fn take_armed(&mut self, timer: Timer) -> bool {
        if self.armed_at(timer.of) != Some(timer.at) {
            return false;
        }
        match timer.of {
            Of::Conn(conn) => self.disarm_conn(conn),
            Of::Waiter(waiter) => self.disarm_waiter(waiter),
            Of::Host(host) => self.disarm_host(host),
        }
        true
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

//! One heap for the deadlines of calls and dials; the pool has its own.

use core::cmp::Ordering;

use super::{CallId, Engine};
use crate::arena::ConnId;
use crate::time::Instant;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timer {
    pub(super) at: Instant,
    of: Of,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Call(CallId),
    Dial(ConnId),
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

impl Engine {
    pub(super) fn run_timers(&mut self) {
        while let Some(timer) = self.timers.peek().copied() {
            if timer.at > self.now {
                return;
            }
            self.timers.pop();
            if self.armed_at(timer.of) != Some(timer.at) {
                continue;
            }
            self.disarm(timer.of);
            match timer.of {
                Of::Call(call) => self.let_speak(call),
                Of::Dial(conn) => self.step_dial(conn),
            }
        }
    }

    /// Looks at a call again at `at`, unless it is looked at before.
    pub(super) fn arm_call(&mut self, call: CallId, at: Option<Instant>) {
        self.arm(Of::Call(call), at);
    }

    pub(super) fn arm_dial(&mut self, conn: ConnId, at: Option<Instant>) {
        self.arm(Of::Dial(conn), at);
    }

    pub(super) fn disarm_call(&mut self, call: CallId) {
        self.disarm(Of::Call(call));
    }

    pub(super) fn disarm_dial(&mut self, conn: ConnId) {
        self.disarm(Of::Dial(conn));
    }

    fn arm(&mut self, of: Of, at: Option<Instant>) {
        let (Some(at), before) = (at, self.armed_at(of)) else { return };
        if before.is_some_and(|before| before <= at) {
            return;
        }
        let Some(slot) = self.slot(of) else { return };
        *slot = Some(at);
        self.armed += usize::from(before.is_none());
        self.timers.push(Timer { at, of });
        self.drop_moot();
    }

    fn disarm(&mut self, of: Of) {
        let was = self.slot(of).and_then(Option::take);
        if was.is_some() {
            self.armed -= 1;
            self.drop_moot();
        }
    }

    /// Each cleaning halves the heap at least, so it costs no more than the timers that were set.
    fn drop_moot(&mut self) {
        if self.timers.len() > 2 * self.armed + 64 {
            let mut timers = core::mem::take(&mut self.timers);
            timers.retain(|timer| self.armed_at(timer.of) == Some(timer.at));
            self.timers = timers;
        }
    }

    fn slot(&mut self, of: Of) -> Option<&mut Option<Instant>> {
        match of {
            Of::Call(call) => self.calls.get_mut(call).map(|entry| &mut entry.armed),
            Of::Dial(conn) => self.links.dialing_mut(conn).map(|dialing| &mut dialing.armed),
        }
    }

    fn armed_at(&self, of: Of) -> Option<Instant> {
        match of {
            Of::Call(call) => self.calls.get(call)?.armed,
            Of::Dial(conn) => self.links.dialing(conn)?.armed,
        }
    }
}

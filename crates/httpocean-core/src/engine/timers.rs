//! The deadlines of calls and dials; the pool has its own.

use super::{CallId, Engine};
use crate::arena::ConnId;
use crate::time::Instant;

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Call(CallId),
    Dial(ConnId),
}

impl Engine {
    pub(super) fn run_timers(&mut self) {
        while let Some(timer) = self.timers.pop_due(self.now) {
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
        if let (Some(entry), Some(at)) = (self.calls.get_mut(call), at) {
            self.timers.arm(&mut entry.armed, at, Of::Call(call));
            self.drop_moot();
        }
    }

    pub(super) fn arm_dial(&mut self, conn: ConnId, at: Option<Instant>) {
        if let (Some(dialing), Some(at)) = (self.links.dialing_mut(conn), at) {
            self.timers.arm(&mut dialing.armed, at, Of::Dial(conn));
            self.drop_moot();
        }
    }

    pub(super) fn disarm_call(&mut self, call: CallId) {
        self.disarm(Of::Call(call));
    }

    pub(super) fn disarm_dial(&mut self, conn: ConnId) {
        self.disarm(Of::Dial(conn));
    }

    fn disarm(&mut self, of: Of) {
        let note = match of {
            Of::Call(call) => self.calls.get_mut(call).map(|entry| &mut entry.armed),
            Of::Dial(conn) => self.links.dialing_mut(conn).map(|dialing| &mut dialing.armed),
        };
        if let Some(note) = note {
            self.timers.disarm(note);
        }
        self.drop_moot();
    }

    fn drop_moot(&mut self) {
        if self.timers.is_crowded() {
            let mut timers = core::mem::take(&mut self.timers);
            timers.retain(|of| self.armed_at(of));
            self.timers = timers;
        }
    }

    fn armed_at(&self, of: Of) -> Option<Instant> {
        match of {
            Of::Call(call) => self.calls.get(call)?.armed,
            Of::Dial(conn) => self.links.dialing(conn)?.armed,
        }
    }
}

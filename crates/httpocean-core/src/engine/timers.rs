//! The deadlines of calls and dials; the pool has its own.

use super::entries::Links;
use super::{CallId, Engine, Entry};
use crate::arena::{Arena, ConnId};
use crate::time::Instant;
use crate::timers::Timers;

/// Whose deadline it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    Call(CallId),
    Dial(ConnId),
}

/// The deadline of one call or dial.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alarm {
    /// When it has to be looked at.
    due: Option<Instant>,
    /// When its timer goes off: that may be earlier.
    armed: Option<Instant>,
}

impl Alarm {
    /// Looks at what it is of again at `due`, whatever was said before; never if it is `None`.
    #[inline]
    pub(super) fn set(&mut self, timers: &mut Timers<Of>, of: Of, due: Option<Instant>) {
        self.due = due;
        if let Some(at) = due {
            timers.arm(&mut self.armed, at, of);
        }
    }

    #[inline]
    pub(super) fn clear(&mut self, timers: &mut Timers<Of>) {
        self.due = None;
        timers.disarm(&mut self.armed);
    }

    pub(super) fn is_armed(&self) -> bool {
        self.armed.is_some()
    }
}

impl Engine {
    pub(super) fn run_timers(&mut self) {
        while let Some(timer) = self.timers.pop_due(self.now) {
            let Alarm { due, armed } = self.alarm(timer.of);
            if armed != Some(timer.at) {
                continue;
            }
            self.disarm(timer.of);
            match timer.of {
                // It was put off since. That must not show, as it depends on how often a driver asked when to wake.
                of if due.is_none_or(|due| due > self.now) => self.arm(of, due),
                Of::Call(call) => self.let_speak(call),
                Of::Dial(conn) => self.step_dial(conn),
            }
        }
    }

    /// Sees to it that no timer wakes the driver for nothing: to be done only before it goes to sleep.
    pub(super) fn settle_timers(&mut self) {
        while let Some(timer) = self.timers.first() {
            let Alarm { due, armed } = self.alarm(timer.of);
            let counts = armed == Some(timer.at);
            if counts && due == armed {
                return;
            }
            self.timers.drop_first();
            if counts {
                self.disarm(timer.of);
                self.arm(timer.of, due);
            }
        }
    }

    pub(super) fn arm_dial(&mut self, conn: ConnId, at: Option<Instant>) {
        self.arm(Of::Dial(conn), at);
    }

    pub(super) fn disarm_dial(&mut self, conn: ConnId) {
        self.disarm(Of::Dial(conn));
    }

    fn arm(&mut self, of: Of, at: Option<Instant>) {
        if let Some(alarm) = alarm_of(&mut self.calls, &mut self.links, of) {
            alarm.set(&mut self.timers, of, at);
        }
        self.drop_moot();
    }

    fn disarm(&mut self, of: Of) {
        if let Some(alarm) = alarm_of(&mut self.calls, &mut self.links, of) {
            alarm.clear(&mut self.timers);
        }
        self.drop_moot();
    }

    /// To be done when deadlines have changed.
    #[inline]
    pub(super) fn drop_moot(&mut self) {
        if self.timers.is_crowded() {
            let mut timers = core::mem::take(&mut self.timers);
            timers.retain(|of| self.alarm(of).armed);
            self.timers = timers;
        }
    }

    /// Of what is gone: none.
    fn alarm(&self, of: Of) -> Alarm {
        let alarm = match of {
            Of::Call(call) => self.calls.get(call).map(|entry| entry.alarm),
            Of::Dial(conn) => self.links.dialing(conn).map(|dialing| dialing.alarm),
        };
        alarm.unwrap_or_default()
    }
}

fn alarm_of<'a>(calls: &'a mut Arena<CallId, Entry>, links: &'a mut Links, of: Of) -> Option<&'a mut Alarm> {
    match of {
        Of::Call(call) => calls.get_mut(call).map(|entry| &mut entry.alarm),
        Of::Dial(conn) => links.dialing_mut(conn).map(|dialing| &mut dialing.alarm),
    }
}

//! The one place where the time is read.

use std::time::{Duration, Instant as StdInstant};

use httpocean_core::Instant;

/// Translates between the system's monotonic clock and the core's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    epoch: StdInstant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { epoch: StdInstant::now() }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// `None` where there is no deadline, or one that the system's clock can't express.
    pub(crate) fn system(&self, at: Option<Instant>) -> Option<StdInstant> {
        at.and_then(|at| self.epoch.checked_add(Duration::from_micros(at.as_micros())))
    }
}

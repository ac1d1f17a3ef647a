//! The one place where the time is read.

use std::time::{Duration, Instant as StdInstant};

use httpocean_core::Instant;

/// Translates the system's monotonic clock to the core's time.
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
}

/// In whole milliseconds, upwards: who sleeps so long never wakes before the time.
pub(crate) fn rounded_up(left: Duration) -> Duration {
    Duration::from_millis(u64::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
}

//! The one place where the time is read.

use std::time::{Duration, Instant as StdInstant, SystemTime};

use httpocean_core::Instant;

/// Translates between the system's monotonic clock and the core's time.
///
/// ```
/// let clock = httpocean_driver::Clock::start();
/// let now = clock.now();
/// assert!(clock.now() >= now);
/// assert!(clock.system(Some(now)).is_some());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch: StdInstant,
    /// Seconds since 1970, then.
    wall: Option<u64>,
}

impl Clock {
    /// A clock whose zero is now.
    pub fn start() -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self { epoch: StdInstant::now(), wall: since_1970.ok().map(|since| since.as_secs()) }
    }

    /// The time that the core is told.
    pub fn now(&self) -> Instant {
        let since = self.epoch.elapsed();
        Instant::from_micros(since.as_secs().saturating_mul(1_000_000) + u64::from(since.subsec_micros()))
    }

    /// The time on the wall at this clock's zero, for [`Common::epoch`](httpocean_core::policy::Common).
    pub fn epoch(&self) -> Option<u64> {
        self.wall
    }

    /// The seconds from 1970 to then, as far as the time on the wall at this clock's zero tells.
    pub fn wall(&self, at: Instant) -> u64 {
        self.wall.unwrap_or(0).saturating_add(at.as_micros() / 1_000_000)
    }

    /// When that is by the system's clock. `None` where there is no deadline, or one that it can't express.
    pub fn system(&self, at: Option<Instant>) -> Option<StdInstant> {
        at.and_then(|at| self.epoch.checked_add(Duration::from_micros(at.as_micros())))
    }
}

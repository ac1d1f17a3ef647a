//! Time as an argument: the core never reads a clock.

use core::fmt;
use core::num::NonZeroU64;
use core::ops::{Add, Sub};
use core::time::Duration;

/// Microseconds since an epoch that the driver picks.
///
/// Every call that can start, stop or judge a timer takes one. It may jump forward; a machine that is handed
/// an earlier instant than before carries on with the later one.
///
/// ```
/// use core::time::Duration;
/// use httpocean_core::Instant;
///
/// let start = Instant::from_micros(1_000);
/// let later = start + Duration::from_millis(2);
/// assert_eq!(later.as_micros(), 3_000);
/// assert_eq!(later - start, Duration::from_millis(2));
/// assert_eq!(start - later, Duration::ZERO);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(
    /// One more than the microseconds, so that a deadline which may be missing takes no more room than one which is
    /// there: there are very many.
    NonZeroU64,
);

impl Instant {
    /// The driver's epoch.
    pub const ZERO: Self = Self(NonZeroU64::MIN);

    /// The instant that lies `micros` microseconds after the driver's epoch. The last one is `u64::MAX - 1`.
    pub const fn from_micros(micros: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(micros))
    }

    /// Microseconds since the driver's epoch.
    pub const fn as_micros(self) -> u64 {
        self.0.get() - 1
    }

    /// The earlier of two deadlines, where `None` means never.
    pub fn earliest(a: Option<Self>, b: Option<Self>) -> Option<Self> {
        match (a, b) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, None) | (None, one) => one,
        }
    }
}

impl Default for Instant {
    fn default() -> Self {
        Self::ZERO
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Instant({})", self.as_micros())
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Saturates at the end of time; a part of a microsecond counts as a whole one, so that a deadline is
    /// never early.
    fn add(self, duration: Duration) -> Self {
        let rest = u64::from(duration.subsec_nanos().div_ceil(1_000));
        let micros = duration.as_secs().saturating_mul(1_000_000).saturating_add(rest);
        Self(self.0.saturating_add(micros))
    }
}

impl Sub for Instant {
    type Output = Duration;

    /// Zero when `earlier` is not earlier.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.get().saturating_sub(earlier.0.get()))
    }
}

//! How long to wait before the next attempt, when the server does not say.

use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::rng::Rng;

/// Waits that double, up to a bound, and are shortened at random so that clients which failed together do not come
/// back together.
///
/// The n-th wait in a row is `min(max, base * 2^(n - 1))`, less a random part. Where urllib3 makes its first retry at
/// once and adds jitter to the later ones, the first wait is jittered as all are: what failed together would else
/// come back together at least once.
///
/// ```
/// use core::time::Duration;
/// use httpocean_core::policy::{Backoff, Seed};
///
/// let exact = Backoff { jitter_percent: 0, ..Backoff::default() };
/// let seed = Seed::new(1);
/// assert_eq!(exact.wait(1, &seed), Duration::from_millis(100));
/// assert_eq!(exact.wait(3, &seed), Duration::from_millis(400));
/// assert_eq!(exact.wait(99, &seed), Duration::from_secs(10));
/// assert!(Backoff::default().wait(3, &seed) <= Duration::from_millis(400));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait, before jitter. Default 100 ms; zero is no backoff at all.
    pub base: Duration,
    /// The longest wait. Default 10 s.
    pub max: Duration,
    /// By how much of itself a wait is shortened at most, in percent. Default 100, which is full jitter: anything
    /// from nothing to the whole wait. 0 is none.
    pub jitter_percent: u8,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(100), max: Duration::from_secs(10), jitter_percent: 100 }
    }
}

impl Backoff {
    /// The wait before the `nth` retry in a row; the first is 1.
    pub fn wait(&self, nth: u32, seed: &Seed) -> Duration {
        let doubled = 1_u32.checked_shl(nth.saturating_sub(1)).unwrap_or(u32::MAX);
        let whole = self.base.saturating_mul(doubled).min(self.max);
        let nanos = u64::try_from(whole.as_nanos()).unwrap_or(u64::MAX);
        let most = u128::from(nanos) * u128::from(self.jitter_percent.min(100)) / 100;
        if most == 0 {
            return whole;
        }
        Duration::from_nanos(nanos - seed.up_to(most as u64))
    }
}

/// Where the randomness of waits comes from: one sequence for all calls of a client, so that no two of them wait
/// alike. A clone goes on with the same sequence.
#[derive(Clone, Debug)]
pub struct Seed(Arc<AtomicU64>);

impl Default for Seed {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Seed {
    /// The sequence that `seed` decides. Processes that should not wait alike need different ones.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed)))
    }

    /// Where the sequence is: [`new`](Self::new) of it goes on from here.
    pub fn state(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A number from 0 to `bound`, both included.
    fn up_to(&self, bound: u64) -> u64 {
        Rng::new(self.0.fetch_add(Rng::STRIDE, Ordering::Relaxed)).up_to(bound)
    }
}

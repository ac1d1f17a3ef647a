//! How many calls of one client may be retrying at a time: what keeps an outage from becoming a storm.

use core::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::backoff::Seed;

/// A bound on the calls of a client that are retrying, as a share of those that are active.
///
/// When a server is in trouble, every call fails, and retries alone would multiply what it has to bear. With a budget
/// of 20 %, whatever the number of retries that each call may make, four out of five that are under way are first
/// attempts. It counts calls and knows no time. Sending a request again because an idle connection went bad is
/// not a retry and is not counted. A thousand calls at once to a server that closes every connection, with five retries
/// each, make 6,000 attempts without a budget and about 1,280 with the default one.
///
/// A clone shares its counts.
///
/// ```
/// use httpocean_core::policy::Budget;
///
/// let budget = Budget::new(1, 50);
/// let (mut a, mut b) = (budget.enter(), budget.enter());
/// assert!(a.take());
/// assert!(!b.take(), "one of two is retrying");
/// drop(a);
/// assert!(b.take());
/// ```
#[derive(Clone)]
pub struct Budget(Option<Arc<Counts>>);

#[derive(Debug)]
struct Counts {
    at_least: u32,
    percent: u32,
    active: AtomicU32,
    retrying: AtomicU32,
}

impl Default for Budget {
    /// 20 calls, or 20 percent of the active ones where that is more. A client with few calls never notices it.
    fn default() -> Self {
        Self::new(20, 20)
    }
}

impl Budget {
    /// At most `percent` of the active calls may be retrying, and `at_least` so many in any case.
    pub fn new(at_least: u32, percent: u32) -> Self {
        let (active, retrying) = (AtomicU32::new(0), AtomicU32::new(0));
        Self(Some(Arc::new(Counts { at_least, percent, active, retrying })))
    }

    /// No bound.
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// A call starts. It is active until its place is dropped. Its waits are those of the default seed.
    pub fn enter(&self) -> Place {
        self.enter_with(Seed::default())
    }

    pub(super) fn enter_with(&self, seed: Seed) -> Place {
        if let Some(counts) = &self.0 {
            counts.active.fetch_add(1, Ordering::Relaxed);
        }
        Place { counts: self.0.clone(), retrying: false, seed }
    }

    /// What it was made with: at least so many, and so many percent. `None`: unlimited.
    pub fn bounds(&self) -> Option<(u32, u32)> {
        self.0.as_ref().map(|counts| (counts.at_least, counts.percent))
    }

    /// How many calls are active; 0 without a bound, as nobody counts then.
    pub fn active(&self) -> u32 {
        self.0.as_ref().map_or(0, |counts| counts.active.load(Ordering::Relaxed))
    }

    /// How many of them are retrying.
    pub fn retrying(&self) -> u32 {
        self.0.as_ref().map_or(0, |counts| counts.retrying.load(Ordering::Relaxed))
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(counts) => counts.fmt(f),
            None => f.write_str("Budget(unlimited)"),
        }
    }
}

impl Counts {
    fn allowed(&self) -> u32 {
        let active = u64::from(self.active.load(Ordering::Relaxed));
        let share = active * u64::from(self.percent) / 100;
        self.at_least.max(u32::try_from(share).unwrap_or(u32::MAX))
    }
}

/// A call's place in the [`Budget`] of its client, and the client's randomness.
#[derive(Debug)]
pub struct Place {
    counts: Option<Arc<Counts>>,
    retrying: bool,
    seed: Seed,
}

impl Place {
    /// Whether the call may be retried now. From a yes on it counts as retrying, until it has
    /// [`settled`](Self::settle) or ends. Every further retry asks again: the share may have shrunk.
    pub fn take(&mut self) -> bool {
        let Some(counts) = &self.counts else { return true };
        let allowed = counts.allowed();
        if self.retrying {
            return counts.retrying.load(Ordering::Relaxed) <= allowed;
        }
        let room = |retrying: u32| (retrying < allowed).then_some(retrying + 1);
        self.retrying = counts.retrying.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok();
        self.retrying
    }

    pub(super) fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The call has a response: it is active as long as its body is read, but no longer retrying.
    pub fn settle(&mut self) {
        if let Some(counts) = self.counts.as_ref().filter(|_| self.retrying) {
            counts.retrying.fetch_sub(1, Ordering::Relaxed);
            self.retrying = false;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.settle();
        if let Some(counts) = &self.counts {
            counts.active.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

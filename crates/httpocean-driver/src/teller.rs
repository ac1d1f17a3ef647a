//! Tells the observer, and counts.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use httpocean_core::{CloseReason, HopReason, Phase, pool::Counts};

use crate::{Observed, Observer, Stats, Whose};

/// Tells a client's observer, if it has one, and counts for its [`Stats`].
///
/// ```
/// use httpocean_core::{CloseReason, pool::Counts};
///
/// let teller = httpocean_driver::Teller::new(None);
/// teller.count_close(CloseReason::PeerClosed);
/// assert_eq!(teller.stats(Counts::default()).closed[&CloseReason::PeerClosed], 1);
/// ```
#[derive(Default)]
pub struct Teller {
    observer: Option<Arc<dyn Observer>>,
    started: AtomicU64,
    opened: AtomicU64,
    dials_failed: AtomicU64,
    requests: AtomicU64,
    stale_replays: AtomicU64,
    redirects: AtomicU64,
    retries: AtomicU64,
    waited: AtomicU64,
    closed: [AtomicU64; CloseReason::ALL.len()],
}

impl Teller {
    /// With nothing counted yet.
    pub fn new(observer: Option<Arc<dyn Observer>>) -> Self {
        Self { observer, ..Self::default() }
    }

    /// Counts what the event stands for, and passes it on. Whoever calls may hold a lease, an answer or the work of
    /// others: none of them is lost to a panic of the observer's.
    ///
    /// A close is told when it is done, and counted when it is decided: by [`count_close`](Self::count_close). Grants
    /// are counted by [`count_grant`](Self::count_grant).
    pub fn tell(&self, event: &Observed<'_>) {
        match event {
            Observed::Dialed { .. } => count(&self.opened),
            Observed::DialFailed { .. } => count(&self.dials_failed),
            Observed::Hop { hop, .. } if hop.why.is_retry() => count(&self.retries),
            Observed::Hop { hop, .. } if hop.why == HopReason::Redirect => count(&self.redirects),
            Observed::Hop { hop, .. } if hop.why == HopReason::StaleConnection => count(&self.stale_replays),
            Observed::Hop { .. }
            | Observed::Started { .. }
            | Observed::Phase { .. }
            | Observed::Ended { .. }
            | Observed::Dialing { .. }
            | Observed::Granted { .. }
            | Observed::Stale { .. }
            | Observed::Response { .. }
            | Observed::Failed { .. }
            | Observed::Parked { .. }
            | Observed::Closed { .. } => {}
        }
        if let Some(observer) = &self.observer {
            let _ = catch_unwind(AssertUnwindSafe(|| observer.observe(event)));
        }
    }

    /// The same, of what is not counted and happens all the time: it is made only where somebody is told.
    #[inline]
    pub fn tell_with<'a>(&self, event: impl FnOnce() -> Observed<'a>) {
        if self.is_observed() {
            self.tell(&event());
        }
    }

    /// Whether anybody is told.
    #[inline]
    pub fn is_observed(&self) -> bool {
        self.observer.is_some()
    }

    /// The number of a request that begins; 0 where nobody is told of it.
    #[inline]
    pub fn number_request(&self) -> u64 {
        if self.is_observed() { self.started.fetch_add(1, Relaxed) + 1 } else { 0 }
    }

    /// Something is waited for in `phase`: tells it unless it was `told` last. Costs nothing where nobody is told.
    #[inline]
    pub fn tell_phase(&self, whose: Whose, told: &mut Phase, phase: Phase) {
        if self.is_observed() && *told != phase {
            *told = phase;
            self.tell(&Observed::Phase { whose, phase });
        }
    }

    /// The pool has said that a connection is to be closed.
    pub fn count_close(&self, why: CloseReason) {
        if let Some(place) = CloseReason::ALL.iter().position(|reason| *reason == why) {
            count(&self.closed[place]);
        }
    }

    /// A request got its connection, and is sent.
    #[inline]
    pub fn count_grant(&self) {
        count(&self.requests);
    }

    /// A request has to wait for a connection of others.
    pub fn count_wait(&self) {
        count(&self.waited);
    }

    /// All that was counted, with what the pool holds now.
    pub fn stats(&self, counts: Counts) -> Stats {
        Stats {
            connections_opened: self.opened.load(Relaxed),
            dials_failed: self.dials_failed.load(Relaxed),
            requests_sent: self.requests.load(Relaxed),
            stale_replays: self.stale_replays.load(Relaxed),
            redirects: self.redirects.load(Relaxed),
            retries: self.retries.load(Relaxed),
            waited: self.waited.load(Relaxed),
            closed: self.closed(),
            open: counts.open,
            idle: counts.idle,
            dialing: counts.dialing,
            waiting: counts.waiting,
            keys: counts.keys,
        }
    }

    fn closed(&self) -> BTreeMap<CloseReason, u64> {
        let counted = CloseReason::ALL.iter().zip(&self.closed).map(|(why, n)| (*why, n.load(Relaxed)));
        counted.filter(|(_, n)| *n > 0).collect()
    }
}

impl std::fmt::Debug for Teller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Teller").field("observed", &self.observer.is_some()).finish_non_exhaustive()
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

//! Tells the observer, and counts.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use httpocean_core::{CloseReason, Hop, HopReason, pool::Counts};

use crate::observer::{Observed, Observer};
use crate::stats::Stats;

#[derive(Default)]
pub(crate) struct Teller {
    observer: Option<Arc<dyn Observer>>,
    opened: u64,
    dials_failed: u64,
    requests: u64,
    stale_replays: u64,
    waited: u64,
    closed: BTreeMap<CloseReason, u64>,
}

impl Teller {
    pub(crate) fn new(observer: Option<Arc<dyn Observer>>) -> Self {
        Self { observer, ..Self::default() }
    }

    /// Counts what the event stands for, and passes it on.
    pub(crate) fn tell(&mut self, event: &Observed<'_>) {
        match event {
            Observed::Dialed { .. } => self.opened += 1,
            Observed::DialFailed { .. } => self.dials_failed += 1,
            Observed::Granted { .. } => self.requests += 1,
            Observed::Hop { hop: Hop { why: HopReason::StaleConnection, .. }, .. } => self.stale_replays += 1,
            Observed::Closed { why, .. } => *self.closed.entry(*why).or_default() += 1,
            Observed::Hop { .. }
            | Observed::Dialing { .. }
            | Observed::Response { .. }
            | Observed::Parked { .. } => {}
        }
        if let Some(observer) = &self.observer {
            let _ = catch_unwind(AssertUnwindSafe(|| observer.observe(event)));
        }
    }

    /// A dial failed before there was anything to tell of.
    pub(crate) fn not_dialed(&mut self) {
        self.dials_failed += 1;
    }

    pub(crate) fn has_to_wait(&mut self) {
        self.waited += 1;
    }

    pub(crate) fn stats(&self, counts: Counts) -> Stats {
        Stats {
            connections_opened: self.opened,
            dials_failed: self.dials_failed,
            requests_sent: self.requests,
            stale_replays: self.stale_replays,
            waited: self.waited,
            closed: self.closed.clone(),
            open: counts.open,
            idle: counts.idle,
            dialing: counts.dialing,
            waiting: counts.waiting,
            keys: counts.keys,
        }
    }
}

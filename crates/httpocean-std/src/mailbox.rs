//! Where a thread sleeps that waits for the pool.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use httpocean_core::pool::{Facts, Lease, Refusal};

use crate::shared::{DialError, Parked};

/// What the pool answers to `Acquire`.
pub(crate) enum Answer {
    Granted { lease: Lease, parked: Parked, facts: Facts },
    Refused { why: Refusal, error: Option<DialError> },
}

/// A place for one answer. It can't be missed: it stays until it is taken.
#[derive(Default)]
pub(crate) struct Mailbox {
    answer: Mutex<Option<Answer>>,
    arrived: Condvar,
}

impl Mailbox {
    pub(crate) fn put(&self, answer: Answer) {
        *self.lock() = Some(answer);
        self.arrived.notify_one();
    }

    /// Sleeps until an answer comes or `until`; early wake-ups are the caller's to bear, and counted.
    pub(crate) fn take(&self, until: Option<Instant>, wakes: &AtomicU64) -> Option<Answer> {
        let mut slot = self.lock();
        if slot.is_none() {
            slot = match until {
                None => self.arrived.wait(slot).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    self.arrived.wait_timeout(slot, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            wakes.fetch_add(1, Relaxed);
        }
        slot.take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Answer>> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What the server saw, for the test to ask about.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::request::{Field, Received, Request};
use crate::switch::lock;

/// Counts of a server since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections accepted.
    pub accepted: u64,
    /// Connections accepted that neither side is known to have closed.
    pub open: usize,
    /// The most that were open at the same time.
    pub peak_open: usize,
    /// Requests whose head was complete.
    pub requests: u64,
}

/// How much of the requests is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordLimits {
    pub(crate) requests: usize,
    pub(crate) body_bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Log {
    state: Mutex<State>,
    changed: Condvar,
    limits: RecordLimits,
}

#[derive(Debug, Default)]
struct State {
    stats: Stats,
    requests: Vec<Received>,
}

impl Log {
    pub(crate) fn new(limits: RecordLimits) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), limits }
    }

    pub(crate) fn stats(&self) -> Stats {
        lock(&self.state).stats
    }

    pub(crate) fn requests(&self) -> Vec<Received> {
        lock(&self.state).requests.clone()
    }

    pub(crate) fn wait_for(&self, within: Duration, reached: impl Fn(&Stats) -> bool) -> bool {
        let state = lock(&self.state);
        let (state, _) = self
            .changed
            .wait_timeout_while(state, within, |state| !reached(&state.stats))
            .unwrap_or_else(PoisonError::into_inner);
        reached(&state.stats)
    }

    /// Counts a connection, which is open until the returned value is dropped; and its number.
    pub(crate) fn accepted(self: &Arc<Self>) -> (u64, CountedOpen) {
        let mut state = lock(&self.state);
        let number = state.stats.accepted;
        state.stats.accepted += 1;
        state.stats.open += 1;
        state.stats.peak_open = state.stats.peak_open.max(state.stats.open);
        self.changed.notify_all();
        (number, CountedOpen { log: Arc::clone(self) })
    }

    pub(crate) fn head_complete(&self, request: Request, has_body: bool) -> Entry {
        let mut state = lock(&self.state);
        state.stats.requests += 1;
        self.changed.notify_all();
        if state.requests.len() >= self.limits.requests {
            return Entry(None);
        }
        state.requests.push(Received {
            request,
            body: Vec::new(),
            body_len: 0,
            trailers: Vec::new(),
            body_complete: !has_body,
        });
        Entry(Some(state.requests.len() - 1))
    }

    pub(crate) fn content(&self, entry: Entry, bytes: &[u8]) {
        let room = self.limits.body_bytes;
        self.amend(entry, |received| {
            let kept = bytes.len().min(room.saturating_sub(received.body.len()));
            received.body.extend_from_slice(&bytes[..kept]);
            received.body_len += bytes.len() as u64;
        });
    }

    pub(crate) fn body_complete(&self, entry: Entry, trailers: Vec<Field>) {
        self.amend(entry, |received| {
            received.trailers = trailers;
            received.body_complete = true;
        });
    }

    fn amend(&self, entry: Entry, change: impl FnOnce(&mut Received)) {
        let Entry(Some(index)) = entry else { return };
        change(&mut lock(&self.state).requests[index]);
    }
}

/// Where a request is recorded; nowhere once the log is full.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry(Option<usize>);

/// Keeps one connection counted as open.
#[derive(Debug)]
pub(crate) struct CountedOpen {
    log: Arc<Log>,
}

impl Drop for CountedOpen {
    fn drop(&mut self) {
        lock(&self.log.state).stats.open -= 1;
        self.log.changed.notify_all();
    }
}

//! One direction of a connection: what is on its way, and when each part of it arrives.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Instant;

use crate::switch::{Stop, lock};

/// A sender waits when this many bytes are on their way.
const BYTES_MAX: usize = 2 * 1024 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Bytes(Vec<u8>),
    End,
    Reset,
}

#[derive(Debug, Default)]
pub(crate) struct DelayLine {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    items: VecDeque<(Instant, Item)>,
    bytes: usize,
    closed: bool,
}

impl DelayLine {
    /// Sends bytes on their way; `false` when the line is closed.
    pub(crate) fn push(&self, arrival: Instant, bytes: Vec<u8>) -> bool {
        let state = lock(&self.state);
        let mut state = self
            .changed
            .wait_while(state, |state| !state.closed && state.bytes >= BYTES_MAX)
            .unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return false;
        }
        state.bytes += bytes.len();
        state.items.push_back((arrival, Item::Bytes(bytes)));
        self.changed.notify_all();
        true
    }

    pub(crate) fn push_end(&self, arrival: Instant) {
        self.push_last(arrival, Item::End);
    }

    /// Two threads can learn of one reset, one of them as a mere end: the reset counts.
    pub(crate) fn push_reset(&self, arrival: Instant) {
        lock(&self.state).items.retain(|(_, item)| *item != Item::End);
        self.push_last(arrival, Item::Reset);
    }

    /// Waits for the next item's arrival; `None` when the line is closed.
    pub(crate) fn pop(&self) -> Option<Item> {
        let mut state = lock(&self.state);
        loop {
            if state.closed {
                return None;
            }
            let wait =
                state.items.front().map(|(arrival, _)| arrival.saturating_duration_since(Instant::now()));
            state = match wait {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(wait) if wait.is_zero() => break,
                Some(wait) => {
                    self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        let (_, item) = state.items.pop_front()?;
        if let Item::Bytes(bytes) = &item {
            state.bytes -= bytes.len();
        }
        self.changed.notify_all();
        Some(item)
    }

    /// Forgets what is on its way and wakes both ends.
    pub(crate) fn close(&self) {
        *lock(&self.state) = State { closed: true, ..State::default() };
        self.changed.notify_all();
    }

    fn push_last(&self, arrival: Instant, item: Item) {
        let mut state = lock(&self.state);
        if !state.closed {
            state.items.push_back((arrival, item));
            self.changed.notify_all();
        }
    }
}

impl Stop for DelayLine {
    fn stop(&self) {
        self.close();
    }
}

//! What a link carried, and how many round trips that took.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Counts of a link since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Connections accepted.
    pub connections: u64,
    /// Bytes delivered to the server.
    pub bytes_up: u64,
    /// Bytes delivered to clients.
    pub bytes_down: u64,
    /// Round trips that clients had to wait for: one for each handshake, one each time a client sends after it
    /// was sent something (at most one per round-trip time), one each time slow start held back an answer's
    /// next window.
    pub round_trips: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    connections: AtomicU64,
    bytes_up: AtomicU64,
    bytes_down: AtomicU64,
    round_trips: AtomicU64,
}

impl Counters {
    pub(crate) fn stats(&self) -> LinkStats {
        LinkStats {
            connections: self.connections.load(Ordering::SeqCst),
            bytes_up: self.bytes_up.load(Ordering::SeqCst),
            bytes_down: self.bytes_down.load(Ordering::SeqCst),
            round_trips: self.round_trips.load(Ordering::SeqCst),
        }
    }

    pub(crate) fn accepted(&self) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        self.round_trip();
    }

    pub(crate) fn round_trip(&self) {
        self.round_trips.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn up(&self, bytes: usize) {
        self.bytes_up.fetch_add(bytes as u64, Ordering::SeqCst);
    }

    pub(crate) fn down(&self, bytes: usize) {
        self.bytes_down.fetch_add(bytes as u64, Ordering::SeqCst);
    }
}

/// Tells a client's next turn from more of the same.
#[derive(Debug)]
pub(crate) struct Turns {
    rtt: Duration,
    begun: Option<Instant>,
    answered: bool,
}

impl Turns {
    pub(crate) fn new(rtt: Duration) -> Self {
        Self { rtt, begun: None, answered: false }
    }

    /// The client was sent something.
    pub(crate) fn answer(&mut self) {
        self.answered = true;
    }

    /// The client sends; whether that begins a turn. Where both sides stream at once, each byte looks like an
    /// answer to the other side's last, but a real answer takes a round trip.
    pub(crate) fn ask(&mut self, now: Instant) -> bool {
        let begins = match self.begun {
            None => true,
            Some(begun) => self.answered && now.saturating_duration_since(begun) >= self.rtt,
        };
        if begins {
            self.begun = Some(now);
            self.answered = false;
        }
        begins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_begins_when_the_client_sends_after_an_answer() {
        let (start, rtt) = (Instant::now(), Duration::from_secs(1));
        let mut turns = Turns::new(rtt);
        assert!(turns.ask(start));
        assert!(!turns.ask(start + rtt), "more of the same request");
        turns.answer();
        assert!(turns.ask(start + rtt));
        turns.answer();
        assert!(!turns.ask(start + rtt), "both sides stream");
    }
}

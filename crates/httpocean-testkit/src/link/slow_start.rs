//! Slow start as rounds: how many bytes may leave the server in each round trip.

use std::time::{Duration, Instant};

/// One connection's congestion window. It knows time only from what it is told.
#[derive(Debug)]
pub(crate) struct SlowStart {
    rtt: Duration,
    window: usize,
    /// When the current round began, which may be in the future; `None` before the first byte.
    round: Option<Instant>,
    sent: usize,
}

/// Permission to send.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) at: Instant,
    pub(crate) len: usize,
    /// Whether these bytes are the first to wait for a round that has not begun yet.
    pub(crate) held_back: bool,
}

impl SlowStart {
    /// Without an initial window everything may be sent at once.
    pub(crate) fn new(rtt: Duration, initial_window: Option<usize>) -> Self {
        Self { rtt, window: initial_window.map_or(usize::MAX, |window| window.max(1)), round: None, sent: 0 }
    }

    /// When and how much of `wanted` bytes may be sent; ask again for the rest.
    pub(crate) fn admit(&mut self, now: Instant, wanted: usize) -> Grant {
        let round = self.round_for(now);
        let held_back = round > now && self.sent == 0;
        let len = wanted.min(self.window - self.sent);
        self.sent += len;
        Grant { at: now.max(round), len, held_back }
    }

    /// The beginning of the round that has room for a byte which is ready now.
    fn round_for(&mut self, now: Instant) -> Instant {
        let round = match self.round {
            None => now,
            Some(round) if self.sent == self.window => {
                self.window = self.window.saturating_mul(2);
                self.sent = 0;
                now.max(round + self.rtt)
            }
            Some(round) if now >= round + self.rtt => {
                self.sent = 0;
                now
            }
            Some(round) => round,
        };
        self.round = Some(round);
        round
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_secs(1);

    /// The rounds, as (begins at, bytes, held back), that `len` bytes take which are all ready at `now`.
    fn rounds(slow_start: &mut SlowStart, now: Instant, mut len: usize) -> Vec<(Duration, usize, bool)> {
        let mut rounds = Vec::new();
        while len > 0 {
            let grant = slow_start.admit(now, len);
            rounds.push((grant.at - now, grant.len, grant.held_back));
            len -= grant.len;
        }
        rounds
    }

    #[test]
    fn filled_rounds_double_the_window() {
        let now = Instant::now();
        let mut slow_start = SlowStart::new(RTT, Some(10));
        let expected = [(Duration::ZERO, 10, false), (RTT, 20, true), (2 * RTT, 5, true)];
        assert_eq!(rounds(&mut slow_start, now, 35), expected);
        assert_eq!(rounds(&mut slow_start, now, 1), [(2 * RTT, 1, false)], "still the third round");
    }

    #[test]
    fn a_grown_window_stays_and_one_that_was_not_filled_does_not_grow() {
        let now = Instant::now();
        let mut slow_start = SlowStart::new(RTT, Some(10));
        rounds(&mut slow_start, now, 10);
        let later = now + 100 * RTT;
        assert_eq!(rounds(&mut slow_start, later, 15), [(Duration::ZERO, 15, false)]);
        let much_later = later + 100 * RTT;
        let expected = [(Duration::ZERO, 20, false), (RTT, 1, true)];
        assert_eq!(rounds(&mut slow_start, much_later, 21), expected);
    }

    #[test]
    fn without_a_window_nothing_waits() {
        let mut slow_start = SlowStart::new(RTT, None);
        assert_eq!(rounds(&mut slow_start, Instant::now(), 1 << 30), [(Duration::ZERO, 1 << 30, false)]);
    }
}

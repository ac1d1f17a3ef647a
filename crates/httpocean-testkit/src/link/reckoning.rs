//! What many pages cost over a link, in virtual time: for what would take too long to wait for.

use std::time::{Duration, Instant};

use super::LinkOptions;
use super::slow_start::SlowStart;

/// Pages of one server, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// How many.
    pub pages: u64,
    /// The length of each answer, its head included.
    pub bytes: usize,
    /// Whether each connection begins with a TLS handshake: one round trip, as TLS 1.3 has it.
    pub tls: bool,
    /// Whether a connection is kept for the next page.
    pub kept: bool,
}

/// What a [`Visit`] comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reckoning {
    /// Connections, each of which is a TCP handshake.
    pub connections: u64,
    /// TLS handshakes.
    pub tls_handshakes: u64,
    /// Round trips for which an answer was held back because a window was full.
    pub window_trips: u64,
    /// Round trips in all: of handshakes, of requests, of windows.
    pub round_trips: u64,
    /// From the first page's beginning to the last one's end. Only the way takes time, not its ends.
    pub time: Duration,
}

impl Visit {
    /// Makes the visit in virtual time, by the rules of [the link](super): nothing sleeps, and every time it comes to the
    /// same.
    ///
    /// ```
    /// use std::time::Duration;
    /// use httpocean_testkit::link::{LinkOptions, Visit};
    ///
    /// let way = LinkOptions { rtt: Duration::from_millis(100), initial_window: Some(14_600) };
    /// let visit = Visit { pages: 10, bytes: 64 * 1024, tls: true, kept: true };
    /// let kept = visit.over(way);
    /// // Two handshakes, ten requests; 14,600 and 29,200 bytes are not enough for the first page, 58,400 not for the second.
    /// assert_eq!((kept.round_trips, kept.window_trips), (2 + 10 + 3, 3));
    /// assert_eq!(kept.time, Duration::from_millis(1_500));
    ///
    /// let each_anew = Visit { kept: false, ..visit }.over(way);
    /// assert_eq!((each_anew.connections, each_anew.tls_handshakes), (10, 10));
    /// assert_eq!(each_anew.time, Duration::from_millis(10 * 500));
    /// ```
    #[must_use]
    pub fn over(self, way: LinkOptions) -> Reckoning {
        let begun = Instant::now();
        let there = way.rtt / 2;
        let (mut sum, mut now) = (Reckoning::default(), begun);
        let mut connection = None;
        for _ in 0..self.pages {
            let slow_start = connection.get_or_insert_with(|| {
                sum.connections += 1;
                sum.tls_handshakes += u64::from(self.tls);
                let handshakes = 1 + u32::from(self.tls);
                sum.round_trips += u64::from(handshakes);
                now += way.rtt * handshakes;
                SlowStart::new(way.rtt, way.initial_window)
            });
            sum.round_trips += 1;
            let (left_at, windows) = answer(slow_start, now + there, self.bytes);
            sum.round_trips += windows;
            sum.window_trips += windows;
            now = left_at + (way.rtt - there);
            if !self.kept {
                connection = None;
            }
        }
        Reckoning { time: now - begun, ..sum }
    }
}

/// When the last byte of an answer leaves, and how many round trips it was held back.
fn answer(slow_start: &mut SlowStart, ready: Instant, bytes: usize) -> (Instant, u64) {
    let (mut left, mut at, mut windows) = (bytes, ready, 0);
    while left > 0 {
        let grant = slow_start.admit(ready, left);
        windows += u64::from(grant.held_back);
        (left, at) = (left - grant.len, grant.at);
    }
    (at, windows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(20);

    fn reckon(pages: u64, bytes: usize, tls: bool, kept: bool) -> Reckoning {
        Visit { pages, bytes, tls, kept }.over(LinkOptions { rtt: RTT, initial_window: Some(14_600) })
    }

    /// Windows of 14,600, 29,200, 58,400 ... bytes: 64 KiB take three of them, 1 MiB seven.
    #[test]
    fn a_new_connection_for_each_page_begins_anew_each_time() {
        for (bytes, windows) in [(1_124, 0), (14_600, 0), (14_601, 1), (65_636, 2), (1_048_676, 6)] {
            for tls in [false, true] {
                for pages in [1, 10, 100] {
                    let each = 2 + u64::from(tls) + windows;
                    let expected = Reckoning {
                        connections: pages,
                        tls_handshakes: if tls { pages } else { 0 },
                        window_trips: windows * pages,
                        round_trips: each * pages,
                        time: RTT * u32::try_from(each * pages).unwrap_or(u32::MAX),
                    };
                    assert_eq!(reckon(pages, bytes, tls, false), expected, "{pages} of {bytes}, TLS {tls}");
                }
            }
        }
    }

    #[test]
    fn a_kept_connection_shakes_hands_once_and_keeps_its_window() {
        // The second page of 64 KiB still finds a window of 58,400; the second one of 1 MiB one of 934,400.
        for (bytes, windows) in [(1_124, [0, 0, 0]), (65_636, [2, 3, 3]), (1_048_676, [6, 7, 7])] {
            for tls in [false, true] {
                for (pages, windows) in [1, 10, 100].into_iter().zip(windows) {
                    let sum = reckon(pages, bytes, tls, true);
                    let handshakes = 1 + u64::from(tls);
                    assert_eq!((sum.connections, sum.tls_handshakes), (1, u64::from(tls)));
                    assert_eq!(sum.window_trips, windows, "{pages} of {bytes}");
                    assert_eq!(sum.round_trips, handshakes + pages + windows, "{pages} of {bytes}");
                    assert_eq!(sum.time, RTT * u32::try_from(sum.round_trips).unwrap_or(u32::MAX));
                }
            }
        }
    }

    #[test]
    fn without_slow_start_only_handshakes_are_saved() {
        let way = LinkOptions { rtt: RTT, initial_window: None };
        let visit = Visit { pages: 10, bytes: 1 << 30, tls: true, kept: true };
        assert_eq!(visit.over(way).round_trips, 2 + 10);
        assert_eq!(Visit { kept: false, ..visit }.over(way).round_trips, 3 * 10);
    }

    #[test]
    fn nothing_costs_nothing() {
        assert_eq!(reckon(0, 1, true, true), Reckoning::default());
    }
}

//! Which address is tried when (RFC 8305): the families in turn, one attempt a moment after the other, the first
//! to connect wins.

use core::time::Duration;
use std::net::SocketAddr;

use smallvec::SmallVec;

use super::{Options, Route};
use crate::error::{FailedAttempt, TransportError};
use crate::time::Instant;

/// An attempt needs at least so much of a head start (RFC 8305 section 5).
const LEAST_DELAY: Duration = Duration::from_millis(10);

/// The attempts of one dial.
#[derive(Debug)]
pub(super) struct Race {
    /// In the order in which they are tried; `None` is the transport's own way.
    targets: SmallVec<[Option<SocketAddr>; 4]>,
    next: usize,
    /// When the next may start though others are under way.
    next_at: Instant,
    /// Until when all of it may take.
    until: Option<Instant>,
    running: SmallVec<[Running; 4]>,
    /// Attempts to be abandoned, the first to be said first.
    stopped: SmallVec<[u8; 4]>,
    failed: Vec<FailedAttempt>,
    won: bool,
    /// An attempt was stopped because the time of all was over.
    ran_out: bool,
}

#[derive(Clone, Copy, Debug)]
struct Running {
    attempt: u8,
    until: Option<Instant>,
}

/// What a race has come to.
#[derive(Debug)]
pub(super) enum Heat {
    Connect {
        attempt: u8,
        addr: Option<SocketAddr>,
    },
    Abandon {
        attempt: u8,
    },
    Wait {
        until: Option<Instant>,
    },
    Won,
    /// `in_time`: no address is left, rather than no time.
    Lost {
        failed: Vec<FailedAttempt>,
        in_time: bool,
    },
}

impl Race {
    /// At most `most` addresses are tried, so that a `u8` can count them.
    pub(super) fn new(route: Route, most: u8, options: &Options, now: Instant) -> Self {
        let targets = match route {
            Route::Direct => SmallVec::from_elem(None, 1),
            Route::Addresses(addrs) => interleaved(&addrs).take(usize::from(most.max(1))).map(Some).collect(),
        };
        Self {
            targets,
            next: 0,
            next_at: now,
            until: options.connect.map(|limit| now + limit),
            running: SmallVec::new(),
            stopped: SmallVec::new(),
            failed: Vec::new(),
            won: false,
            ran_out: false,
        }
    }

    /// An attempt has come to its end. That of one that is over already changes nothing, and after a winner all are.
    pub(super) fn answer(&mut self, attempt: u8, result: Result<(), TransportError>, now: Instant) {
        if !self.running.iter().any(|running| running.attempt == attempt) {
            return;
        }
        match result {
            Ok(()) => {
                self.won = true;
                self.running.retain(|running| running.attempt != attempt);
                self.stop_all();
            }
            Err(why) => self.lose(attempt, why, now),
        }
    }

    pub(super) fn step(&mut self, options: &Options, now: Instant) -> Heat {
        self.judge_clocks(now);
        if !self.stopped.is_empty() {
            return Heat::Abandon { attempt: self.stopped.remove(0) };
        }
        if self.won {
            return Heat::Won;
        }
        let more = self.next < self.targets.len() && !self.is_over(now);
        if more && (self.running.is_empty() || self.next_at <= now) {
            return self.start(options, now);
        }
        if self.running.is_empty() {
            let in_time = self.next == self.targets.len() && !self.ran_out;
            return Heat::Lost { failed: core::mem::take(&mut self.failed), in_time };
        }
        let until = self.running.iter().fold(self.until, |at, running| Instant::earliest(at, running.until));
        Heat::Wait { until: Instant::earliest(until, more.then_some(self.next_at)) }
    }

    /// Until when an attempt that is under way may take.
    pub(super) fn until(&self, attempt: u8) -> Option<Instant> {
        let running = self.running.iter().find(|running| running.attempt == attempt);
        running.and_then(|running| Instant::earliest(self.until, running.until))
    }

    fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    fn start(&mut self, options: &Options, now: Instant) -> Heat {
        let (attempt, addr) = (self.next as u8, self.targets[self.next]);
        self.next += 1;
        self.next_at = now + options.attempt_delay.max(LEAST_DELAY);
        // The last one has all the time that is left.
        let each = options.connect_each.filter(|_| self.next < self.targets.len());
        self.running.push(Running { attempt, until: each.map(|limit| now + limit) });
        Heat::Connect { attempt, addr }
    }

    fn judge_clocks(&mut self, now: Instant) {
        let is_over = self.is_over(now);
        self.ran_out |= is_over && !self.running.is_empty();
        let late: SmallVec<[u8; 4]> = self
            .running
            .iter()
            .filter(|running| is_over || running.until.is_some_and(|until| until <= now))
            .map(|running| running.attempt)
            .collect();
        for attempt in late {
            self.stopped.push(attempt);
            self.lose(attempt, TransportError::TimedOut, now);
        }
    }

    /// After a failure the next address is tried at once.
    fn lose(&mut self, attempt: u8, why: TransportError, now: Instant) {
        self.running.retain(|running| running.attempt != attempt);
        self.failed.push(FailedAttempt { addr: self.targets[usize::from(attempt)], why });
        self.next_at = now;
    }

    fn stop_all(&mut self) {
        self.stopped.extend(self.running.drain(..).map(|running| running.attempt));
    }
}

/// The first address's family first, then the families in turn; within a family in the resolver's order (RFC 8305
/// section 4).
fn interleaved(addrs: &[SocketAddr]) -> impl Iterator<Item = SocketAddr> + '_ {
    let first_is_v6 = addrs.first().is_some_and(SocketAddr::is_ipv6);
    let mut first = addrs.iter().filter(move |addr| addr.is_ipv6() == first_is_v6);
    let mut second = addrs.iter().filter(move |addr| addr.is_ipv6() != first_is_v6);
    let mut turn = false;
    core::iter::from_fn(move || {
        turn = !turn;
        let next = if turn {
            first.next().or_else(|| second.next())
        } else {
            second.next().or_else(|| first.next())
        };
        next.copied()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let addrs: Vec<SocketAddr> = ["[::1]:1", "[::2]:1", "[::3]:1", "10.0.0.1:1", "10.0.0.2:1"]
            .iter()
            .map(|addr| addr.parse().unwrap())
            .collect();
        let order: Vec<SocketAddr> = interleaved(&addrs).collect();
        assert_eq!(order, [addrs[0], addrs[3], addrs[1], addrs[4], addrs[2]]);
        let v4_first: Vec<SocketAddr> = interleaved(&addrs[2..]).collect();
        assert_eq!(v4_first, [addrs[2], addrs[3], addrs[4]]);
    }
}

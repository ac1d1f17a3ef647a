//! A bar for long bodies, on a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Below this a body is there before one has looked.
const LONG: u64 = 1_000_000;
const EVERY: Duration = Duration::from_millis(100);
const WIDTH: u64 = 30;
/// Back to the begin of the line, which is cleared.
const CLEAR: &str = "\r\x1b[K";

/// The progress of one body.
pub(super) struct Progress {
    total: Option<u64>,
    done: u64,
    started: Instant,
    drawn: Option<Instant>,
    shown: bool,
}

impl Progress {
    /// `shown`: nothing else uses the terminal meanwhile.
    pub(super) fn new(total: Option<u64>, shown: bool) -> Self {
        let shown = shown && total.is_none_or(|total| total > LONG) && io::stderr().is_terminal();
        Self { total, done: 0, started: Instant::now(), drawn: None, shown }
    }

    pub(super) fn add(&mut self, bytes: usize) {
        self.done += bytes as u64;
        if !self.shown || self.done < LONG {
            return;
        }
        if self.drawn.is_none_or(|drawn| drawn.elapsed() >= EVERY) {
            self.drawn = Some(Instant::now());
            let line = line(self.done, self.total, self.started.elapsed());
            let _ = write!(io::stderr().lock(), "{CLEAR}{line}");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = io::stderr().lock().write_all(CLEAR.as_bytes());
        }
    }
}

/// How much is there, of how much if that is known, how fast it comes, and how long the rest will take.
fn line(done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let speed = done as f64 / elapsed.as_secs_f64().max(1e-6);
    let come = size(done);
    let Some(total) = total.filter(|total| *total > 0) else {
        return format!("{come}, {}/s", size(speed as u64));
    };
    let full = (u128::from(done) * u128::from(WIDTH) / u128::from(total)).min(WIDTH.into()) as usize;
    let bar = ["█".repeat(full), "░".repeat(WIDTH as usize - full)].concat();
    let left = time(total.saturating_sub(done) as f64 / speed);
    format!("{bar} {come} of {}, {}/s, {left} left", size(total), size(speed as u64))
}

fn size(bytes: u64) -> String {
    match bytes as f64 / 1e6 {
        mb if mb < 1e3 => format!("{mb:.1} MB"),
        mb => format!("{:.2} GB", mb / 1e3),
    }
}

fn time(seconds: f64) -> String {
    let seconds = seconds.ceil().min(1e7) as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{}:{:02} min", seconds / 60, seconds % 60),
        _ => format!("{}:{:02} h", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_known_length_has_a_bar() {
        let bar = format!("{}{}", "█".repeat(10), "░".repeat(20));
        assert_eq!(
            line(2_000_000, Some(6_000_000), SECOND),
            format!("{bar} 2.0 MB of 6.0 MB, 2.0 MB/s, 2 s left")
        );
    }

    #[test]
    fn an_unknown_length_has_none() {
        assert_eq!(line(2_500_000, None, SECOND / 2), "2.5 MB, 5.0 MB/s");
        assert_eq!(line(2_500_000, Some(0), SECOND), "2.5 MB, 2.5 MB/s");
    }

    /// A server may send more than it announced, to a client that asked for no end.
    #[test]
    fn no_number_is_too_odd() {
        let full = "█".repeat(30);
        assert_eq!(line(9, Some(3), SECOND), format!("{full} 0.0 MB of 0.0 MB, 0.0 MB/s, 0 s left"));
        assert!(line(u64::MAX, Some(u64::MAX), Duration::ZERO).starts_with(&full));
        assert!(line(0, Some(u64::MAX), Duration::MAX).ends_with(" h left"));
    }

    #[test]
    fn long_times_are_short() {
        assert_eq!([0.2, 59.0, 61.0, 3_725.0].map(time), ["1 s", "59 s", "1:01 min", "1:02 h"]);
    }
}

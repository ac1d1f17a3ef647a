//! A bar for long bodies, on a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Below this a body is there before one has looked.
const LONG: u64 = 1_000_000;
const EVERY: Duration = Duration::from_millis(100);
const WIDTH: usize = 30;

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
            self.draw();
        }
    }

    fn draw(&self) {
        let megabytes = self.done as f64 / 1e6;
        let speed = megabytes / self.started.elapsed().as_secs_f64().max(1e-6);
        let bar = match self.total {
            Some(total) => {
                let full = (self.done as f64 / total as f64 * WIDTH as f64) as usize;
                let full = full.min(WIDTH);
                format!("[{}{}] of {:.1} MB", "█".repeat(full), "░".repeat(WIDTH - full), total as f64 / 1e6)
            }
            None => String::new(),
        };
        let _ = write!(io::stderr().lock(), "\r\x1b[K{megabytes:.1} MB {bar}, {speed:.1} MB/s");
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            let _ = io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}

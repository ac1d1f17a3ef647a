//! Where on the page a time is.

use std::time::Duration;

use httpocean_core::Instant;

use super::text;

/// Marks that are seen at a time, about.
const MARKS: u64 = 8;
const FINER_MARKS: u64 = 5;

/// From a time to a place between 0 and 100.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    from: Instant,
    micros: u64,
}

/// A mark on the axis.
pub(super) struct Mark {
    pub(super) at: f64,
    pub(super) label: String,
}

impl Scale {
    /// A scale that begins there, with room for so long and a little more.
    pub(super) fn new(from: Instant, length: Duration) -> Self {
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        Self { from, micros: micros.saturating_add(micros / 50).max(100) }
    }

    pub(super) fn at(&self, time: Instant) -> f64 {
        let since = (time - self.from).as_micros() as f64;
        (since / self.micros as f64 * 100.0).min(100.0)
    }

    /// Round times, where the drawing is so many times as wide as the page.
    pub(super) fn marks(&self, zoom: u64) -> Vec<Mark> {
        let marks = if zoom == 1 { MARKS } else { FINER_MARKS * zoom };
        let step = round_up((self.micros / marks).max(1));
        let digits = (4 - step.ilog10().min(3)) as usize - 1;
        let mark = |n: u64| Mark {
            at: (n * step) as f64 / self.micros as f64 * 100.0,
            label: match (n * step) as f64 / 1e3 {
                ms if step >= 1_000_000 => format!("{} s", ms / 1e3),
                ms => format!("{ms:.digits$} ms"),
            },
        };
        (0..=self.micros / step).map(mark).filter(|mark| mark.at < 97.0).collect()
    }

    /// Since the beginning.
    pub(super) fn since(&self, time: Instant) -> String {
        text::time(time - self.from)
    }
}

/// To 1, 2 or 5 times a power of ten.
fn round_up(micros: u64) -> u64 {
    let power = 10_u64.pow(micros.ilog10());
    [1, 2, 5].into_iter().map(|n| n * power).find(|round| *round >= micros).unwrap_or(10 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_few() {
        for (length, first) in
            [(900, "0.2 ms"), (93_000, "20 ms"), (1_234_567, "200 ms"), (70_000_000, "10 s")]
        {
            let scale = Scale::new(Instant::ZERO, Duration::from_micros(length));
            let marks = scale.marks(1);
            assert_eq!(marks[1].label, first);
            assert!((4..=10).contains(&marks.len()), "{length}: {}", marks.len());
        }
    }

    #[test]
    fn no_length_is_too_odd() {
        for length in [Duration::ZERO, Duration::from_micros(1), Duration::MAX] {
            let scale = Scale::new(Instant::from_micros(7), length);
            assert!(scale.at(Instant::from_micros(8)) <= 100.0 && scale.at(Instant::ZERO) >= 0.0);
            assert!(!scale.marks(16).is_empty());
        }
    }
}

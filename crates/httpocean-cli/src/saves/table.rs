//! The table: a line for each kind of visit, with a pool and without one.

use std::fmt;
use std::time::Duration;

use httpocean_testkit::link::{Reckoning, Visit};

use super::Case;
use crate::output::Out;
use crate::stop::Done;

/// What a visit came to when it was made.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    pub(super) connections: u64,
    pub(super) tls_handshakes: u64,
    pub(super) round_trips: u64,
    pub(super) time: Duration,
}

/// One kind of visit, with a pool and without one.
pub(super) struct Row {
    pub(super) case: Case,
    pub(super) reckoned: Pair<Reckoning>,
    pub(super) measured: Pair<Option<Measured>>,
}

pub(super) struct Pair<T> {
    pub(super) pooled: T,
    pub(super) alone: T,
}

impl<T> Pair<T> {
    pub(super) fn of(case: Case, mut make: impl FnMut(Visit) -> Done<T>) -> Done<Self> {
        Ok(Self { pooled: make(case.visit(true))?, alone: make(case.visit(false))? })
    }

    fn map<R>(&self, f: impl Fn(&T) -> R) -> Pair<R> {
        Pair { pooled: f(&self.pooled), alone: f(&self.alone) }
    }
}

const COLUMNS: [&str; 9] = [
    "round trip",
    "",
    "pages",
    "of",
    "handshakes",
    "round trips",
    "of these slow start",
    "time, reckoned",
    "time, measured",
];
const SAVED: &str = "saved";

/// How the table is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Text,
    Markdown,
}

impl Style {
    pub(super) fn head(self, out: &mut Out) -> Done {
        let cells: Vec<String> = COLUMNS.iter().chain([&SAVED]).map(|name| (*name).to_owned()).collect();
        out.line(self.line(&cells))?;
        if self == Self::Markdown {
            out.line("|---|---|---|---|---|---|---|---|---|---|")?;
        }
        Ok(())
    }

    pub(super) fn row(self, row: &Row, out: &mut Out) -> Done {
        let Row { case, reckoned, measured } = row;
        let handshakes = reckoned.map(|one| one.connections + one.tls_handshakes);
        let time = reckoned.map(|one| Time(Some(one.time)));
        let was = measured.map(|one| Time(one.map(|one| one.time)));
        let saved = reckoned.alone.time.saturating_sub(reckoned.pooled.time);
        let cells = [
            Time(Some(case.rtt)).to_string(),
            if case.tls { "https" } else { "http" }.to_owned(),
            case.pages.to_string(),
            Size(case.bytes).to_string(),
            against(&handshakes),
            against(&reckoned.map(|one| one.round_trips)),
            against(&reckoned.map(|one| one.window_trips)),
            against(&time),
            if measured.pooled.is_none() && measured.alone.is_none() {
                "-".to_owned()
            } else {
                against(&was)
            },
            Time(Some(saved)).to_string(),
        ];
        Ok(out.line(self.line(&cells))?)
    }

    fn line(self, cells: &[String]) -> String {
        if self == Self::Markdown {
            return format!("| {} |", cells.join(" | "));
        }
        const WIDTHS: [usize; 10] = [10, 5, 5, 8, 11, 11, 19, 21, 21, 9];
        let pad = |(cell, width): (&String, usize)| format!("{cell:>width$}");
        cells.iter().zip(WIDTHS).map(pad).collect::<Vec<_>>().join("  ")
    }
}

/// With the pool, and without.
fn against<T: fmt::Display>(pair: &Pair<T>) -> String {
    format!("{} / {}", pair.pooled, pair.alone)
}

struct Time(Option<Duration>);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(time) = self.0 else { return f.write_str("-") };
        let ms = time.as_secs_f64() * 1e3;
        match ms {
            ms if ms >= 1e3 => write!(f, "{:.2} s", ms / 1e3),
            ms if ms >= 10.0 => write!(f, "{ms:.0} ms"),
            ms => write!(f, "{ms:.1} ms"),
        }
    }
}

struct Size(usize);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MIB: usize = 1024 * 1024;
        match self.0 {
            bytes if bytes >= MIB && bytes % MIB == 0 => write!(f, "{} MiB", bytes / MIB),
            bytes if bytes >= 1024 && bytes % 1024 == 0 => write!(f, "{} KiB", bytes / 1024),
            bytes => write!(f, "{bytes} B"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes_are_as_long_as_they_are_worth_reading() {
        let times = [100, 9_940, 40_000, 999_000, 12_340_000].map(Duration::from_micros);
        let said = times.map(|time| Time(Some(time)).to_string());
        assert_eq!(said, ["0.1 ms", "9.9 ms", "40 ms", "999 ms", "12.34 s"]);
        assert_eq!(
            [Size(1023), Size(2048), Size(1 << 20)].map(|s| s.to_string()),
            ["1023 B", "2 KiB", "1 MiB"]
        );
    }
}

//! What happened, in order: for people as lines, for comparisons as one number.

use core::fmt;

use httpocean_core::Instant;

/// One thing that was said or done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, by the clock of the client.
    pub at: Instant,
    /// What.
    pub what: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.at.as_micros();
        write!(f, "{:>9}.{:03} ms  {}", micros / 1_000, micros % 1_000, self.what)
    }
}

#[derive(Debug)]
pub(super) struct Log {
    lines: Option<Vec<Line>>,
    digest: u64,
    pub(super) count: u64,
}

impl Log {
    pub(super) fn new(keeps_lines: bool) -> Self {
        Self { lines: keeps_lines.then(Vec::new), digest: 0xCBF2_9CE4_8422_2325, count: 0 }
    }

    pub(super) fn lines(&self) -> &[Line] {
        self.lines.as_deref().unwrap_or(&[])
    }

    /// FNV-1a, by words: the same on every machine and in every build.
    pub(super) fn digest(&self) -> u64 {
        self.digest
    }

    /// `kind` tells what it is, `a` and `b` about what; the words are put together only if somebody keeps them.
    pub(super) fn note(&mut self, at: Instant, kind: u64, a: u64, b: u64, what: impl FnOnce() -> String) {
        self.count += 1;
        for word in [at.as_micros(), kind, a, b] {
            self.digest = (self.digest ^ word).wrapping_mul(0x0000_0100_0000_01B3);
            self.digest ^= self.digest >> 32;
        }
        if let Some(lines) = &mut self.lines {
            lines.push(Line { at, what: what() });
        }
    }
}

//! How often each rule was at stake: one that never is proves nothing.

use core::fmt;

/// The rules are numbered from 1.
const RULES: usize = 42;

/// How often each rule was judged where it could have been broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged([u64; RULES + 1]);

impl Default for Judged {
    fn default() -> Self {
        Self([0; RULES + 1])
    }
}

impl Judged {
    /// How often that rule was judged; `I24`, or `contract` for what a driver is promised.
    pub fn of(&self, rule: &str) -> u64 {
        self.0[number(rule)]
    }

    pub(in crate::sim) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
    }

    pub(super) fn note(&mut self, rule: &str) {
        self.0[number(rule)] += 1;
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let judged = self.0.iter().enumerate().skip(1).filter(|(_, count)| **count > 0);
        f.write_str("judged:")?;
        judged.into_iter().try_for_each(|(rule, count)| write!(f, " I{rule} {count}"))
    }
}

/// 0 for what has no number.
fn number(rule: &str) -> usize {
    rule.strip_prefix('I')
        .and_then(|number| number.parse().ok())
        .filter(|number| *number <= RULES)
        .unwrap_or(0)
}

//! What the checks found.

use std::fmt;
use std::time::Duration;

use super::rule::Rule;

/// What came of all checks, in words when it is displayed.
#[derive(Clone, Debug)]
#[must_use = "a report that nobody looks at hides what was found"]
pub struct Report {
    pub(super) adapter: String,
    pub(super) checks: Vec<Checked>,
}

/// What came of one check.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Checked {
    /// Its name.
    pub name: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The adapter does what it has to.
    Passed,
    /// It could not be checked, for this reason.
    Skipped(String),
    /// The adapter breaks a rule.
    Broken {
        /// Which.
        rule: Rule,
        /// What was expected, and what was seen instead.
        seen: String,
    },
}

impl Report {
    /// Every check, in the order in which they ran.
    pub fn checks(&self) -> &[Checked] {
        &self.checks
    }

    /// Those that found a rule broken.
    pub fn broken(&self) -> impl Iterator<Item = &Checked> {
        self.checks.iter().filter(|checked| matches!(checked.outcome, Outcome::Broken { .. }))
    }

    /// Those that were not made.
    pub fn skipped(&self) -> impl Iterator<Item = &Checked> {
        self.checks.iter().filter(|checked| matches!(checked.outcome, Outcome::Skipped(_)))
    }

    /// Fails a test whose adapter breaks a rule.
    ///
    /// # Panics
    /// With the whole report, when any check found a rule broken.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.broken().next().is_none(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (broken, skipped) = (self.broken().count(), self.skipped().count());
        let passed = self.checks.len() - broken - skipped;
        writeln!(f, "{}: {passed} checks passed, {skipped} skipped, {broken} broken", self.adapter)?;
        self.checks.iter().try_for_each(|checked| writeln!(f, "{checked}"))
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, took) = (self.name, self.took.as_millis());
        match &self.outcome {
            Outcome::Passed => write!(f, "  ok       {name} ({took} ms)"),
            Outcome::Skipped(why) => write!(f, "  skipped  {name}: {why}"),
            Outcome::Broken { rule, seen } => {
                let (anchor, title, sentence) = (rule.anchor(), rule.title(), rule.sentence());
                let said = if title.is_empty() { sentence.into() } else { format!("{title} {sentence}") };
                write!(
                    f,
                    "  BROKEN   {name} ({took} ms): breaks {anchor} of the adapter guide, \"{said}\" Seen: {seen}"
                )
            }
        }
    }
}

//! Many random worlds in a row, and the smallest one that still shows what a bad one has shown.

use core::fmt;

use super::faults::{Fault, Faults};
use super::ledger::{Judged, Violation};
use super::log::Line;
use super::scene::{Outcome, Scene};

/// Worlds that are tried to make a bad one smaller.
const TRIES: usize = 600;
/// The last lines of a trace that are worth reading.
const LINES: usize = 150;

/// What many worlds came to.
#[derive(Clone, Debug, Default)]
pub struct Campaign {
    /// Worlds.
    pub worlds: u64,
    /// Requests, hops included.
    pub requests: u64,
    /// Calls.
    pub calls: u64,
    /// Calls whose response came whole.
    pub whole: u64,
    /// What went wrong on purpose.
    pub faults: Faults,
    /// How often each rule was at stake.
    pub judged: Judged,
    /// The digests of all worlds, in order, as one number.
    pub digest: u64,
}

impl Campaign {
    /// Runs the worlds of the seeds from `first` on, until they have made so many requests. The first that breaks a
    /// rule ends it, made as small as it goes.
    pub fn run(first: u64, requests: u64) -> Result<Self, Box<Failure>> {
        let mut campaign = Self::default();
        for seed in first.. {
            if campaign.requests >= requests {
                break;
            }
            let scene = Scene::new(seed);
            let outcome = scene.play(false);
            if outcome.violation.is_some() {
                return Err(Box::new(Failure::of(scene, outcome)));
            }
            campaign.add(&outcome);
        }
        Ok(campaign)
    }

    fn add(&mut self, outcome: &Outcome) {
        self.worlds += 1;
        self.requests += outcome.requests;
        self.calls += outcome.calls;
        self.whole += outcome.whole;
        self.faults.add(&outcome.faults);
        self.judged.add(&outcome.judged);
        self.digest = (self.digest ^ outcome.digest).wrapping_mul(0x0000_0100_0000_01B3).rotate_left(17);
    }
}

impl fmt::Display for Campaign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { worlds, requests, calls, whole, faults, judged, digest } = self;
        write!(f, "{worlds} worlds, {requests} requests of {calls} calls, {whole} whole, ")?;
        write!(f, "digest {digest:016x}, {faults}; {judged}")
    }
}

/// A world in which a rule does not hold. Its `Display` has all that is needed to see it again.
#[derive(Clone, Debug)]
pub struct Failure {
    /// As the seed has it.
    pub found: Scene,
    /// As small as it goes.
    pub smallest: Scene,
    /// What does not hold in the smallest one.
    pub violation: Violation,
    /// What happens there.
    pub lines: Vec<Line>,
}

impl Failure {
    fn of(found: Scene, outcome: Outcome) -> Self {
        let smallest = match &outcome.violation {
            Some(violation) => smaller(&found, violation.rule),
            None => found.clone(),
        };
        let shown = smallest.play(true);
        let violation = shown.violation.or(outcome.violation).unwrap_or_else(|| Violation {
            rule: "I7",
            at: shown.end,
            what: "the same seed does not go the same way".to_owned(),
        });
        Self { found, smallest, violation, lines: shown.lines }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.violation)?;
        writeln!(
            f,
            "found with the seed {}; the smallest world that shows it: {:?}",
            self.found.seed, self.smallest
        )?;
        let from = self.lines.len().saturating_sub(LINES);
        self.lines[from..].iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Leaves out users, jumps, hostility and kinds of faults, as long as the same rule is broken.
fn smaller(found: &Scene, rule: &str) -> Scene {
    let mut best = found.clone();
    let mut tries = TRIES;
    let mut shows = |scene: &Scene| {
        tries = tries.saturating_sub(1);
        tries > 0 && scene.play(false).violation.is_some_and(|violation| violation.rule == rule)
    };
    loop {
        let before = best.clone();
        best.users = without_parts(best.users.clone(), |users| shows(&Scene { users, ..best.clone() }));
        best.hostile =
            without_parts(best.hostile.clone(), |hostile| shows(&Scene { hostile, ..best.clone() }));
        best.jumps = without_parts(best.jumps.clone(), |jumps| shows(&Scene { jumps, ..best.clone() }));
        for fault in Fault::ALL {
            let without = best.without | 1 << *fault as u64;
            let next = Scene { without, ..best.clone() };
            if next != best && shows(&next) {
                best = next;
            }
        }
        if best == before {
            return best;
        }
    }
}

/// Halves, quarters, and at last single ones are left out.
fn without_parts(mut all: Vec<usize>, mut shows: impl FnMut(Vec<usize>) -> bool) -> Vec<usize> {
    let mut size = all.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < all.len() {
            let end = (at + size).min(all.len());
            let rest: Vec<usize> = all[..at].iter().chain(&all[end..]).copied().collect();
            if shows(rest.clone()) {
                all = rest;
            } else {
                at = end;
            }
        }
        size /= 2;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_matter_is_left_out() {
        let left = without_parts((0..50).collect(), |users| users.contains(&7) && users.contains(&41));
        assert_eq!(left, [7, 41]);
    }
}

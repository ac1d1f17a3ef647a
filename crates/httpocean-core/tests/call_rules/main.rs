//! One call alone, in random situations, held to the invariants that are about calls.
//!
//! A [`scene::Scene`] is what its peer, its transport and its user do; [`play::play`] drives the call through it as it
//! says, and writes down what it said. Each test judges that by one rule, and counts how often the rule was at stake.
#![allow(unreachable_pub, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../support/mod.rs"]
mod support;

mod attempts;
mod lifecycle;
mod messages;
mod play;
mod scene;

use std::cell::Cell;

use proptest::test_runner::{TestCaseError, TestRunner};

use play::{Played, play};
use scene::{Scene, scenes};

/// Random scenes.
const SCENES: u32 = 400;

/// Whether a rule was at stake in a scene; it was kept if there is an answer.
type Judged = Result<bool, TestCaseError>;

/// The rule is kept in every scene, and at stake in at least so many of a thousand.
#[track_caller]
fn always(per_mille: u32, rule: impl Fn(&Scene, &Played) -> Judged) {
    let (scenes_played, at_stake) = (Cell::new(0), Cell::new(0));
    let result = TestRunner::new(support::random::cases(SCENES)).run(&scenes(), |scene| {
        scenes_played.set(scenes_played.get() + 1);
        let stake = rule(&scene, &play(&scene))?;
        at_stake.set(at_stake.get() + u32::from(stake));
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    let (played, at_stake) = (scenes_played.get(), at_stake.get());
    println!("at stake in {at_stake} of {played} scenes");
    assert!(at_stake >= played * per_mille / 1_000, "it was at stake in {at_stake} of {played} scenes");
}

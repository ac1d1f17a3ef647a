//! Connections and requests begin once and end once.
//!
//! All commands are judged by the ledger of `httpocean-testkit` as they come; the tests look at the whole log
//! again. `HTTPOCEAN_CASES` says how many sequences each is tried with. I20, I22 and I24 are rules for calls and
//! connections, not for the pool.

#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use std::collections::BTreeSet;

use core::time::Duration;

use httpocean_core::pool::{Counts, Fate};
use httpocean_testkit::reference::{Event, Input, Rig, Said, faithfully, loosely};
use httpocean_testkit::steps::Step;
use proptest::prelude::*;
use support::random::{answered, cases, commands, ended, inputs, names_conn, sequences};
use support::{ANY, at, dials, key, names, pool, said};

proptest! {
    #![proptest_config(cases(300))]

    /// I1: every connection has one owner; the ledger counts what the pool says it holds.
    #[test]
    fn i1_one_owner(sequence in sequences()) {
        loosely(sequence.options, sequence.steps);
    }

    /// I2: what was dialed ends exactly once, and after the shut-down nothing is left.
    #[test]
    fn i2_opened_and_closed_in_balance(sequence in sequences()) {
        let log = loosely(sequence.options, sequence.steps);
        let opened = commands(&log).filter(|said| matches!(said, Said::Dial { .. })).count();
        let over: Vec<usize> = log.iter().filter_map(ended).collect();
        prop_assert_eq!(over.len(), over.iter().collect::<BTreeSet<_>>().len());
        prop_assert_eq!(opened, over.len());
    }

    /// I3: every request gets exactly one answer, or gives up.
    #[test]
    fn i3_one_answer(sequence in sequences()) {
        let log = loosely(sequence.options, sequence.steps);
        let asks = |input: &Input| matches!(input, Input::Acquire { .. } | Input::Retake { .. });
        let asked = inputs(&log).filter(asks).count();
        let mut over: Vec<usize> = log.iter().filter_map(answered).collect();
        over.sort_unstable();
        prop_assert_eq!(over, (0..asked).collect::<Vec<_>>());
    }

    /// I3: with a deadline each is answered without any further input.
    #[test]
    fn i3_an_answer_by_the_deadline(sequence in sequences()) {
        let mut rig = Rig::new(sequence.options);
        for mut step in sequence.steps {
            if let Step::Acquire { wish, .. } | Step::Retake(_, wish) = &mut step {
                wish.deadline = Some(Duration::from_secs(1));
            }
            rig.step(step);
        }
        rig.step(Step::Advance(Duration::from_secs(60)));
        rig.poll_dry();
        prop_assert_eq!(rig.waiting(), 0);
    }

    /// I4: nothing names what is over.
    #[test]
    fn i4_nothing_after_the_end(sequence in sequences()) {
        let log = loosely(sequence.options, sequence.steps);
        let (mut dead, mut gone) = (BTreeSet::new(), BTreeSet::new());
        for event in &log {
            if let Event::Said(_, said) = event {
                prop_assert!(names_conn(said).is_none_or(|conn| !dead.contains(&conn)), "{said:?}");
            }
            dead.extend(ended(event));
            prop_assert!(answered(event).is_none_or(|waiter| gone.insert(waiter)), "{event:?}");
        }
    }

    /// I5: inputs about what is over change nothing.
    #[test]
    fn i5_late_inputs_are_harmless(sequence in sequences(), late in any::<[u8; 16]>()) {
        let steps: Vec<Step> =
            sequence.steps.into_iter().filter(|step| !matches!(step, Step::Backwards(_))).collect();
        let plain = loosely(sequence.options.clone(), steps.clone());
        let mut late = late.into_iter().cycle();
        let disturbed = steps.into_iter().flat_map(|step| [step, Step::CancelGone(late.next().unwrap_or(0))]);
        let disturbed = loosely(sequence.options, disturbed);
        prop_assert_eq!(commands(&plain).collect::<Vec<_>>(), commands(&disturbed).collect::<Vec<_>>());
    }

    /// I6: any input in any state, also at the end of time.
    #[test]
    fn i6_total_function(sequence in sequences(), jumps in any::<[u64; 8]>()) {
        let mut jumps = jumps.into_iter().cycle();
        let steps = sequence.steps.into_iter().flat_map(|step| {
            let jump = Duration::from_micros(jumps.next().unwrap_or(0) >> 3);
            [step, if matches!(step, Step::Advance(_)) { Step::Advance(jump) } else { Step::Poll(1) }]
        });
        loosely(sequence.options, steps);
    }

    /// I7: the same inputs, the same commands.
    #[test]
    fn i7_determinism(sequence in sequences()) {
        let (first, second) = (sequence.clone(), sequence);
        prop_assert_eq!(loosely(first.options, first.steps), loosely(second.options, second.steps));
    }

    /// I7: and the commands are those of a pool that is simple enough to be obviously right.
    #[test]
    fn i7_the_same_commands_as_the_reference_pool(sequence in sequences()) {
        faithfully(sequence.options, sequence.steps);
    }
}

#[test]
fn i5_a_late_stir_is_counted_and_nothing_else() {
    let mut pool = pool(httpocean_core::pool::Options::default());
    let lease = support::busy(&mut pool, "a", 1, at(0));
    let conn = lease.conn();
    pool.release(lease, 1, support::spent(), at(1));
    let _ = said(&mut pool, at(1));
    let before = pool.counts();
    pool.stirred(conn, httpocean_core::CloseReason::PeerClosed, at(2));
    assert_eq!(pool.counts(), Counts { stale_inputs: before.stale_inputs + 1, ..before });
}

/// I6: a lease that is ended in the wrong way loses nothing that was parked.
#[test]
fn i6_a_misused_lease_does_no_harm() {
    let mut pool = pool(httpocean_core::pool::Options::default());
    let _ = pool.acquire(&key("a"), ANY, at(0));
    let dial = dials(&mut pool, at(0)).remove(0);
    assert!(!pool.release(dial, 7, Fate::REUSABLE, at(0)));
    assert_eq!(names(&said(&mut pool, at(0))), ["close 7 Unwanted"]);
    let lease = support::busy(&mut pool, "b", 1, at(0));
    pool.dialed(lease, 8, at(0));
    assert_eq!(names(&said(&mut pool, at(0))), ["close 8 Unwanted"]);
    let lease = support::busy(&mut pool, "c", 2, at(0));
    pool.dial_failed(lease, "never asked", at(0));
    assert!(pool.poll(at(0)).is_none());
}

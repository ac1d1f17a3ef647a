//! Every order of five inputs, from states with connections that are busy, idle and being made.

use core::time::Duration;

use httpocean_core::CloseReason;
use httpocean_core::pool::{Fate, Options, Surplus};
use httpocean_testkit::reference::{faithfully, loosely};
use httpocean_testkit::steps::{Step, Wish};

const INPUTS: usize = 5;

const ANY: Wish = Wish { fresh: false, patience: None, deadline: None };
const FRESH: Wish = Wish { fresh: true, ..ANY };
const BRIEF: Wish = Wish { patience: Some(Duration::from_millis(5)), ..ANY };
const A: Step = Step::Acquire { key: 0, wish: ANY };
const B: Step = Step::Acquire { key: 1, wish: ANY };
const BACK: Step = Step::Release(0, Fate::REUSABLE);

fn small() -> Options {
    Options {
        max_per_key: 2,
        max_total: 3,
        max_idle_per_key: 1,
        max_waiters: 3,
        turns: 0,
        ..Options::default()
    }
}

fn every_order(alphabet: &[Step], mut run: impl FnMut([Step; INPUTS])) {
    for number in 0..alphabet.len().pow(INPUTS as u32) {
        let mut rest = number;
        run(core::array::from_fn(|_| {
            let step = alphabet[rest % alphabet.len()];
            rest /= alphabet.len();
            step
        }));
    }
}

/// One connection of the first key is busy, one being made.
fn begun() -> Vec<Step> {
    vec![A, A, Step::PollDry, Step::Dialed(0), Step::PollDry]
}

#[test]
fn every_order_with_polls_anywhere() {
    let alphabet =
        [A, B, Step::Cancel(0), Step::Dialed(0), Step::DialFailed(0), BACK, Step::Stirred(0), Step::Poll(1)];
    every_order(&alphabet, |order| {
        drop(loosely(small(), begun().into_iter().chain(order)));
    });
}

#[test]
fn every_order_of_rarer_inputs() {
    let alphabet = [
        Step::Acquire { key: 0, wish: FRESH },
        B,
        Step::Cancel(1),
        Step::Dialed(0),
        Step::Retake(0, ANY),
        Step::Release(0, Fate::Untouched),
        Step::Evict(1),
        Step::Advance(Duration::from_secs(90)),
    ];
    let options = Options { surplus: Surplus::Cancel, max_total: 2, ..small() };
    every_order(&alphabet, |order| {
        drop(loosely(options.clone(), begun().into_iter().chain(order)));
    });
}

#[test]
fn every_order_as_the_reference_pool_has_it() {
    let alphabet = [
        Step::Acquire { key: 0, wish: BRIEF },
        B,
        Step::Dialed(0),
        Step::DialFailed(0),
        BACK,
        Step::Release(0, Fate::Spent(CloseReason::CloseHeader)),
        Step::Advance(Duration::from_millis(5)),
    ];
    let options = Options { max_total: 2, max_dials: 1, ..small() };
    every_order(&alphabet, |order| {
        drop(faithfully(options.clone(), begun().into_iter().chain(order)));
    });
}

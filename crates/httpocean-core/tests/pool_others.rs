//! What happens to one request is nothing to the others.

#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use core::time::Duration;

use httpocean_core::pool::{DialPolicy, Options, Order};
use httpocean_testkit::reference::{Event, Input, Rig, Said, faithfully, loosely};
use httpocean_testkit::steps::{KEYS, Step, Wish};
use proptest::prelude::*;
use support::random::{Sequence, cases, commands, inputs, sequences};

proptest! {
    #![proptest_config(cases(200))]

    /// I17: a request that comes and goes changes nothing for the others: not their answers, not their order.
    #[test]
    fn i17_cancel_is_a_no_op_for_others(sequence in sequences(), guests in prop::collection::vec(any::<u8>(), 1..40)) {
        // Where nothing is full, so that a guest can't take a place in the queue or close an idle connection, and
        // without delays, whose ends come in any order when time jumps. A guest uses its key and takes what
        // is ready, which is a reason to make more ready: nothing is.
        let options = Options {
            max_per_key: 512, max_total: 2_048, max_dials_per_key: 512, max_dials: 2_048, max_waiters: 4_096,
            max_idle_per_key: 512,
            max_idle_total: 2_048,
            min_idle: 0,
            order: Order::Lifo,
            dial: DialPolicy::Eager, ..sequence.options
        };
        let wishes = |step: &Step| matches!(step, Step::Preconnect { .. });
        let steps: Vec<Step> = sequence.steps.into_iter().filter(|step| !wishes(step)).collect();
        let alone = run(&Sequence { options: options.clone(), steps: steps.clone() }, &[]);
        let visited = run(&Sequence { options, steps }, &guests);
        prop_assert_eq!(alone, visited);
    }

    /// I17: wherever limits are, a cancelled request is as good as one that never was to the reference pool too.
    #[test]
    fn i17_cancel_under_limits(sequence in sequences()) {
        let steps = sequence.steps.into_iter().flat_map(|step| match step {
            Step::Acquire { .. } => vec![step, step, Step::Cancel(u8::MAX)],
            _ => vec![step],
        });
        faithfully(sequence.options, steps);
    }

    /// I19: a dial that fails is told to one request of its key, or to none; the others go on waiting.
    #[test]
    fn i19_failure_isolation(sequence in sequences()) {
        let steps = sequence.steps.into_iter().map(|step| match step {
            Step::Dialed(n) if n % 2 == 0 => Step::DialFailed(n),
            step => step,
        });
        let log = loosely(sequence.options, steps);
        let failed = inputs(&log).filter(|input| matches!(input, Input::DialFailed { .. })).count();
        let told = commands(&log).filter(|said| matches!(said, Said::Refuse { error: Some(_), .. })).count();
        prop_assert!(told <= failed);
    }
}

/// What is said, without the guests, who come and go between two steps.
fn run(sequence: &Sequence, guests: &[u8]) -> Vec<Said> {
    let mut rig = Rig::new(sequence.options.clone());
    let mut guests = guests.iter().copied();
    let mut numbers = Vec::new();
    for step in &sequence.steps {
        // No two things are due at once: their order is a free choice, and a guest may change it.
        rig.step(Step::Advance(Duration::from_micros(1)));
        match step {
            Step::Advance(duration) => sleep(&mut rig, *duration),
            Step::Backwards(_) => {}
            step => rig.step(*step),
        }
        let Some(guest) = guests.next().filter(|_| rig.waiting() < 255) else { continue };
        rig.step(Step::Acquire { key: guest % KEYS, wish: Wish::default() });
        numbers.push(rig.log().len() - 1);
        rig.step(Step::Cancel((rig.waiting() - 1) as u8));
    }
    rig.wind_up();
    let guests: Vec<usize> = numbers.into_iter().filter_map(|at| number(&rig.log()[at])).collect();
    let renumber = |waiter: usize| waiter - guests.iter().filter(|guest| **guest < waiter).count();
    let mut said: Vec<Said> = commands(rig.log())
        .map(|said| match said {
            Said::Grant { waiter, conn, key, facts } => {
                Said::Grant { waiter: renumber(waiter), conn, key, facts }
            }
            Said::Refuse { waiter, why, error } => Said::Refuse { waiter: renumber(waiter), why, error },
            said @ (Said::Dial { .. } | Said::Abandon { .. } | Said::Close { .. }) => said,
        })
        .collect();
    // A connection that a guest held for a moment counts as the warmest: what is closed at once is closed in
    // another order.
    said.sort_by_key(|said| match *said {
        Said::Close { conn, .. } => conn,
        Said::Grant { .. } | Said::Dial { .. } | Said::Abandon { .. } | Said::Refuse { .. } => usize::MAX,
    });
    said
}

/// Goes on in time, awake whenever the pool asks for it.
fn sleep(rig: &mut Rig, duration: Duration) {
    let until = rig.now() + duration;
    while let Some(at) = rig.next_timeout().filter(|at| *at <= until) {
        rig.step(Step::Advance(at - rig.now()));
        rig.poll_dry();
    }
    rig.step(Step::Advance(until - rig.now()));
}

fn number(event: &Event) -> Option<usize> {
    match event {
        Event::Input(_, Input::Acquire { waiter, .. }) => Some(*waiter),
        Event::Input(..) | Event::Said(..) | Event::Dry(_) => None,
    }
}

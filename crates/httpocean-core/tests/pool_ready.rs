//! Connections that are made before anybody asks: within all limits, past nobody, and never again and again for a host
//! that does not take them.

mod support;

use core::time::Duration;

use httpocean_core::CloseReason;
use httpocean_core::pool::{Fate, Options, Surplus};
use httpocean_testkit::reference::{Event, Input, Rig, Said, faithfully, loosely};
use httpocean_testkit::steps::{KEYS, Step, Wish};
use proptest::prelude::*;
use support::random::{cases, sequences};

fn acquire(key: u8) -> Step {
    Step::Acquire { key, wish: Wish::default() }
}

fn preconnect(key: u8, count: usize) -> Step {
    Step::Preconnect { key, count }
}

fn rig(options: Options, steps: impl IntoIterator<Item = Step>) -> Rig {
    let mut rig = Rig::new(options);
    tell(&mut rig, steps);
    rig
}

fn tell(rig: &mut Rig, steps: impl IntoIterator<Item = Step>) {
    for step in steps {
        rig.step(step);
        rig.poll_dry();
    }
}

fn dials(rig: &Rig) -> usize {
    rig.log().iter().filter(|event| matches!(event, Event::Said(_, Said::Dial { .. }))).count()
}

#[test]
fn a_wish_is_made_true_and_then_forgotten() {
    let mut rig = rig(Options::default(), [preconnect(0, 3)]);
    assert_eq!(rig.dials(), 3);
    tell(&mut rig, [Step::Dialed(0), Step::Dialed(0), Step::Dialed(0)]);
    assert_eq!((rig.pool().counts().idle, rig.dials()), (3, 0));
    // Three are there: nothing is lacking. Of a wish that came true nothing is left.
    tell(&mut rig, [preconnect(0, 3), acquire(0), Step::Release(0, Fate::Spent(CloseReason::CloseHeader))]);
    assert_eq!((dials(&rig), rig.pool().counts().idle), (3, 2));
}

#[test]
fn a_wish_goes_on_where_only_dials_are_limited() {
    let options = Options { max_dials_per_key: 2, ..Options::default() };
    let mut rig = rig(options, [preconnect(0, 5)]);
    for made in 1..=5 {
        assert!(rig.dials() <= 2);
        tell(&mut rig, [Step::Dialed(0)]);
        assert_eq!(rig.pool().counts().idle, made);
    }
    assert_eq!(rig.dials(), 0);
}

#[test]
fn who_comes_meanwhile_waits_for_what_is_being_made() {
    let mut rig = rig(Options::default(), [preconnect(0, 1), acquire(0), Step::Dialed(0)]);
    assert_eq!((dials(&rig), rig.held().count()), (1, 1));
    tell(&mut rig, [Step::Release(0, Fate::REUSABLE)]);
    assert_eq!(rig.pool().counts().idle, 1);
}

/// Whatever is done with dials that nobody waits for any more.
#[test]
fn what_was_wished_for_is_no_surplus() {
    let options = Options { surplus: Surplus::Cancel, ..Options::default() };
    let steps = [preconnect(0, 2), acquire(0), Step::Cancel(0), Step::Dialed(0), Step::Dialed(0)];
    let rig = rig(options, steps);
    assert_eq!((dials(&rig), rig.pool().counts().idle), (2, 2));
}

#[test]
fn no_place_is_taken_from_anybody() {
    let limits = [
        Options { max_per_key: 2, ..Options::default() },
        Options { max_total: 2, ..Options::default() },
        Options { max_idle_per_key: 2, ..Options::default() },
        Options { max_idle_total: 2, ..Options::default() },
        Options { max_dials: 2, ..Options::default() },
    ];
    for options in limits {
        let mut rig = rig(options.clone(), [preconnect(0, 9)]);
        assert_eq!(rig.dials(), 2, "{options:?}");
        tell(&mut rig, [Step::Dialed(0), Step::Dialed(0)]);
        assert_eq!(dials(&rig), 2, "the wish has ended: {options:?}");
    }
    // An idle connection of another key is not closed for it.
    let options = Options { max_total: 1, ..Options::default() };
    let steps = [acquire(1), Step::Dialed(0), Step::Release(0, Fate::REUSABLE), preconnect(0, 1)];
    assert_eq!(dials(&rig(options, steps)), 1);
}

#[test]
fn a_host_that_fails_is_asked_once() {
    let mut rig = rig(Options { max_dials_per_key: 1, ..Options::default() }, [preconnect(0, 9)]);
    tell(&mut rig, [Step::DialFailed(0), preconnect(0, 9)]);
    assert_eq!(dials(&rig), 1);
    // Its failure does not matter any more.
    tell(&mut rig, [Step::Advance(Duration::from_millis(60)), preconnect(0, 9)]);
    assert_eq!(dials(&rig), 2);
}

#[test]
fn a_key_in_use_has_idle_connections_as_long_as_it_is_used() {
    let options = Options { min_idle: 2, idle: Duration::from_secs(10), ..Options::default() };
    let mut rig = rig(options, [acquire(0)]);
    assert_eq!(rig.dials(), 1, "nobody knows yet whether the host can be reached");
    tell(&mut rig, [Step::Dialed(0)]);
    assert_eq!((rig.held().count(), rig.dials()), (1, 2));
    tell(&mut rig, [Step::Dialed(0), Step::Dialed(0), acquire(0)]);
    assert_eq!((rig.held().count(), rig.pool().counts().idle, rig.dials()), (2, 1, 1), "one was taken");
    tell(&mut rig, [Step::Dialed(0), Step::Release(0, Fate::REUSABLE), Step::Release(0, Fate::REUSABLE)]);
    assert_eq!((rig.pool().counts().idle, rig.dials()), (4, 0));
    let before = dials(&rig);
    tell(&mut rig, [Step::Advance(Duration::from_secs(11))]);
    assert_eq!((rig.pool().counts().open, dials(&rig)), (0, before), "nobody uses it any more");
}

#[test]
fn a_host_whose_dials_fail_has_none_made_for_nobody() {
    let options = Options { min_idle: 3, ..Options::default() };
    let mut rig = rig(options, [acquire(0), Step::DialFailed(0)]);
    for _ in 0..20 {
        tell(&mut rig, [Step::Advance(Duration::from_secs(2)), acquire(0), Step::DialFailed(0)]);
    }
    assert_eq!(dials(&rig), 21, "one for each request");
}

/// A peer that closes at once what it accepts.
#[test]
fn a_host_that_takes_no_idle_connections_is_not_asked_again_and_again() {
    let options = Options { min_idle: 2, ..Options::default() };
    let mut rig = rig(options, [acquire(0), Step::Dialed(0), Step::Dialed(0), Step::Dialed(0)]);
    assert_eq!((dials(&rig), rig.pool().counts().idle), (3, 2));
    for conn in 0..3 {
        tell(&mut rig, [Step::Stirred(conn)]);
    }
    assert_eq!((dials(&rig), rig.pool().counts().idle), (3, 0));
}

#[test]
fn what_is_evicted_comes_back_with_the_next_request_only() {
    let options = Options { min_idle: 1, ..Options::default() };
    let mut rig = rig(options, [acquire(0), Step::Dialed(0), Step::Dialed(0), Step::Evict(1)]);
    assert_eq!((dials(&rig), rig.pool().counts().idle), (2, 0));
    tell(&mut rig, [acquire(0), Step::Dialed(0)]);
    assert_eq!(dials(&rig), 4);
}

proptest! {
    #![proptest_config(cases(150))]

    /// The same commands as the reference pool, with many wishes and every key in use.
    #[test]
    fn wishes_are_obeyed_as_by_the_reference_pool((options, steps) in wishful()) {
        faithfully(options, steps);
    }

    /// I8 to I11 and I15, in whatever order commands are polled: the ledger judges each.
    #[test]
    fn wishes_keep_to_the_limits((options, steps) in wishful()) {
        let log = loosely(options, steps);
        let is_dial = |event: &&Event| matches!(event, Event::Said(_, Said::Dial { .. }));
        let failed = |event: &&Event| matches!(event, Event::Input(_, Input::DialFailed { .. }));
        prop_assert!(log.iter().filter(failed).count() <= log.iter().filter(is_dial).count());
    }
}

/// Steps at random with wishes between them, and a wish that holds for every key in use.
fn wishful() -> impl Strategy<Value = (Options, Vec<Step>)> {
    let wishes = prop::collection::vec((0..KEYS, 1_usize..5, 1_usize..6), 1..30);
    (sequences(), 0_usize..4, wishes).prop_map(|(sequence, min_idle, wishes)| {
        let options = Options { min_idle, ..sequence.options };
        (options, with_wishes(sequence.steps, &wishes))
    })
}

/// After so many steps each, a wish.
fn with_wishes(steps: Vec<Step>, wishes: &[(u8, usize, usize)]) -> Vec<Step> {
    let mut mixed = Vec::new();
    let mut steps = steps.into_iter();
    for (key, count, gap) in wishes {
        mixed.extend(steps.by_ref().take(*gap));
        mixed.push(preconnect(*key, *count));
    }
    mixed.extend(steps);
    mixed
}

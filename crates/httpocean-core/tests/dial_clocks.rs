//! Every clock of a dial: when it runs out, and what that does.
#![allow(clippy::unwrap_used)]

mod dialing;

use std::sync::Arc;

use dialing::{
    SECOND, abandons, addresses, connects, fails, for_ms, is_ready, ms, racing, resolving, waits, waits_in,
};
use httpocean_core::dial::Options;
use httpocean_core::{Dial, ErrorKind, Instant, Key, Phase, TransportError};

#[test]
fn an_address_has_its_own_time_unless_it_is_the_last() {
    let mut dial = racing(3, Options { connect_each: for_ms(100), ..Options::default() });
    connects(&mut dial, 0, ms(0));
    assert_eq!((waits(&mut dial, ms(0)), dial.until(0)), (Some(ms(100)), Some(ms(100))));
    abandons(&mut dial, 0, ms(100));
    connects(&mut dial, 1, ms(100));
    assert_eq!((waits(&mut dial, ms(100)), dial.until(0)), (Some(ms(200)), None));
    abandons(&mut dial, 1, ms(200));
    connects(&mut dial, 2, ms(200));
    assert_eq!((waits(&mut dial, ms(200)), dial.until(2)), (Some(ms(10_000)), Some(ms(10_000))));
    dial.connected(2, Ok(()), ms(9_999));
    is_ready(&mut dial, ms(9_999));
}

#[test]
fn the_time_of_all_addresses_together_ends_every_attempt() {
    let mut dial = racing(9, Options { connect: for_ms(600), ..Options::default() });
    connects(&mut dial, 0, ms(0));
    connects(&mut dial, 1, ms(250));
    connects(&mut dial, 2, ms(500));
    dial.connected(1, Err(TransportError::Refused), ms(550));
    connects(&mut dial, 3, ms(550));
    assert_eq!(waits(&mut dial, ms(550)), Some(ms(600)));
    for number in [0, 2, 3] {
        abandons(&mut dial, number, ms(600));
    }
    let error = fails(&mut dial, ms(600));
    // A deadline passed, though one address had another reason.
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Timeout, Phase::Connect));
    let reasons: Vec<_> = error.attempts().iter().map(|failed| failed.why).collect();
    let late = TransportError::TimedOut;
    assert_eq!(reasons, [TransportError::Refused, late, late, late]);
    dial.connected(0, Ok(()), ms(600));
    fails(&mut dial, ms(700));
}

#[test]
fn no_attempt_begins_after_the_deadline() {
    let mut dial = racing(2, Options::default());
    let error = fails(&mut dial, ms(10_000));
    assert_eq!((error.kind(), error.attempts().len()), (&ErrorKind::Timeout, 0));

    // Nothing runs when the time passes, and one address is left.
    let mut dial = racing(2, Options::default());
    connects(&mut dial, 0, ms(0));
    dial.connected(0, Err(TransportError::Refused), ms(11_000));
    let error = fails(&mut dial, ms(11_000));
    assert_eq!((error.kind(), error.attempts().len()), (&ErrorKind::Timeout, 1));
}

#[test]
fn all_that_failed_by_themselves_did_not_time_out() {
    let mut dial = racing(1, Options::default());
    connects(&mut dial, 0, ms(0));
    dial.connected(0, Err(TransportError::Refused), ms(10_000));
    assert_eq!(fails(&mut dial, ms(10_000)).kind(), &ErrorKind::Connect(TransportError::Refused));
}

#[test]
fn a_connection_wins_over_a_clock_that_nobody_has_looked_at() {
    let late = ms(60_000);
    let mut dial = racing(2, Options::default());
    connects(&mut dial, 0, ms(0));
    dial.connected(0, Ok(()), late);
    is_ready(&mut dial, late);

    let mut dial = racing(2, Options::default());
    connects(&mut dial, 0, ms(0));
    abandons(&mut dial, 0, late);
    dial.connected(0, Ok(()), late);
    assert_eq!(fails(&mut dial, late).kind(), &ErrorKind::Timeout);
}

#[test]
fn a_jump_of_the_clock_starts_one_attempt_and_not_all() {
    let mut dial = racing(5, Options { connect: None, connect_each: None, ..Options::default() });
    connects(&mut dial, 0, ms(0));
    assert_eq!(waits(&mut dial, ms(0)), Some(ms(250)));
    connects(&mut dial, 1, ms(100_000));
    assert_eq!(waits(&mut dial, ms(100_000)), Some(ms(100_250)));
}

#[test]
fn time_that_goes_backward_changes_nothing() {
    let mut dial = racing(3, Options::default());
    connects(&mut dial, 0, ms(2_000));
    assert_eq!(waits(&mut dial, ms(2_000)), Some(ms(2_250)));
    assert_eq!(waits(&mut dial, ms(0)), Some(ms(2_250)));
    dial.connected(0, Err(TransportError::Refused), ms(0));
    connects(&mut dial, 1, ms(0));
    assert_eq!(waits(&mut dial, ms(0)), Some(ms(2_250)), "it began at 2 s");
}

#[test]
fn the_end_of_time_is_a_deadline_as_any() {
    let end = Instant::from_micros(u64::MAX);
    let forever = Some(std::time::Duration::MAX);
    let mut dial = racing(2, Options { connect: forever, connect_each: forever, ..Options::default() });
    connects(&mut dial, 0, ms(0));
    abandons(&mut dial, 0, end);
    assert_eq!(fails(&mut dial, end).kind(), &ErrorKind::Timeout);
}

#[test]
fn without_limits_the_last_attempt_waits_for_its_answer() {
    let mut dial = racing(1, Options { connect: None, ..Options::default() });
    connects(&mut dial, 0, ms(0));
    assert_eq!((waits(&mut dial, ms(0)), dial.until(0)), (None, None));
}

#[test]
fn a_look_up_that_fails() {
    let mut dial = resolving(Options::default());
    dial.resolved(Err(TransportError::NotFound), ms(0));
    let error = fails(&mut dial, ms(0));
    let kind = ErrorKind::Resolve(TransportError::NotFound);
    assert_eq!((error.kind(), error.phase()), (&kind, Phase::Resolve));

    assert_eq!(fails(&mut racing(0, Options::default()), ms(0)).kind(), &kind);
}

#[test]
fn a_look_up_that_takes_too_long() {
    let mut dial = resolving(Options { resolve: Some(SECOND), ..Options::default() });
    assert_eq!(waits_in(&mut dial, Phase::Resolve, ms(0)), Some(ms(1_000)));
    let error = fails(&mut dial, ms(1_000));
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Timeout, Phase::Resolve));
    dial.resolved(addresses(1), ms(1_000));
    fails(&mut dial, ms(1_000));

    let mut dial = resolving(Options::default());
    assert_eq!(waits_in(&mut dial, Phase::Resolve, ms(0)), None);
}

#[test]
fn the_time_to_connect_begins_with_the_answer_of_the_resolver() {
    let mut dial = resolving(Options { connect: Some(SECOND), ..Options::default() });
    dial.resolved(addresses(1), ms(5_000));
    connects(&mut dial, 0, ms(5_000));
    assert_eq!(waits(&mut dial, ms(5_000)), Some(ms(6_000)));
}

#[test]
fn https_is_not_built_in() {
    let key = Key::of(&"https://example.com".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Arc::default(), ms(0));
    assert!(matches!(fails(&mut dial, ms(0)).kind(), ErrorKind::Unsupported(_)));
}

//! From a name to a connection: each step, each clock, and answers that come too late.
#![allow(clippy::unwrap_used)]

mod common;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use common::{SECOND, at};
use httpocean_core::dial::{Options, Route};
use httpocean_core::{Config, Dial, DialStep, Error, ErrorKind, Instant, Key, Phase, TransportError};

fn dial_with(options: Options) -> Dial {
    let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Arc::new(Config { dial: options, ..Config::default() }), at(0));
    assert!(matches!(dial.step(at(0)), DialStep::Resolve));
    dial
}

fn addr(last: usize) -> SocketAddr {
    format!("192.0.{}.{}:80", last / 256, last % 256).parse().unwrap()
}

fn addresses(count: usize) -> Result<Route, TransportError> {
    Ok(Route::Addresses((0..count).map(addr).collect()))
}

fn resolved(count: usize, options: Options) -> Dial {
    let mut dial = dial_with(options);
    dial.resolved(addresses(count), at(0));
    dial
}

fn connects(dial: &mut Dial, number: u8, now: Instant) {
    let step = dial.step(now);
    let DialStep::Connect { attempt, addr: Some(to) } = step else { panic!("{step:?}") };
    assert_eq!((attempt, to), (number, addr(usize::from(number))));
}

fn waits(dial: &mut Dial, now: Instant) -> (Option<Instant>, Phase) {
    let step = dial.step(now);
    let DialStep::Wait(want) = step else { panic!("{step:?}") };
    assert!(!want.read && !want.write && want.until.is_none_or(|until| until > now));
    (want.until, want.phase)
}

fn fails(dial: &mut Dial, now: Instant) -> Error {
    let DialStep::Failed(error) = dial.step(now) else { panic!("it did not fail") };
    let DialStep::Failed(again) = dial.step(now + SECOND) else { panic!("it does not stick") };
    assert_eq!(error.to_string(), again.to_string());
    error
}

fn abandons(dial: &mut Dial, number: u8, now: Instant) {
    let step = dial.step(now);
    assert!(matches!(step, DialStep::Abandon { attempt } if attempt == number), "{step:?}");
}

#[test]
fn one_address_after_the_other_until_one_answers() {
    let mut dial = resolved(3, Options::default());
    connects(&mut dial, 0, at(0));
    assert_eq!(waits(&mut dial, at(0)), (Some(at(3)), Phase::Connect));
    dial.connected(0, Err(TransportError::Refused), at(1));
    connects(&mut dial, 1, at(1));
    assert_eq!(waits(&mut dial, at(1)).0, Some(at(4)));
    abandons(&mut dial, 1, at(4));
    connects(&mut dial, 2, at(4));
    assert_eq!(waits(&mut dial, at(4)).0, Some(at(10)), "the last address has all the time there is");
    dial.connected(2, Ok(()), at(9));
    assert!(matches!(dial.step(at(99)), DialStep::Ready(_)));
}

#[test]
fn when_all_fail_the_last_reason_is_told() {
    let mut dial = resolved(2, Options::default());
    connects(&mut dial, 0, at(0));
    dial.connected(0, Err(TransportError::Unreachable), at(0));
    connects(&mut dial, 1, at(0));
    dial.connected(1, Err(TransportError::Refused), at(0));
    let error = fails(&mut dial, at(0));
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Connect(TransportError::Refused), Phase::Connect));
}

#[test]
fn the_time_of_all_addresses_together_is_bounded() {
    let mut dial = resolved(2, Options { connect: Some(SECOND), ..Options::default() });
    connects(&mut dial, 0, at(0));
    assert_eq!(waits(&mut dial, at(0)).0, Some(at(1)));
    abandons(&mut dial, 0, at(1));
    let error = fails(&mut dial, at(1));
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Timeout, Phase::Connect));
    dial.connected(0, Ok(()), at(1));
    fails(&mut dial, at(2));
}

#[test]
fn no_attempt_begins_after_the_deadline() {
    let mut dial = resolved(2, Options::default());
    assert_eq!(fails(&mut dial, at(10)).kind(), &ErrorKind::Timeout);

    let mut dial = resolved(2, Options::default());
    connects(&mut dial, 0, at(0));
    dial.connected(0, Err(TransportError::Refused), at(11));
    assert_eq!(fails(&mut dial, at(11)).kind(), &ErrorKind::Timeout);
}

#[test]
fn a_look_up_that_fails() {
    let mut dial = dial_with(Options::default());
    dial.resolved(Err(TransportError::NotFound), at(0));
    let error = fails(&mut dial, at(0));
    assert_eq!(
        (error.kind(), error.phase()),
        (&ErrorKind::Resolve(TransportError::NotFound), Phase::Resolve)
    );

    let error = fails(&mut resolved(0, Options::default()), at(0));
    assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::NotFound));
}

#[test]
fn a_look_up_that_takes_too_long() {
    let mut dial = dial_with(Options { resolve: Some(SECOND), ..Options::default() });
    assert_eq!(waits(&mut dial, at(0)), (Some(at(1)), Phase::Resolve));
    let error = fails(&mut dial, at(1));
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Timeout, Phase::Resolve));
    dial.resolved(addresses(1), at(1));
    fails(&mut dial, at(1));

    let mut dial = dial_with(Options::default());
    assert_eq!(waits(&mut dial, at(0)).0, None);
}

#[test]
fn answers_that_nobody_waits_for_do_nothing() {
    let mut dial = resolved(3, Options::default());
    dial.resolved(Err(TransportError::NotFound), at(0));
    dial.connected(0, Ok(()), at(0));
    connects(&mut dial, 0, at(0));
    dial.resolved(addresses(0), at(0));
    dial.connected(1, Ok(()), at(0));
    dial.connected(255, Ok(()), at(0));
    abandons(&mut dial, 0, at(3));
    dial.connected(0, Ok(()), at(3));
    connects(&mut dial, 1, at(3));
    dial.connected(0, Ok(()), at(3));
    dial.connected(0, Err(TransportError::Refused), at(3));
    assert_eq!(waits(&mut dial, at(3)).0, Some(at(6)));
}

#[test]
fn no_number_of_an_attempt_comes_twice() {
    let each = Some(Duration::from_micros(1));
    let mut dial = resolved(300, Options { connect_each: each, ..Options::default() });
    let mut now = at(0);
    for number in 0..=255 {
        connects(&mut dial, number, now);
        if number < 255 {
            now = now + Duration::from_micros(1);
            abandons(&mut dial, number, now);
        }
    }
    dial.connected(255, Err(TransportError::Refused), now);
    assert_eq!(fails(&mut dial, now).kind(), &ErrorKind::Connect(TransportError::Refused));
}

#[test]
fn a_transport_that_finds_its_own_way() {
    let mut dial = dial_with(Options::default());
    dial.resolved(Ok(Route::Direct), at(0));
    assert!(matches!(dial.step(at(0)), DialStep::Connect { attempt: 0, addr: None }));
    assert_eq!(waits(&mut dial, at(0)).0, Some(at(10)));
    dial.connected(0, Err(TransportError::Refused), at(0));
    assert_eq!(fails(&mut dial, at(0)).kind(), &ErrorKind::Connect(TransportError::Refused));
}

#[test]
fn https_is_not_built_in() {
    let key = Key::of(&"https://example.com".parse().unwrap()).unwrap();
    let mut dial = Dial::new(&key, &Arc::default(), at(0));
    assert!(matches!(fails(&mut dial, at(0)).kind(), ErrorKind::Unsupported(_)));
}

#[test]
fn time_that_goes_backward_changes_nothing() {
    let mut dial = resolved(2, Options::default());
    connects(&mut dial, 0, at(2));
    assert_eq!(waits(&mut dial, at(2)).0, Some(at(5)));
    assert!(matches!(dial.step(at(0)), DialStep::Wait(want) if want.until == Some(at(5))));
    abandons(&mut dial, 0, Instant::from_micros(u64::MAX));
    assert!(matches!(dial.step(at(0)), DialStep::Failed(_)));
}

#[test]
fn a_driver_that_only_sleeps_as_told_gets_to_the_end() {
    let mut dial = resolved(3, Options::default());
    let (mut now, mut attempts) = (at(0), 0);
    let error = loop {
        match dial.step(now) {
            DialStep::Connect { .. } => attempts += 1,
            DialStep::Abandon { .. } | DialStep::Resolve | DialStep::Ready(_) => {}
            DialStep::Wait(want) => now = want.until.unwrap(),
            DialStep::Failed(error) => break error,
        }
    };
    assert_eq!((attempts, now, error.kind()), (3, at(10), &ErrorKind::Timeout));
}

//! Which address is tried when, and who wins (RFC 8305).
#![allow(clippy::unwrap_used)]

mod dialing;

use std::net::SocketAddr;
use std::time::Duration;

use dialing::{
    SECOND, abandons, addr, addresses, connects, fails, for_ms, is_ready, ms, racing, resolving,
    resolving_by, waits,
};
use httpocean_core::dial::{Options, Route};
use httpocean_core::{Config, Dial, DialStep, ErrorKind, Fault, Instant, Io, Limits, Phase, TransportError};

/// What happens when a driver sleeps as it is told and nobody ever answers: each start with its time, and the end.
fn nobody_answers(mut dial: Dial) -> (Vec<(u8, Instant)>, Instant) {
    let (mut now, mut starts) = (ms(0), Vec::new());
    loop {
        match dial.step(&mut Io::default(), now) {
            DialStep::Connect { attempt, .. } => starts.push((attempt, now)),
            DialStep::Wait(want) => now = want.until.unwrap(),
            DialStep::Abandon { .. } | DialStep::Resolve => {}
            DialStep::Ready(_) => panic!("ready with what?"),
            DialStep::Failed(_) => return (starts, now),
        }
    }
}

#[test]
fn attempts_begin_exactly_one_delay_apart() {
    let (starts, end) = nobody_answers(racing(4, Options::default()));
    assert_eq!(starts, [(0, ms(0)), (1, ms(250)), (2, ms(500)), (3, ms(750))]);
    assert_eq!(end, ms(10_000));
}

#[test]
fn the_delay_is_an_option_of_at_least_ten_milliseconds() {
    for (asked, given) in [(100, 100), (10, 10), (9, 10), (0, 10)] {
        let options = Options { attempt_delay: Duration::from_millis(asked), ..Options::default() };
        let (starts, _) = nobody_answers(racing(2, options));
        assert_eq!(starts[1].1, ms(given), "{asked}");
    }
}

#[test]
fn the_families_take_turns_and_the_resolvers_first_goes_first() {
    let orders = [
        ("[::1] [::2] [::3] 10.0.0.1 10.0.0.2", "[::1] 10.0.0.1 [::2] 10.0.0.2 [::3]"),
        ("10.0.0.1 10.0.0.2 [::1]", "10.0.0.1 [::1] 10.0.0.2"),
        ("10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2"),
    ];
    for (found, tried) in orders {
        let parse = |list: &str| -> Vec<SocketAddr> {
            list.split(' ').map(|addr| format!("{addr}:80").parse().unwrap()).collect()
        };
        let mut dial = resolving(Options::default());
        dial.resolved(Ok(Route::Addresses(parse(found).into_iter().collect())), ms(0));
        let mut order = Vec::new();
        while let DialStep::Connect { attempt, addr } = dial.step(&mut Io::default(), ms(0)) {
            order.push(addr.unwrap());
            dial.connected(attempt, Err(TransportError::Refused), ms(0));
        }
        assert_eq!(order, parse(tried));
    }
}

#[test]
fn a_first_address_that_is_a_black_hole_costs_one_delay() {
    let mut dial = racing(2, Options::default());
    connects(&mut dial, 0, ms(0));
    assert_eq!(waits(&mut dial, ms(0)), Some(ms(250)));
    connects(&mut dial, 1, ms(250));
    dial.connected(1, Ok(()), ms(250));
    abandons(&mut dial, 0, ms(250));
    is_ready(&mut dial, ms(250));
}

#[test]
fn after_a_failure_the_next_address_is_tried_at_once() {
    let mut dial = racing(3, Options::default());
    connects(&mut dial, 0, ms(0));
    dial.connected(0, Err(TransportError::Refused), ms(1));
    connects(&mut dial, 1, ms(1));
    assert_eq!(waits(&mut dial, ms(1)), Some(ms(251)), "from its own start on");
    dial.connected(1, Ok(()), ms(2));
    is_ready(&mut dial, ms(2));
}

#[test]
fn two_failures_at_once_start_one_attempt() {
    let mut dial = racing(4, Options::default());
    connects(&mut dial, 0, ms(0));
    connects(&mut dial, 1, ms(250));
    dial.connected(0, Err(TransportError::Refused), ms(300));
    dial.connected(1, Err(TransportError::Refused), ms(300));
    connects(&mut dial, 2, ms(300));
    assert_eq!(waits(&mut dial, ms(300)), Some(ms(550)));
}

#[test]
fn a_slow_first_address_may_still_win() {
    let mut dial = racing(3, Options::default());
    connects(&mut dial, 0, ms(0));
    connects(&mut dial, 1, ms(250));
    dial.connected(0, Ok(()), ms(260));
    abandons(&mut dial, 1, ms(260));
    is_ready(&mut dial, ms(260));
}

#[test]
fn the_others_are_abandoned_in_their_order_before_the_winner_is_told() {
    let mut dial = racing(4, Options::default());
    for number in 0..4 {
        connects(&mut dial, number, ms(250 * u64::from(number)));
    }
    dial.connected(2, Ok(()), ms(800));
    for loser in [0, 1, 3] {
        abandons(&mut dial, loser, ms(800));
    }
    is_ready(&mut dial, ms(800));
}

#[test]
fn when_all_fail_each_address_is_listed_with_its_reason() {
    let mut dial = racing(3, Options::default());
    connects(&mut dial, 0, ms(0));
    connects(&mut dial, 1, ms(250));
    dial.connected(1, Err(TransportError::Unreachable), ms(260));
    connects(&mut dial, 2, ms(260));
    dial.connected(0, Err(TransportError::Refused), ms(270));
    dial.connected(2, Err(TransportError::TimedOut), ms(280));
    let error = fails(&mut dial, ms(280));
    let told: Vec<_> = error.attempts().iter().map(|failed| (failed.addr, failed.why)).collect();
    let expected = [
        (Some(addr(1)), TransportError::Unreachable),
        (Some(addr(0)), TransportError::Refused),
        (Some(addr(2)), TransportError::TimedOut),
    ];
    assert_eq!(told, expected, "in the order in which they failed");
    // That the last one took too long tells less than the refusal before.
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Connect(TransportError::Refused), Phase::Connect));
    assert_eq!(error.fault(), Fault::Network);
    assert_eq!(
        error.to_string(),
        "no connection could be made: connection refused (the network's fault, connecting, nothing sent): \
         192.0.0.1:80 unreachable, 192.0.0.0:80 connection refused, 192.0.0.2:80 timed out"
    );
}

#[test]
fn answers_that_nobody_waits_for_do_nothing() {
    let mut dial = racing(3, Options { connect_each: for_ms(300), ..Options::default() });
    dial.resolved(Err(TransportError::NotFound), ms(0));
    dial.connected(0, Ok(()), ms(0));
    connects(&mut dial, 0, ms(0));
    dial.resolved(addresses(0), ms(0));
    dial.connected(1, Ok(()), ms(0));
    dial.connected(255, Ok(()), ms(0));
    connects(&mut dial, 1, ms(250));
    // Its time is over, and that was said: what comes now is too late, be it good or bad.
    abandons(&mut dial, 0, ms(300));
    dial.connected(0, Ok(()), ms(300));
    connects(&mut dial, 2, ms(300));
    dial.connected(0, Err(TransportError::Refused), ms(300));
    assert_eq!(waits(&mut dial, ms(300)), Some(ms(550)));
    dial.connected(2, Ok(()), ms(310));
    dial.connected(1, Ok(()), ms(310));
    dial.connected(2, Err(TransportError::Reset), ms(310));
    abandons(&mut dial, 1, ms(310));
    is_ready(&mut dial, ms(310));
    dial.connected(1, Ok(()), ms(320));
    assert_eq!(waits(&mut dial, ms(320)), None);
}

#[test]
fn of_very_many_addresses_as_many_are_tried_as_the_limit_says() {
    let default = Limits::default().addresses;
    assert_eq!(default, 64);
    for (limit, tried) in [(default, 64), (3, 3), (u8::MAX, 255), (0, 1)] {
        let limits = Limits { addresses: limit, ..Limits::default() };
        let mut dial = resolving_by(Config { limits, ..Config::default() });
        dial.resolved(addresses(300), ms(0));
        for number in 0..tried {
            connects(&mut dial, number, ms(0));
            dial.connected(number, Err(TransportError::Refused), ms(0));
        }
        assert_eq!(fails(&mut dial, ms(0)).attempts().len(), usize::from(tried));
    }
}

#[test]
fn a_transport_that_finds_its_own_way_has_one_attempt() {
    let mut dial = resolving(Options::default());
    dial.resolved(Ok(Route::Direct), ms(0));
    assert!(matches!(dial.step(&mut Io::default(), ms(0)), DialStep::Connect { attempt: 0, addr: None }));
    assert_eq!(waits(&mut dial, ms(0)), Some(ms(10_000)));
    dial.connected(0, Err(TransportError::Refused), ms(0));
    let error = fails(&mut dial, ms(0) + SECOND);
    assert_eq!(error.kind(), &ErrorKind::Connect(TransportError::Refused));
    assert!(error.to_string().ends_with(": connection refused"), "{error}");
}

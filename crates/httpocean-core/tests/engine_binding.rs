//! Late binding: a call is served by the first connection of its key that becomes ready, whoever caused the dial.
#![allow(clippy::unwrap_used)]

mod engine_world;

use core::time::Duration;

use engine_world::{Act, DialScript, Net, World, at, ms};
use httpocean_core::pool::{DialPolicy, Options, Surplus};
use httpocean_core::{CloseReason, Config, ErrorKind, Phase, TransportError};

/// The first dial takes 500 ms, the second 20 ms.
fn first_is_slow() -> Net {
    Net::default().dials(|_, n| DialScript::takes(ms(if n == 0 { 500 } else { 20 })))
}

#[test]
fn the_oldest_call_gets_the_first_connection_whoever_caused_it() {
    let mut world = World::simple(first_is_slow());
    let first = world.get_at(at(0), "a.test");
    let second = world.get_at(at(10), "a.test");
    world.run();
    // The second's dial serves the first; then the connection that came back serves the second.
    assert_eq!((world.users[&first].conn, world.ended_at(first)), (Some(1), at(32)));
    assert_eq!((world.users[&second].conn, world.ended_at(second)), (Some(1), at(34)));
    // The slow dial goes on, and its connection is kept.
    assert_eq!(
        world.closed,
        [(at(90_034), 1, CloseReason::IdleTooLong), (at(90_500), 0, CloseReason::IdleTooLong)]
    );
}

#[test]
fn a_surplus_dial_is_cancelled_if_the_options_say_so() {
    let options = Options { surplus: Surplus::Cancel, ..Options::default() };
    let mut world = World::new(options, Config::default(), first_is_slow());
    world.get_at(at(0), "a.test");
    let second = world.get_at(at(10), "a.test");
    world.run();
    assert!(world.is_whole(second));
    assert_eq!(world.closed[0].2, CloseReason::Unwanted);
    assert!(world.closed[0].0 < at(40), "not when its answer comes: {:?}", world.closed);
}

#[test]
fn a_cancelled_call_leaves_its_dial_to_others() {
    let mut world = World::new(
        Options { max_dials_per_key: 1, ..Options::default() },
        Config::default(),
        Net::default().dials(|_, _| DialScript::takes(ms(100))),
    );
    let first = world.get_at(at(0), "a.test");
    let second = world.get_at(at(10), "a.test");
    world.act_at(at(50), first, Act::Cancel);
    world.run();
    assert_eq!(world.failure(first).kind(), &ErrorKind::Cancelled);
    assert_eq!((world.dials, world.ended_at(first), world.ended_at(second)), (1, at(50), at(102)));
}

#[test]
fn what_is_cancelled_before_anybody_looked_is_not_looked_up() {
    let options = Options { surplus: Surplus::Cancel, ..Options::default() };
    let mut world = World::new(options, Config::default(), Net::default());
    let call = world.get_at(at(0), "a.test");
    // The step after the start: the dial is decided, and its task not yet asked for.
    world.interrupt = Some((2, call, Act::Cancel));
    world.run();
    assert_eq!((world.dials, world.looked_up, world.closed.len(), world.ended_at(call)), (1, 0, 1, at(0)));
}

#[test]
fn a_failed_dial_is_charged_to_its_asker_alone() {
    let net = Net::default().dials(|_, n| match n {
        0 => DialScript::fails(ms(30), TransportError::Refused),
        _ => DialScript::takes(ms(100)),
    });
    let mut world = World::simple(net);
    let first = world.get_at(at(0), "a.test");
    let second = world.get_at(at(10), "a.test");
    world.run();
    let error = world.failure(first);
    assert_eq!(error.kind(), &ErrorKind::Connect(TransportError::Refused));
    assert_eq!((error.phase(), world.ended_at(first)), (Phase::Connect, at(30)));
    assert_eq!(world.ended_at(second), at(112));
}

#[test]
fn whose_dial_failed_may_have_been_served_by_another() {
    let net = Net::default().dials(|_, n| match n {
        0 => DialScript::fails(ms(30), TransportError::Refused),
        _ => DialScript::takes(ms(10)),
    });
    let mut world = World::simple(net);
    let first = world.get_at(at(0), "a.test");
    let second = world.get_at(at(5), "a.test");
    world.run();
    // Served at 15 ms by the second's dial, long before its own failed; the second after it.
    assert_eq!((world.ended_at(first), world.ended_at(second)), (at(17), at(19)));
}

/// Five warm connections, a connect of 150 ms, and fifty requests of 2 ms at once: dials made and connections
/// open when they are done, and when the slowest was served.
fn spike(dial: DialPolicy, surplus: Surplus) -> (usize, usize, usize, Duration) {
    let net = Net::default().dials(|_, n| DialScript::takes(ms(if n < 5 { 10 } else { 150 })));
    let options = Options { dial, surplus, ..Options::default() };
    let mut world = World::new(options, Config::default(), net);
    for _ in 0..5 {
        world.get_at(at(0), "a.test");
    }
    let calls: Vec<_> = (0..50).map(|_| world.get_at(at(1000), "a.test")).collect();
    world.run_until(at(999));
    assert_eq!((world.open(), world.engine.counts().idle), (5, 5));
    world.run_until(at(2000));
    let slowest = calls.iter().map(|call| world.ended_at(*call)).max().unwrap();
    let found = (world.dials - 5, world.most, world.open(), slowest - at(1000));
    world.run();
    found
}

#[test]
fn a_spike_is_served_by_what_is_warm() {
    let policies = [
        (DialPolicy::Eager, Surplus::Keep, (16, 21, 16)),
        (DialPolicy::Eager, Surplus::Cancel, (16, 21, 5)),
        (DialPolicy::Wait(ms(5)), Surplus::Keep, (16, 21, 16)),
        (DialPolicy::Wait(ms(20)), Surplus::Keep, (0, 5, 5)),
        (DialPolicy::Wait(ms(50)), Surplus::Keep, (0, 5, 5)),
    ];
    for (dial, surplus, expected) in policies {
        let (dials, most, open, slowest) = spike(dial, surplus);
        println!(
            "{dial:?} {surplus:?}: {dials} dials, {most} connections at most, {open} open after, slowest {slowest:?}"
        );
        assert_eq!((dials, most, open), expected, "{dial:?} {surplus:?}");
        assert_eq!(slowest, ms(20), "ten rounds of five, whatever is dialed");
    }
}

//! Calls are served: alone, one after another, many at once, of several keys, within limits.
#![allow(clippy::unwrap_used)]

mod engine_world;

use engine_world::{Net, World, at, ms};
use httpocean_core::pool::Options;
use httpocean_core::{CloseReason, Config};

#[test]
fn one_call_dials_is_served_and_leaves_its_connection_idle() {
    let mut world = World::simple(Net::default());
    let call = world.get_at(at(0), "a.test");
    world.run_until(at(1000));
    let user = &world.users[&call];
    assert_eq!(user.heard, ["head", "data", "end"]);
    assert_eq!((user.status, user.body.as_slice(), world.ended_at(call)), (Some(200), &b"hi"[..], at(12)));
    assert_eq!((world.engine.counts().open, world.engine.counts().idle), (1, 1));
    world.run();
    assert_eq!(world.closed, [(at(90_012), 0, CloseReason::IdleTooLong)]);
}

#[test]
fn the_second_call_takes_the_connection_of_the_first() {
    let mut world = World::simple(Net::default());
    let first = world.get_at(at(0), "a.test");
    let second = world.get_at(at(100), "a.test");
    world.run();
    assert_eq!((world.dials, world.ended_at(first), world.ended_at(second)), (1, at(12), at(102)));
    assert_eq!(world.users[&second].reused, Some(1));
}

#[test]
fn many_calls_share_as_many_connections_as_a_key_may_have() {
    let mut world =
        World::new(Options { max_per_key: 3, ..Options::default() }, Config::default(), Net::default());
    let calls: Vec<_> = (0..20).map(|_| world.get_at(at(0), "a.test")).collect();
    world.run();
    assert_eq!((world.dials, world.most), (3, 3));
    // In order of arrival, three at a time, two milliseconds each.
    let ends: Vec<_> = calls.iter().map(|call| world.ended_at(*call)).collect();
    assert_eq!(ends, (0..20).map(|n| at(12 + 2 * (n / 3))).collect::<Vec<_>>());
}

#[test]
fn keys_don_t_share_and_take_turns_under_the_limit_of_all() {
    let options = Options { max_total: 2, max_per_key: 2, turns: 1, ..Options::default() };
    let mut world = World::new(options, Config::default(), Net::default());
    let hosts = ["a.test", "b.test", "c.test"];
    let calls: Vec<_> = (0..30).map(|n| world.get_at(at(n / 10), hosts[n as usize % 3])).collect();
    world.run();
    assert!(calls.iter().all(|call| world.is_whole(*call)));
    assert_eq!(world.most, 2);
    assert!(world.reasons().contains(&CloseReason::Evicted), "{:?}", world.reasons());
}

#[test]
fn no_more_than_allowed_stay_idle() {
    let options = Options { max_idle_per_key: 2, ..Options::default() };
    let mut world = World::new(options, Config::default(), Net::default());
    for _ in 0..5 {
        world.get_at(at(0), "a.test");
    }
    world.run_until(at(1000));
    assert_eq!((world.dials, world.engine.counts().idle, world.open()), (5, 2, 2));
    assert_eq!(world.reasons(), [CloseReason::IdleFull; 3]);
    world.run();
}

#[test]
fn a_servers_own_deadline_is_kept() {
    let hint = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nkeep-alive: timeout=5, max=100\r\n\r\n";
    let mut world =
        World::simple(Net::default().serves(move |_, _, _| engine_world::Reply::after(ms(2), hint)));
    world.get_at(at(0), "a.test");
    world.run();
    assert_eq!(world.closed, [(at(4012), 0, CloseReason::IdleTooLong)]);
}

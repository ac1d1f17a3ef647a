//! Keys that wait for a place take turns.

#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use core::time::Duration;

use httpocean_core::pool::{DialPolicy, Fate, Options, PoolCommand};
use support::{ANY, FRESH, at, busy, dials, key, names, pool, said};

#[test]
fn i16_who_had_a_turn_goes_to_the_end() {
    let mut pool = pool(Options { max_total: 3, turns: 0, ..Options::default() });
    let leases: Vec<_> = (0..3).map(|socket| busy(&mut pool, "a", socket, at(0))).collect();
    for host in ["a", "a", "a", "a", "b", "b", "b", "c"] {
        let _ = pool.acquire(&key(host), ANY, at(1));
    }
    let mut dialed = Vec::new();
    for (socket, lease) in leases.into_iter().enumerate() {
        assert!(!pool.release(lease, socket as u32, Fate::REUSABLE, at(2)));
        for command in said(&mut pool, at(2)) {
            if let PoolCommand::Dial { lease } = command {
                dialed.push(lease.key().host().to_owned());
            }
        }
    }
    assert_eq!(dialed, ["b", "c", "b"]);
}

#[test]
fn i16_a_dial_that_ends_makes_way_for_the_next_key() {
    let mut pool = pool(Options { max_dials: 1, ..Options::default() });
    for host in ["a", "a", "a", "b"] {
        let _ = pool.acquire(&key(host), ANY, at(0));
    }
    let dial = dials(&mut pool, at(0)).remove(0);
    pool.dialed(dial, 1, at(1));
    let _ = said(&mut pool, at(1));
    let mut order = Vec::new();
    let mut pool2 = support::pool(Options { max_dials: 1, max_dials_per_key: 1, ..Options::default() });
    for host in ["a", "a", "a", "b"] {
        let _ = pool2.acquire(&key(host), ANY, at(0));
    }
    let mut open = dials(&mut pool2, at(0));
    while let Some(dial) = open.pop() {
        order.push(dial.key().host().to_owned());
        pool2.dialed(dial, 1, at(1));
        for command in said(&mut pool2, at(1)) {
            if let PoolCommand::Dial { lease } = command {
                open.push(lease);
            }
        }
    }
    assert_eq!(order, ["a", "b", "a", "a"]);
}

#[test]
fn i16_nothing_is_closed_for_a_key_that_a_place_would_not_help() {
    let mut pool = pool(Options { max_dials: 1, turns: 0, max_per_key: 1, ..Options::default() });
    let lease = busy(&mut pool, "a", 1, at(0));
    let _ = pool.acquire(&key("b"), ANY, at(0));
    let _dial = dials(&mut pool, at(0));
    // `c` waits for a dial, not for a place: the returned connection serves its own key.
    let _ = pool.acquire(&key("c"), ANY, at(1));
    let _ = pool.acquire(&key("a"), ANY, at(1));
    assert!(pool.release(lease, 1, Fate::REUSABLE, at(2)));
    assert_eq!(names(&said(&mut pool, at(2))), ["grant 1"]);
}

#[test]
fn i16_who_gives_its_own_place_away_stays_in_line() {
    let mut pool = pool(Options { max_total: 1, max_per_key: 1, ..Options::default() });
    let mut lease = busy(&mut pool, "x", 0, at(0));
    for (host, demand) in [("a", ANY), ("b", ANY), ("a", FRESH)] {
        let _ = pool.acquire(&key(host), demand, at(1));
    }
    let mut order = Vec::new();
    for _ in 0..4 {
        pool.release(lease, 0, Fate::REUSABLE, at(2));
        let dial = said(&mut pool, at(2)).into_iter().find_map(|command| match command {
            PoolCommand::Dial { lease } => Some(lease),
            _ => None,
        });
        let dial = dial.expect("a dial");
        if order.is_empty() {
            let _ = pool.acquire(&key("c"), ANY, at(2));
        }
        order.push(dial.key().host().to_owned());
        pool.dialed(dial, 0, at(2));
        let Some(PoolCommand::Grant { lease: next, .. }) = pool.poll(at(2)) else { panic!() };
        lease = next;
    }
    assert_eq!(order, ["a", "b", "a", "c"]);
}

#[test]
fn i16_who_has_room_made_for_one_stays_in_line_for_the_next() {
    let wait = DialPolicy::Wait(Duration::from_millis(20));
    let mut pool = pool(Options { max_total: 2, dial: wait, ..Options::default() });
    for host in ["x", "y"] {
        let _ = pool.acquire(&key(host), ANY, at(0));
    }
    let mut leases = Vec::new();
    for dial in dials(&mut pool, at(20)) {
        pool.dialed(dial, 0, at(20));
        let Some(PoolCommand::Grant { lease, .. }) = pool.poll(at(20)) else { panic!() };
        leases.push(lease);
    }
    let busy = leases.remove(1);
    assert!(pool.release(leases.remove(0), 0, Fate::REUSABLE, at(20)));
    for (host, millis) in [("a", 30), ("a", 31), ("b", 32)] {
        let _ = pool.acquire(&key(host), ANY, at(millis));
    }
    assert_eq!(names(&said(&mut pool, at(60))), ["close 0 Evicted", "dial a"]);
    pool.release(busy, 0, support::spent(), at(60));
    assert_eq!(names(&said(&mut pool, at(60))), ["close 0 CloseHeader", "dial a"]);
}

//! No connection is closed for room that can't be used.

mod support;

use core::time::Duration;

use httpocean_core::CloseReason;
use httpocean_core::pool::{DialPolicy, Fate, Options, PoolCommand};
use support::{ANY, at, busy, dials, idle, key, names, pool, said};

fn full_of_idle(options: Options) -> support::TestPool {
    let mut pool = pool(Options { max_total: 3, ..options });
    for (socket, host) in (0..).zip(["x", "y", "z"]) {
        idle(&mut pool, host, socket, at(0));
    }
    pool
}

#[test]
fn room_is_made_only_for_as_many_dials_as_may_run() {
    for options in [
        Options { max_dials_per_key: 1, ..Options::default() },
        Options { max_dials: 1, ..Options::default() },
        Options { max_per_key: 1, ..Options::default() },
    ] {
        let mut pool = full_of_idle(options);
        for _ in 0..3 {
            let _ = pool.acquire(&key("b"), ANY, at(1));
        }
        assert_eq!(names(&said(&mut pool, at(1))), ["close 0 Evicted", "dial b"]);
    }
}

#[test]
fn a_retaken_connection_leaves_its_own_place_to_the_next() {
    let mut pool = pool(Options { max_total: 2, ..Options::default() });
    let lease = busy(&mut pool, "a", 1, at(0));
    idle(&mut pool, "b", 2, at(0));
    let _waiter = pool.retake(lease, 1, CloseReason::PeerClosed, ANY, at(1));
    assert_eq!(names(&said(&mut pool, at(1))), ["close 1 PeerClosed", "dial a"]);
}

#[test]
fn room_is_made_only_for_who_has_waited_for_long_enough() {
    let wait = DialPolicy::Wait(Duration::from_millis(20));
    let mut pool = pool(Options { max_total: 2, dial: wait, ..Options::default() });
    for host in ["x", "y"] {
        let _ = pool.acquire(&key(host), ANY, at(0));
    }
    for (socket, dial) in (0..).zip(dials(&mut pool, at(20))) {
        pool.dialed(dial, socket, at(20));
        let Some(PoolCommand::Grant { lease, .. }) = pool.poll(at(20)) else { panic!() };
        assert!(pool.release(lease, socket, Fate::REUSABLE, at(20)));
    }
    let _ = pool.acquire(&key("b"), ANY, at(30));
    let _ = pool.acquire(&key("b"), ANY, at(40));
    assert_eq!(names(&said(&mut pool, at(50))), ["close 0 Evicted", "dial b"]);
    assert_eq!(names(&said(&mut pool, at(60))), ["close 1 Evicted", "dial b"]);
}

/// I40: its place is free as soon as the close is said; nothing has to come of it.
#[test]
fn i40_nothing_waits_for_a_close() {
    for host in ["a", "b"] {
        let mut pool = pool(Options { max_per_key: 1, max_total: 1, ..Options::default() });
        let lease = busy(&mut pool, "a", 1, at(0));
        let _ = pool.acquire(&key(host), ANY, at(0));
        assert!(said(&mut pool, at(0)).is_empty());
        pool.release(lease, 1, support::spent(), at(1));
        assert_eq!(names(&said(&mut pool, at(1))), ["close 1 CloseHeader", &format!("dial {host}")]);
    }
}

//! A dead grant is no error: its request waits again, in front, whoever else waits.

mod support;

use core::time::Duration;

use httpocean_core::CloseReason;
use httpocean_core::pool::{DialPolicy, Options};
use support::{ANY, at, busy, key, names, pool, said};

#[test]
fn a_full_queue_does_not_refuse_who_comes_back() {
    let mut pool = pool(Options { max_per_key: 1, max_waiters: 1, ..Options::default() });
    let lease = busy(&mut pool, "a", 1, at(0));
    let _other = pool.acquire(&key("a"), ANY, at(1));
    let _back = pool.retake(lease, 1, CloseReason::PeerClosed, ANY, at(2));
    assert_eq!(names(&said(&mut pool, at(2))), ["close 1 PeerClosed", "dial a"]);
    let _third = pool.acquire(&key("a"), ANY, at(3));
    assert_eq!(names(&said(&mut pool, at(3))), ["refuse QueueFull"]);
}

#[test]
fn who_comes_back_does_not_hold_up_the_dial_of_who_has_waited() {
    let wait = DialPolicy::Wait(Duration::from_millis(100));
    let mut pool = pool(Options { dial: wait, ..Options::default() });
    let _first = pool.acquire(&key("a"), ANY, at(0));
    let dial = support::dials(&mut pool, at(100)).remove(0);
    pool.dialed(dial, 1, at(100));
    let Some(httpocean_core::PoolCommand::Grant { lease, .. }) = pool.poll(at(100)) else { panic!() };
    let _second = pool.acquire(&key("a"), ANY, at(100));
    let _back = pool.retake(lease, 1, CloseReason::PeerClosed, ANY, at(190));
    assert_eq!(names(&said(&mut pool, at(190))), ["close 1 PeerClosed"]);
    assert_eq!(names(&said(&mut pool, at(200))), ["dial a"]);
}

#[test]
fn i13_who_loses_a_grant_asks_before_those_who_came_later() {
    let wait = DialPolicy::Wait(Duration::from_millis(20));
    let mut pool = pool(Options { dial: wait, ..Options::default() });
    let _first = pool.acquire(&key("a"), ANY, at(0));
    let dial = support::dials(&mut pool, at(20)).remove(0);
    pool.dialed(dial, 1, at(20));
    let Some(httpocean_core::PoolCommand::Grant { lease, .. }) = pool.poll(at(20)) else { panic!() };
    let _back = pool.retake(lease, 1, CloseReason::PeerClosed, ANY, at(20));
    let _ = said(&mut pool, at(20));
    let dial = support::dials(&mut pool, at(40)).remove(0);
    let conn = dial.conn();
    pool.dialed(dial, 2, at(40));
    let later = pool.acquire(&key("a"), ANY, at(40));
    pool.stirred(conn, CloseReason::PeerClosed, at(40));
    assert_eq!(names(&said(&mut pool, at(40))), ["close 2 PeerClosed", "dial a"]);
    pool.cancel(later, at(40));
}

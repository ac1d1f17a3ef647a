//! A connection that is idle is had in one step, when it would be had in two, and past nothing that is to be said before.

mod support;

use core::time::Duration;

use httpocean_core::pool::{Facts, Fate, Options, Order};
use httpocean_core::{CloseReason, PoolCommand};
use support::{ANY, FRESH, TestPool, at, busy, dials, idle, key, names, pool, said};

fn at_once(pool: &mut TestPool, name: &str, millis: u64) -> Option<u32> {
    let (lease, parked, _) = pool.acquire_idle(&key(name), ANY, at(millis))?;
    assert_eq!(lease.key(), &key(name));
    assert!(pool.release(lease, parked, Fate::REUSABLE, at(millis)));
    Some(parked)
}

#[test]
fn what_is_idle_is_had_with_what_is_known_of_it() {
    let mut pool = pool(Options::default());
    idle(&mut pool, "a", 1, at(0));
    let (lease, parked, facts) = pool.acquire_idle(&key("a"), ANY, at(5)).unwrap();
    let idle_for = Some(Duration::from_millis(5));
    assert_eq!((parked, facts), (1, Facts { number: 1, reused: 1, idle_for }));
    assert!(pool.acquire_idle(&key("a"), ANY, at(5)).is_none(), "it is in use");
    assert!(pool.release(lease, parked, Fate::REUSABLE, at(5)));
    assert_eq!((pool.counts().idle, pool.counts().waiting), (1, 0));
}

#[test]
fn what_nobody_has_asked_for_leaves_no_trace() {
    let mut pool = pool(Options::default());
    idle(&mut pool, "a", 1, at(0));
    let before = pool.counts();
    assert!(pool.acquire_idle(&key("b"), ANY, at(1)).is_none());
    assert!(pool.acquire_idle(&key("a"), FRESH, at(1)).is_none());
    assert_eq!(pool.counts(), before);
    assert!(said(&mut pool, at(1)).is_empty());
}

#[test]
fn what_is_to_be_said_comes_first() {
    let mut pool = pool(Options::default());
    let (one, two) = (busy(&mut pool, "a", 1, at(0)), busy(&mut pool, "a", 2, at(0)));
    let stirred = one.conn();
    assert!(pool.release(one, 1, Fate::REUSABLE, at(0)) && pool.release(two, 2, Fate::REUSABLE, at(0)));
    pool.stirred(stirred, CloseReason::PeerClosed, at(1));
    assert_eq!(at_once(&mut pool, "a", 1), None);
    assert_eq!(names(&said(&mut pool, at(1))), ["close 1 PeerClosed"]);
    assert_eq!(at_once(&mut pool, "a", 1), Some(2));
}

#[test]
fn what_is_overdue_is_closed_first() {
    let mut pool = pool(Options { idle: Duration::from_secs(1), ..Options::default() });
    idle(&mut pool, "a", 1, at(0));
    assert_eq!(at_once(&mut pool, "a", 1_000), None);
    assert_eq!(names(&said(&mut pool, at(1_000))), ["close 1 IdleTooLong"]);
}

#[test]
fn it_is_a_use_after_which_another_one_is_made_ready() {
    let mut pool = pool(Options { min_idle: 1, ..Options::default() });
    let _ = pool.acquire(&key("a"), ANY, at(0));
    let dial = dials(&mut pool, at(0)).pop().unwrap();
    pool.dialed(dial, 1, at(0));
    let Some(PoolCommand::Dial { lease: spare }) = said(&mut pool, at(0)).pop() else { panic!("no second") };
    pool.dialed(spare, 2, at(0));
    assert!(said(&mut pool, at(0)).is_empty());
    let (_lease, parked, _) = pool.acquire_idle(&key("a"), ANY, at(1)).unwrap();
    assert_eq!(parked, 2);
    assert_eq!(names(&said(&mut pool, at(1))), ["dial a"]);
}

#[test]
fn it_has_its_turn() {
    let mut pool = pool(Options { order: Order::RoundRobin, ..Options::default() });
    let (one, two) = (busy(&mut pool, "a", 1, at(0)), busy(&mut pool, "a", 2, at(0)));
    assert!(pool.release(one, 1, Fate::REUSABLE, at(0)) && pool.release(two, 2, Fate::REUSABLE, at(0)));
    let taken: Vec<_> = (1..5).map(|millis| at_once(&mut pool, "a", millis).unwrap()).collect();
    assert_eq!(taken, [1, 2, 1, 2]);
}

//! Who leaves takes no dial away from those who stay.

mod support;

use httpocean_core::pool::{Demand, Fate, Options, Surplus};
use support::{ANY, at, busy, dials, key, names, pool, said};

fn patient_until(millis: u64) -> Demand {
    Demand { patience: Some(at(millis)), ..ANY }
}

#[test]
fn i17_cancelling_before_the_poll_leaves_the_others_dial() {
    let mut pool = pool(Options::default());
    let first = pool.acquire(&key("a"), ANY, at(0));
    let _second = pool.acquire(&key("a"), ANY, at(0));
    pool.cancel(first, at(0));
    let dial = dials(&mut pool, at(0)).remove(0);
    pool.dial_failed(dial, "refused", at(1));
    assert_eq!(names(&said(&mut pool, at(1))), ["refuse DialFailed"]);
}

#[test]
fn i17_cancelling_does_not_end_the_patience_of_another() {
    let mut pool = pool(Options { surplus: Surplus::Cancel, ..Options::default() });
    let first = pool.acquire(&key("a"), ANY, at(0));
    let _second = pool.acquire(&key("a"), patient_until(10), at(0));
    let mut running = dials(&mut pool, at(0));
    assert!(said(&mut pool, at(20)).is_empty());
    pool.cancel(first, at(30));
    assert_eq!(names(&said(&mut pool, at(30))), ["abandon"]);
    pool.dialed(running.remove(0), 1, at(40));
    assert_eq!(names(&said(&mut pool, at(40))), ["grant 1"]);
}

#[test]
fn i14_who_gives_a_connection_to_an_older_one_gets_its_dial() {
    let mut pool = pool(Options::default());
    let _first = pool.acquire(&key("a"), ANY, at(0));
    let _second = pool.acquire(&key("a"), patient_until(10), at(0));
    let mut running = dials(&mut pool, at(0));
    pool.dialed(running.remove(1), 2, at(20));
    assert_eq!(names(&said(&mut pool, at(20))), ["grant 2"]);
    pool.dialed(running.remove(0), 1, at(30));
    assert_eq!(names(&said(&mut pool, at(30))), ["grant 1"]);
}

#[test]
fn i19_a_dial_that_was_taken_over_fails_without_charge() {
    let mut pool = pool(Options { max_dials_per_key: 1, ..Options::default() });
    let lease = busy(&mut pool, "a", 1, at(0));
    let first = pool.acquire(&key("a"), ANY, at(0));
    let dial = dials(&mut pool, at(0)).remove(0);
    let _second = pool.acquire(&key("a"), ANY, at(0));
    pool.cancel(first, at(1));
    pool.dial_failed(dial, "refused", at(2));
    assert!(said(&mut pool, at(2)).is_empty());
    assert_eq!(names(&said(&mut pool, at(60))), ["dial a"]);
    let _ = pool.release(lease, 1, Fate::REUSABLE, at(61));
}

//! Who waits for others, and who only for the network or for the end of a pause.
#![allow(clippy::unwrap_used)]

mod support;

use httpocean_core::pool::{Options, PoolCommand};
use support::{ANY, at, key, pool, said};

#[test]
fn who_has_no_dial_because_all_places_are_taken_waits_for_others() {
    let mut pool = pool(Options { max_per_key: 1, ..Options::default() });
    let first = pool.acquire(&key("a"), ANY, at(0));
    let second = pool.acquire(&key("a"), ANY, at(0));
    assert!(!pool.waits_for_others(first) && pool.waits_for_others(second));
    pool.cancel(first, at(0));
    assert!(!pool.waits_for_others(second), "the dial is its own now");
    assert!(!pool.waits_for_others(first), "it is gone");
}

#[test]
fn who_waits_for_the_end_of_a_pause_does_not() {
    let mut pool = pool(Options::default());
    let _ = pool.acquire(&key("a"), ANY, at(0));
    let Some(PoolCommand::Dial { lease }) = pool.poll(at(0)) else { panic!() };
    pool.dial_failed(lease, "refused", at(0));
    assert_eq!(said(&mut pool, at(0)).len(), 1);
    let next = pool.acquire(&key("a"), ANY, at(1));
    assert!(said(&mut pool, at(1)).is_empty(), "no dial yet");
    assert!(!pool.waits_for_others(next));
}

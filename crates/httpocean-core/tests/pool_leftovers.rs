//! What is over leaves nothing behind.

mod support;

use httpocean_core::pool::{Fate, Options};
use support::{ANY, at, busy, dials, idle, key, pool, said};

#[test]
fn i2_a_key_for_which_room_was_made_in_vain_is_forgotten() {
    let mut pool = pool(Options { max_total: 1, ..Options::default() });
    idle(&mut pool, "a", 1, at(0));
    let waiter = pool.acquire(&key("b"), ANY, at(1));
    pool.cancel(waiter, at(1));
    let _ = said(&mut pool, at(1));
    assert_eq!(pool.counts().keys, 0);
}

#[test]
fn i2_shut_down_forgets_keys_that_pause_after_a_failed_dial() {
    let mut pool = pool(Options::default());
    let _waiter = pool.acquire(&key("a"), ANY, at(0));
    let dial = dials(&mut pool, at(0)).remove(0);
    pool.dial_failed(dial, "refused", at(1));
    let _ = said(&mut pool, at(1));
    assert_eq!(pool.counts().keys, 1);
    pool.shut_down(at(2));
    assert!(said(&mut pool, at(2)).is_empty());
    assert_eq!((pool.counts().keys, pool.counts().timers), (0, 0));
}

#[test]
fn i2_a_retaken_connection_that_was_never_replaced_leaves_nothing() {
    let mut pool = pool(Options { max_total: 1, ..Options::default() });
    let lease = busy(&mut pool, "a", 1, at(0));
    let waiter = pool.retake(lease, 1, httpocean_core::CloseReason::PeerClosed, ANY, at(1));
    pool.cancel(waiter, at(1));
    let _ = said(&mut pool, at(1));
    assert_eq!((pool.counts().keys, pool.counts().open), (0, 0));
    let _ = Fate::REUSABLE;
}

//! A thread that sleeps for one waiter is told when that one matters, and not when others do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use httpocean_core::pool::{Demand, Fate, Options};
use support::{ANY, at, busy, key, pool, said};

#[test]
fn its_own_deadlines_and_no_others() {
    let mut pool = pool(Options { max_per_key: 1, ..Options::default() });
    assert_eq!(pool.options().max_per_key, 1);
    let lease = busy(&mut pool, "a", 0, at(0));
    let hasty = pool.acquire(&key("a"), Demand { patience: Some(at(10)), ..ANY }, at(0));
    let patient = pool.acquire(&key("a"), Demand { deadline: Some(at(500)), ..ANY }, at(0));
    assert!(said(&mut pool, at(0)).is_empty());
    assert_eq!(pool.next_timeout(), Some(at(10)));
    assert_eq!(pool.next_timeout_of(hasty), Some(at(10)));
    assert_eq!(pool.next_timeout_of(patient), Some(at(500)));
    assert_eq!(said(&mut pool, at(10)).len(), 1, "refused");
    assert_eq!(pool.next_timeout_of(hasty), None, "it is gone");
    assert!(pool.release(lease, 0, Fate::REUSABLE, at(20)));
    assert_eq!(said(&mut pool, at(20)).len(), 1, "granted");
    assert_eq!(pool.next_timeout_of(patient), None);
}

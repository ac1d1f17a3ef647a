//! Who wants a fresh connection is not stuck behind used ones.

mod support;

use httpocean_core::pool::{Fate, Options};
use support::{ANY, FRESH, at, busy, key, names, pool, said};

#[test]
fn i13_a_returned_connection_makes_room_for_a_fresh_waiter_at_the_keys_limit() {
    let mut pool = pool(Options { max_per_key: 1, ..Options::default() });
    let lease = busy(&mut pool, "a", 1, at(0));
    let _waiter = pool.acquire(&key("a"), FRESH, at(1));
    assert!(said(&mut pool, at(1)).is_empty());
    let kept = pool.release(lease, 1, Fate::REUSABLE, at(2));
    assert!(!kept);
    assert_eq!(names(&said(&mut pool, at(2))), ["close 1 Evicted", "dial a"]);
}

#[test]
fn i15_used_connections_pass_over_a_fresh_waiter_only_while_it_came_later() {
    let mut pool = pool(Options { max_per_key: 1, ..Options::default() });
    let lease = busy(&mut pool, "a", 1, at(0));
    let _earlier = pool.acquire(&key("a"), ANY, at(1));
    let _fresh = pool.acquire(&key("a"), FRESH, at(2));
    let _later = pool.acquire(&key("a"), ANY, at(3));
    pool.release(lease, 1, Fate::REUSABLE, at(4));
    let Some(httpocean_core::PoolCommand::Grant { lease, .. }) = pool.poll(at(4)) else { panic!("no grant") };
    pool.release(lease, 1, Fate::REUSABLE, at(5));
    assert_eq!(names(&said(&mut pool, at(5))), ["close 1 Evicted", "dial a"]);
}

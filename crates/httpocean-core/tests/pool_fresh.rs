//! Who wants a fresh connection is not stuck behind used ones.

mod support;

use httpocean_core::pool::{Fate, Options};
use support::{FRESH, at, busy, key, names, pool, said};

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

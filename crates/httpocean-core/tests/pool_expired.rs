//! A grant that nobody polled for long is looked at again.

mod support;

use core::time::Duration;

use httpocean_core::pool::{Fate, Options};
use support::{ANY, at, busy, key, names, pool, said};

#[test]
fn i28_a_handed_over_connection_expires_like_an_idle_one() {
    let mut pool = pool(Options { idle: Duration::from_secs(1), max_per_key: 1, ..Options::default() });
    let lease = busy(&mut pool, "a", 1, at(0));
    let _waiter = pool.acquire(&key("a"), ANY, at(1));
    assert!(pool.release(lease, 1, Fate::REUSABLE, at(2)));
    assert_eq!(names(&said(&mut pool, at(60_000))), ["close 1 IdleTooLong", "dial a"]);
}

//! What is given up before anybody polls is not piled up.

mod support;

use httpocean_core::pool::Options;
use support::{ANY, at, key, pool, said};

#[test]
fn i18_the_queue_holds_no_more_than_twice_what_lives() {
    let mut pool = pool(Options { max_per_key: 2, ..Options::default() });
    for _ in 0..10_000 {
        let waiter = pool.acquire(&key("a"), ANY, at(0));
        pool.cancel(waiter, at(0));
        let counts = pool.counts();
        assert!(counts.words <= 64, "{counts:?}");
        assert_eq!((counts.waiting, counts.open, counts.keys, counts.timers), (0, 0, 0, 0));
    }
    assert!(said(&mut pool, at(0)).is_empty());
}

//! A connection that was handed out and back unused has been silent all the while.

mod support;

use core::time::Duration;

use httpocean_core::pool::{Fate, Options, PoolCommand};
use support::{ANY, at, idle, key, pool};

fn next_idle_for(pool: &mut support::TestPool, millis: u64) -> Option<Duration> {
    let _waiter = pool.acquire(&key("a"), ANY, at(millis));
    match pool.poll(at(millis)) {
        Some(PoolCommand::Grant { lease, parked, facts, .. }) => {
            assert!(pool.release(lease, parked, Fate::Untouched, at(millis)));
            facts.idle_for
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn untouched_keeps_counting_from_the_last_use() {
    let mut pool = pool(Options::default());
    idle(&mut pool, "a", 1, at(0));
    assert_eq!(next_idle_for(&mut pool, 1_000), Some(Duration::from_secs(1)));
    assert_eq!(next_idle_for(&mut pool, 3_000), Some(Duration::from_secs(3)));
    let taken_back = pool.acquire(&key("a"), ANY, at(4_000));
    pool.cancel(taken_back, at(4_000));
    assert_eq!(next_idle_for(&mut pool, 5_000), Some(Duration::from_secs(5)));
}

//! Who loses a grant again, because the connection is gone, waits in the old place.

#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use core::time::Duration;

use httpocean_core::pool::{Options, PoolCommand};
use support::{ANY, at, idle, key, pool, said};

#[test]
fn i15_lost_grants_keep_the_order_of_arrival() {
    let mut pool = pool(Options { idle: Duration::from_secs(1), max_per_key: 2, ..Options::default() });
    let keep = support::busy(&mut pool, "a", 1, at(0));
    idle(&mut pool, "a", 2, at(0));
    assert!(pool.release(keep, 1, httpocean_core::pool::Fate::REUSABLE, at(0)));
    let waiters: Vec<_> = (0..3).map(|_| pool.acquire(&key("a"), ANY, at(10))).collect();
    // The driver slept past both idle deadlines before it polled the two grants.
    let mut served = Vec::new();
    for _ in 0..3 {
        for command in said(&mut pool, at(5_000)) {
            match command {
                PoolCommand::Dial { lease } => pool.dialed(lease, 9, at(5_000)),
                PoolCommand::Grant { waiter, lease, parked, .. } => {
                    served.push(waiter);
                    pool.release(lease, parked, support::spent(), at(5_000));
                }
                PoolCommand::Close { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }
    served.extend(said(&mut pool, at(5_000)).into_iter().map(|command| match command {
        PoolCommand::Grant { waiter, .. } => waiter,
        other => panic!("{other:?}"),
    }));
    assert_eq!(served, waiters);
}

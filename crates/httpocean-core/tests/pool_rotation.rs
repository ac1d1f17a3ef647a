//! Round robin hands out what was never granted in the order in which it became ready.

mod support;

use httpocean_core::pool::{Options, Order, PoolCommand};
use support::{ANY, at, dials, key, pool};

#[test]
fn round_robin_begins_with_the_first_that_was_ready() {
    let mut pool = pool(Options { order: Order::RoundRobin, ..Options::default() });
    let waiters: Vec<_> = (0..2).map(|_| pool.acquire(&key("a"), ANY, at(0))).collect();
    let mut running = dials(&mut pool, at(0));
    waiters.into_iter().for_each(|waiter| pool.cancel(waiter, at(1)));
    pool.dialed(running.remove(1), 1, at(2));
    pool.dialed(running.remove(0), 2, at(3));
    for expected in [1, 2] {
        let _waiter = pool.acquire(&key("a"), ANY, at(4));
        match pool.poll(at(4)) {
            Some(PoolCommand::Grant { parked, .. }) => assert_eq!(parked, expected),
            other => panic!("{other:?}"),
        }
    }
}

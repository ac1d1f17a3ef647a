//! Limits hold at every step; the ledger counts at each command.

mod support;

use httpocean_core::pool::{Fate, Options, Order};
use httpocean_testkit::reference::{faithfully, loosely};
use proptest::prelude::*;
use support::random::{Sequence, cases, sequences};
use support::{ANY, at, busy, idle, key, names, pool, said};

fn with(sequence: Sequence, change: impl Fn(&mut Options)) {
    let Sequence { mut options, steps } = sequence;
    change(&mut options);
    loosely(options.clone(), steps.clone());
    faithfully(options, steps);
}

proptest! {
    #![proptest_config(cases(100))]

    /// I8: no more connections of a key than max_per_key, those being made and closed included.
    #[test]
    fn i8_connections_of_a_key(sequence in sequences(), max in 1usize..4) {
        with(sequence, |options| (options.max_per_key, options.max_total) = (max, 64));
    }

    /// I9: no more connections than max_total, and nobody waits while one of another key is idle.
    #[test]
    fn i9_connections_in_all(sequence in sequences(), max in 1usize..4) {
        with(sequence, |options| (options.max_per_key, options.max_total) = (8, max));
    }

    /// I10: no more idle connections than allowed.
    #[test]
    fn i10_idle_connections(sequence in sequences(), of_key in 0usize..3, in_all in 0usize..4) {
        with(sequence, |options| {
            (options.max_idle_per_key, options.max_idle_total) = (of_key, in_all);
            (options.max_per_key, options.max_total) = (8, 64);
        });
    }

    /// I11: no more dials than allowed, and none without a request.
    #[test]
    fn i11_dials(sequence in sequences(), of_key in 1usize..3, in_all in 1usize..4) {
        with(sequence, |options| (options.max_dials_per_key, options.max_dials) = (of_key, in_all));
    }

    /// I12: no more requests wait than max_waiters; one more is told at once.
    #[test]
    fn i12_waiters(sequence in sequences(), max in 0usize..4) {
        with(sequence, |options| options.max_waiters = max);
    }
}

#[test]
fn i9_the_coldest_of_another_key_makes_room() {
    let mut pool = pool(Options { max_total: 2, ..Options::default() });
    idle(&mut pool, "a", 1, at(0));
    idle(&mut pool, "b", 2, at(1));
    let _ = pool.acquire(&key("c"), ANY, at(2));
    assert_eq!(names(&said(&mut pool, at(2))), ["close 1 Evicted", "dial c"]);
}

#[test]
fn i10_the_one_that_came_back_is_not_the_victim() {
    for order in [Order::Lifo, Order::Fifo, Order::RoundRobin] {
        let mut pool = pool(Options { max_idle_per_key: 1, order, ..Options::default() });
        let leases = [busy(&mut pool, "a", 1, at(0)), busy(&mut pool, "a", 2, at(0))];
        let kept: Vec<bool> = leases
            .into_iter()
            .zip([1, 2])
            .map(|(lease, socket)| pool.release(lease, socket, Fate::REUSABLE, at(1)))
            .collect();
        assert_eq!(kept, [true, true]);
        assert_eq!(names(&said(&mut pool, at(1))), ["close 1 IdleFull"]);
    }
}

#[test]
fn i12_told_at_once() {
    let mut pool = pool(Options { max_waiters: 1, max_dials: 1, ..Options::default() });
    let _ = pool.acquire(&key("a"), ANY, at(0));
    let _ = pool.acquire(&key("a"), ANY, at(0));
    assert_eq!(names(&said(&mut pool, at(0))), ["dial a", "refuse QueueFull"]);
}

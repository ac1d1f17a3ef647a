//! I41: what an input costs does not depend on how much the pool holds.
//!
//! Counted in turns of loops, with 100,000 idle connections and with 100,000 waiters.

#![allow(clippy::wildcard_enum_match_arm, clippy::unwrap_used)]

mod support;

use core::time::Duration;

use httpocean_core::pool::{Demand, Fate, Lease, Options, PoolCommand};
use httpocean_core::{CloseReason, Key};
use support::{ANY, TestPool, at, pool};

const MANY: usize = 100_000;
const OPERATIONS: u64 = 1_000;
/// Turns of loops for one operation of several inputs and commands, on average.
const ENOUGH: u64 = 24;

fn roomy() -> TestPool {
    let all = 2 * MANY;
    pool(Options {
        max_per_key: all,
        max_total: all,
        max_idle_per_key: all,
        max_idle_total: all,
        max_waiters: all,
        max_dials_per_key: all,
        max_dials: all,
        ..Options::default()
    })
}

fn many_keys(n: usize) -> Vec<Key> {
    let base = support::key("a");
    (0..n).map(|partition| base.in_partition(partition as u64)).collect()
}

/// One idle connection for each of `keys`.
fn fill(pool: &mut TestPool, keys: &[Key]) {
    for key in keys {
        let _ = pool.acquire(key, ANY, at(0));
    }
    let mut held: Vec<(Lease, u32)> = Vec::new();
    while let Some(command) = pool.poll(at(0)) {
        match command {
            PoolCommand::Dial { lease } => pool.dialed(lease, 0, at(0)),
            PoolCommand::Grant { lease, parked, .. } => held.push((lease, parked)),
            other => panic!("{other:?}"),
        }
    }
    for (lease, parked) in held {
        assert!(pool.release(lease, parked, Fate::REUSABLE, at(0)));
    }
    assert_eq!(pool.counts().idle, keys.len());
}

fn costs(pool: &mut TestPool, name: &str, mut operation: impl FnMut(&mut TestPool, u64)) {
    let before = pool.counts().work;
    for n in 0..OPERATIONS {
        operation(pool, n);
    }
    let cost = pool.counts().work - before;
    assert!(cost <= ENOUGH * OPERATIONS, "{name}: {cost} turns for {OPERATIONS}");
}

fn use_idle(pool: &mut TestPool, keys: &[Key]) {
    let pick = |n: u64| &keys[(n as usize * 7919) % keys.len()];
    costs(pool, "an empty poll", |pool, n| assert!(pool.poll(at(n)).is_none()));
    costs(pool, "acquire and release", |pool, n| {
        let _ = pool.acquire(pick(n), ANY, at(n));
        let Some(PoolCommand::Grant { lease, parked, .. }) = pool.poll(at(n)) else { panic!() };
        assert!(pool.release(lease, parked, Fate::REUSABLE, at(n)));
    });
    costs(pool, "acquire and cancel", |pool, n| {
        let waiter = pool.acquire(pick(n), ANY, at(1_000));
        pool.cancel(waiter, at(1_000));
        assert!(pool.poll(at(1_000)).is_none());
    });
    costs(pool, "a dead connection", |pool, n| {
        let _ = pool.acquire(pick(n), ANY, at(1_000));
        let Some(PoolCommand::Grant { lease, parked, .. }) = pool.poll(at(1_000)) else { panic!() };
        let waiter =
            pool.retake(lease, parked, CloseReason::PeerClosed, Demand { fresh: true, ..ANY }, at(1_000));
        let Some(PoolCommand::Dial { lease }) = pool.poll(at(1_000)) else {
            pool.cancel(waiter, at(1_000));
            while pool.poll(at(1_000)).is_some() {}
            return;
        };
        pool.dial_failed(lease, "refused", at(1_000));
        while pool.poll(at(1_000)).is_some() {}
    });
    assert_eq!(pool.next_timeout(), Some(at(90_000)), "the timers of all are there");
}

#[test]
fn i41_with_many_idle_connections_of_many_keys() {
    let (mut pool, keys) = (roomy(), many_keys(MANY));
    fill(&mut pool, &keys);
    use_idle(&mut pool, &keys);
}

#[test]
fn i41_with_many_idle_connections_of_one_key() {
    let (mut pool, keys) = (roomy(), many_keys(1));
    fill(&mut pool, &vec![keys[0].clone(); MANY]);
    use_idle(&mut pool, &keys);
}

#[test]
fn i41_with_many_waiters() {
    let all = 2 * MANY;
    let mut pool = pool(Options { max_total: 2, max_waiters: all, turns: 1, ..Options::default() });
    let keys = many_keys(50);
    let demand = Demand { deadline: Some(at(0) + Duration::from_secs(3_600)), ..ANY };
    let waiters: Vec<_> = (0..MANY).map(|n| pool.acquire(&keys[n % 50], demand, at(0))).collect();
    let mut held = Vec::new();
    costs(&mut pool, "cancel from the middle", |pool, n| {
        pool.cancel(waiters[MANY / 2 + n as usize], at(1));
    });
    costs(&mut pool, "a connection comes back", |pool, n| {
        if let Some((lease, parked)) = held.pop() {
            let _ = pool.release(lease, parked, Fate::REUSABLE, at(n));
        }
        while let Some(command) = pool.poll(at(n)) {
            match command {
                PoolCommand::Dial { lease } => pool.dialed(lease, 0, at(n)),
                PoolCommand::Grant { lease, parked, .. } => held.push((lease, parked)),
                PoolCommand::Close { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    });
    assert!(pool.counts().waiting > MANY - 3_000);
}

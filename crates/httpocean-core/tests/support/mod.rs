//! What the tests of the pool share: keys, instants, and a pool that is polled until it has nothing to say.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

pub mod random;

use core::time::Duration;

use httpocean_core::pool::{Demand, Fate, Lease, Options, Pool, PoolCommand};
use httpocean_core::{CloseReason, Instant, Key};

pub type TestPool = Pool<u32, &'static str>;
pub type Said = PoolCommand<u32, &'static str>;

pub const ANY: Demand = Demand { patience: None, deadline: None, fresh: false };
pub const FRESH: Demand = Demand { patience: None, deadline: None, fresh: true };

pub fn key(name: &str) -> Key {
    Key::of(&format!("http://{name}").parse().unwrap()).unwrap()
}

pub fn at(millis: u64) -> Instant {
    Instant::ZERO + Duration::from_millis(millis)
}

pub fn pool(options: Options) -> TestPool {
    Pool::new(options)
}

pub fn said(pool: &mut TestPool, now: Instant) -> Vec<Said> {
    core::iter::from_fn(|| pool.poll(now)).collect()
}

/// The leases of all dials that are said now; panics if anything else is.
pub fn dials(pool: &mut TestPool, now: Instant) -> Vec<Lease> {
    said(pool, now)
        .into_iter()
        .map(|command| match command {
            PoolCommand::Dial { lease } => lease,
            other => panic!("not a dial: {other:?}"),
        })
        .collect()
}

/// One connection of `key`, dialed and granted to somebody.
pub fn busy(pool: &mut TestPool, name: &str, socket: u32, now: Instant) -> Lease {
    let _ = pool.acquire(&key(name), ANY, now);
    let dial = dials(pool, now).pop().expect("one dial");
    pool.dialed(dial, socket, now);
    match said(pool, now).pop() {
        Some(PoolCommand::Grant { lease, .. }) => lease,
        other => panic!("not a grant: {other:?}"),
    }
}

/// One idle connection of `key`.
pub fn idle(pool: &mut TestPool, name: &str, socket: u32, now: Instant) {
    let lease = busy(pool, name, socket, now);
    assert!(pool.release(lease, socket, Fate::REUSABLE, now));
    assert!(said(pool, now).is_empty());
}

pub fn spent() -> Fate {
    Fate::Spent(CloseReason::CloseHeader)
}

/// Short names of commands, with the socket where there is one.
pub fn names(commands: &[Said]) -> Vec<String> {
    commands
        .iter()
        .map(|command| match command {
            PoolCommand::Grant { parked, .. } => format!("grant {parked}"),
            PoolCommand::Dial { lease } => format!("dial {}", lease.key().host()),
            PoolCommand::Abandon { .. } => "abandon".to_owned(),
            PoolCommand::Refuse { why, .. } => format!("refuse {why:?}"),
            PoolCommand::Close { parked, why, .. } => format!("close {parked} {why:?}"),
        })
        .collect()
}

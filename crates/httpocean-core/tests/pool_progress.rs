//! Who waits has a reason to, and his turn comes.

#![allow(clippy::wildcard_enum_match_arm, clippy::unwrap_used)]

mod support;

use std::collections::VecDeque;

use httpocean_core::pool::{Fate, Options, PoolCommand};
use httpocean_core::{CloseReason, WaitId};
use httpocean_testkit::reference::{faithfully, loosely};
use proptest::prelude::*;
use support::random::{cases, sequences};
use support::{ANY, TestPool, at, dials, key, pool, said};

proptest! {
    #![proptest_config(cases(200))]

    /// I13: when the pool is quiet, who waits has a dial under way, or a limit or a pause in the way. The driver
    /// is a faithful one: it sleeps until the pool says and does nothing else, and misses no deadline.
    #[test]
    fn i13_work_conservation(sequence in sequences()) {
        faithfully(sequence.options.clone(), sequence.steps.clone());
        loosely(sequence.options, sequence.steps);
    }

    /// I14: whichever dial ends first, its connection goes to whoever came first.
    #[test]
    fn i14_late_binding(order in Just((0..8).collect::<Vec<usize>>()).prop_shuffle()) {
        let mut pool = pool(Options::default());
        let waiters: Vec<WaitId> = (0..8).map(|_| pool.acquire(&key("a"), ANY, at(0))).collect();
        let mut running: Vec<_> = dials(&mut pool, at(0)).into_iter().map(Some).collect();
        let mut served = Vec::new();
        for n in order {
            pool.dialed(running[n].take().unwrap(), n as u32, at(1));
            for command in said(&mut pool, at(1)) {
                match command {
                    PoolCommand::Grant { waiter, parked, .. } => {
                        prop_assert_eq!(parked, n as u32);
                        served.push(waiter);
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
            }
        }
        prop_assert_eq!(served, waiters);
    }

    /// I15: of one key, first come, first served; nobody barges in.
    #[test]
    fn i15_first_come_first_served(sequence in sequences()) {
        let options = Options { max_per_key: 2, max_total: 4, max_waiters: 64, ..sequence.options };
        loosely(options, sequence.steps);
    }

    /// I16: with all places taken and several keys waiting, no key waits for more than a round of turns.
    #[test]
    fn i16_round_robin_bound(
        places in 1usize..5, keys in 2usize..6, turns in 0u32..4, picks in any::<[u8; 64]>(), spent in any::<u64>(),
    ) {
        let gap = widest_gap(places, keys, turns, &picks, spent);
        // A key's turn comes after those of the others, each of which may take so many grants; and what was
        // granted already comes first.
        let bound = keys * (turns as usize + 1) * 2 + places;
        prop_assert!(gap <= bound, "{gap} grants to others, {bound} allowed");
    }
}

/// Connections come back in a random order, now and then spent, and every key always has three requests waiting.
/// The most grants to others between two to one key.
fn widest_gap(places: usize, keys: usize, turns: u32, picks: &[u8], spent: u64) -> usize {
    let mut pool = pool(Options { max_total: places, turns, ..Options::default() });
    let names: Vec<_> = (0..keys).map(|n| key(&format!("k{n}"))).collect();
    for name in names.iter().chain(&names).chain(&names) {
        let _ = pool.acquire(name, ANY, at(0));
    }
    let (mut held, mut gaps, mut widest) = (VecDeque::new(), vec![0; keys], 0);
    for round in 0..keys * 100 {
        turn(&mut pool, |pool, lease, socket| {
            let granted = names.iter().position(|name| name == lease.key()).unwrap();
            let _ = pool.acquire(&names[granted], ANY, at(0));
            gaps.iter_mut().for_each(|gap| *gap += 1);
            widest = widest.max(gaps[granted]);
            gaps[granted] = 0;
            held.push_back((lease, socket));
        });
        widest = widest.max(gaps.iter().copied().max().unwrap_or(0));
        let pick = usize::from(picks[round % picks.len()]) % held.len();
        let (lease, socket) = held.swap_remove_back(pick).unwrap();
        let dead = (spent >> (round % 64)) & 7 == 0;
        let fate = if dead { Fate::Spent(CloseReason::CloseHeader) } else { Fate::REUSABLE };
        pool.release(lease, socket, fate, at(0));
    }
    widest
}

/// Carries out what the pool says; dials succeed at once.
fn turn(pool: &mut TestPool, mut granted: impl FnMut(&mut TestPool, httpocean_core::pool::Lease, u32)) {
    while let Some(command) = pool.poll(at(0)) {
        match command {
            PoolCommand::Dial { lease } => pool.dialed(lease, 0, at(0)),
            PoolCommand::Grant { lease, parked, .. } => granted(pool, lease, parked),
            PoolCommand::Close { .. } | PoolCommand::Abandon { .. } => {}
            PoolCommand::Refuse { why, .. } => panic!("{why:?}"),
        }
    }
}

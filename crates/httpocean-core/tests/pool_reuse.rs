//! Only what is fit to be used again is handed out again.

#![allow(clippy::wildcard_enum_match_arm)]

mod support;

use core::time::Duration;

use httpocean_core::CloseReason;
use httpocean_core::pool::{Fate, Options, PoolCommand};
use httpocean_testkit::reference::{faithfully, loosely};
use httpocean_testkit::steps::Step;
use proptest::prelude::*;
use support::random::{cases, sequences};
use support::{ANY, at, busy, idle, key, names, pool, said};

proptest! {
    #![proptest_config(cases(100))]

    /// I21: a connection serves requests of one key only.
    #[test]
    fn i21_one_key(sequence in sequences()) {
        let options = Options { max_per_key: 8, max_total: 3, ..sequence.options };
        loosely(options, sequence.steps);
    }

    /// I23: an idle connection on which something was read is closed and never handed out.
    #[test]
    fn i23_silence_when_idle(sequence in sequences()) {
        let steps = sequence.steps.into_iter().flat_map(|step| match step {
            Step::Release(n, _) => vec![step, Step::Stirred(n)],
            step => vec![step],
        });
        loosely(sequence.options, steps);
    }

    /// I26: a timer that was set before a connection was handed out does not close it.
    #[test]
    fn i26_timer_fence(sequence in sequences(), millis in 1u64..200) {
        let idle = Duration::from_millis(millis);
        let options = Options { idle, jitter_percent: 0, lifetime: None, ..sequence.options };
        loosely(options.clone(), sequence.steps.clone());
        faithfully(options, sequence.steps);
    }

    /// I28: nothing is handed out past its deadline, whether a timer fired or not; I42: jitter only shortens.
    #[test]
    fn i28_expired_never_served(sequence in sequences(), jitter in 0u8..=50) {
        let idle = Duration::from_millis(100);
        loosely(Options { idle, jitter_percent: jitter, ..sequence.options }, sequence.steps);
    }

    /// I29: age and use end a connection at its next return, never in use.
    #[test]
    fn i29_lifetime_drains(sequence in sequences(), uses in 1u32..4) {
        let lifetime = Some(Duration::from_millis(300));
        let options = Options { lifetime, max_uses: Some(uses), ..sequence.options };
        loosely(options.clone(), sequence.steps.clone());
        faithfully(options, sequence.steps);
    }
}

#[test]
fn i23_bytes_on_an_idle_connection_close_it_at_once() {
    let mut pool = pool(Options::default());
    let lease = busy(&mut pool, "a", 1, at(0));
    let conn = lease.conn();
    assert!(pool.release(lease, 1, Fate::REUSABLE, at(0)));
    pool.stirred(conn, CloseReason::Unasked, at(1));
    let _ = pool.acquire(&key("a"), ANY, at(1));
    assert_eq!(names(&said(&mut pool, at(1))), ["close 1 Unasked", "dial a"]);
}

#[test]
fn i26_the_timer_of_an_earlier_rest_is_void() {
    let mut pool = pool(Options { idle: Duration::from_secs(1), ..Options::default() });
    idle(&mut pool, "a", 1, at(0));
    let _ = pool.acquire(&key("a"), ANY, at(900));
    let Some(PoolCommand::Grant { lease, .. }) = pool.poll(at(900)) else { panic!() };
    assert!(said(&mut pool, at(1_000)).is_empty());
    assert!(pool.release(lease, 1, Fate::REUSABLE, at(1_100)));
    assert!(said(&mut pool, at(2_099)).is_empty());
    assert_eq!(names(&said(&mut pool, at(2_100))), ["close 1 IdleTooLong"]);
}

/// Nobody polled between the return and the old timer: nothing but the connection's own deadline can tell it is void.
#[test]
fn i26_the_timer_of_an_earlier_rest_is_void_though_it_rests_again() {
    let mut pool = pool(Options { idle: Duration::from_secs(1), ..Options::default() });
    idle(&mut pool, "a", 1, at(0));
    let _ = pool.acquire(&key("a"), ANY, at(900));
    let Some(PoolCommand::Grant { lease, .. }) = pool.poll(at(900)) else { panic!() };
    assert!(pool.release(lease, 1, Fate::REUSABLE, at(950)));
    assert!(said(&mut pool, at(1_000)).is_empty());
    assert!(said(&mut pool, at(1_949)).is_empty());
    assert_eq!(names(&said(&mut pool, at(1_950))), ["close 1 IdleTooLong"]);
}

/// I27: the shortest of ours, the server's less a margin, and what is left of its life.
#[test]
fn i27_the_servers_hint_counts() {
    for (hint, lifetime, ends) in
        [(None, None, 10_000), (Some(5), None, 4_000), (Some(60), None, 10_000), (Some(5), Some(3), 3_000)]
    {
        let lifetime = lifetime.map(Duration::from_secs);
        let mut pool = pool(Options { idle: Duration::from_secs(10), lifetime, ..Options::default() });
        let lease = busy(&mut pool, "a", 1, at(0));
        let hint = hint.map(Duration::from_secs);
        assert!(pool.release(lease, 1, Fate::Reusable { hint, uses_left: None }, at(0)));
        assert!(said(&mut pool, at(ends - 1)).is_empty());
        assert_eq!(said(&mut pool, at(ends)).len(), 1);
    }
}

#[test]
fn i27_without_time_or_uses_left_it_is_not_kept() {
    let fates = [
        Fate::Reusable { hint: Some(Duration::from_secs(1)), uses_left: None },
        Fate::Reusable { hint: None, uses_left: Some(0) },
    ];
    for fate in fates {
        let mut pool = pool(Options::default());
        let lease = busy(&mut pool, "a", 1, at(0));
        assert!(!pool.release(lease, 1, fate, at(0)));
    }
}

#[test]
fn i29_evicted_in_use_it_closes_when_it_comes_back() {
    let mut pool = pool(Options::default());
    let lease = busy(&mut pool, "a", 1, at(0));
    pool.evict(|_| true, at(0));
    assert!(said(&mut pool, at(0)).is_empty());
    assert!(!pool.release(lease, 1, Fate::REUSABLE, at(1)));
    assert_eq!(names(&said(&mut pool, at(1))), ["close 1 Evicted"]);
}

/// I42: left at one moment, they end at one moment, unless there is jitter; then earlier, and not all at once.
#[test]
fn i42_jitter_spreads_the_ends() {
    let ends = |jitter_percent| {
        let idle = Duration::from_secs(1);
        let mut pool = pool(Options { idle, jitter_percent, max_idle_per_key: 20, ..Options::default() });
        let leases: Vec<_> = (0..20).map(|socket| busy(&mut pool, "a", socket, at(0))).collect();
        for (socket, lease) in (0..).zip(leases) {
            assert!(pool.release(lease, socket, Fate::REUSABLE, at(0)));
        }
        let mut ends = Vec::new();
        while let Some(next) = pool.next_timeout() {
            ends.extend(said(&mut pool, next).iter().map(|_| next));
        }
        assert_eq!(ends.len(), 20);
        ends.dedup();
        ends
    };
    assert_eq!(ends(0), [at(1_000)]);
    let spread = ends(30);
    assert!(spread.len() > 15 && spread[0] >= at(700) && spread[spread.len() - 1] <= at(1_000), "{spread:?}");
    assert_eq!(spread, ends(30), "the same seed, the same ends");
}

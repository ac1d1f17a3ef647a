//! T31: what the pool knows of hosts, and of hosts that can't be reached, is forgotten with the last use of them.

use core::time::Duration;

use httpocean_core::{Instant, Key, Pool, PoolCommand, pool};

use crate::common::conn;

fn key(n: u32) -> Key {
    Key::of(&format!("http://host-{n}.test/").parse().unwrap()).unwrap()
}

#[test]
fn t31_two_thousand_hosts_that_can_not_be_reached_leave_nothing() {
    let mut pool = Pool::<(), ()>::new(pool::Options::default());
    let mut now = Instant::ZERO;
    let mut most = 0;
    for n in 0..2_000 {
        now = now + Duration::from_millis(1);
        pool.acquire(&key(n), pool::Demand::default(), now);
        while let Some(command) = pool.poll(now) {
            if let PoolCommand::Dial { lease } = command {
                pool.dial_failed(lease, (), now);
            }
        }
        most = most.max(pool.counts().keys);
    }
    // A host whose dial failed is remembered for as long as it is not dialed again: a second at most.
    assert!(most <= 1_001, "{most}");
    now = now + Duration::from_secs(2);
    assert!(pool.poll(now).is_none());
    let counts = pool.counts();
    assert_eq!((counts.keys, counts.open, counts.waiting, counts.timers), (0, 0, 0, 0), "{counts:?}");
}

#[test]
fn t31_idle_connections_of_two_thousand_hosts_are_as_many_as_may_be() {
    let options = pool::Options::default();
    let most = options.max_idle_total;
    let mut pool = Pool::<_, ()>::new(options);
    let now = Instant::ZERO;
    for n in 0..2_000 {
        pool.acquire(&key(n), pool::Demand::default(), now);
        while let Some(command) = pool.poll(now) {
            match command {
                PoolCommand::Dial { lease } => pool.dialed(lease, conn(), now),
                PoolCommand::Grant { lease, parked, .. } => {
                    pool.release(lease, parked, pool::Fate::REUSABLE, now);
                }
                PoolCommand::Close { .. } => {}
                PoolCommand::Abandon { .. } | PoolCommand::Refuse { .. } => panic!("{n}"),
            }
        }
        let counts = pool.counts();
        assert!(counts.idle <= most && counts.keys <= most, "{counts:?}");
    }
    assert_eq!(pool.counts().keys, most);
}

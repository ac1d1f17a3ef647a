//! Nobody is woken for nothing. (`i13_work_conservation` and the engine's random scenes say the same of random runs.)
#![allow(clippy::unwrap_used)]

mod support;

use core::time::Duration;

use httpocean_core::pool::{Demand, Fate, Options, PoolCommand};
use support::{ANY, at, key, pool, said};

#[test]
fn a_connection_in_use_has_no_idle_deadline_and_one_put_off_has_the_later_one() {
    let mut pool = pool(Options { idle: Duration::from_secs(10), ..Options::default() });
    let mut now = at(0);
    let _ = pool.acquire(&key("a"), ANY, now);
    let Some(PoolCommand::Dial { lease }) = pool.poll(now) else { panic!() };
    pool.dialed(lease, 0, now);
    for _ in 0..5 {
        let Some(PoolCommand::Grant { lease, parked, .. }) = pool.poll(now) else { panic!() };
        assert!(pool.poll(now).is_none());
        assert_eq!(pool.next_timeout(), None);
        now = now + Duration::from_secs(1);
        assert!(pool.release(lease, parked, Fate::REUSABLE, now));
        assert!(pool.poll(now).is_none());
        assert_eq!(pool.next_timeout(), Some(now + Duration::from_secs(10)));
        let _ = pool.acquire(&key("a"), ANY, now);
    }
}

#[test]
fn patience_wakes_nobody_while_a_dial_runs() {
    let mut pool = pool(Options::default());
    let demand = Demand { patience: Some(at(1)), deadline: Some(at(5)), ..ANY };
    let _ = pool.acquire(&key("a"), demand, at(0));
    assert_eq!(said(&mut pool, at(0)).len(), 1);
    assert_eq!(pool.next_timeout(), Some(at(5)));
}

#[test]
fn a_key_is_forgotten_without_a_wake_up() {
    let mut pool = pool(Options::default());
    for host in 0..1_000 {
        let _ = pool.acquire(&key(&format!("dead{host}")), ANY, at(0));
        let Some(PoolCommand::Dial { lease }) = pool.poll(at(0)) else { panic!() };
        pool.dial_failed(lease, "refused", at(0));
        assert_eq!(said(&mut pool, at(0)).len(), 1);
    }
    assert_eq!((pool.next_timeout(), pool.counts().keys), (None, 1_000), "a pause may matter yet");
    assert!(pool.poll(at(1_000)).is_none());
    assert_eq!(pool.counts().keys, 0);
}

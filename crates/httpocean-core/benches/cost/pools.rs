//! Operations of a pool that holds much.

use httpocean_core::pool::{Demand, Fate, Lease, Options, Pool, PoolCommand};
use httpocean_core::{Instant, Key};

use crate::Operation;
use crate::calls::NOW;

type Numbers = Pool<u32, &'static str>;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation { name: "pool: take what is idle and release, 1 idle", make: || reuse(1, at_once) },
        Operation { name: "pool: take what is idle and release, 1,000 idle", make: || reuse(1_000, at_once) },
        Operation {
            name: "pool: take what is idle and release, 100,000 idle",
            make: || reuse(100_000, at_once),
        },
        Operation { name: "pool: acquire, be served and release, 1 idle", make: || reuse(1, by_poll) },
        Operation {
            name: "pool: acquire, be served and release, 100,000 idle",
            make: || reuse(100_000, by_poll),
        },
        Operation { name: "pool: wait and give up, 1 waiting", make: || give_up(1) },
        Operation { name: "pool: wait and give up, 1,000 waiting", make: || give_up(1_000) },
        Operation { name: "pool: wait and give up, 100,000 waiting", make: || give_up(100_000) },
        Operation { name: "pool: wait and be served, 1 waiting", make: || serve(1) },
        Operation { name: "pool: wait and be served, 1,000 waiting", make: || serve(1_000) },
        Operation { name: "pool: wait and be served, 100,000 waiting", make: || serve(100_000) },
    ]
}

pub(crate) fn roomy() -> Options {
    let all = 200_000;
    Options {
        max_per_key: all,
        max_total: all,
        max_idle_per_key: all,
        max_idle_total: all,
        max_waiters: all,
        max_dials_per_key: all,
        max_dials: all,
        ..Options::default()
    }
}

fn keys(n: usize) -> Vec<Key> {
    let base = Key::of(&"http://127.0.0.1:8091".parse().unwrap()).unwrap();
    (0..n).map(|partition| base.in_partition(partition as u64)).collect()
}

fn demand() -> Demand {
    Demand { deadline: Some(Instant::from_micros(3_600_000_000)), ..Demand::default() }
}

/// Grants are handed back; dials succeed.
fn next(pool: &mut Numbers) -> Option<(Lease, u32)> {
    loop {
        match pool.poll(NOW)? {
            PoolCommand::Grant { lease, parked, .. } => return Some((lease, parked)),
            PoolCommand::Dial { lease } => pool.dialed(lease, 0, NOW),
            other => panic!("{other:?}"),
        }
    }
}

/// One idle connection for each of so many keys; each in turn serves a request.
fn reuse(idle: usize, take: fn(&mut Numbers, &Key) -> (Lease, u32)) -> Box<dyn FnMut()> {
    let (keys, mut pool) = (keys(idle), Numbers::new(roomy()));
    for key in &keys {
        let _ = pool.acquire(key, Demand::default(), NOW);
    }
    let held: Vec<_> = std::iter::from_fn(|| next(&mut pool)).collect();
    for (lease, parked) in held {
        assert!(pool.release(lease, parked, Fate::REUSABLE, NOW));
    }
    assert_eq!(pool.counts().idle, idle);
    let mut at = 0;
    Box::new(move || {
        at = (at + 7_919) % keys.len();
        let (lease, parked) = take(&mut pool, &keys[at]);
        assert!(pool.release(lease, parked, Fate::REUSABLE, NOW));
        assert!(pool.poll(NOW).is_none());
    })
}

fn at_once(pool: &mut Numbers, key: &Key) -> (Lease, u32) {
    let (lease, parked, _) = pool.acquire_idle(key, Demand::default(), NOW).unwrap();
    (lease, parked)
}

fn by_poll(pool: &mut Numbers, key: &Key) -> (Lease, u32) {
    let _ = pool.acquire(key, Demand::default(), NOW);
    next(pool).unwrap()
}

/// One connection, in use, and so many who wait for it.
fn crowded(waiting: usize) -> (Numbers, Key, (Lease, u32)) {
    let mut pool = Numbers::new(Options { max_per_key: 1, ..roomy() });
    let key = keys(1).remove(0);
    let _ = pool.acquire(&key, Demand::default(), NOW);
    let held = next(&mut pool).unwrap();
    for _ in 0..waiting {
        let _ = pool.acquire(&key, demand(), NOW);
    }
    assert!(pool.poll(NOW).is_none());
    assert_eq!(pool.counts().waiting, waiting);
    (pool, key, held)
}

fn give_up(waiting: usize) -> Box<dyn FnMut()> {
    let (mut pool, key, held) = crowded(waiting);
    Box::new(move || {
        let waiter = pool.acquire(&key, demand(), NOW);
        assert!(pool.poll(NOW).is_none());
        pool.cancel(waiter, NOW);
        assert!(pool.poll(NOW).is_none());
        let _ = &held;
    })
}

fn serve(waiting: usize) -> Box<dyn FnMut()> {
    let (mut pool, key, held) = crowded(waiting);
    let mut held = Some(held);
    Box::new(move || {
        let _ = pool.acquire(&key, demand(), NOW);
        let (lease, parked) = held.take().unwrap();
        assert!(pool.release(lease, parked, Fate::REUSABLE, NOW));
        held = next(&mut pool);
        assert!(pool.poll(NOW).is_none());
    })
}

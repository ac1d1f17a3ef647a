//! I20: a request that comes in reaction to an error is not swept away with those that the error was for.

mod support;

use httpocean_core::PoolCommand;
use httpocean_core::pool::{Options, Refusal};
use support::{ANY, at, dials, key, pool, said};

#[test]
fn i20_who_comes_in_reaction_to_a_failed_dial_is_not_refused_with_it() {
    let mut pool = pool(Options::default());
    let first = pool.acquire(&key("a"), ANY, at(0));
    let second = pool.acquire(&key("a"), ANY, at(0));
    let mut leases = dials(&mut pool, at(0)).into_iter();
    // Both fail in one go, and the first is told: it asks again before the second is told.
    for lease in leases.by_ref() {
        pool.dial_failed(lease, "refused", at(1));
    }
    let told = pool.poll(at(1));
    assert!(matches!(&told, Some(PoolCommand::Refuse { waiter, .. }) if *waiter == first), "{told:?}");
    let again = pool.acquire(&key("a"), ANY, at(1));
    let rest = said(&mut pool, at(1));
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert!(matches!(&rest[0], PoolCommand::Refuse { waiter, .. } if *waiter == second), "{rest:?}");
    // It has a dial of its own once the pause after the failure is over.
    let after = pool.next_timeout().expect("the pause ends");
    let dial = dials(&mut pool, after).pop().expect("a dial for who came back");
    pool.dialed(dial, 1, after);
    let granted = said(&mut pool, after);
    assert!(matches!(&granted[..], [PoolCommand::Grant { waiter, .. }] if *waiter == again), "{granted:?}");
}

#[test]
fn i20_who_comes_in_reaction_to_a_deadline_is_not_refused_with_it() {
    let mut pool = pool(Options { max_per_key: 1, ..Options::default() });
    let _busy = support::busy(&mut pool, "a", 1, at(0));
    let demand = httpocean_core::pool::Demand { deadline: Some(at(5)), ..ANY };
    let waiters = [pool.acquire(&key("a"), demand, at(0)), pool.acquire(&key("a"), demand, at(0))];
    let told = pool.poll(at(5));
    let Some(PoolCommand::Refuse { waiter, why: Refusal::WaitedTooLong, .. }) = told else {
        panic!("{told:?}")
    };
    assert_eq!(waiter, waiters[0]);
    let again = pool.acquire(&key("a"), ANY, at(5));
    let rest = said(&mut pool, at(5));
    assert!(matches!(&rest[..], [PoolCommand::Refuse { waiter, .. }] if *waiter == waiters[1]), "{rest:?}");
    assert_eq!(pool.counts().waiting, 1);
    pool.cancel(again, at(6));
}

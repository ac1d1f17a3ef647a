//! A backend that is dead, and many calls that may each be retried five times: the budget keeps them from making a
//! storm of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use httpocean_core::policy::{Backoff, Budget, Retries};
use httpocean_std::{NotRetried, Observed, Observer, Stats};
use httpocean_testkit::server::{Greeting, Reply};
use httpocean_tests::{On, at_rest, on_both_adapters};

on_both_adapters!("dials": an_outage_with_a_budget, an_outage_without_one);

const CALLS: u64 = 1_000;
const RETRIES: u32 = 5;

/// The most calls that were retrying at once, as seen at each retry.
struct Watching {
    budget: Budget,
    most: Arc<AtomicU32>,
}

impl Observer for Watching {
    fn observe(&self, event: &Observed<'_>) {
        if let Observed::Hop { .. } = event {
            self.most.fetch_max(self.budget.retrying(), SeqCst);
        }
    }
}

/// What an outage brought about.
struct Outage {
    stats: Stats,
    /// Connections that the backend took and closed.
    taken: u64,
    /// The most calls that were retrying at once.
    most: u32,
    /// Calls that ended because others were retrying already.
    held_back: usize,
}

/// All calls at once. No connection is refused: after refusals the pool dials less by itself.
fn outage(on: On, budget: &Budget) -> Outage {
    let server = on.server().on_connect(|_| Greeting::Close).start(|_| Reply::ok("never")).unwrap();
    let backoff = Backoff { base: Duration::from_millis(20), ..Backoff::default() };
    let retries = Retries { backoff, ..Retries::new(RETRIES) };
    let most = Arc::new(AtomicU32::new(0));
    let watching = Watching { budget: budget.clone(), most: most.clone() };
    let client = on.builder().retries(retries).retry_budget(budget.clone()).observer(watching).build();
    let (url, start) = (server.url("/"), Barrier::new(CALLS as usize));
    let call = || {
        start.wait();
        client.get(&url).send().unwrap_err()
    };
    let errors: Vec<_> = std::thread::scope(|scope| {
        let small = || std::thread::Builder::new().stack_size(512 * 1024);
        let calls: Vec<_> = (0..CALLS).map(|_| small().spawn_scoped(scope, call).unwrap()).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    for error in &errors {
        let why = error.not_retried().unwrap();
        assert!(matches!(why, NotRetried::Exhausted | NotRetried::BudgetEmpty), "{error}");
        assert_eq!(error.hops().len() == RETRIES as usize, why == NotRetried::Exhausted, "{error}");
    }
    let held_back =
        errors.iter().filter(|error| error.not_retried() == Some(NotRetried::BudgetEmpty)).count();
    assert_eq!((budget.active(), budget.retrying()), (0, 0), "places were given back");
    Outage { stats: at_rest(&client), taken: server.stats().accepted, most: most.load(SeqCst), held_back }
}

fn an_outage_with_a_budget(on: On) {
    let Outage { stats, taken, most, held_back } = outage(on, &Budget::default());
    let sent = stats.requests_sent;
    println!(
        "with the default budget: {CALLS} calls, {sent} attempts, {taken} connections, {most} retrying at most"
    );
    assert_eq!(sent, CALLS + stats.retries);
    // A fifth of those that are active, which are all of them at most.
    assert!(u64::from(most) <= CALLS / 5, "{most} at once");
    let storm = CALLS * u64::from(1 + RETRIES);
    assert!(held_back > 0 && sent < storm / 2, "{sent} attempts, {held_back} held back");
}

fn an_outage_without_one(on: On) {
    let Outage { stats, taken, held_back, .. } = outage(on, &Budget::unlimited());
    let sent = stats.requests_sent;
    println!("without a budget: {CALLS} calls, {sent} attempts, {taken} connections");
    assert_eq!((sent, held_back), (CALLS * u64::from(1 + RETRIES), 0));
    assert_eq!(stats.retries, CALLS * u64::from(RETRIES));
}

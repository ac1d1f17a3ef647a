//! Both adapters keep the rules of the adapter guide. These are the whole of what it takes to ask.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod by_mio;
mod by_std;

use httpocean_std::Error;
use httpocean_testkit::conformance::{self, Adapter, Failure};

fn failure(error: &Error) -> Failure {
    Failure { timed_out: error.is_timeout(), phase: error.phase(), text: error.to_string() }
}

/// And that nothing is skipped but what the adapter cannot do.
fn keeps_the_rules(adapter: impl Adapter, skipped: &[&str]) {
    let report = conformance::run(adapter);
    println!("{report}");
    report.assert();
    assert_eq!(report.skipped().map(|check| check.name).collect::<Vec<_>>(), skipped);
}

#[test]
fn std() {
    // A send lasts until there is a head, no poll can be made to lie, and it does not tell all that it counts.
    keeps_the_rules(by_std::Std, &["cancel", "spurious", "dead_ids"]);
}

#[test]
fn mio() {
    // Its poll cannot be made to lie, and it does not tell what it counts.
    keeps_the_rules(by_mio::Mio, &["spurious", "dead_ids"]);
}

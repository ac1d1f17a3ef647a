//! The suite passes a driver that keeps the rules, and names the rule to one that breaks it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod driver;
mod fault;
mod faults;
mod panics;

use std::sync::Arc;
use std::time::Duration;

use httpocean_testkit::conformance::{self, Adapter, Client, Setup, Turned};

use fault::Fault;

/// An adapter with that fault.
struct Small(Fault);

impl Adapter for Small {
    fn name(&self) -> &str {
        "a small driver"
    }

    fn client(&self, setup: Setup) -> Arc<dyn Client> {
        let fault = self.0;
        Arc::new(Turned::start(move || driver::start(setup, fault)))
    }

    fn patience(&self) -> Duration {
        // What is broken is waited for as long; what is not, on a busy machine, may need as much.
        Duration::from_secs(if self.0 == Fault::None { 10 } else { 3 })
    }
}

#[test]
fn a_driver_that_keeps_the_rules_passes() {
    let report = conformance::run(Small(Fault::None));
    report.assert();
    assert_eq!(report.skipped().count(), 0, "{report}");
}

#[test]
#[should_panic(expected = "breaks mistake-2 of the adapter guide")]
fn a_report_of_a_broken_rule_fails_a_test() {
    conformance::run_some(Small(Fault::ClosesWhatStirs), |check| check == "spurious").assert();
}

//! Each fault is found by the checks that are about it, and the first of them names the rule.

use httpocean_testkit::conformance::{self, Outcome};

use super::Small;
use super::fault::Fault;

/// All checks that find something, each with the rule that it says is broken; and what the report says at the first.
#[track_caller]
fn finds(fault: Fault, says: &str, expected: &[(&str, &str)]) {
    let report = conformance::run(Small(fault));
    let found: Vec<_> = report.broken().map(|check| (check.name, anchor(&check.outcome))).collect();
    assert_eq!(found, expected, "{report}");
    let first = report.broken().next().unwrap().to_string();
    assert!(first.contains(says), "{first}");
}

fn anchor(outcome: &Outcome) -> &'static str {
    if let Outcome::Broken { rule, .. } = outcome { rule.anchor() } else { "none" }
}

#[test]
fn one_that_forgets_the_end() {
    finds(
        Fault::ForgetsTheEnd,
        "Forgetting the end. A read of 0 is `set_eof`, also on a connection that nobody uses.",
        &[
            ("body_ends", "mistake-3"),
            ("cut", "mistake-3"),
            ("hops", "rule-7"),
            ("probe", "rule-8"),
            ("half_close", "mistake-3"),
        ],
    );
}

#[test]
fn one_that_forgets_the_end_of_idle() {
    finds(
        Fault::ForgetsTheEndOfIdle,
        "Forgetting the end. A read of 0 is `set_eof`, also on a connection that nobody uses.",
        &[("half_close", "mistake-3")],
    );
}

#[test]
fn one_that_reports_what_it_meant_to_write() {
    finds(
        Fault::ReportsWhatItMeantToWrite,
        "Reporting what you meant to write. `sent(n)` is what the transport took.",
        &[("uploads", "mistake-4")],
    );
}

#[test]
fn one_that_leaks_a_lease() {
    finds(
        Fault::LeaksALease,
        "Dropping a lease. The slot is gone for good; the compiler warns, a guard helps.",
        &[("cancel", "mistake-5"), ("dropped_bodies", "mistake-5"), ("panics", "check-2")],
    );
}

#[test]
fn one_that_ignores_deadlines() {
    finds(
        Fault::IgnoresDeadlines,
        "expected a request to end at its deadline of 80ms; nothing came of it within 3s.",
        &[
            ("deadlines", "rule-2"),
            ("stalls", "rule-2"),
            ("waiting", "rule-2"),
            ("failed_connects", "rule-2"),
            ("races", "check-1"),
            ("dropped_bodies", "mistake-5"),
            ("hops", "rule-7"),
            ("idle_ends", "rule-2"),
        ],
    );
}

#[test]
fn one_that_sleeps_on_a_wish() {
    finds(
        Fault::SleepsOnAWish,
        "the two connections that the limit leaves of five, though no request asks",
        &[("ahead", "rule-2")],
    );
}

#[test]
fn one_that_drives_the_dead() {
    finds(
        Fault::DrivesTheDead,
        "A driver that goes on speaking of what is gone has kept it too long.",
        &[("dead_ids", "rule-10")],
    );
}

#[test]
fn one_that_closes_what_stirs() {
    finds(Fault::ClosesWhatStirs, "a healthy idle connection then must stay.", &[("spurious", "mistake-2")]);
}

#[test]
fn one_that_connects_on_its_thread() {
    finds(
        Fault::ConnectsOnItsThread,
        "a request takes the first connection that comes free.",
        &[("late_binding", "check-4"), ("races", "check-1")],
    );
}

#[test]
fn one_that_takes_begun_for_connected() {
    finds(
        Fault::TakesBegunForConnected,
        "Ask the socket for its error.",
        &[("failed_connects", "mistake-1"), ("late_binding", "check-4"), ("races", "check-1")],
    );
}

#[test]
fn one_that_takes_connected_for_ready() {
    finds(
        Fault::TakesConnectedForReady,
        "Drive it with its own buffers, and read and write as it wants, as for a request.",
        &[("handshakes", "rule-12")],
    );
}

#[test]
fn one_that_forgets_a_failed_connect() {
    finds(Fault::ForgetsAFailedConnect, "Every `Connect` is answered", &[("failed_connects", "check-1")]);
}

#[test]
fn one_that_reads_ahead() {
    finds(
        Fault::ReadsAhead,
        "Not asking for it is how a slow user holds a fast peer back.",
        &[("backpressure", "rule-4")],
    );
}

#[test]
fn one_that_forgets_to_close() {
    finds(
        Fault::ForgetsToClose,
        "close(2) comes first.",
        &[("closes", "rule-1"), ("half_close", "mistake-3"), ("idle_ends", "rule-2")],
    );
}

#[test]
fn one_that_uses_idle_unseen() {
    finds(
        Fault::UsesIdleUnseen,
        "before it uses a connection again, and asks `Conn::idle_input`.",
        &[("probe", "rule-8"), ("unasked", "rule-8"), ("half_close", "mistake-3")],
    );
}

#[test]
fn one_that_deaf_while_writing() {
    finds(
        Fault::DeafWhileWriting,
        "Before each further write of a long body there is a look for an answer.",
        &[("early_answer", "check-6")],
    );
}

#[test]
fn one_that_swallows_errors() {
    finds(Fault::SwallowsErrors, "an error is `fail`.", &[("reset", "rule-3"), ("probe", "rule-8")]);
}

#[test]
fn one_whose_clock_runs_fast() {
    // Whatever takes a while may fail with it; this is the check that is about it.
    let report = conformance::run_some(Small(Fault::ClockRunsFast), |check| check == "stalls").to_string();
    assert!(report.contains("microseconds since an epoch of your choice."), "{report}");
}

#[test]
fn one_that_sleeps_past_deadlines() {
    // In full it looks like one that ignores them.
    let report = conformance::run_some(Small(Fault::SleepsPastDeadlines), |check| check == "deadlines");
    let says = "expected a request to end at its deadline of 80ms; nothing came of it within 3s.";
    assert!(report.to_string().contains(says), "{report}");
}

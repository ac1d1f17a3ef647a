//! Random worlds, each held to every rule of the ledger, as far as it can be seen from commands, bytes and answers, and
//! to the contract of a driver. Each rule was at stake often, and never broken.

use std::sync::LazyLock;

use httpocean_testkit::sim::{Campaign, Fault};

/// So many requests, unless the environment asks for another number.
const REQUESTS: u64 = 8_000;

static WORLDS: LazyLock<Result<Campaign, String>> = LazyLock::new(|| {
    let first = number("HTTPOCEAN_SIM_SEED").unwrap_or(1);
    let campaign = Campaign::run(first, requests()).map_err(|failure| failure.to_string())?;
    println!("seeds from {first}: {campaign}; 0 violations");
    Ok(campaign)
});

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn requests() -> u64 {
    number("HTTPOCEAN_SIM_REQUESTS").unwrap_or(REQUESTS)
}

#[track_caller]
fn worlds() -> &'static Campaign {
    WORLDS.as_ref().unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn no_rule_is_broken_in_random_worlds() {
    let campaign = worlds();
    assert!(campaign.requests >= requests() && campaign.whole > campaign.calls / 4, "{campaign}");
    // A rule about what never happens is no rule.
    for fault in Fault::ALL {
        let happened = campaign.faults.count(*fault) > 0;
        assert!(happened || requests() < REQUESTS, "{} never happened", fault.word());
    }
}

/// It was at stake at least so often.
#[track_caller]
fn holds(rule: &str, at_least: u64) {
    let judged = worlds().judged.of(rule);
    assert!(judged >= at_least || requests() < REQUESTS, "{rule} was at stake {judged} times");
}

/// Every connection is in one state, and the ledger has as many in each as the engine says.
#[test]
fn i1_one_owner() {
    holds("I1", 5000);
}

/// What was dialed ends once, and nothing is left at the end.
#[test]
fn i2_opened_and_closed_in_balance() {
    holds("I2", 1000);
}

/// Every call ends once.
#[test]
fn i3_one_answer() {
    holds("I3", 1000);
}

/// No command and no event names what is over.
#[test]
fn i4_nothing_after_the_end() {
    holds("I4", 10000);
}

/// Ids of what is gone are counted, and nothing else.
#[test]
fn i5_late_inputs_are_harmless() {
    holds("I5", 50);
}

#[test]
fn i8_connections_of_a_key() {
    holds("I8", 1000);
}

/// At the limit an idle one of another key makes room.
#[test]
fn i9_connections_in_all() {
    holds("I9", 5000);
}

#[test]
fn i10_idle_connections() {
    holds("I10", 3000);
}

/// No more than there may be, and than were asked for.
#[test]
fn i11_dials() {
    holds("I11", 1000);
}

/// Too many are told at once.
#[test]
fn i12_waiters() {
    holds("I12", 5000);
}

/// Nobody waits while there is room and nobody dials.
#[test]
fn i13_work_conservation() {
    holds("I13", 5000);
}

/// Nobody waits while a connection of its key is idle.
#[test]
fn i14_late_binding() {
    holds("I14", 5000);
}

#[test]
fn i15_first_come_first_served() {
    holds("I15", 1000);
}

/// A connection serves calls of its own key alone.
#[test]
fn i21_one_key() {
    holds("I21", 1000);
}

/// What is kept has carried whole messages and nothing else.
#[test]
fn i22_clean_boundary() {
    holds("I22", 5000);
}

/// What stirs while it is idle is closed, and is heard by nobody.
#[test]
fn i23_silence_when_idle() {
    holds("I23", 5000);
}

/// What a call hears is what its own server said to it.
#[test]
fn i24_pairing() {
    holds("I24", 5000);
}

/// Also after the clock jumped.
#[test]
fn i28_expired_never_served() {
    holds("I28", 400);
}

#[test]
fn i30_safe_replay() {
    holds("I30", 100);
}

#[test]
fn i31_fresh_never_stale_retries() {
    holds("I31", 9);
}

#[test]
fn i32_counted_and_explained() {
    holds("I32", 500);
}

#[test]
fn i33_budget() {
    holds("I33", 200);
}

#[test]
fn i34_one_deadline() {
    holds("I34", 5000);
}

/// A response that was whole is not lost to what came after it.
#[test]
fn i36_early_response() {
    holds("I36", 60);
}

#[test]
fn i37_truth_of_completeness() {
    holds("I37", 1000);
}

#[test]
fn i38_bounded_drain() {
    holds("I38", 20);
}

#[test]
fn i39_bounded_heads() {
    holds("I39", 5000);
}

/// Whoever waits at a limit waits for what is in use, never for what was closed.
#[test]
fn i40_nothing_waits_for_a_close() {
    holds("I40", 5000);
}

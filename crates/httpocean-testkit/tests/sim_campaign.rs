//! Random worlds, each held to every rule of the ledger: I1 to I5, I8 to I15, I21 to I24, I28, I30 to I34, I36 to
//! I40, as far as they can be seen from commands, bytes and answers, and the contract of a driver.

use httpocean_testkit::sim::{Campaign, Fault};

/// So many requests, unless the environment asks for another number.
const REQUESTS: u64 = 8_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn no_rule_is_broken_in_random_worlds() {
    let first = number("HTTPOCEAN_SIM_SEED").unwrap_or(1);
    let requests = number("HTTPOCEAN_SIM_REQUESTS").unwrap_or(REQUESTS);
    let campaign = match Campaign::run(first, requests) {
        Ok(campaign) => campaign,
        Err(failure) => panic!("{failure}"),
    };
    println!("seeds from {first}: {campaign}; 0 violations");
    assert!(campaign.requests >= requests && campaign.whole > campaign.calls / 4, "{campaign}");
    // A rule about what never happens is no rule.
    for fault in Fault::ALL {
        let happened = campaign.faults.count(*fault) > 0;
        assert!(happened || requests < REQUESTS, "{} never happened", fault.word());
    }
}

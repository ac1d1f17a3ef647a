//! Random worlds, each held to every rule of the ledger.
use httpocean_testkit::sim::Campaign;

#[test]
fn no_rule_is_broken_in_random_worlds() {
    let requests =
        std::env::var("HTTPOCEAN_SIM_REQUESTS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let first = std::env::var("HTTPOCEAN_SIM_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    match Campaign::run(first, requests) {
        Ok(campaign) => println!("seeds from {first}: {campaign}; 0 violations"),
        Err(failure) => panic!("{failure}"),
    }
}

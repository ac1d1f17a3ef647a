//! Randomness, which the core has none of.

use httpocean_core::Config;
use httpocean_core::policy::Seed;

/// A number that is another one in each process: what the standard library seeds its hash maps with.
pub fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u64)
}

/// These options, with a random seed for the waits between attempts unless they have one of their own.
pub fn seeded(mut config: Config) -> Config {
    if config.retries.seed.is_unset() {
        config.retries.seed = Seed::new(random_seed());
    }
    config
}

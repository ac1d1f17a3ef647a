//! Randomness, which the core has none of.

/// A number that is another one in each process: what the standard library seeds its hash maps with.
pub fn random_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(0_u64)
}

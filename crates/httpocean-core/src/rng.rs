//! Randomness as an input: a small generator, seeded by the driver.

/// SplitMix64. Good enough to spread deadlines; never used for anything that must be secret.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// From one state to the next.
    pub(crate) const STRIDE: u64 = 0x9E37_79B9_7F4A_7C15;

    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(Self::STRIDE);
        mix(self.0)
    }

    /// A number from `0` to `bound`, both included.
    pub(crate) fn up_to(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.next()) * (u128::from(bound) + 1);
        (wide >> 64) as u64
    }
}

/// Spreads the bits of `value` over all of the result.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

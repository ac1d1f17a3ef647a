//! Body bytes that can be produced and verified at any offset, without holding them.

/// The byte that a generated body has at `offset`.
///
/// Neighbouring offsets look unrelated, so a body that lost, repeated or swapped a block does not verify.
pub const fn pattern_byte(offset: u64) -> u8 {
    (offset.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
}

/// Fills `block` with what a generated body has from `offset` on.
pub fn fill_pattern(offset: u64, block: &mut [u8]) {
    for (byte, at) in block.iter_mut().zip(offset..) {
        *byte = pattern_byte(at);
    }
}

/// Whether `block` is what a generated body has from `offset` on.
pub fn is_pattern(offset: u64, block: &[u8]) -> bool {
    block.iter().zip(offset..).all(|(byte, at)| *byte == pattern_byte(at))
}

//! How much a content may turn out to mean.

use super::DecodeError;

/// What content may mean at most. All codings of a message obey them, each for itself: one that is blown up within a
/// chain and shrinks again is held to them as well.
///
/// Memory needs no limit of its own: a decoder holds a window of what it has said, of 32 KiB (gzip, deflate), at most
/// 16 MiB (br) or at most [`zstd_window`](Self::zstd_window), and 16 KiB between two codings.
///
/// ```
/// use httpocean_content::Limits;
///
/// let strict = Limits { bytes: 1 << 20, ..Limits::default() };
/// # let _ = strict;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes, once decoded. Default no limit: who streams has none to fear, and who collects has one of his own.
    pub bytes: u64,
    /// How many times as long as its coding it may be. Default 200: text that is worth sending is compressed to a
    /// twentieth, gzip of nothing but zeros to a thousandth.
    pub ratio: u32,
    /// So many bytes may be there whatever the ratio. Default 8 MiB.
    pub ratio_after: u64,
    /// The largest window that zstd may ask for. Default 8 MiB, which is what RFC 9659 allows a server.
    pub zstd_window: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: u64::MAX, ratio: 200, ratio_after: 8 << 20, zstd_window: 8 << 20 }
    }
}

impl Limits {
    /// Whether so many bytes may have been made of so many.
    pub(super) fn allow(&self, fed: u64, made: u64) -> Result<(), DecodeError> {
        if made > self.bytes {
            return Err(DecodeError::TooLong);
        }
        if made > self.ratio_after && made > fed.saturating_mul(self.ratio.into()) {
            return Err(DecodeError::TooDense);
        }
        Ok(())
    }
}

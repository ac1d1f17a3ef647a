//! What to sleep on.

use crate::error::Phase;
use crate::time::Instant;

/// What to sleep on, said only when nothing else is left to say.
///
/// Sleep until one of the wanted things happens, then step again: after reading into `io.rx`, after writing
/// from `io.tx`, or at `until`. Sleeps are to be rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Want {
    /// Bytes from the peer.
    pub read: bool,
    /// Room for what is pending in `io.tx`.
    pub write: bool,
    /// When to step again though nothing happened.
    pub until: Option<Instant>,
    /// What is being waited for, in words for people.
    pub phase: Phase,
}

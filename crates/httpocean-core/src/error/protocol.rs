//! What is not acceptable in a response.

use core::fmt;

/// In which way a response is not acceptable. The sentence inside says what exactly was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolError {
    /// The status line is not one (RFC 9112 section 4).
    BadStatusLine(&'static str),
    /// A header field is not one (RFC 9112 section 5).
    BadHeader(&'static str),
    /// The chunked coding is broken, its trailer section included (RFC 9112 section 7.1).
    BadChunk(&'static str),
    /// Fields that frame the message contradict each other or make no sense (RFC 9112 section 6.3).
    ConflictingLength(&'static str),
    /// The message ended before it was whole (RFC 9112 section 8).
    Truncated(&'static str),
    /// A limit of [`Limits`](crate::Limits) was crossed.
    TooLarge(&'static str),
    /// A transfer coding other than exactly one final `chunked` (RFC 9112 section 6.1).
    UnsupportedTransferCoding(&'static str),
    /// `101 Switching Protocols` without having been asked for (RFC 9110 section 7.8).
    UnsolicitedUpgrade(&'static str),
}

impl ProtocolError {
    /// The class as one stable word, such as `bad-header`.
    pub fn class(&self) -> &'static str {
        match self {
            Self::BadStatusLine(_) => "bad-status-line",
            Self::BadHeader(_) => "bad-header",
            Self::BadChunk(_) => "bad-chunk",
            Self::ConflictingLength(_) => "conflicting-length",
            Self::Truncated(_) => "truncated",
            Self::TooLarge(_) => "too-large",
            Self::UnsupportedTransferCoding(_) => "unsupported-transfer-coding",
            Self::UnsolicitedUpgrade(_) => "unsolicited-upgrade",
        }
    }

    /// What exactly was seen, as a part of a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::BadStatusLine(what)
            | Self::BadHeader(what)
            | Self::BadChunk(what)
            | Self::ConflictingLength(what)
            | Self::Truncated(what)
            | Self::TooLarge(what)
            | Self::UnsupportedTransferCoding(what)
            | Self::UnsolicitedUpgrade(what) => what,
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.class(), self.explain())
    }
}

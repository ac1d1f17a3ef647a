//! Why content can't be decoded.

use core::fmt;

use crate::coding::Coding;

/// Content that can't be decoded, or may not be. The peer is to blame for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeError {
    /// It is not in that coding, or was damaged.
    Corrupt(Coding),
    /// It ends before its coding does.
    Truncated(Coding),
    /// It goes on after its coding has ended.
    Trailing(Coding),
    /// A frame of zstd wants a larger window than [`Limits::zstd_window`](crate::Limits::zstd_window).
    Window,
    /// It means more bytes than [`Limits::bytes`](crate::Limits::bytes).
    TooLong,
    /// It means more bytes than [`Limits::ratio`](crate::Limits::ratio) allows for its length.
    TooDense,
    /// More codings than [`MOST_CODINGS`](crate::MOST_CODINGS) are on top of each other.
    TooManyCodings,
}

impl DecodeError {
    /// Says so in a sentence.
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Corrupt(Coding::Gzip) => "its content is no gzip, or was damaged",
            Self::Corrupt(Coding::Deflate) => "its content is no deflate, or was damaged",
            Self::Corrupt(Coding::Brotli) => "its content is no br, or was damaged",
            Self::Corrupt(Coding::Zstd) => "its content is no zstd, or was damaged",
            Self::Truncated(Coding::Gzip) => "its gzip content ends too early",
            Self::Truncated(Coding::Deflate) => "its deflate content ends too early",
            Self::Truncated(Coding::Brotli) => "its br content ends too early",
            Self::Truncated(Coding::Zstd) => "its zstd content ends too early",
            Self::Trailing(_) => "its content goes on after the end of its coding",
            Self::Window => "its zstd content wants a larger window than is allowed",
            Self::TooLong => "its content is longer than is allowed, once decoded",
            Self::TooDense => "its content is blown up more than is allowed when it is decoded",
            Self::TooManyCodings => "its content has more than five codings on top of each other",
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what())
    }
}

impl std::error::Error for DecodeError {}

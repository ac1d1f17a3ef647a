//! Which codings there are, and which ones a message has.

use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use smallvec::SmallVec;

use crate::decode::DecodeError;

/// Codings that a message may have on top of each other.
pub const MOST_CODINGS: usize = 5;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Coding {
    /// `gzip` and `x-gzip`: RFC 1952, one member or several.
    Gzip,
    /// `deflate`: RFC 1950, or RFC 1951 alone, as some servers have it.
    Deflate,
    /// `br`: RFC 7932.
    Brotli,
    /// `zstd`: RFC 8878, one frame or several. What a frame may still refer to is handed out only when it no longer
    /// may: up to a window of bytes comes late.
    Zstd,
}

impl Coding {
    const ALL: [Self; 4] = [Self::Gzip, Self::Deflate, Self::Brotli, Self::Zstd];

    /// As it stands in a field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// Whether its feature is on.
    pub const fn is_built_in(self) -> bool {
        match self {
            Self::Gzip => cfg!(feature = "gzip"),
            Self::Deflate => cfg!(feature = "deflate"),
            Self::Brotli => cfg!(feature = "brotli"),
            Self::Zstd => cfg!(feature = "zstd"),
        }
    }

    /// The coding of that name, if it is built in.
    fn named(name: &[u8]) -> Option<Self> {
        let name = if name.eq_ignore_ascii_case(b"x-gzip") { &name[2..] } else { name };
        let mut known = Self::ALL.into_iter().filter(|coding| coding.is_built_in());
        known.find(|coding| name.eq_ignore_ascii_case(coding.name().as_bytes()))
    }
}

/// The value for `Accept-Encoding` that names all codings that are built in; none if none is.
///
/// ```
/// # #[cfg(all(feature = "gzip", feature = "deflate", feature = "brotli", feature = "zstd"))]
/// assert_eq!(httpocean_content::accept_encoding(), Some("gzip,deflate,br,zstd"));
/// ```
pub const fn accept_encoding() -> Option<&'static str> {
    const ALL: Option<&str> = match NAMES.1 {
        0 => None,
        len => match core::str::from_utf8(NAMES.0.split_at(len).0) {
            Ok(names) => Some(names),
            Err(_) => None,
        },
    };
    ALL
}

/// The names of what is built in with commas between them, and how long that is.
const NAMES: ([u8; 24], usize) = {
    let (mut text, mut len, mut at) = ([0; 24], 0, 0);
    while at < Coding::ALL.len() {
        if Coding::ALL[at].is_built_in() {
            if len > 0 {
                text[len] = b',';
                len += 1;
            }
            let name = Coding::ALL[at].name().as_bytes();
            let mut byte = 0;
            while byte < name.len() {
                text[len] = name[byte];
                (byte, len) = (byte + 1, len + 1);
            }
        }
        at += 1;
    }
    (text, len)
};

/// What was done to the content of a message: its codings in the order in which they were applied.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Codings {
    known: SmallVec<[Coding; MOST_CODINGS]>,
    unknown: bool,
}

impl Codings {
    /// Those that a message with these fields has, all `Content-Encoding`s together. `identity` is none.
    ///
    /// # Errors
    /// When there are more than [`MOST_CODINGS`] that could be undone.
    pub fn of(headers: &HeaderMap) -> Result<Self, DecodeError> {
        let mut codings = Self::default();
        for value in headers.get_all(CONTENT_ENCODING) {
            for name in value.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
                if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                    continue;
                }
                match Coding::named(name) {
                    Some(_) if codings.known.len() == MOST_CODINGS => {
                        return Err(DecodeError::TooManyCodings);
                    }
                    Some(coding) => codings.known.push(coding),
                    None => codings.unknown = true,
                }
            }
        }
        Ok(codings)
    }

    /// These, applied in this order.
    ///
    /// # Errors
    /// When there are more than [`MOST_CODINGS`].
    pub fn new(codings: &[Coding]) -> Result<Self, DecodeError> {
        if codings.len() > MOST_CODINGS {
            return Err(DecodeError::TooManyCodings);
        }
        let unknown = !codings.iter().all(|coding| coding.is_built_in());
        Ok(Self { known: codings.into(), unknown })
    }

    /// Whether nothing was done to it.
    pub fn is_plain(&self) -> bool {
        self.known.is_empty() && !self.unknown
    }

    /// Whether it can't be undone, because one of them is not known or not built in: then it is handed over as it is,
    /// with its `Content-Encoding`, as browsers do.
    pub fn is_opaque(&self) -> bool {
        self.unknown
    }

    /// The codings, the last one to be undone first; none if it is plain or opaque.
    pub fn to_undo(&self) -> impl Iterator<Item = Coding> + '_ {
        let known = if self.unknown { &[][..] } else { &self.known[..] };
        known.iter().rev().copied()
    }
}

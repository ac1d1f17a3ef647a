//! The line in front of a chunk: its size, and extensions that are checked and ignored (RFC 9112 section 7.1).

use super::line::{is_space, is_text, is_token};
use crate::error::ProtocolError;

/// A chunk-size line, read byte by byte.
///
/// ```text
/// chunk-size *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ) CRLF
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ChunkLine {
    size: u64,
    /// As far as 64 bits need them.
    digits: u8,
    /// Bytes of the line so far.
    len: usize,
    at: At,
}

/// What a byte was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Part of the size or of the line's end.
    More,
    /// Part of the extensions, or as useless.
    Extension,
    /// The last one of the line, which gave this size.
    Size(u64),
}

#[derive(Clone, Copy, Debug, Default)]
enum At {
    #[default]
    Size,
    /// Only white space since the last complete part; the line can't end here.
    Space,
    /// Behind `;`.
    NameStart,
    Name,
    /// Behind a name and white space.
    NameEnd,
    /// Behind `=`.
    ValueStart,
    Value,
    Quoted,
    /// Behind a backslash.
    Escaped,
    /// Behind a quoted string.
    Unquoted,
    /// Behind CR.
    Cr,
}

impl ChunkLine {
    /// The short way: the size of a whole line in front of `bytes` that has no extensions, and the line's length.
    /// `None` says nothing about the line, which then goes byte by byte.
    pub(crate) fn at_once(bytes: &[u8], line_max: usize) -> Option<(u64, usize)> {
        let mut size = 0;
        let digits_max = line_max.min(16);
        for (at, byte) in bytes.iter().take(digits_max + 1).enumerate() {
            match HEX_DIGITS[usize::from(*byte)] {
                digit @ 0..16 => size = size << 4 | u64::from(digit),
                _ => return (at > 0 && bytes[at..].starts_with(b"\r\n")).then_some((size, at + 2)),
            }
        }
        None
    }

    /// Whether no byte of the line was taken yet.
    pub(crate) fn is_new(&self) -> bool {
        self.len == 0
    }

    /// Takes one byte; the line may have `line_max` of them before its CRLF.
    pub(crate) fn step(&mut self, byte: u8, line_max: usize) -> Result<Step, ProtocolError> {
        if matches!(self.at, At::Size) {
            if let Some(digit) = hex_digit(byte) {
                let step = self.push_digit(digit)?;
                return self.count(line_max, step);
            }
            if self.digits == 0 {
                return Err(ProtocolError::BadChunk(
                    "a chunk size that does not begin with a hexadecimal digit",
                ));
            }
        }
        self.at = match (self.at, byte) {
            (At::Cr, b'\n') => return Ok(Step::Size(self.size)),
            (At::Cr, _) => return Err(ProtocolError::BadChunk("a bare CR in a chunk-size line")),
            (At::Size | At::Name | At::Value | At::Unquoted, b'\r') => {
                self.at = At::Cr;
                return Ok(Step::More);
            }
            (_, b'\n') => return Err(ProtocolError::BadChunk("a bare LF in a chunk-size line")),
            (at, byte) => extension(at, byte)?,
        };
        self.count(line_max, Step::Extension)
    }

    fn count(&mut self, line_max: usize, step: Step) -> Result<Step, ProtocolError> {
        self.len = self.len.saturating_add(1);
        if self.len > line_max {
            return Err(ProtocolError::TooLarge("a chunk-size line over the limit"));
        }
        Ok(step)
    }

    /// Zeros in front are digits as others (RFC 9112 section 7.1), but of more digits than a size can need the rest
    /// counts as what it is: bytes that carry nothing.
    fn push_digit(&mut self, digit: u8) -> Result<Step, ProtocolError> {
        let size = self.size.checked_mul(16).ok_or(ProtocolError::TooLarge("a chunk size over 64 bits"))?;
        self.size = size | u64::from(digit);
        if self.digits == 16 {
            return Ok(Step::Extension);
        }
        self.digits += 1;
        Ok(Step::More)
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    Some(HEX_DIGITS[usize::from(byte)]).filter(|digit| *digit < 16)
}

/// What each byte stands for; 16 where it is no digit.
static HEX_DIGITS: [u8; 256] = {
    let mut digits = [16; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(digit) = (byte as u8 as char).to_digit(16) {
            digits[byte] = digit as u8;
        }
        byte += 1;
    }
    digits
};

/// From one place in the extensions to the next.
fn extension(at: At, byte: u8) -> Result<At, ProtocolError> {
    match (at, byte) {
        (At::Size | At::Space | At::Name | At::NameEnd | At::Value | At::Unquoted, b';') => Ok(At::NameStart),
        (At::Size | At::Space | At::Value | At::Unquoted, byte) if is_space(byte) => Ok(At::Space),
        (At::NameStart, byte) if is_space(byte) => Ok(At::NameStart),
        (At::NameStart | At::Name, byte) if is_token(byte) => Ok(At::Name),
        (At::Name | At::NameEnd, byte) if is_space(byte) => Ok(At::NameEnd),
        (At::Name | At::NameEnd, b'=') => Ok(At::ValueStart),
        (At::ValueStart, byte) if is_space(byte) => Ok(At::ValueStart),
        (At::ValueStart, b'"') => Ok(At::Quoted),
        (At::ValueStart | At::Value, byte) if is_token(byte) => Ok(At::Value),
        (At::Quoted, b'"') => Ok(At::Unquoted),
        (At::Quoted, b'\\') => Ok(At::Escaped),
        (At::Quoted | At::Escaped, byte) if is_text(byte) => Ok(At::Quoted),
        (At::Size, _) => Err(ProtocolError::BadChunk("a chunk size that is not hexadecimal")),
        (_, b'\r') => Err(ProtocolError::BadChunk("a chunk-size line that ends too early")),
        (_, _) => Err(ProtocolError::BadChunk("a chunk extension that is not one")),
    }
}

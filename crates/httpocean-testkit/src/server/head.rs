//! Request heads, read as leniently as a test server may.

use std::io;
use std::str::from_utf8;

use super::request::Field;
use super::wire::Wire;

/// A head that is longer is not one that a test sends on purpose.
const HEAD_MAX: usize = 1024 * 1024;

pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) version: String,
    pub(crate) headers: Vec<Field>,
}

/// How a request's body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

impl Head {
    /// `None` when the client closed the connection instead of starting a request.
    pub(crate) fn read(wire: &mut Wire) -> io::Result<Option<Self>> {
        let mut searched = 0;
        let len = loop {
            if let Some(at) = wire.buffered()[searched..].windows(4).position(|four| four == b"\r\n\r\n") {
                break searched + at + 4;
            }
            searched = wire.buffered().len().saturating_sub(3);
            if searched > HEAD_MAX {
                return Err(malformed());
            }
            if wire.fill()? == 0 {
                return if wire.buffered().is_empty() {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
        };
        let head = Self::parse(&wire.buffered()[..len - 4]).ok_or_else(malformed);
        wire.consume(len);
        head.map(Some)
    }

    pub(crate) fn framing(&self) -> io::Result<Framing> {
        if self.values("transfer-encoding").any(|value| value.to_ascii_lowercase().ends_with(b"chunked")) {
            return Ok(Framing::Chunked);
        }
        let Some(value) = self.values("content-length").next() else { return Ok(Framing::Length(0)) };
        let length = from_utf8(value).ok().and_then(|value| value.parse().ok());
        length.map(Framing::Length).ok_or_else(malformed)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut lines =
            bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let mut words = from_utf8(lines.next()?).ok()?.splitn(3, ' ').map(str::to_owned);
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if method.is_empty() || target.is_empty() || !version.starts_with("HTTP/1.") {
            return None;
        }
        let headers = lines.map(field).collect::<Option<_>>()?;
        Some(Self { method, target, version, headers })
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, v)| &v[..])
    }
}

/// A header or trailer field line.
pub(crate) fn field(line: &[u8]) -> Option<Field> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = from_utf8(&line[..colon]).ok()?;
    Some((name.to_owned(), line[colon + 1..].trim_ascii().to_vec()))
}

/// Answered with 400 where that is still possible.
pub(crate) fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a request")
}

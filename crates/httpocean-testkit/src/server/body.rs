//! Request bodies: content with a length, and chunked content with trailers.

use std::io;
use std::str::from_utf8;

use super::head::{Framing, field, malformed};
use super::request::Field;
use super::wire::Wire;

const LINE_MAX: usize = 64 * 1024;
const TRAILERS_MAX: usize = 1024;

/// Reads a body to its end, shows its content piece by piece, and returns its trailers.
pub(crate) fn read_body(
    wire: &mut Wire,
    framing: Framing,
    mut seen: impl FnMut(&[u8]),
) -> io::Result<Vec<Field>> {
    match framing {
        Framing::Length(len) => read_content(wire, len, &mut seen).map(|()| Vec::new()),
        Framing::Chunked => {
            read_chunks(wire, &mut seen)?;
            read_trailers(wire)
        }
    }
}

fn read_chunks(wire: &mut Wire, seen: &mut impl FnMut(&[u8])) -> io::Result<()> {
    loop {
        let size = chunk_size(&read_line(wire)?).ok_or_else(malformed)?;
        if size == 0 {
            return Ok(());
        }
        read_content(wire, size, seen)?;
        if !read_line(wire)?.is_empty() {
            return Err(malformed());
        }
    }
}

fn read_trailers(wire: &mut Wire) -> io::Result<Vec<Field>> {
    let mut trailers = Vec::new();
    while trailers.len() < TRAILERS_MAX {
        let line = read_line(wire)?;
        if line.is_empty() {
            return Ok(trailers);
        }
        trailers.push(field(&line).ok_or_else(malformed)?);
    }
    Err(malformed())
}

fn read_content(wire: &mut Wire, mut left: u64, seen: &mut impl FnMut(&[u8])) -> io::Result<()> {
    while left > 0 {
        if wire.buffered().is_empty() {
            wire.fill_more()?;
        }
        let len = wire.buffered().len().min(usize::try_from(left).unwrap_or(usize::MAX));
        seen(&wire.buffered()[..len]);
        wire.consume(len);
        left -= len as u64;
    }
    Ok(())
}

fn read_line(wire: &mut Wire) -> io::Result<Vec<u8>> {
    let mut searched = 0;
    loop {
        if let Some(at) = wire.buffered()[searched..].iter().position(|byte| *byte == b'\n') {
            let line = wire.buffered()[..searched + at].to_vec();
            wire.consume(searched + at + 1);
            return line.strip_suffix(b"\r").map(<[u8]>::to_vec).ok_or_else(malformed);
        }
        searched = wire.buffered().len();
        if searched > LINE_MAX {
            return Err(malformed());
        }
        wire.fill_more()?;
    }
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii_end();
    if !digits.first()?.is_ascii_hexdigit() {
        return None;
    }
    u64::from_str_radix(from_utf8(digits).ok()?, 16).ok()
}

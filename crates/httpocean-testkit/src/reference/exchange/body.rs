//! The chunked coding: RFC 9112 section 7.1.

use httpocean_core::Limits;

use super::grammar::{self, Section, is_text, is_token};
use super::{Answer, Class, TOO_LARGE, TRUNCATED};

const BAD: Class = "bad-chunk";

/// Puts body and trailers into the answer; what is behind them.
pub(super) fn read_chunks<'a>(
    mut bytes: &'a [u8],
    answer: &mut Answer,
    limits: &Limits,
) -> Result<&'a [u8], Class> {
    let mut extensions = 0;
    loop {
        let (line, rest) = size_line(bytes, limits)?;
        let (size, extension) = size(line)?;
        // Nobody needs more than 16 digits.
        extensions += extension.len() + (line.len() - extension.len()).saturating_sub(16);
        if extensions > limits.chunk_extensions {
            return Err(TOO_LARGE);
        }
        check_extension(extension)?;
        if size == 0 {
            // They belong to the chunked coding, and so does what is wrong with them.
            return trailers(rest, answer, limits)
                .map_err(|class| if class == TOO_LARGE { class } else { BAD });
        }
        let here = rest.len().min(usize::try_from(size).unwrap_or(usize::MAX));
        answer.body.extend_from_slice(&rest[..here]);
        bytes = match &rest[here..] {
            [b'\r', b'\n', next @ ..] => next,
            [] | [b'\r'] => return Err(TRUNCATED),
            _ => return Err(BAD),
        };
    }
}

fn size_line<'a>(bytes: &'a [u8], limits: &Limits) -> Result<(&'a [u8], &'a [u8]), Class> {
    let (line, rest) = grammar::line(bytes, bytes.len(), usize::MAX, BAD)?;
    if line.len() > limits.chunk_line { Err(TOO_LARGE) } else { Ok((line, rest)) }
}

/// `chunk-size = 1*HEXDIG`, and what stands behind it.
fn size(line: &[u8]) -> Result<(u64, &[u8]), Class> {
    let digits = line.iter().position(|byte| !byte.is_ascii_hexdigit()).unwrap_or(line.len());
    let (digits, extension) = line.split_at(digits);
    let zeros = digits.iter().position(|&digit| digit != b'0').unwrap_or(digits.len());
    let text: String = digits[zeros..].iter().map(|&digit| char::from(digit)).collect();
    match (digits.len(), text.len()) {
        (0, _) => Err(BAD),
        (_, 0) => Ok((0, extension)),
        (_, 1..=16) => Ok((u64::from_str_radix(&text, 16).map_err(|_| BAD)?, extension)),
        (_, _) => Err(TOO_LARGE),
    }
}

/// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`
fn check_extension(mut rest: &[u8]) -> Result<(), Class> {
    while !rest.is_empty() {
        rest = skip_space(rest).strip_prefix(b";").ok_or(BAD)?;
        rest = token(skip_space(rest))?;
        if let Some(value) = skip_space(rest).strip_prefix(b"=") {
            let value = skip_space(value);
            rest = match value.strip_prefix(b"\"") {
                Some(quoted) => behind_quotes(quoted)?,
                None => token(value)?,
            };
        }
    }
    Ok(())
}

fn skip_space(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte != b' ' && byte != b'\t').unwrap_or(bytes.len());
    &bytes[end..]
}

/// What is behind a token.
fn token(bytes: &[u8]) -> Result<&[u8], Class> {
    let end = bytes.iter().position(|&byte| !is_token(byte)).unwrap_or(bytes.len());
    if end == 0 { Err(BAD) } else { Ok(&bytes[end..]) }
}

/// What is behind the closing quote.
fn behind_quotes(mut bytes: &[u8]) -> Result<&[u8], Class> {
    loop {
        bytes = match bytes {
            [b'"', rest @ ..] => return Ok(rest),
            [b'\\', escaped, rest @ ..] if is_text(*escaped) => rest,
            [byte, rest @ ..] if *byte != b'\\' && is_text(*byte) => rest,
            _ => return Err(BAD),
        };
    }
}

/// `*( field-line CRLF ) CRLF`
fn trailers<'a>(bytes: &'a [u8], answer: &mut Answer, limits: &Limits) -> Result<&'a [u8], Class> {
    let mut section = Section::default();
    let mut rest = bytes;
    loop {
        // The empty line at the end does not count.
        let limit = limits.trailer_bytes.saturating_add(2);
        let (line, behind) = grammar::line(rest, bytes.len(), limit, BAD)?;
        rest = behind;
        if line.is_empty() {
            break;
        }
        section.add(line, limits.headers)?;
    }
    answer.trailers =
        section.fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    Ok(rest)
}

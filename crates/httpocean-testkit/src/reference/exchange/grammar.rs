//! Lines and fields: RFC 9112 sections 2 to 5, RFC 9110 section 5.

use super::{Class, Field, Head, TOO_LARGE, TRUNCATED};

/// The first line of `bytes` without its CRLF, and what is behind it. `bad` is what a line without a CR is. All that
/// is read, of which there were `all` bytes when it began, may not be longer than `limit`.
pub(super) fn line(bytes: &[u8], all: usize, limit: usize, bad: Class) -> Result<(&[u8], &[u8]), Class> {
    let before = all - bytes.len();
    let Some(lf) = bytes.iter().position(|&byte| byte == b'\n') else {
        return Err(if all > limit { TOO_LARGE } else { TRUNCATED });
    };
    if before + lf + 1 > limit {
        return Err(TOO_LARGE);
    }
    let line = bytes[..lf].strip_suffix(b"\r").ok_or(bad)?;
    Ok((line, &bytes[lf + 1..]))
}

/// `status-line = HTTP-version SP status-code SP [ reason-phrase ]`, and the second SP may be missing with the phrase.
pub(super) fn status_line(line: &[u8]) -> Result<Head, Class> {
    const BAD: Class = "bad-status-line";
    let mut words = line.splitn(3, |&byte| byte == b' ');
    let version = words.next().and_then(|word| word.strip_prefix(b"HTTP/1.")).ok_or(BAD)?;
    let code = words.next().ok_or(BAD)?;
    let reason = words.next().unwrap_or_default();
    let is_digits = |word: &[u8]| word.iter().all(u8::is_ascii_digit);
    if version.len() != 1 || !is_digits(version) || code.len() != 3 || !is_digits(code) || code[0] == b'0' {
        return Err(BAD);
    }
    if !reason.iter().all(|&byte| is_text(byte)) {
        return Err(BAD);
    }
    let status = code.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    Ok(Head { status, http10: version == b"0", reason: reason.to_vec(), fields: Vec::new() })
}

/// The fields of a header or trailer section, line by line.
#[derive(Default)]
pub(super) struct Section {
    pub(super) fields: Vec<Field>,
}

impl Section {
    /// `field-line = field-name ":" OWS field-value OWS`, or the continuation of the one before.
    pub(super) fn add(&mut self, line: &[u8], limit: usize) -> Result<(), Class> {
        const BAD: Class = "bad-header";
        if line[0] == b' ' || line[0] == b'\t' {
            let (name, value) = self.fields.last_mut().ok_or(BAD)?;
            if frames(name) || !line.iter().all(|&byte| is_text(byte)) {
                return Err(BAD);
            }
            let joined = [value, b" ".as_slice(), trim(line)].concat();
            *value = trim(&joined).to_vec();
            return Ok(());
        }
        if self.fields.len() == limit {
            return Err(TOO_LARGE);
        }
        let colon = line.iter().position(|&byte| byte == b':').ok_or(BAD)?;
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.is_empty() || !name.iter().all(|&byte| is_token(byte)) {
            return Err(BAD);
        }
        // Longer than the `http` crate can hold.
        if name.len() > usize::from(u16::MAX) {
            return Err(TOO_LARGE);
        }
        if !value.iter().all(|&byte| is_text(byte)) {
            return Err(BAD);
        }
        let name = name.iter().map(|&byte| char::from(byte)).collect();
        self.fields.push((name, trim(value).to_vec()));
        Ok(())
    }
}

/// Fields in which a folded line is not tolerated.
fn frames(name: &str) -> bool {
    let names = ["content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"];
    names.contains(&name.to_ascii_lowercase().as_str())
}

/// The members of a list in all fields of that name, empty ones included.
pub(super) fn members(head: &Head, name: &str) -> Vec<Vec<u8>> {
    let mut members = Vec::new();
    for (_, value) in head.fields.iter().filter(|(sent, _)| sent.eq_ignore_ascii_case(name)) {
        members.extend(value.split(|&byte| byte == b',').map(|member| trim(member).to_vec()));
    }
    members
}

/// Without the white space around it.
pub(super) fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// `tchar`
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `HTAB / SP / VCHAR / obs-text`
pub(super) fn is_text(byte: u8) -> bool {
    byte == b'\t' || (0x20..=0x7e).contains(&byte) || byte >= 0x80
}

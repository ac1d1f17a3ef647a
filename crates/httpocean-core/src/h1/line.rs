//! The grammar of one field line (RFC 9112 section 5), for header and trailer sections alike.

use core::ops::Range;

use crate::error::ProtocolError;

/// As many fields as a section may have, whatever the limits say: what `http::HeaderMap` can hold for sure.
pub(crate) const FIELDS_MAX: usize = 16 * 1024;

/// As long as a field name may be, whatever the limits say: what `http::HeaderName` can hold.
pub(crate) const NAME_MAX: usize = u16::MAX as usize;

pub(crate) const NAME_TOO_LONG: ProtocolError = ProtocolError::TooLarge("a field name over 65535 bytes");

/// A line without the CRLF at its end; `None` if it ends otherwise. A bare LF would be allowed to end a line of a
/// head (RFC 9112 section 2.2), but two parties that disagree about it disagree about the message.
pub(crate) fn content(line: &[u8]) -> Option<&[u8]> {
    line.strip_suffix(b"\r\n")
}

/// Where the name and the value of a field line without its CRLF are. The value is without the white space around
/// it.
pub(crate) fn field(line: &[u8]) -> Result<(Range<usize>, Range<usize>), ProtocolError> {
    let end = line.iter().position(|&byte| !is_token(byte)).unwrap_or(line.len());
    match line.get(end) {
        Some(b':') if end == 0 => return Err(ProtocolError::BadHeader("a field without a name")),
        Some(b':') if end > NAME_MAX => return Err(NAME_TOO_LONG),
        Some(b':') => {}
        None => return Err(ProtocolError::BadHeader("a field line without a colon")),
        Some(b' ' | b'\t') => return Err(ProtocolError::BadHeader("white space behind a field name")),
        Some(b'\r') => return Err(ProtocolError::BadHeader("a bare CR in a field name")),
        Some(_) => return Err(ProtocolError::BadHeader("a byte that no field name may hold")),
    }
    Ok((0..end, value(line, end + 1)?))
}

/// Where the value is that starts at `from` and fills the rest of the line, but for the white space around it.
pub(crate) fn value(line: &[u8], from: usize) -> Result<Range<usize>, ProtocolError> {
    let raw = line.get(from..).unwrap_or_default();
    match raw.iter().find(|&&byte| !is_text(byte)) {
        None => {}
        Some(b'\r') => return Err(ProtocolError::BadHeader("a bare CR in a field value")),
        Some(0) => return Err(ProtocolError::BadHeader("a NUL in a field value")),
        Some(_) => return Err(ProtocolError::BadHeader("a control byte in a field value")),
    }
    let start = raw.iter().position(|&byte| !is_space(byte)).unwrap_or(raw.len());
    let end = raw.iter().rposition(|&byte| !is_space(byte)).map_or(start, |last| last + 1);
    Ok(from + start..from + end)
}

/// `bytes` without the optional white space around it (RFC 9110 section 5.6.3).
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|&byte| !is_space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|&byte| !is_space(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Whether a field name is `lower`, which has letters and hyphens only, in whichever case. No byte of a name but
/// these becomes one of them by the bit that makes a capital letter small.
pub(crate) fn is_named<const N: usize>(name: &[u8], lower: &[u8; N]) -> bool {
    <&[u8; N]>::try_from(name).is_ok_and(|name| name.map(|byte| byte | 0x20) == *lower)
}

/// Space or tab.
pub(crate) fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// `tchar` of RFC 9110 section 5.6.2.
pub(crate) fn is_token(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TOKEN != 0
}

/// What may stand in a field value and a reason phrase: tab, space, visible ASCII, obs-text (RFC 9110 section 5.5).
pub(crate) fn is_text(byte: u8) -> bool {
    CLASSES[usize::from(byte)] & TEXT != 0
}

const TOKEN: u8 = 1;
const TEXT: u8 = 2;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte == 0x09 || (byte >= 0x20 && byte != 0x7F) {
            classes[byte] |= TEXT;
        }
        if (byte as u8).is_ascii_alphanumeric() {
            classes[byte] |= TOKEN;
        }
        byte += 1;
    }
    let marks = b"!#$%&'*+-.^_`|~";
    let mut at = 0;
    while at < marks.len() {
        classes[marks[at] as usize] |= TOKEN;
        at += 1;
    }
    classes
};

/// Whether a field of that name frames the message or the connection, so that its value must leave no room for two readings.
pub(crate) fn is_framing_field(name: &[u8]) -> bool {
    ["content-length", "transfer-encoding", "connection", "keep-alive", "upgrade"]
        .iter()
        .any(|field| name.eq_ignore_ascii_case(field.as_bytes()))
}

//! Response heads: found in the receive buffer, checked, and shown as views into it.

use core::mem::MaybeUninit;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, Version};

use super::arrival::Arrival;
use super::line;
use crate::buf::{RecvBuf, Span, span_in};
use crate::error::ProtocolError;
use crate::limits::Limits;

/// Where the parts of a parsed head are, as offsets into its bytes. Recycled with the buffers.
#[derive(Debug, Default)]
pub(crate) struct HeadIndex {
    pub(crate) status: StatusCode,
    pub(crate) http10: bool,
    pub(crate) reason: Span,
    pub(crate) fields: Vec<(Span, Span)>,
}

impl HeadIndex {
    pub(crate) fn clear(&mut self) {
        self.fields.clear();
        self.reason = 0..0;
    }
}

/// A response head as a view: no allocation.
#[derive(Debug)]
pub struct Head<'a> {
    bytes: &'a [u8],
    index: &'a HeadIndex,
}

impl<'a> Head<'a> {
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], index: &'a HeadIndex) -> Self {
        Self { bytes, index }
    }

    /// The status code.
    #[inline]
    pub fn status(&self) -> StatusCode {
        self.index.status
    }

    /// HTTP/1.0 or HTTP/1.1; a higher minor version counts as 1.1 (RFC 9110 section 2.5).
    pub fn version(&self) -> Version {
        if self.index.http10 { Version::HTTP_10 } else { Version::HTTP_11 }
    }

    /// The reason phrase as it was sent, maybe empty.
    pub fn reason(&self) -> &'a [u8] {
        self.part(&self.index.reason)
    }

    /// All fields in their order: the names as they were sent, the values without the white space around them.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.each().map(|field| (core::str::from_utf8(field.name()).unwrap_or_default(), field.value()))
    }

    /// The value of the first field of that name, in whichever case.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// The head as the `http` crate's type. Names become lower case, repeated ones keep their order, and all
    /// values share one copy of the head. Where other fields stood between them, [`Arrival`] tells. The reason phrase is
    /// left out.
    pub fn to_response(&self) -> Response<()> {
        let shared = Bytes::copy_from_slice(self.bytes);
        let mut response = Response::new(());
        *response.status_mut() = self.status();
        *response.version_mut() = self.version();
        let headers = response.headers_mut();
        headers.reserve(self.index.fields.len().min(line::FIELDS_MAX));
        let (mut last, mut is_scattered): (&[u8], bool) = (&[], false);
        for (name, value) in &self.index.fields {
            let value = if value.end as usize <= shared.len() && value.start <= value.end {
                shared.slice(value.start as usize..value.end as usize)
            } else {
                Bytes::new()
            };
            let sent = self.part(name);
            // The scan refused what `http` would refuse: nothing is lost here.
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(sent), HeaderValue::from_maybe_shared(value))
            {
                let repeats = headers.try_append(name, value).unwrap_or_default();
                is_scattered |= repeats && !last.eq_ignore_ascii_case(sent);
            }
            last = sent;
        }
        if is_scattered {
            response.extensions_mut().insert(Arrival::of(self));
        }
        response
    }

    /// All fields, in their order.
    pub(crate) fn each(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let Self { bytes, index } = *self;
        index.fields.iter().map(move |(name, value)| Field { head: Self { bytes, index }, name, value })
    }

    /// The values of all fields of that name, in whichever case.
    pub fn values<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.each().filter(move |field| field.is(name)).map(|field| field.value())
    }

    /// A driver may ask for a shorter view than there is a head: then parts are missing.
    fn part(&self, span: &Span) -> &'a [u8] {
        self.bytes.get(span.start as usize..span.end as usize).unwrap_or_default()
    }
}

/// One field of a head: most are passed by for the length of their names.
#[derive(Debug)]
pub(crate) struct Field<'a> {
    head: Head<'a>,
    name: &'a Span,
    value: &'a Span,
}

impl<'a> Field<'a> {
    pub(crate) fn name_len(&self) -> usize {
        self.name.len()
    }

    /// As it was sent.
    pub(crate) fn name(&self) -> &'a [u8] {
        self.head.part(self.name)
    }

    pub(crate) fn value(&self) -> &'a [u8] {
        self.head.part(self.value)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name_len() == name.len() && self.name().eq_ignore_ascii_case(name.as_bytes())
    }
}

/// How far the head in front of a buffer has been read. What comes out does not depend on how the bytes were cut:
/// a well-formed head that is there at once goes the short way through `httparse`; all else goes line by line,
/// each line once and only when it is whole, and only there are errors made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HeadScan {
    /// Where the first line starts that was not read yet.
    line: usize,
    /// Where to go on looking for its end.
    seen: usize,
}

impl HeadScan {
    /// Looks at the head that starts at the front of `rx`. `Some(len)`: it is whole, `len` bytes, described in
    /// `index`, and the scan is ready for another one. `None`: more bytes are needed. Consumes nothing.
    pub(crate) fn scan(
        &mut self,
        rx: &mut RecvBuf,
        index: &mut HeadIndex,
        limits: &Limits,
    ) -> Result<Option<usize>, ProtocolError> {
        if rx.bytes().is_empty() {
            return Ok(None);
        }
        if self.seen == 0 {
            index.clear();
            if let Some(len) = scan_at_once(rx.bytes(), index, limits) {
                return Ok(Some(len));
            }
        }
        let bytes = rx.bytes_mut();
        if self.line == 0 {
            check_start(bytes)?;
        }
        let limit = head_limit(limits);
        while let Some(at) = bytes[self.seen..].iter().position(|&byte| byte == b'\n') {
            let end = self.seen + at + 1;
            if end > limit {
                return Err(TOO_LONG);
            }
            let is_last = read_line(bytes, self.line..end, index, limits)?;
            if is_last {
                *self = Self::default();
                return Ok(Some(end));
            }
            self.line = end;
            self.seen = end;
        }
        self.seen = bytes.len();
        if bytes.len() > limit { Err(TOO_LONG) } else { Ok(None) }
    }
}

/// Whether these bytes are the start of a status line, or may still become one.
pub(crate) fn begins_response(bytes: &[u8]) -> bool {
    check_start(bytes).is_ok()
}

const TOO_LONG: ProtocolError = ProtocolError::TooLarge("a head over the limit of bytes");

/// Offsets into a head are 32 bits wide.
fn head_limit(limits: &Limits) -> usize {
    limits.head_bytes.min(u32::MAX as usize)
}

fn fields_limit(limits: &Limits) -> usize {
    limits.headers.min(line::FIELDS_MAX)
}

/// The short way. Takes no head that the long way would refuse, and says nothing about one that it does not take.
fn scan_at_once(bytes: &[u8], index: &mut HeadIndex, limits: &Limits) -> Option<usize> {
    let mut room = [const { MaybeUninit::uninit() }; 64];
    let mut parsed = httparse::Response::new(&mut []);
    let parsing =
        httparse::ParserConfig::default().parse_response_with_uninit_headers(&mut parsed, bytes, &mut room);
    let Ok(httparse::Status::Complete(len)) = parsing else { return None };
    // It skips empty lines in front.
    if len > head_limit(limits)
        || parsed.headers.len() > fields_limit(limits)
        || !bytes.starts_with(b"HTTP/1.")
    {
        return None;
    }
    let status = StatusCode::from_u16(parsed.code?).ok()?;
    // It takes a bare LF for the end of a line. All that was accepted has LF there, so CR is all to look for.
    let ends_in_crlf = |end: usize| end >= 2 && bytes[end - 2] == b'\r';
    let name_of = |field: &httparse::Header<'_>| span_in(bytes, field.name.as_bytes());
    let is_plain = |field| ends_in_crlf(name_of(field).start as usize) && field.name.len() <= line::NAME_MAX;
    if !ends_in_crlf(len) || !ends_in_crlf(len - 2) || !parsed.headers.iter().all(is_plain) {
        return None;
    }
    index.fields.extend(parsed.headers.iter().map(|field| (name_of(field), span_in(bytes, field.value))));
    let line_end = index.fields.first().map_or(len - 2, |(name, _)| name.start as usize);
    index.reason = reason_in(line_end - 2);
    index.status = status;
    index.http10 = parsed.version == Some(0);
    Some(len)
}

/// Refuses at its first bytes what will never be a status line, without waiting for a line to end: HTTP/2, TLS and
/// most other protocols don't speak in lines.
fn check_start(bytes: &[u8]) -> Result<(), ProtocolError> {
    let expected = b"HTTP/1.";
    match bytes.iter().zip(expected).position(|(byte, wanted)| byte != wanted) {
        None => Ok(()),
        Some(0) if bytes[0] == b'\r' || bytes[0] == b'\n' => {
            Err(ProtocolError::BadStatusLine("an empty line in place of a status line"))
        }
        Some(0..5) => Err(ProtocolError::BadStatusLine("no HTTP version at its start")),
        Some(_) => Err(ProtocolError::BadStatusLine("a version other than HTTP/1.x")),
    }
}

/// Takes one whole line into the index; says whether it was the empty one at the end.
fn read_line(
    bytes: &mut [u8],
    at: core::ops::Range<usize>,
    index: &mut HeadIndex,
    limits: &Limits,
) -> Result<bool, ProtocolError> {
    let content = line::content(&bytes[at.clone()]);
    if at.start == 0 {
        let line = content.ok_or(ProtocolError::BadStatusLine("a bare LF at its end"))?;
        return read_status_line(line, index).map(|()| false);
    }
    let line = content.ok_or(ProtocolError::BadHeader("a bare LF at the end of a line"))?;
    match line.first() {
        None => return Ok(true),
        Some(b' ' | b'\t') => {
            let more = line::value(line, 0)?;
            return unfold(bytes, at.start + more.start..at.start + more.end, index).map(|()| false);
        }
        Some(_) => {}
    }
    if index.fields.len() >= fields_limit(limits) {
        return Err(ProtocolError::TooLarge("more header fields than the limit"));
    }
    let (name, value) = line::field(line)?;
    let span = |part: core::ops::Range<usize>| (at.start + part.start) as u32..(at.start + part.end) as u32;
    index.fields.push((span(name), span(value)));
    Ok(false)
}

/// `HTTP/1.` DIGIT SP 3DIGIT, then nothing or SP and a reason phrase (RFC 9112 section 4; the missing SP is
/// tolerated, as there is nothing to mistake).
fn read_status_line(line: &[u8], index: &mut HeadIndex) -> Result<(), ProtocolError> {
    let [_, _, _, _, _, _, _, minor, rest @ ..] = line else {
        return Err(ProtocolError::BadStatusLine("too short to be one"));
    };
    if !minor.is_ascii_digit() || rest.first() != Some(&b' ') {
        return Err(ProtocolError::BadStatusLine("no version of one digit and a space at its start"));
    }
    let code = rest.get(1..4).unwrap_or_default();
    let status = if code.iter().all(u8::is_ascii_digit) { StatusCode::from_bytes(code).ok() } else { None };
    let Some(status) = status else {
        return Err(ProtocolError::BadStatusLine("no status code from 100 to 999"));
    };
    match rest.get(4..).unwrap_or_default() {
        [] => {}
        [b' ', reason @ ..] if reason.iter().all(|&byte| line::is_text(byte)) => {}
        [b' ', ..] => return Err(ProtocolError::BadStatusLine("a control byte in its reason phrase")),
        _ => return Err(ProtocolError::BadStatusLine("a status code that is not followed by a space")),
    }
    index.status = status;
    index.http10 = *minor == b'0';
    index.reason = reason_in(line.len());
    Ok(())
}

/// Where the reason phrase is in a good status line of that length without CRLF: behind `HTTP/1.1 200 `.
fn reason_in(line_len: usize) -> Span {
    13.min(line_len as u32)..line_len as u32
}

/// Appends a folded line to the value before it, with one space in between (RFC 9112 section 5.2), in place: the
/// CRLF and the white space in between leave more room than is needed.
fn unfold(
    bytes: &mut [u8],
    more: core::ops::Range<usize>,
    index: &mut HeadIndex,
) -> Result<(), ProtocolError> {
    let Some((name, value)) = index.fields.last_mut() else {
        return Err(ProtocolError::BadHeader("white space before the first field"));
    };
    if line::is_framing_field(&bytes[name.start as usize..name.end as usize]) {
        return Err(ProtocolError::BadHeader("a folded line in a field that frames the message"));
    }
    if value.start == value.end {
        *value = more.start as u32..more.end as u32;
    } else if more.start < more.end {
        let end = value.end as usize;
        let len = more.len();
        bytes[end] = b' ';
        bytes.copy_within(more, end + 1);
        value.end = (end + 1 + len) as u32;
    }
    Ok(())
}

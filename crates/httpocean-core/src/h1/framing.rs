//! How the body of a response is delimited (RFC 9112 section 6.3), and whether the connection lives on (section
//! 9.3). All of both is decided here, from the head alone.

use core::time::Duration;

use http::header::{GetAll, HeaderValue};
use http::{Method, StatusCode};

use super::head::Head;
use super::line;
use crate::error::ProtocolError;
use crate::reason::CloseReason;

/// What ends the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    /// The chunked coding.
    Chunked,
    /// The end of the connection.
    UntilClose,
    /// There is none, and what follows is not HTTP any more: a 101 that was asked for, or a 2xx to CONNECT.
    Tunnel,
}

/// What a final head, or a 101, says about what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) framing: Framing,
    /// Why the connection can't be used again after this response.
    pub(crate) close: Option<CloseReason>,
    /// How long the server will keep the connection: `timeout` of `Keep-Alive`.
    pub(crate) idle_hint: Option<Duration>,
    /// How many more requests the server will take on it: `max` of `Keep-Alive`.
    pub(crate) uses_left: Option<u32>,
}

/// Judges a final head or a 101. The steps are those of RFC 9112 section 6.3, in their order.
pub(crate) fn frame(
    method: &Method,
    upgrade_offered: bool,
    head: &Head<'_>,
) -> Result<Verdict, ProtocolError> {
    let status = head.status();
    if status == StatusCode::SWITCHING_PROTOCOLS && !upgrade_offered {
        return Err(ProtocolError::UnsolicitedUpgrade("101 to a request that offered no upgrade"));
    }
    let named = Named::of(head);
    let framing = match status {
        StatusCode::SWITCHING_PROTOCOLS => Framing::Tunnel,
        // Any 2xx opens the tunnel, 204 included (RFC 9110 section 9.3.6).
        _ if method == Method::CONNECT && status.is_success() => Framing::Tunnel,
        StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED => Framing::None,
        _ if status.is_informational() || method == Method::HEAD => Framing::None,
        _ => frame_by_fields(head, named)?,
    };
    let close = reason_to_close(framing, head, named);
    let hints = if named.keep_alive { read_keep_alive(head) } else { KeepAlive::default() };
    Ok(Verdict { framing, close, idle_hint: hints.timeout, uses_left: hints.max })
}

/// Whether every protocol that a 101 names was offered (RFC 9110 section 7.8). It should name one, but not all do.
pub(crate) fn names_only(head: &Head<'_>, offered: GetAll<'_, HeaderValue>) -> bool {
    members(head, "upgrade").filter(|protocol| !protocol.is_empty()).all(|protocol| {
        core::str::from_utf8(protocol)
            .is_ok_and(|protocol| offered.iter().any(|offer| has_token(offer.as_bytes(), protocol)))
    })
}

/// Which of the fields that matter here there are: most heads have only one of them.
#[derive(Clone, Copy, Default)]
struct Named<'a> {
    connection: bool,
    keep_alive: bool,
    /// How many fields, and what the last one says.
    content_length: (usize, &'a [u8]),
    transfer_encoding: bool,
}

impl<'a> Named<'a> {
    fn of(head: &Head<'a>) -> Self {
        let mut named = Self::default();
        for field in head.each() {
            let name = field.name();
            match name.len() {
                10 => {
                    named.connection |= line::is_named(name, b"connection");
                    named.keep_alive |= line::is_named(name, b"keep-alive");
                }
                14 if line::is_named(name, b"content-length") => {
                    named.content_length = (named.content_length.0 + 1, field.value());
                }
                17 => named.transfer_encoding |= line::is_named(name, b"transfer-encoding"),
                _ => {}
            }
        }
        named
    }
}

/// Whether a comma-separated list of tokens names `token`.
pub(crate) fn has_token(value: &[u8], token: &str) -> bool {
    value.split(|&byte| byte == b',').any(|member| line::trim(member).eq_ignore_ascii_case(token.as_bytes()))
}

/// Steps 3 to 8: `Transfer-Encoding`, then `Content-Length`, then neither.
fn frame_by_fields(head: &Head<'_>, named: Named<'_>) -> Result<Framing, ProtocolError> {
    if named.transfer_encoding {
        check_codings(head)?;
        return Ok(Framing::Chunked);
    }
    let usual = if let (1, value) = named.content_length { parse_decimal(value).ok() } else { None };
    match usual {
        Some(length) => Ok(Framing::Length(length)),
        None if named.content_length.0 == 0 => Ok(Framing::UntilClose),
        None => content_length(head).map(Framing::Length),
    }
}

/// All `Transfer-Encoding` fields together must name `chunked`, once, and nothing else: no other coding was asked
/// for (RFC 9112 sections 6.1 and 7.4).
fn check_codings(head: &Head<'_>) -> Result<(), ProtocolError> {
    let codings = || members(head, "transfer-encoding").filter(|coding| !coding.is_empty());
    let chunked = codings().filter(|coding| coding.eq_ignore_ascii_case(b"chunked")).count();
    if chunked > 1 {
        return Err(ProtocolError::ConflictingLength("the chunked coding applied twice"));
    }
    if chunked == 0 {
        return Err(ProtocolError::UnsupportedTransferCoding("Transfer-Encoding without chunked"));
    }
    if codings().count() > 1 {
        return Err(ProtocolError::UnsupportedTransferCoding("another transfer coding beside chunked"));
    }
    Ok(())
}

/// The one length that all `Content-Length` fields agree on. Members that are spelt differently don't agree, even
/// if they are equal as numbers, and an empty member is not a number.
fn content_length(head: &Head<'_>) -> Result<u64, ProtocolError> {
    let mut lengths = members(head, "content-length");
    let first = lengths.next().unwrap_or_default();
    let length = parse_decimal(first)?;
    for other in lengths {
        if other != first {
            parse_decimal(other)?;
            return Err(ProtocolError::ConflictingLength("differing Content-Length values"));
        }
    }
    Ok(length)
}

fn parse_decimal(digits: &[u8]) -> Result<u64, ProtocolError> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ProtocolError::ConflictingLength("a Content-Length that is not a number"));
    }
    let add = |number: u64, digit: &u8| number * 10 + u64::from(digit - b'0');
    if digits.len() < 20 {
        return Ok(digits.iter().fold(0, add));
    }
    let checked = |number: u64, digit: &u8| number.checked_mul(10)?.checked_add(u64::from(digit - b'0'));
    digits.iter().try_fold(0, checked).ok_or(ProtocolError::TooLarge("a Content-Length over 64 bits"))
}

/// RFC 9112 section 9.3. A tunnel is not used again either, but that needs no reason.
fn reason_to_close(framing: Framing, head: &Head<'_>, named: Named<'_>) -> Option<CloseReason> {
    if framing == Framing::Tunnel {
        return None;
    }
    // Two framings at once (section 6.3), or one that HTTP/1.0 does not know (section 6.1). Without a body the
    // fields only tell what there might have been.
    let framed_twice = framing == Framing::Chunked && named.content_length.0 > 0;
    if framed_twice || (is_http10(head) && named.transfer_encoding) {
        return Some(CloseReason::Protocol);
    }
    if framing == Framing::UntilClose {
        return Some(CloseReason::UntilClose);
    }
    let has_option = |option: &[u8]| named.connection && has_option(head, option);
    if has_option(b"close") {
        return Some(CloseReason::CloseHeader);
    }
    if is_http10(head) && !has_option(b"keep-alive") {
        return Some(CloseReason::Http10);
    }
    None
}

fn is_http10(head: &Head<'_>) -> bool {
    head.version() == http::Version::HTTP_10
}

fn has_option(head: &Head<'_>, option: &[u8]) -> bool {
    members(head, "connection").any(|member| member.eq_ignore_ascii_case(option))
}

#[derive(Default)]
struct KeepAlive {
    timeout: Option<Duration>,
    max: Option<u32>,
}

/// The parameters of `Keep-Alive` that are plain numbers; all else in it is ignored. Of several values the smallest
/// counts.
fn read_keep_alive(head: &Head<'_>) -> KeepAlive {
    let mut hints = KeepAlive::default();
    for member in members(head, "keep-alive") {
        let Some(equals) = member.iter().position(|&byte| byte == b'=') else { continue };
        let (name, number) = (line::trim(&member[..equals]), line::trim(&member[equals + 1..]));
        if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
            continue;
        }
        let number = parse_decimal(number).unwrap_or(u64::MAX);
        if name.eq_ignore_ascii_case(b"timeout") {
            let timeout = Duration::from_secs(number);
            hints.timeout = Some(hints.timeout.map_or(timeout, |other| other.min(timeout)));
        } else if name.eq_ignore_ascii_case(b"max") {
            let max = u32::try_from(number).unwrap_or(u32::MAX);
            hints.max = Some(hints.max.map_or(max, |other| other.min(max)));
        }
    }
    hints
}

/// The members of a list that may stretch over several fields of that name (RFC 9110 section 5.6.1), the empty ones
/// included.
fn members<'a>(head: &Head<'a>, name: &'static str) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    head.values(name).flat_map(|value| value.split(|&byte| byte == b',')).map(line::trim)
}

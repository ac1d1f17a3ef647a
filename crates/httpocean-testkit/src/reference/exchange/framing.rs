//! Where the body ends, and whether its connection lives on: RFC 9112 sections 6.3 and 9.3.

use super::grammar::members;
use super::{Class, Head, OFFERED, Question, TOO_LARGE};

/// What ends the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimited {
    /// There is none.
    Nothing,
    /// There is none, and no HTTP any more.
    Tunnel,
    Length(u64),
    Chunked,
    Close,
}

/// Section 6.3, rule by rule.
pub(super) fn delimited(question: Question<'_>, head: &Head) -> Result<Delimited, Class> {
    if head.status == 101 {
        let named = members(head, "upgrade");
        let offered = |name: &Vec<u8>| name.is_empty() || name.eq_ignore_ascii_case(OFFERED.as_bytes());
        let expected = question.upgrade && named.iter().all(offered);
        return if expected { Ok(Delimited::Tunnel) } else { Err("unsolicited-upgrade") };
    }
    // Rule 2 comes before rule 1 where both apply: there is no body either way.
    if question.method == "CONNECT" && (200..300).contains(&head.status) {
        return Ok(Delimited::Tunnel);
    }
    // Rule 1
    if question.method == "HEAD" || head.status == 204 || head.status == 304 {
        return Ok(Delimited::Nothing);
    }
    // Rules 3 and 4
    if has(head, "transfer-encoding") {
        return transfer_coding(head);
    }
    // Rules 5 and 6
    let lengths = members(head, "content-length");
    let Some(first) = lengths.first() else { return Ok(Delimited::Close) };
    let length = number(first)?;
    for other in &lengths {
        if other != first {
            number(other)?;
            return Err("conflicting-length");
        }
    }
    Ok(Delimited::Length(length))
}

/// Whether the connection persists, if nothing follows the message.
pub(super) fn persistent(head: &Head, delimited: Delimited) -> bool {
    let options = members(head, "connection");
    let has_option = |name: &[u8]| options.iter().any(|option| option.eq_ignore_ascii_case(name));
    match delimited {
        Delimited::Close | Delimited::Tunnel => return false,
        // Section 6.3: such a message might be an attempt to smuggle.
        Delimited::Chunked if has(head, "content-length") => return false,
        Delimited::Chunked | Delimited::Nothing | Delimited::Length(_) => {}
    }
    // Section 6.1: HTTP/1.0 knows no transfer codings, so one who relays them has not understood them.
    if head.http10 && has(head, "transfer-encoding") {
        return false;
    }
    !has_option(b"close") && (!head.http10 || has_option(b"keep-alive"))
}

/// Nothing but one `chunked` was asked for.
fn transfer_coding(head: &Head) -> Result<Delimited, Class> {
    let mut codings = members(head, "transfer-encoding");
    codings.retain(|coding| !coding.is_empty());
    let chunked = codings.iter().filter(|coding| coding.eq_ignore_ascii_case(b"chunked")).count();
    match (chunked, codings.len()) {
        (1, 1) => Ok(Delimited::Chunked),
        (0 | 1, _) => Err("unsupported-transfer-coding"),
        _ => Err("conflicting-length"),
    }
}

fn number(digits: &[u8]) -> Result<u64, Class> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err("conflicting-length");
    }
    let text: String = digits.iter().map(|&digit| char::from(digit)).collect();
    text.parse().map_err(|_| TOO_LARGE)
}

fn has(head: &Head, name: &str) -> bool {
    head.fields.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name))
}

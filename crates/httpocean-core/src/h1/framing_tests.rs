use core::time::Duration;

use http::Method;

use super::framing::{Framing, Verdict, frame};
use super::head::{Head, HeadIndex, HeadScan};
use crate::buf::RecvBuf;
use crate::error::ProtocolError;
use crate::limits::Limits;
use crate::reason::CloseReason;

fn judge(method: &Method, upgrade: bool, start: &str, fields: &[&str]) -> Result<Verdict, ProtocolError> {
    let (mut rx, mut index) = (RecvBuf::default(), HeadIndex::default());
    rx.append(
        format!("{start}\r\n{}\r\n", fields.iter().map(|line| format!("{line}\r\n")).collect::<String>())
            .as_bytes(),
    );
    let len = HeadScan::default().scan(&mut rx, &mut index, &Limits::default())?.expect("a whole head");
    frame(method, upgrade, &Head::new(&rx.bytes()[..len], &index))
}

fn of_get(fields: &[&str]) -> Result<(Framing, Option<CloseReason>), &'static str> {
    let verdict = judge(&Method::GET, false, "HTTP/1.1 200 OK", fields).map_err(|error| error.class())?;
    Ok((verdict.framing, verdict.close))
}

#[test]
fn some_answers_have_no_body_whatever_their_fields_say() {
    for (method, start) in [
        (Method::HEAD, "HTTP/1.1 200 OK"),
        (Method::GET, "HTTP/1.1 204 No Content"),
        (Method::GET, "HTTP/1.1 304 Not Modified"),
    ] {
        for fields in [&["Content-Length: 5"][..], &["Transfer-Encoding: chunked", "Content-Length: x"], &[]]
        {
            let verdict = judge(&method, false, start, fields).expect("good");
            assert_eq!(
                (verdict.framing, verdict.close),
                (Framing::None, None),
                "{method} {start} {fields:?}"
            );
        }
    }
}

#[test]
fn tunnels() {
    let connected =
        judge(&Method::CONNECT, false, "HTTP/1.1 200 OK", &["Content-Length: 5", "Connection: close"]);
    assert_eq!(connected.map(|verdict| verdict.framing), Ok(Framing::Tunnel));
    let refused = judge(&Method::CONNECT, false, "HTTP/1.1 407 No", &["Content-Length: 5"]);
    assert_eq!(refused.map(|verdict| verdict.framing), Ok(Framing::Length(5)));
    let switched = judge(&Method::GET, true, "HTTP/1.1 101 Yes", &["Upgrade: x"]);
    assert_eq!(switched.map(|verdict| verdict.framing), Ok(Framing::Tunnel));
    let unasked = judge(&Method::GET, false, "HTTP/1.1 101 Yes", &["Upgrade: x"]);
    assert_eq!(unasked.map_err(|error| error.class()), Err("unsolicited-upgrade"));
}

#[test]
fn content_length() {
    assert_eq!(of_get(&["Content-Length: 0"]), Ok((Framing::Length(0), None)));
    assert_eq!(of_get(&["content-LENGTH:\t007 "]), Ok((Framing::Length(7), None)));
    assert_eq!(of_get(&["Content-Length: 18446744073709551615"]), Ok((Framing::Length(u64::MAX), None)));
    assert_eq!(of_get(&["Content-Length: 5", "Content-Length: 5, 5"]), Ok((Framing::Length(5), None)));
    assert_eq!(of_get(&["Content-Length: 18446744073709551616"]), Err("too-large"));
    for value in ["", "-1", "+1", "1 2", "0x1", "1_0", "1.0", "1,2", "1,01", "1,", ",1", "\u{661}"] {
        assert_eq!(of_get(&[&format!("Content-Length: {value}")]), Err("conflicting-length"), "{value:?}");
    }
    assert_eq!(of_get(&["Content-Length: 1", "content-length: 2"]), Err("conflicting-length"));
}

#[test]
fn transfer_encoding() {
    for value in ["chunked", "CHUNKED", ", chunked ,,", "\tchunked"] {
        assert_eq!(
            of_get(&[&format!("Transfer-Encoding: {value}")]),
            Ok((Framing::Chunked, None)),
            "{value:?}"
        );
    }
    for value in
        ["", ",", "gzip", "gzip, chunked", "chunked, identity", "xchunked", "chunked;a=b", "\"chunked\""]
    {
        let class = of_get(&[&format!("Transfer-Encoding: {value}")]);
        assert_eq!(class, Err("unsupported-transfer-coding"), "{value:?}");
    }
    assert_eq!(
        of_get(&["Transfer-Encoding: gzip", "transfer-encoding: chunked"]),
        Err("unsupported-transfer-coding")
    );
    assert_eq!(
        of_get(&["Transfer-Encoding: chunked", "transfer-encoding: chunked"]),
        Err("conflicting-length")
    );
}

#[test]
fn framed_twice_is_not_used_again() {
    let both = of_get(&["Content-Length: 5", "Transfer-Encoding: chunked"]);
    assert_eq!(both, Ok((Framing::Chunked, Some(CloseReason::Protocol))));
    let old = judge(
        &Method::GET,
        false,
        "HTTP/1.0 200 OK",
        &["Connection: keep-alive", "Transfer-Encoding: chunked"],
    );
    assert_eq!(
        old.map(|verdict| (verdict.framing, verdict.close)),
        Ok((Framing::Chunked, Some(CloseReason::Protocol)))
    );
}

#[test]
fn persistence() {
    assert_eq!(of_get(&[]), Ok((Framing::UntilClose, Some(CloseReason::UntilClose))));
    let close_of = |start: &str, connection: &[&str]| {
        let fields = [&["Content-Length: 0"], connection].concat();
        judge(&Method::GET, false, start, &fields).expect("good").close
    };
    let (new, old) = ("HTTP/1.1 200 OK", "HTTP/1.0 200 OK");
    assert_eq!(close_of(new, &[]), None);
    assert_eq!(close_of(new, &["Connection: closed, x-close"]), None);
    assert_eq!(close_of(new, &["Connection: a, ,Close "]), Some(CloseReason::CloseHeader));
    assert_eq!(
        close_of(new, &["Connection: keep-alive", "connection: close"]),
        Some(CloseReason::CloseHeader)
    );
    assert_eq!(close_of(old, &[]), Some(CloseReason::Http10));
    assert_eq!(close_of(old, &["Connection: x, Keep-Alive"]), None);
    assert_eq!(close_of(old, &["Connection: keep-alive, close"]), Some(CloseReason::CloseHeader));
}

#[test]
fn keep_alive_hints() {
    let hints = |value: &str| {
        let field = format!("Keep-Alive: {value}");
        let verdict = judge(&Method::GET, false, "HTTP/1.1 204 OK", &[&field]).expect("good");
        (verdict.idle_hint.map(|hint| hint.as_secs()), verdict.uses_left)
    };
    assert_eq!(hints("timeout=5, max=100"), (Some(5), Some(100)));
    assert_eq!(hints("Max = 0,TIMEOUT=0"), (Some(0), Some(0)));
    assert_eq!(hints("timeout=9, timeout=5, timeout=7"), (Some(5), None));
    assert_eq!(hints("timeout=\"5\", max=-1, 7, =3, timeout, x=y"), (None, None));
    let far = "9".repeat(30);
    assert_eq!(hints(&format!("timeout={far}, max={far}")), (Some(Duration::MAX.as_secs()), Some(u32::MAX)));
}

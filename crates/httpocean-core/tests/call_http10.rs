//! A server that has answered in HTTP/1.0 is not sent what only HTTP/1.1 knows (RFC 9112 section 6.1).
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod common;

use std::sync::Arc;

use common::*;
use httpocean_core::pool::Fate;
use httpocean_core::{BodyPlan, Call, CallStep, Conn, ErrorKind, Fault, Instant, Io, Sent};

/// The connection that was kept after this response to a plain GET.
fn kept_after(response: &str) -> Conn {
    let (mut call, mut io) = started("GET", BodyPlan::empty(), conn());
    let _ = call.step(&mut io, Instant::ZERO);
    io.tx.sent(io.tx.pending().len());
    io.rx.append(response.as_bytes());
    loop {
        match call.step(&mut io, Instant::ZERO) {
            CallStep::Release(fate) => {
                assert!(matches!(fate, Fate::Reusable { .. }), "{fate:?}");
                return call.detach().unwrap();
            }
            CallStep::Wait(_) => panic!("it waits for more than {response}"),
            _ => {}
        }
    }
}

fn started(method: &str, body: BodyPlan, conn: Conn) -> (Call, Io) {
    let request = request(method, "http://example.com/", &[]);
    let mut call = Call::new(request, body, &Arc::default(), Instant::ZERO).unwrap();
    let mut io = Io::default();
    assert!(matches!(call.step(&mut io, Instant::ZERO), CallStep::Acquire(_)));
    call.attach(conn, stale(), Instant::ZERO);
    (call, io)
}

const OLD: &str = "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nhi";
const NEW: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

#[test]
fn chunks_are_refused_before_a_byte_is_sent() {
    let (mut call, mut io) = started("POST", once(None), kept_after(OLD));
    let CallStep::Release(fate) = call.step(&mut io, Instant::ZERO) else { panic!() };
    assert_eq!(fate, Fate::Untouched);
    assert!(io.tx.pending().is_empty() && call.detach().is_some());
    let CallStep::Failed(error) = call.step(&mut io, Instant::ZERO) else { panic!() };
    assert!(matches!(error.kind(), ErrorKind::Request(what) if what.contains("HTTP/1.0")), "{error}");
    assert_eq!((error.fault(), error.sent()), (Fault::Local, Sent::Nothing));
}

#[test]
fn a_body_of_a_known_length_is_sent() {
    let (mut call, mut io) = started("POST", BodyPlan::sized(2), kept_after(OLD));
    assert!(matches!(call.step(&mut io, Instant::ZERO), CallStep::NeedBody { .. }));
    assert!(io.tx.pending().starts_with(b"POST / HTTP/1.1\r\n"));
}

#[test]
fn who_has_said_nothing_or_http_1_1_is_sent_chunks() {
    for conn in [conn(), kept_after(NEW)] {
        let (mut call, mut io) = started("POST", once(None), conn);
        assert!(matches!(call.step(&mut io, Instant::ZERO), CallStep::NeedBody { .. }));
        assert!(String::from_utf8_lossy(io.tx.pending()).contains("transfer-encoding: chunked"));
    }
}

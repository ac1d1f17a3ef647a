//! After 101 and after a 2xx to CONNECT the connection belongs to another protocol.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, CloseReason, Config, ErrorKind, ProtocolError};

const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nupgrade: tea\r\nconnection: upgrade\r\n\r\n";

fn connect() -> Scenario {
    let mut it =
        Scenario::start(request("CONNECT", "example.com:443", &[]), BodyPlan::empty(), Config::default());
    it.acquire(Facts::default());
    let _ = it.wait();
    it.flush();
    it
}

/// The connection leaves with what was received for it.
fn leaves(mut it: Scenario, leftover: &[u8]) {
    for _ in 0..2 {
        assert_eq!(it.step(), Said::Upgraded(leftover.to_vec()));
    }
    it.call.cancel(it.now);
    assert_eq!(it.io.rx.take(), leftover);
    assert!(it.io.tx.pending().is_empty());
    assert!(it.call.detach().is_some());
    assert_eq!(it.released, 0, "it is not for the pool");
}

#[test]
fn an_upgrade_that_was_asked_for() {
    for leftover in ["", "x", "HTTP/1.1 200 OK\r\n\r\n"] {
        let mut it = Scenario::written("GET", &[("upgrade", "tea")]);
        it.feed("HTTP/1.1 103 Early\r\n\r\n");
        assert!(matches!(it.step(), Said::Interim(103, _)));
        it.feed([SWITCH, leftover].concat());
        assert!(matches!(it.step(), Said::Head(101, _)));
        leaves(it, leftover.as_bytes());
    }
}

#[test]
fn only_to_what_was_offered() {
    for (offered, named, is_fine) in [
        ("tea", "upgrade: tea\r\n", true),
        ("tea/2, coffee", "upgrade: COFFEE\r\n", true),
        ("tea/2, coffee", "upgrade: tea/2,, coffee\r\n", true),
        ("tea", "", true),
        ("tea", "upgrade: coffee\r\n", false),
        ("tea", "upgrade: tea, coffee\r\n", false),
        ("tea", "upgrade: tea\r\nupgrade: coffee\r\n", false),
        ("tea/2", "upgrade: tea\r\n", false),
        ("tea", "upgrade: te\u{e4}\r\n", false),
    ] {
        let mut it = Scenario::written("GET", &[("upgrade", offered)]);
        it.feed(format!("HTTP/1.1 101 Switching\r\n{named}\r\n"));
        if is_fine {
            assert!(matches!(it.step(), Said::Head(101, _)), "{offered}, {named}");
            leaves(it, b"");
        } else {
            let (fate, failure) = it.failure();
            assert_eq!(fate, Some(Fate::Spent(CloseReason::Protocol)), "{offered}, {named}");
            let kind = failure.kind;
            let expected = matches!(kind, ErrorKind::Protocol(ProtocolError::UnsolicitedUpgrade(_)));
            assert!(expected, "{kind:?}");
        }
    }
}

#[test]
fn an_upgrade_that_was_not_taken_up_is_a_plain_response() {
    let mut it = Scenario::written("GET", &[("upgrade", "tea")]);
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno");
    assert!(matches!(it.step(), Said::Head(200, _)));
    assert_eq!(it.fate(), Fate::REUSABLE);
}

#[test]
fn a_tunnel() {
    for fields in ["", "content-length: 5\r\n", "transfer-encoding: chunked\r\n"] {
        for status in ["200 OK", "299 Odd"] {
            let mut it = connect();
            it.feed(format!("HTTP/1.1 {status}\r\n{fields}\r\n\x16\x03"));
            assert!(matches!(it.step(), Said::Head(..)));
            leaves(it, b"\x16\x03");
        }
    }
}

/// Any 2xx opens the tunnel, 204 too (RFC 9110 section 9.3.6).
#[test]

fn a_tunnel_that_opens_with_204() {
    let mut it = connect();
    it.feed("HTTP/1.1 204 No\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(204, _)));
    leaves(it, b"");
}

#[test]
fn a_refused_tunnel_is_a_plain_response() {
    let mut it = connect();
    it.feed("HTTP/1.1 407 No\r\ncontent-length: 2\r\n\r\nno");
    assert!(matches!(it.step(), Said::Head(407, _)));
    assert_eq!(it.fate(), Fate::REUSABLE);
}

fn refused(mut it: Scenario) {
    it.feed(SWITCH);
    let (fate, failure) = it.failure();
    assert_eq!(fate, Some(Fate::Spent(CloseReason::Protocol)));
    assert!(matches!(failure.kind, ErrorKind::Protocol(ProtocolError::UnsolicitedUpgrade(_))));
}

#[test]
fn an_upgrade_that_nobody_asked_for_is_refused() {
    refused(Scenario::get());
    refused(connect());
}

/// The rest of the request would be bytes of the other protocol (RFC 9110 section 7.8).
#[test]
fn an_upgrade_in_the_middle_of_the_request_is_refused() {
    let fields = [("upgrade", "tea")];
    let mut it = Scenario::upload("POST", &fields, BodyPlan::sized(3), Config::default());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.flush();
    refused(it);

    let mut it = Scenario::upload("GET", &fields, BodyPlan::empty(), Config::default());
    let _ = it.wait();
    it.io.tx.sent(5);
    refused(it);

    let mut it = Scenario::upload("POST", &fields, BodyPlan::sized(3), Config::default());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.call.send_body(b"abc", &mut it.io);
    it.flush();
    it.feed(SWITCH);
    assert!(matches!(it.step(), Said::Head(101, _)));
    leaves(it, b"");
}

#[test]
fn cancelled_between_the_head_and_the_leave_it_is_closed() {
    let mut it = connect();
    it.feed("HTTP/1.1 200 OK\r\n\r\n\x16");
    assert!(matches!(it.step(), Said::Head(200, _)));
    it.call.cancel(it.now);
    assert!(matches!(it.failure().0, Some(Fate::Spent(_))));
}

//! Whether a connection may serve again after a call, and if not, why.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::*;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{CloseReason, Config, Io, TransportError, call};

fn after(fields: &[(&str, &str)], response: &str) -> Fate {
    let mut it = Scenario::written("GET", fields);
    it.feed(response);
    it.fate()
}

#[test]
fn each_reason_not_to() {
    use CloseReason::{CloseHeader, Http10, Protocol, Unasked};
    for (response, why) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: x, Close\r\n\r\nok", CloseHeader),
        ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", Http10),
        ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive, close\r\n\r\nok", CloseHeader),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n", Protocol),
        (
            "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n0\r\n\r\n",
            Protocol,
        ),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok!", Unasked),
        ("HTTP/1.1 204 No\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", Unasked),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok\r\n", Unasked),
        ("HTTP/1.1 2000 OK\r\n\r\n", Protocol),
        ("HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", Protocol),
    ] {
        assert_eq!(after(&[], response), Fate::Spent(why), "{response}");
    }
}

#[test]
fn reasons_that_come_with_the_end_of_the_connection() {
    for (response, reset, why) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false, CloseReason::PeerClosed),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", true, CloseReason::PeerClosed),
        ("HTTP/1.1 200 OK\r\n\r\nok", false, CloseReason::UntilClose),
        ("HTTP/1.1 200 OK\r\n\r\nok", true, CloseReason::Broken),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no", false, CloseReason::PeerClosed),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no", true, CloseReason::Broken),
        ("HTTP/1.1 200", false, CloseReason::PeerClosed),
        ("HTTP/1.1 200", true, CloseReason::Broken),
        ("", false, CloseReason::PeerClosed),
        ("", true, CloseReason::PeerClosed),
    ] {
        let mut it = Scenario::get();
        it.feed(response);
        if reset {
            it.io.rx.fail(TransportError::Reset);
        } else {
            it.io.rx.set_eof();
        }
        assert_eq!(it.fate(), Fate::Spent(why), "{response} {reset}");
    }
}

#[test]
fn the_requests_own_close_counts() {
    let response = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    for value in ["close", "Close", "x, CLOSE"] {
        assert_eq!(after(&[("connection", value)], response), Fate::Spent(CloseReason::CloseHeader));
    }
    for value in ["closed", "not-close", "keep-alive", "\"close\""] {
        assert_eq!(after(&[("connection", value)], response), Fate::REUSABLE, "{value}");
    }
}

#[test]
fn a_response_before_the_request_was_written_ends_the_connection() {
    let mut it = Scenario::written("GET", &[]);
    it.io.tx.append(b"x");
    it.feed("HTTP/1.1 204 No\r\n\r\n");
    assert_eq!(it.fate(), Fate::Spent(CloseReason::HalfSent));
}

#[test]
fn a_write_side_that_failed_ends_it_too() {
    let mut it = Scenario::written("GET", &[]);
    it.io.tx.fail(TransportError::Reset);
    it.feed("HTTP/1.1 204 No\r\n\r\n");
    assert_eq!(it.fate(), Fate::Spent(CloseReason::PeerClosed));
}

#[test]
fn what_the_server_announces_is_passed_on() {
    for (field, hint, uses_left) in [
        ("keep-alive: timeout=5, max=9", Some(5), Some(9)),
        ("keep-alive: MAX=0", None, Some(0)),
        ("keep-alive: timeout=x, max=-1", None, None),
        ("connection: keep-alive", None, None),
    ] {
        let hint = hint.map(Duration::from_secs);
        let response = format!("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n{field}\r\n\r\nok");
        assert_eq!(after(&[], &response), Fate::Reusable { hint, uses_left });
    }
    let old = "HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n\r\n";
    assert_eq!(after(&[], old), Fate::REUSABLE);
}

#[test]
fn a_deadline_ends_it() {
    let options = call::Options { first_byte: Some(SECOND), ..call::Options::default() };
    let config = Config { call: options, ..Config::default() };
    let mut it = Scenario::written_on("GET", &[], Facts::default(), config);
    assert_eq!(it.sleep(), Said::Release(Fate::Spent(CloseReason::TimedOut)));
}

#[test]
fn what_is_read_while_it_is_idle_closes_it() {
    let (mut conn, mut io) = (conn(), Io::default());
    assert_eq!(conn.idle_input(&mut io), None);
    io.rx.set_eof();
    assert_eq!(conn.idle_input(&mut io), Some(CloseReason::PeerClosed));
    io.rx.append(b"\r\n");
    assert_eq!(conn.idle_input(&mut io), Some(CloseReason::Unasked));
    let mut io = Io::default();
    io.rx.fail(TransportError::Reset);
    assert_eq!(conn.idle_input(&mut io), Some(CloseReason::PeerClosed));
}

#[test]
fn many_exchanges_follow_one_another_on_one_connection() {
    let mut conn = Some(conn());
    let mut io = Io::default();
    for number in 0..50 {
        let mut it = Scenario::start(
            request("GET", &format!("http://h/{number}"), &[]),
            httpocean_core::BodyPlan::empty(),
            Config::default(),
        );
        it.io = io;
        assert!(matches!(it.step(), Said::Acquire { .. }));
        it.call.attach(conn.take().unwrap(), stale(), it.now);
        let _ = it.wait();
        assert!(it.flush().starts_with(&format!("GET /{number} ")));
        it.feed(format!("HTTP/1.1 200 OK\r\nx-n: {number}\r\ncontent-length: 1\r\n\r\nx"));
        let Said::Head(200, fields) = it.step() else { panic!() };
        assert_eq!(fields[0].1, number.to_string().as_bytes());
        assert_eq!(it.step(), Said::Data(b"x".to_vec()));
        let step = it.call.step(&mut it.io, it.now);
        assert!(matches!(step, httpocean_core::CallStep::Release(Fate::Reusable { .. })));
        conn = it.call.detach();
        assert_eq!(it.step(), Said::End(None));
        io = it.io;
    }
}

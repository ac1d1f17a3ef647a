//! A peer that never ends, or announces the impossible, meets a limit, and memory follows what came.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::Fate;
use httpocean_core::{CloseReason, ErrorKind, Limits, ProtocolError};

/// Feeds `start`, then `more` over and over, as long as the call wants it: the class of the error, and how many
/// bytes it took to get there.
fn class_after(start: &str, more: &str, step_each: usize) -> (&'static str, usize) {
    let mut it = Scenario::get();
    it.feed(start);
    let mut fed = start.len();
    let mut piece = more.as_bytes().iter().copied().cycle();
    for _ in 0..2_000_000 {
        for said in it.run() {
            if let Said::Failed(failure) = said {
                let ErrorKind::Protocol(error) = failure.kind else { panic!("{failure:?}") };
                return (error.class(), fed);
            }
        }
        assert!(it.io.rx.bytes().len() <= 200_000, "it hoards");
        let bytes: Vec<u8> = piece.by_ref().take(step_each).collect();
        fed += bytes.len();
        it.feed(bytes);
    }
    panic!("no end of it");
}

#[test]
fn i39_endless_things_end() {
    let limits = Limits::default();
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (start, more, most) in [
        ("HTTP/1.1 200 OK\r\n", "a: b\r\n", limits.headers * 6 + 100),
        ("HTTP/1.1 200 OK\r\n", "a", limits.head_bytes),
        ("HTTP/1.1 200 OK\r\na: ", "b", limits.head_bytes),
        ("HTTP/1.1 200 OK\r\na: b", "\r\n c", limits.head_bytes),
        ("HTTP/1.1 200 ", "O", limits.head_bytes),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", limits.interim as usize * 25),
        (chunked, "1;abcdefghij=k\r\nx\r\n", limits.chunk_extensions * 2),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", "a", limits.chunk_line + 100),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1", "0", 200),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "a: b\r\n", limits.headers * 6 + 100),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\na: ", "b", limits.trailer_bytes + 100),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\na: b",
            "\r\n c",
            limits.trailer_bytes + 100,
        ),
    ] {
        for step_each in [1, 1000] {
            let (class, fed) = class_after(start, more, step_each);
            assert_eq!(class, "too-large", "{start:?} {more:?}");
            assert!(
                fed <= most + start.len() + 2 * step_each + more.len(),
                "{start:?} {more:?}: {fed} of {most}"
            );
        }
    }
}

#[test]
fn empty_lines_in_place_of_a_head_are_refused_at_once() {
    assert_eq!(class_after("", "\r\n", 1), ("bad-status-line", 1));
}

#[test]
fn ten_thousand_fields_at_once() {
    let mut it = Scenario::get();
    it.feed(format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(10_000)));
    let (fate, failure) = it.failure();
    assert_eq!(fate, Some(Fate::Spent(CloseReason::Protocol)));
    assert!(matches!(failure.kind, ErrorKind::Protocol(ProtocolError::TooLarge(_))));
}

#[test]
fn an_announced_length_costs_nothing() {
    for head in [
        "content-length: 9223372036854775808\r\n\r\n",
        "content-length: 18446744073709551615\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "transfer-encoding: chunked\r\n\r\n7fffffffffffffff\r\n",
    ] {
        let mut it = Scenario::get();
        it.feed(format!("HTTP/1.1 200 OK\r\n{head}0123456789"));
        assert!(matches!(it.step(), Said::Head(200, _)));
        assert_eq!(it.step(), Said::Data(b"0123456789".to_vec()));
        let _ = it.wait();
        assert!(it.call.direct(&mut it.io) >= (1 << 63) - 11);
        assert!(it.io.rx.space(1).len() < 1000, "room follows what came");
        it.io.rx.set_eof();
        let (fate, failure) = it.failure();
        assert_eq!(fate, Some(Fate::Spent(CloseReason::PeerClosed)));
        assert!(matches!(failure.kind, ErrorKind::Protocol(ProtocolError::Truncated(_))));
    }
}

#[test]
fn a_length_that_does_not_fit_is_refused() {
    for (head, class) in [
        ("content-length: 18446744073709551616\r\n\r\n", "too-large"),
        ("transfer-encoding: chunked\r\n\r\n10000000000000000\r\n", "too-large"),
    ] {
        assert_eq!(class_after(&format!("HTTP/1.1 200 OK\r\n{head}"), "x", 1).0, class);
    }
}

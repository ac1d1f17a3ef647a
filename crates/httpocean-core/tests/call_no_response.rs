//! Bytes that come on a used connection where a response should begin, and begin none, were on their way before: the
//! request is made once more on a fresh connection if that does no harm, free of the count of retries.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::policy::Retries;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, CloseReason, Config, ErrorKind, NotReplayed, ProtocolError, Sent};

/// What may still be on its way when a request is written on the connection of the one before it.
const LATE: [&[u8]; 8] = [
    b"\n",
    b"\r\n",
    b"0\r\n\r\n",
    b"xyz",
    b"\0",
    b"HTTP/2 200\r\n\r\n",
    b"HTTHTTP/1.1 200",
    b" HTTP/1.1 200",
];

/// All that it said, with the pause where it waits for more left out, when `bytes` come in pieces of `size`.
fn told(it: &mut Scenario, bytes: &[u8], size: usize) -> Vec<Said> {
    let mut said = Vec::new();
    for piece in bytes.chunks(size) {
        it.feed(piece);
        said.extend(it.heard());
        if !said.is_empty() {
            break;
        }
    }
    said
}

#[test]
fn what_begins_no_response_was_on_its_way_before_and_the_request_is_made_once_more() {
    for late in LATE {
        for size in [1, 2, late.len()] {
            let mut it = Scenario::written_on("GET", &[], stale(), Config::default());
            let said = told(&mut it, late, size);
            let hop = it.is_made_once_more(&said);
            assert!(hop.after.is_zero(), "{late:?}");
            let error = hop.error.as_ref().unwrap();
            assert!(matches!(error.kind(), ErrorKind::Protocol(ProtocolError::BadStatusLine(_))), "{error}");
        }
    }
}

#[test]
fn half_an_upload_is_made_once_more_too_if_its_body_can_be_had_again() {
    for replayable in [true, false] {
        let body = BodyPlan { size: Some(4), replayable, trailers: false };
        let put = request("PUT", "http://example.com/", &[]);
        let mut it = Scenario::start(put, body, Config::default());
        it.acquire(stale());
        assert_eq!(it.step(), Said::NeedBody { from: 0 });
        it.io.tx.sent(9);
        it.feed("xyz");
        if replayable {
            assert_eq!(it.step(), Said::Release(Fate::Spent(CloseReason::Unasked)));
            assert!(it.run().contains(&Said::Acquire { fresh: true }));
            it.attach(Facts::default());
            assert_eq!(it.step(), Said::NeedBody { from: 0 });
        } else {
            let (_, failure) = it.failure();
            assert_eq!(
                (failure.sent, failure.not_replayed),
                (Sent::Part, Some(NotReplayed::BodyNotReplayable))
            );
        }
    }
}

/// The error, and what became of the connection.
fn refused(it: &mut Scenario, late: &[u8]) -> Option<NotReplayed> {
    it.feed(late);
    let (fate, failure) = it.failure();
    let is_unasked = failure.not_replayed.is_some_and(|why| why != NotReplayed::ResponseBegun);
    let why = if is_unasked { CloseReason::Unasked } else { CloseReason::Protocol };
    assert_eq!((fate, failure.sent), (Some(Fate::Spent(why)), Sent::All), "{late:?}");
    assert!(matches!(failure.kind, ErrorKind::Protocol(ProtocolError::BadStatusLine(_))), "{failure:?}");
    failure.not_replayed
}

#[test]
fn on_a_fresh_connection_it_is_a_wrong_answer() {
    for late in LATE {
        assert_eq!(refused(&mut Scenario::get(), late), None);
    }
}

#[test]
fn a_post_is_not_made_again_whatever_comes() {
    for late in LATE {
        let mut it = Scenario::written_on("POST", &[], stale(), Config::default());
        assert_eq!(refused(&mut it, late), Some(NotReplayed::NotIdempotent));
        let mut it = Scenario::written_on("POST", &[("idempotency-key", "1")], stale(), Config::default());
        it.feed(late);
        assert!(it.run().contains(&Said::Acquire { fresh: true }));
    }
}

#[test]
fn what_comes_on_the_fresh_connection_then_is_an_error() {
    let second = |facts| {
        let mut it = Scenario::written_on("GET", &[], stale(), Config::default());
        it.feed("xyz");
        let _ = it.run();
        it.attach(facts);
        let _ = it.wait();
        it.flush();
        it
    };
    assert_eq!(refused(&mut second(Facts::default()), b"xyz"), None);
    // A pool that hands out a used one all the same.
    assert_eq!(refused(&mut second(stale()), b"xyz"), Some(NotReplayed::ReplayedAlready));
}

#[test]
fn what_begins_a_response_is_one_and_a_wrong_one_is_an_error() {
    for answer in ["HTTP/1.1 2x0 OK\r\n", "HTTP/1.1 200 OK\n", "HTTP/1.x 200 OK\r\n"] {
        for size in [1, answer.len()] {
            let mut it = Scenario::written_on("GET", &[], stale(), Config::default());
            let said = told(&mut it, answer.as_bytes(), size);
            assert_eq!(said[0], Said::Release(Fate::Spent(CloseReason::Protocol)), "{answer}");
            assert!(matches!(&said[1], Said::Failed(failure) if failure.not_replayed.is_none()), "{said:?}");
        }
    }
    let mut it = Scenario::written_on("GET", &[], stale(), Config::default());
    it.feed("HTTP/1.1 200 OK\r\n");
    let _ = it.wait();
    it.io.rx.set_eof();
    assert_eq!(it.failure().1.not_replayed, Some(NotReplayed::ResponseBegun));
}

#[test]
fn behind_an_interim_response_it_is_an_error() {
    let mut it = Scenario::written_on("GET", &[], stale(), Config::default());
    it.feed("HTTP/1.1 103 Early Hints\r\n\r\n");
    assert!(matches!(it.step(), Said::Interim(103, _)));
    assert_eq!(refused(&mut it, b"xyz"), None);
}

#[test]
fn it_costs_no_retry() {
    for total in [0, 1] {
        let retries = Retries { total: Some(total), ..Retries::new(total) };
        let mut it = Scenario::written_on("GET", &[], stale(), Config { retries, ..Config::default() });
        it.feed("xyz");
        assert!(it.run().contains(&Said::Acquire { fresh: true }));
        it.attach(Facts::default());
        let _ = it.wait();
        it.flush();
        it.io.rx.set_eof();
        let retried = it.run().iter().any(|said| matches!(said, Said::Hop(hop) if hop.why.is_retry()));
        assert_eq!(retried, total == 1, "the retry is still there");
    }
}

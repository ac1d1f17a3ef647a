//! Bytes on a used connection before the request was written are no answer to it.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, CloseReason, Config, ErrorKind, NotReplayed, ProtocolError, Sent};

const POISON: &str = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";

fn post(facts: Facts, body: BodyPlan) -> Scenario {
    let mut it = Scenario::start(request("POST", "http://example.com/", &[]), body, Config::default());
    it.acquire(facts);
    it
}

#[test]
fn a_response_that_was_there_before_is_never_taken_for_ours() {
    for before_first_step in [true, false] {
        let mut it = post(stale(), BodyPlan::empty());
        if !before_first_step {
            let _ = it.wait();
        }
        it.feed(POISON);
        let said = it.run();
        it.is_made_once_more(&said);
    }
}

#[test]
fn half_a_line_of_it_is_enough() {
    let mut it = post(stale(), BodyPlan::empty());
    let _ = it.wait();
    it.feed("\n");
    assert_eq!(it.step(), Said::Release(Fate::Spent(CloseReason::Unasked)));
}

#[test]
fn once_part_of_the_request_is_written_it_is_an_answer() {
    let mut it = post(stale(), BodyPlan::empty());
    let _ = it.wait();
    it.io.tx.sent(1);
    it.feed(GOOD);
    assert!(matches!(it.step(), Said::Head(200, _)));
}

#[test]
fn a_fresh_connection_has_no_past() {
    let mut it = post(Facts::default(), BodyPlan::empty());
    it.feed("HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(503, _)));
    assert_eq!(it.fate(), Fate::Spent(CloseReason::HalfSent));
}

#[test]
fn half_a_response_is_one_even_if_it_was_there_before() {
    let mut it = post(Facts::default(), BodyPlan::empty());
    it.feed("HTTP/1.1");
    it.io.rx.set_eof();
    let (_, failure) = it.failure();
    assert!(matches!(failure.kind, ErrorKind::Protocol(ProtocolError::Truncated(_))), "{failure:?}");
}

#[test]
fn a_body_that_was_read_once_can_not_hop() {
    let mut it = post(stale(), once(Some(4)));
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.feed(POISON);
    let (fate, failure) = it.failure();
    assert_eq!(fate, Some(Fate::Spent(CloseReason::Unasked)));
    assert_eq!((failure.sent, failure.not_replayed), (Sent::Nothing, Some(NotReplayed::BodyNotReplayable)));
}

//! A body that nobody wants is read to its end only where that is cheap; the call ends well in any case.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::*;
use httpocean_core::pool::Fate;
use httpocean_core::{BodyPlan, CloseReason, Config, ErrorKind, Limits, Phase, call};

const CLOSED: Fate = Fate::Spent(CloseReason::NotDrained);

fn headed(head: &str) -> Scenario {
    let mut it = Scenario::get();
    it.feed(format!("HTTP/1.1 200 OK\r\n{head}\r\n"));
    assert!(matches!(it.step(), Said::Head(200, _)));
    it
}

fn discarded(head: &str) -> Scenario {
    let mut it = headed(head);
    it.call.discard(it.now);
    it
}

fn ends(mut it: Scenario, fate: Fate) {
    assert_eq!(it.step(), Said::Release(fate));
    assert_eq!(it.step(), Said::End(None));
    assert_eq!(it.step(), Said::End(None));
}

#[test]
fn the_rest_is_read_and_the_connection_lives_on() {
    let mut it = discarded("content-length: 5\r\n");
    let want = it.wait();
    assert_eq!((want.phase, want.read), (Phase::Drain, true));
    assert_eq!(want.until, Some(it.now + Duration::from_millis(50)));
    it.feed("he");
    let _ = it.wait();
    it.feed("llo");
    ends(it, Fate::REUSABLE);

    let mut it = discarded("transfer-encoding: chunked\r\n");
    it.feed("3\r\nabc\r\n0\r\nx: y\r\n\r\n");
    assert_eq!(it.step(), Said::Release(Fate::REUSABLE));

    ends(discarded("content-length: 0\r\n"), Fate::REUSABLE);
}

#[test]
fn what_would_take_too_long_is_closed_at_once() {
    let limit = Limits::default().drain_bytes;
    for (head, why) in [
        (format!("content-length: {}\r\n", limit + 1), CloseReason::NotDrained),
        (format!("content-length: {}\r\n", u64::MAX), CloseReason::NotDrained),
        (String::new(), CloseReason::UntilClose),
        ("content-length: 5\r\nconnection: close\r\n".to_owned(), CloseReason::CloseHeader),
    ] {
        ends(discarded(&head), Fate::Spent(why));
    }
    let mut it = discarded(&format!("content-length: {limit}\r\n"));
    let _ = it.wait();
    it.feed(vec![0; limit as usize]);
    ends(it, Fate::REUSABLE);
}

#[test]
fn what_the_user_has_had_does_not_count() {
    let limit = Limits::default().drain_bytes;
    let mut it = headed(&format!("content-length: {}\r\n", limit * 2));
    it.feed(vec![0; limit as usize]);
    assert!(matches!(it.step(), Said::Data(_)));
    it.call.discard(it.now);
    let _ = it.wait();
    it.feed(vec![0; limit as usize]);
    ends(it, Fate::REUSABLE);
}

#[test]
fn chunks_count_together() {
    let limit = Limits::default().drain_bytes as usize;
    let chunk =
        |size: usize| [format!("{size:x}\r\n").into_bytes(), vec![0; size], b"\r\n".to_vec()].concat();
    let mut it = discarded("transfer-encoding: chunked\r\n");
    it.feed(chunk(limit - 1));
    let _ = it.wait();
    it.feed(chunk(1));
    let _ = it.wait();
    it.feed(chunk(1));
    ends(it, CLOSED);

    let mut it = discarded("transfer-encoding: chunked\r\n");
    it.feed(format!("{:x}\r\n", limit + 1));
    ends(it, CLOSED);
}

#[test]
fn bytes_win_over_the_clock_and_silence_does_not() {
    let mut it = discarded("content-length: 5\r\n");
    it.feed("hello");
    it.now = at(9);
    ends(it, Fate::REUSABLE);

    let mut it = discarded("content-length: 5\r\n");
    let want = it.wait();
    it.feed("hell");
    it.now = want.until.unwrap();
    ends(it, CLOSED);

    let mut it = discarded("content-length: 5\r\n");
    let want = it.wait();
    it.now = want.until.unwrap();
    ends(it, CLOSED);
}

#[test]
fn the_time_is_counted_from_the_first_discard() {
    let mut it = discarded("content-length: 5\r\n");
    let first = it.wait().until;
    it.now = it.now + Duration::from_millis(30);
    it.call.discard(it.now);
    assert_eq!(it.wait().until, first);
}

#[test]
fn the_total_deadline_ends_a_drain_but_not_the_users_answer() {
    let options = call::Options { total: Some(Duration::from_millis(20)), ..call::Options::default() };
    let config = Config { call: options, ..Config::default() };
    let mut it = Scenario::upload("GET", &[], BodyPlan::empty(), config);
    let _ = it.wait();
    it.flush();
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(200, _)));
    it.call.discard(it.now);
    let want = it.wait();
    assert_eq!(want.until.map(|until| until.as_micros()), Some(20_000));
    it.now = want.until.unwrap();
    ends(it, CLOSED);
}

#[test]
fn whatever_goes_wrong_with_the_rest_is_nobodys_business() {
    for bad in ["zz\r\n", "3\r\nabcde", "1"] {
        let mut it = discarded("transfer-encoding: chunked\r\n");
        it.feed(bad);
        it.io.rx.set_eof();
        ends(it, CLOSED);
    }
}

#[test]
fn excess_bytes_close_it_as_ever() {
    let mut it = discarded("content-length: 2\r\n");
    it.feed("ok!");
    ends(it, Fate::Spent(CloseReason::Unasked));
}

#[test]
fn a_request_that_is_not_whole_is_not_worth_it() {
    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(9), Config::default());
    let _ = it.step();
    it.flush();
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(200, _)));
    it.call.discard(it.now);
    ends(it, Fate::Spent(CloseReason::HalfSent));
}

#[test]
fn before_the_head_it_is_a_cancel() {
    let mut it = Scenario::get();
    it.feed("HTTP/1.1 100 Continue\r\n\r\n");
    assert!(matches!(it.step(), Said::Interim(100, _)));
    it.call.discard(it.now);
    let (fate, failure) = it.failure();
    assert_eq!((fate, failure.kind), (Some(Fate::Spent(CloseReason::Cancelled)), ErrorKind::Cancelled));
}

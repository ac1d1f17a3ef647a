//! The request's body: asked for piece by piece, held back by what is pending, stopped by an early answer.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use http::{HeaderMap, HeaderValue};
use httpocean_core::pool::Fate;
use httpocean_core::{BodyPlan, CloseReason, Config, ErrorKind, Fault, Limits, Phase, Sent, TransportError};

const CHUNKED: BodyPlan = BodyPlan { size: None, replayable: true, trailers: false };

fn sized(size: u64) -> Scenario {
    Scenario::upload("POST", &[], BodyPlan::sized(size), Config::default())
}

fn chunked() -> Scenario {
    Scenario::upload("POST", &[], CHUNKED, Config::default())
}

/// What was sent behind the head.
fn body(it: &mut Scenario) -> String {
    let all = it.flush();
    all.split_once("\r\n\r\n").map_or(all.clone(), |(_, body)| body.to_owned())
}

fn asked(it: &mut Scenario, from: u64) {
    assert_eq!(it.step(), Said::NeedBody { from });
}

#[test]
fn it_is_asked_for_once_and_then_waited_for() {
    let mut it = sized(6);
    asked(&mut it, 0);
    let want = it.wait();
    assert!(want.read && want.write);
    it.flush();
    for _ in 0..3 {
        let want = it.wait();
        assert!(want.read && !want.write && want.until.is_none());
        assert_eq!(want.phase, Phase::SendBody);
    }
    it.call.send_body(b"abc", &mut it.io);
    asked(&mut it, 3);
    it.call.send_body(b"def", &mut it.io);
    assert_eq!(it.wait().phase, Phase::SendBody);
    assert_eq!(body(&mut it), "abcdef");
    assert_eq!(it.wait().phase, Phase::RecvHead);
    it.call.finish_body(None, &mut it.io);
    assert_eq!(it.flush(), "");
}

#[test]
fn no_more_is_asked_for_while_enough_is_pending() {
    for send_ahead in [0, 1, 200, 500] {
        let limits = Limits { send_ahead, ..Limits::default() };
        let config = Config { limits, ..Config::default() };
        let mut it = Scenario::upload("POST", &[], BodyPlan::sized(10_000), config);
        let mut most = 0;
        let mut from = 0;
        while from < 10_000 {
            let said = it.step();
            if let Said::NeedBody { from: offset } = said {
                assert_eq!(offset, from);
                it.call.send_body(&[b'x'; 100], &mut it.io);
                from += 100;
            } else {
                assert!(matches!(said, Said::Wait(want) if want.write), "{said:?}");
                it.io.tx.sent(70);
            }
            most = most.max(it.io.tx.pending().len());
        }
        assert!(most <= 200 + send_ahead + 100, "{most} pending");
    }
}

#[test]
fn chunks_on_the_wire() {
    let mut it = chunked();
    asked(&mut it, 0);
    it.call.send_body(b"hello", &mut it.io);
    asked(&mut it, 5);
    it.call.send_body(b"", &mut it.io);
    asked(&mut it, 5);
    it.call.send_body(&[b'y'; 0x1a], &mut it.io);
    asked(&mut it, 5 + 0x1a);
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("1"));
    it.call.finish_body(Some(&trailers), &mut it.io);
    let _ = it.wait();
    let y = "y".repeat(0x1a);
    assert_eq!(body(&mut it), format!("5\r\nhello\r\n1a\r\n{y}\r\n0\r\nx-sum: 1\r\n\r\n"));
}

#[test]
fn a_chunked_body_may_be_empty() {
    let mut it = chunked();
    asked(&mut it, 0);
    it.call.finish_body(None, &mut it.io);
    let _ = it.wait();
    assert_eq!(body(&mut it), "0\r\n\r\n");
    it.call.finish_body(None, &mut it.io);
    assert_eq!(it.flush(), "", "it is finished once");
}

#[test]
fn what_was_not_asked_for_is_not_lost_from_the_count() {
    let mut it =
        Scenario::upload("PUT", &[("expect", "100-continue")], BodyPlan::sized(4), Config::default());
    let _ = it.wait();
    it.flush();
    it.call.send_body(b"ab", &mut it.io);
    it.call.finish_body(None, &mut it.io);
    assert_eq!(it.flush(), "");
    it.feed("HTTP/1.1 100 Continue\r\n\r\n");
    assert!(matches!(it.step(), Said::Interim(100, _)));
    asked(&mut it, 0);
    it.call.send_body(b"abcd", &mut it.io);
    assert_eq!(it.flush(), "abcd");
}

#[test]
fn one_question_is_answered_by_one_piece() {
    for (mut it, first, second) in [(sized(8), "abc", "defgh"), (chunked(), "3\r\nabc\r\n", "5\r\ndefgh\r\n")]
    {
        asked(&mut it, 0);
        it.call.send_body(b"abc", &mut it.io);
        it.call.send_body(b"def", &mut it.io);
        it.call.send_body(b"more than there may be", &mut it.io);
        assert_eq!(body(&mut it), first);
        asked(&mut it, 3);
        it.call.send_body(b"defgh", &mut it.io);
        assert_eq!(it.flush(), second);
    }
}

#[test]
fn what_was_not_asked_for_extends_no_deadline() {
    let mut it =
        Scenario::upload("PUT", &[("expect", "100-continue")], BodyPlan::sized(4), Config::default());
    let _ = it.wait();
    it.flush();
    let until = it.wait().until;
    assert!(until.is_some());
    it.now = it.now + std::time::Duration::from_millis(1);
    it.call.send_body(b"ab", &mut it.io);
    assert_eq!(it.wait().until, until);
}

/// The body is wrong in some way: the call fails by our own fault, and the connection is closed.
fn blamed(mut it: Scenario, sent: Sent) -> String {
    let (fate, failure) = it.failure();
    assert_eq!(fate, Some(Fate::Spent(CloseReason::HalfSent)));
    assert_eq!((failure.fault, failure.phase, failure.sent), (Fault::Local, Phase::SendBody, sent));
    assert!(matches!(failure.kind, ErrorKind::Body(_)), "{failure:?}");
    failure.sentence
}

#[test]
fn a_body_that_is_not_what_was_announced_is_refused() {
    let mut it = sized(4);
    asked(&mut it, 0);
    it.call.send_body(b"abcde", &mut it.io);
    assert!(blamed(it, Sent::Nothing).contains("longer"));

    let mut it = sized(4);
    asked(&mut it, 0);
    it.call.send_body(b"abcd", &mut it.io);
    it.call.send_body(b"e", &mut it.io);
    it.flush();
    assert!(blamed(it, Sent::Part).contains("longer"));

    let mut it = sized(4);
    asked(&mut it, 0);
    it.call.send_body(b"abc", &mut it.io);
    it.flush();
    it.call.finish_body(None, &mut it.io);
    assert!(blamed(it, Sent::Part).contains("shorter"));

    let mut it = sized(4);
    asked(&mut it, 0);
    it.flush();
    it.call.body_failed("the disk is gone");
    assert!(blamed(it, Sent::Part).contains("the disk is gone"));

    let mut it = Scenario::upload("GET", &[], BodyPlan::empty(), Config::default());
    let _ = it.wait();
    it.call.send_body(b"x", &mut it.io);
    assert!(blamed(it, Sent::Nothing).contains("longer"));
}

#[test]
fn trailers_follow_a_chunked_body_and_have_names_that_may() {
    let fields = |name: &'static str| {
        let mut fields = HeaderMap::new();
        fields.insert(name, HeaderValue::from_static("1"));
        fields
    };
    for name in [
        "content-length",
        "transfer-encoding",
        "host",
        "trailer",
        "te",
        "connection",
        "content-encoding",
        "content-type",
        "content-range",
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "cache-control",
        "range",
        "if-match",
        "max-forwards",
        "expect",
        "upgrade",
    ] {
        let mut it = chunked();
        asked(&mut it, 0);
        it.call.finish_body(Some(&fields(name)), &mut it.io);
        assert!(blamed(it, Sent::Nothing).contains("trailer"), "{name}");
    }
    let mut it = sized(1);
    asked(&mut it, 0);
    it.call.send_body(b"x", &mut it.io);
    it.call.finish_body(Some(&fields("x-sum")), &mut it.io);
    assert!(blamed(it, Sent::Nothing).contains("trailers"));
}

#[test]
fn a_fault_of_the_body_is_no_reason_to_try_again() {
    let mut it = Scenario::start(request("PUT", "http://h/", &[]), BodyPlan::sized(4), Config::default());
    it.acquire(stale());
    asked(&mut it, 0);
    it.call.body_failed("gone");
    it.io.rx.set_eof();
    assert!(blamed(it, Sent::Nothing).contains("gone"));
}

const TOO_LARGE: &str = "HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno";

/// Bodies in every state of being sent.
fn half_sent() -> Vec<Scenario> {
    let mut all = Vec::new();
    for plan in [BodyPlan::sized(100), CHUNKED] {
        for state in 0..6 {
            let mut it = Scenario::upload("POST", &[], plan, Config::default());
            asked(&mut it, 0);
            match state {
                0 => it.io.tx.sent(5),
                1 => drop(it.flush()),
                2 => {
                    it.call.send_body(&[1; 10], &mut it.io);
                    it.io.tx.sent(5);
                }
                3 => {
                    it.call.send_body(&[1; 10], &mut it.io);
                    it.flush();
                }
                4 => {
                    it.call.send_body(&[1; 10], &mut it.io);
                    asked(&mut it, 10);
                    it.flush();
                }
                _ => {
                    it.call.send_body(&[1; 100], &mut it.io);
                    it.call.finish_body(None, &mut it.io);
                    it.io.tx.sent(5);
                }
            }
            all.push(it);
        }
    }
    all
}

fn delivered(it: &mut Scenario) {
    assert!(matches!(it.step(), Said::Head(413, _)));
    let mut said = it.run();
    assert_eq!(said.pop(), Some(Said::End(None)));
    assert_eq!(said, [Said::Data(b"no".to_vec()), Said::Release(Fate::Spent(CloseReason::HalfSent))]);
}

#[test]
fn an_early_answer_stops_the_body_and_is_delivered() {
    for mut it in half_sent() {
        it.feed(TOO_LARGE);
        delivered(&mut it);
    }
}

#[test]
fn what_was_pending_of_a_stopped_body_is_not_written_any_more() {
    let mut it = sized(100);
    asked(&mut it, 0);
    it.call.send_body(&[1; 10], &mut it.io);
    it.io.tx.sent(5);
    it.feed("HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(413, _)));
    assert!(it.io.tx.pending().is_empty());
    let want = it.wait();
    assert!(want.read && !want.write);
}

#[test]
fn an_answer_wins_over_a_failed_write() {
    for mut it in half_sent() {
        it.io.tx.fail(TransportError::Reset);
        let want = it.wait();
        assert!(want.read && !want.write);
        it.feed(TOO_LARGE);
        delivered(&mut it);
    }
    for mut it in half_sent() {
        it.feed(TOO_LARGE);
        it.io.tx.fail(TransportError::Reset);
        it.io.rx.fail(TransportError::Reset);
        delivered(&mut it);
    }
}

#[test]
fn a_late_piece_of_a_stopped_body_does_nothing() {
    type Answer = fn(&mut Scenario);
    let answers: [Answer; 4] = [
        |it| it.call.send_body(&[1; 1000], &mut it.io),
        |it| it.call.finish_body(None, &mut it.io),
        |it| it.call.body_failed("gone"),
        |_| {},
    ];
    for answer in answers {
        for mut it in half_sent() {
            it.feed(TOO_LARGE);
            assert!(matches!(it.step(), Said::Head(413, _)));
            answer(&mut it);
            assert!(it.run().contains(&Said::Data(b"no".to_vec())));
        }
    }
}

#[test]
fn after_a_failed_write_nothing_is_put_up_for_writing() {
    for plan in [BodyPlan::sized(100), CHUNKED] {
        let mut it = Scenario::upload("POST", &[], plan, Config::default());
        asked(&mut it, 0);
        it.flush();
        it.io.tx.fail(TransportError::Reset);
        it.call.send_body(&[1; 100], &mut it.io);
        it.call.finish_body(None, &mut it.io);
        let want = it.wait();
        assert!(want.read && !want.write && it.io.tx.pending().is_empty());
        it.io.rx.set_eof();
        let (fate, failure) = it.failure();
        assert_eq!(fate, Some(Fate::Spent(CloseReason::PeerClosed)));
        assert_eq!((failure.kind, failure.sent), (ErrorKind::Closed, Sent::Part));
    }
}

#[test]
fn an_answer_while_the_whole_body_is_on_its_way_leaves_it_going() {
    let mut it = sized(100);
    asked(&mut it, 0);
    it.call.send_body(&[1; 100], &mut it.io);
    it.io.tx.sent(20);
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(200, _)));
    let want = it.wait();
    assert!(want.write && want.read);
    it.flush();
    it.feed("ok");
    assert_eq!(it.fate(), Fate::REUSABLE);
}

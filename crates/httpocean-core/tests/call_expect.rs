//! `Expect: 100-continue`: the body waits for the word, for a while, and is never sent after a refusal.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::Fate;
use httpocean_core::{BodyPlan, CloseReason, Config, Phase, call};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// The head is written, and the body waits.
fn waiting() -> Scenario {
    let options = call::Options { expect_continue: true, ..call::Options::default() };
    let config = Config { call: options, ..Config::default() };
    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(3), config);
    let want = it.wait();
    assert!(want.write && want.until.is_none(), "the clock runs when the head is written");
    assert!(it.flush().ends_with("expect: 100-continue\r\n\r\n"));
    let want = it.wait();
    assert_eq!((want.until, want.phase, want.read), (Some(at(1)), Phase::Await100, true));
    it
}

fn send_rest(mut it: Scenario) -> Fate {
    it.call.send_body(b"abc", &mut it.io);
    let _ = it.wait();
    assert_eq!(it.flush(), "abc");
    it.feed(OK);
    assert!(matches!(it.step(), Said::Head(200, _)));
    it.fate()
}

#[test]
fn the_word_comes() {
    let mut it = waiting();
    it.feed(CONTINUE);
    assert!(matches!(it.step(), Said::Interim(100, _)));
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    assert_eq!(send_rest(it), Fate::REUSABLE);
}

#[test]
fn the_word_does_not_come() {
    let mut it = waiting();
    assert_eq!(it.sleep(), Said::NeedBody { from: 0 });
    assert_eq!(it.now, at(1));
    assert_eq!(send_rest(it), Fate::REUSABLE);
}

#[test]
fn the_word_comes_twice_or_late() {
    let mut it = waiting();
    it.feed([CONTINUE, CONTINUE].concat());
    assert!(matches!(it.step(), Said::Interim(100, _)));
    assert!(matches!(it.step(), Said::Interim(100, _)));
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    assert_eq!(send_rest(it), Fate::REUSABLE);

    let mut it = waiting();
    assert_eq!(it.sleep(), Said::NeedBody { from: 0 });
    it.feed(CONTINUE);
    assert!(matches!(it.step(), Said::Interim(100, _)));
    assert!(matches!(it.step(), Said::Wait(_)), "it is not asked for again");
    assert_eq!(send_rest(it), Fate::REUSABLE);
}

#[test]
fn another_interim_response_is_not_the_word() {
    let mut it = waiting();
    it.feed("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
    assert!(matches!(it.step(), Said::Interim(103, _)));
    assert_eq!(it.wait().phase, Phase::Await100);
    it.feed(CONTINUE);
    assert!(matches!(it.step(), Said::Interim(100, _)));
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    assert_eq!(send_rest(it), Fate::REUSABLE);
}

#[test]
fn a_final_status_instead_means_no_body_and_no_reuse() {
    for status in ["417 Expectation Failed", "200 OK", "401 No", "500 Oops"] {
        let mut it = waiting();
        it.feed(format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\nno"));
        assert!(matches!(it.step(), Said::Head(..)));
        it.call.send_body(b"abc", &mut it.io);
        assert!(it.io.tx.pending().is_empty());
        assert_eq!(it.fate(), Fate::Spent(CloseReason::HalfSent));
    }
}

#[test]
fn the_word_may_come_before_the_head_is_written() {
    let mut it =
        Scenario::upload("PUT", &[("expect", "100-Continue")], BodyPlan::sized(3), Config::default());
    let _ = it.wait();
    it.io.tx.sent(9);
    it.feed(CONTINUE);
    assert!(matches!(it.step(), Said::Interim(100, _)));
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.call.send_body(b"abc", &mut it.io);
    assert!(it.flush().ends_with("\r\n\r\nabc"));
}

#[test]
fn an_option_expects_nothing_for_a_request_without_a_body() {
    let options = call::Options { expect_continue: true, ..call::Options::default() };
    let config = Config { call: options, ..Config::default() };
    let mut it = Scenario::upload("POST", &[], BodyPlan::empty(), config);
    let _ = it.wait();
    assert!(!it.flush().contains("expect"));
    assert_eq!(it.wait().phase, Phase::RecvHead);
}

/// An expectation of another kind is passed on; it is not the one that a body waits for.
#[test]
fn a_foreign_expectation_is_not_waited_for() {
    let options = call::Options { expect_continue: true, ..call::Options::default() };
    let config = Config { call: options, ..Config::default() };
    let mut it = Scenario::upload("PUT", &[("expect", "tea")], BodyPlan::sized(3), config);
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    assert!(it.flush().contains("expect: tea\r\n"));
}

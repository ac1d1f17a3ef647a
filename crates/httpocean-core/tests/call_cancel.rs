//! Whenever a call is cancelled, its connection is given back once, its buffers are clean, and it stays cancelled.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, CallStep, CloseReason, Config, ErrorKind, Fault, Phase, Sent};

fn upload() -> Scenario {
    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(100), Config::default());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it
}

/// Cancels, and says what became of the connection and what the error says.
fn cancelled(mut it: Scenario) -> (Option<Fate>, Phase, Sent) {
    let attached = it.attached - it.released;
    it.call.cancel(it.now);
    it.call.cancel(it.now);
    let (fate, failure) = it.failure();
    assert_eq!((failure.kind.clone(), failure.fault), (ErrorKind::Cancelled, Fault::Local));
    assert_eq!(usize::from(fate.is_some()), attached, "one release for one connection");
    for _ in 0..3 {
        it.call.cancel(it.now);
        it.call.discard(it.now);
        assert_eq!(it.step(), Said::Failed(failure.clone()), "it sticks");
    }
    assert!(it.call.detach().is_none());
    (fate, failure.phase, failure.sent)
}

#[test]
fn before_there_is_a_connection() {
    let start = || Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), Config::default());
    assert_eq!(cancelled(start()), (None, Phase::PoolWait, Sent::Nothing));
    let mut it = start();
    let _ = it.step();
    assert_eq!(cancelled(it), (None, Phase::PoolWait, Sent::Nothing));
}

#[test]
fn a_connection_that_was_not_used_goes_back_as_it_was() {
    let mut it = Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), Config::default());
    it.acquire(Facts::default());
    assert_eq!(cancelled(it), (Some(Fate::Untouched), Phase::PoolWait, Sent::Nothing));
}

#[test]
fn unless_something_was_read_from_it_meanwhile() {
    for (bytes, why) in [("", CloseReason::PeerClosed), ("x", CloseReason::Unasked)] {
        let mut it = Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), Config::default());
        it.acquire(stale());
        it.feed(bytes);
        it.io.rx.set_eof();
        assert_eq!(cancelled(it).0, Some(Fate::Spent(why)));
    }
}

#[test]
fn a_connection_that_comes_too_late_goes_back_too() {
    let mut it = Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), Config::default());
    let _ = it.step();
    it.call.cancel(it.now);
    assert!(matches!(it.step(), Said::Failed(_)));
    it.attach(Facts::default());
    assert_eq!(it.step(), Said::Release(Fate::Untouched));
    assert!(matches!(it.step(), Said::Failed(failure) if failure.kind == ErrorKind::Cancelled));
    assert!(matches!(it.step(), Said::Failed(_)));
}

#[test]
fn the_error_tells_how_much_was_sent() {
    let dead = Some(Fate::Spent(CloseReason::Cancelled));
    let it = upload();
    assert_eq!(cancelled(it), (dead, Phase::SendHead, Sent::Nothing));
    let mut it = upload();
    it.io.tx.sent(1);
    assert_eq!(cancelled(it), (dead, Phase::SendHead, Sent::Part));
    let mut it = upload();
    it.flush();
    assert_eq!(cancelled(it), (dead, Phase::SendBody, Sent::Part));
    let mut it = upload();
    it.call.send_body(&[0; 100], &mut it.io);
    it.flush();
    assert_eq!(cancelled(it), (dead, Phase::RecvHead, Sent::All));
}

#[test]
fn while_it_waits_for_100() {
    let mut it =
        Scenario::upload("PUT", &[("expect", "100-continue")], BodyPlan::sized(9), Config::default());
    let _ = it.wait();
    it.flush();
    assert_eq!(cancelled(it), (Some(Fate::Spent(CloseReason::Cancelled)), Phase::Await100, Sent::Part));
}

#[test]
fn within_the_response() {
    let mut it = Scenario::get();
    it.feed("HTTP/1.1 200");
    let _ = it.wait();
    assert_eq!(cancelled(it), (Some(Fate::Spent(CloseReason::Cancelled)), Phase::RecvHead, Sent::All));

    let undrained = Some(Fate::Spent(CloseReason::NotDrained));
    for stop_after in 1..=3 {
        let mut it = Scenario::get();
        it.feed("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
        for _ in 0..stop_after {
            let _ = it.step();
        }
        assert_eq!(cancelled(it), (undrained, Phase::RecvBody, Sent::All));
    }
    let mut it = Scenario::get();
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
    let _ = it.step();
    it.call.discard(it.now);
    let _ = it.wait();
    assert_eq!(cancelled(it).0, undrained);
}

/// A replay was decided, its connection is given back, and the next one is not asked for yet.
#[test]
fn between_two_attempts() {
    let mut it = Scenario::written_on("GET", &[], stale(), Config::default());
    it.io.rx.set_eof();
    assert_eq!(it.step(), Said::Release(Fate::Spent(CloseReason::PeerClosed)));
    assert_eq!(cancelled(it), (None, Phase::PoolWait, Sent::All));

    let mut it = Scenario::written_on("GET", &[], stale(), Config::default());
    it.io.rx.set_eof();
    let _ = it.step();
    assert!(matches!(it.step(), Said::Hop(_)));
    assert_eq!(cancelled(it), (None, Phase::PoolWait, Sent::All));
}

#[test]
fn after_the_end_it_does_nothing() {
    let mut it = Scenario::get();
    it.feed("HTTP/1.1 204 No\r\n\r\n");
    let _ = it.step();
    assert_eq!(it.step(), Said::Release(Fate::REUSABLE));
    it.call.cancel(it.now);
    for _ in 0..3 {
        assert_eq!(it.step(), Said::End(None));
        it.call.cancel(it.now);
        it.call.discard(it.now);
    }
}

#[test]
fn a_driver_that_takes_the_connection_away_ends_the_call() {
    let mut it = Scenario::get();
    assert!(it.call.detach().is_some());
    let CallStep::Failed(error) = it.call.step(&mut it.io, it.now) else { panic!() };
    assert_eq!(error.kind(), &ErrorKind::Cancelled);
    assert!(matches!(it.step(), Said::Failed(_)));
}

#[test]
fn the_next_exchange_finds_clean_buffers() {
    let mut it = upload();
    it.io.tx.sent(10);
    it.feed("HTTP/1.1 200");
    it.call.cancel(it.now);
    let _ = it.failure();
    let io = it.io;
    let mut next = Scenario {
        io,
        ..Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), Config::default())
    };
    next.acquire(Facts::default());
    let _ = next.wait();
    assert!(next.flush().starts_with("GET / HTTP/1.1\r\n"));
    next.feed("HTTP/1.1 204 No\r\n\r\n");
    assert!(matches!(next.step(), Said::Head(204, _)));
    assert_eq!(next.fate(), Fate::REUSABLE);
}

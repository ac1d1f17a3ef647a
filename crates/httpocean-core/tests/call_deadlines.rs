//! Each clock, exact: a driver that does nothing but sleep until it is told gets the right error at the right time.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::*;
use httpocean_core::policy::Retries;
use httpocean_core::pool::{Facts, Fate, Refusal};
use httpocean_core::{
    BodyPlan, CloseReason, Config, ErrorKind, Fault, Instant, Phase, Sent, TransportError, call,
};

const MS: Duration = Duration::from_millis(1);

fn with(options: call::Options) -> Config {
    Config { call: options, ..Config::default() }
}

fn total() -> Config {
    with(call::Options { total: Some(SECOND * 10), ..call::Options::default() })
}

fn clocks() -> Config {
    with(call::Options {
        send: Some(SECOND * 2),
        first_byte: Some(SECOND * 3),
        idle: Some(SECOND * 4),
        ..call::Options::default()
    })
}

fn get(config: Config) -> Scenario {
    Scenario::upload("GET", &[], BodyPlan::empty(), config)
}

fn written(config: Config) -> Scenario {
    let mut it = get(config);
    let _ = it.wait();
    it.flush();
    it
}

/// It sleeps as told until the call ends: when, and how.
fn times_out(it: &mut Scenario, phase: Phase, when: Instant) -> (Option<Fate>, Sent) {
    let fault = if phase == Phase::Start { Fault::Local } else { Fault::Network };
    times_out_by(fault, it, phase, when)
}

fn times_out_by(fault: Fault, it: &mut Scenario, phase: Phase, when: Instant) -> (Option<Fate>, Sent) {
    for _ in 0..100 {
        let mut fate = None;
        let mut said = it.step();
        if let Said::Release(of) = said {
            fate = Some(of);
            said = it.step();
        }
        match said {
            Said::Wait(want) => {
                let until = want.until.unwrap_or_else(|| panic!("no end: {want:?}"));
                assert!(until > it.now, "a busy loop: {want:?}");
                it.now = until;
            }
            Said::Failed(failure) => {
                assert_eq!((failure.kind, failure.fault), (ErrorKind::Timeout, fault));
                assert_eq!((failure.phase, it.now), (phase, when));
                return (fate, failure.sent);
            }
            Said::Acquire { .. } | Said::NeedBody { .. } | Said::Head(..) | Said::Data(_) => {}
            other @ (Said::Release(_)
            | Said::Hop(_)
            | Said::Interim(..)
            | Said::Passing(..)
            | Said::End(_)
            | Said::Upgraded(_)) => panic!("{other:?}"),
        }
    }
    panic!("it never ends");
}

const LATE: Option<Fate> = Some(Fate::Spent(CloseReason::TimedOut));

#[test]
fn the_total_spans_every_phase() {
    let mut it = Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), total());
    assert_eq!(times_out(&mut it, Phase::PoolWait, at(10)), (None, Sent::Nothing));

    assert_eq!(times_out(&mut get(total()), Phase::SendHead, at(10)), (LATE, Sent::Nothing));
    assert_eq!(times_out(&mut written(total()), Phase::RecvHead, at(10)), (LATE, Sent::All));

    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(5), total());
    let _ = it.step();
    it.flush();
    assert_eq!(times_out(&mut it, Phase::SendBody, at(10)), (LATE, Sent::Part));

    let mut it = written(total());
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc");
    assert_eq!(times_out(&mut it, Phase::RecvBody, at(10)), (LATE, Sent::All));
}

#[test]
fn the_total_is_not_started_again_by_a_second_attempt() {
    let mut it = Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), total());
    it.acquire(stale());
    let _ = it.wait();
    it.flush();
    it.now = at(7);
    it.io.rx.set_eof();
    let _ = it.run();
    assert_eq!(it.demand.and_then(|demand| demand.deadline), Some(at(10)));
    it.attach(Facts::default());
    assert_eq!(times_out(&mut it, Phase::SendHead, at(10)), (LATE, Sent::All));
}

#[test]
fn the_total_wins_over_bytes_and_leaves_an_unused_connection_alone() {
    let mut it = written(total());
    it.feed("HTTP/1.1 204 No\r\n\r\n");
    it.now = at(10);
    assert_eq!(times_out(&mut it, Phase::RecvHead, at(10)), (LATE, Sent::All));

    let mut it = get(total());
    it.now = at(10);
    assert_eq!(times_out(&mut it, Phase::PoolWait, at(10)), (Some(Fate::Untouched), Sent::Nothing));

    let mut it = Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), total());
    it.now = at(11);
    assert_eq!(times_out(&mut it, Phase::Start, at(11)), (None, Sent::Nothing));
}

#[test]
fn the_pool_is_told_how_long_and_is_the_judge_of_it() {
    let options = call::Options { pool_wait: Some(SECOND), ..call::Options::default() };
    let mut it = Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), with(options));
    it.now = at(5);
    assert_eq!(it.step(), Said::Acquire { fresh: false });
    let demand = it.demand.unwrap();
    assert_eq!((demand.patience, demand.deadline), (Some(at(6)), None));
    assert_eq!(it.wait().until, Some(at(6)));
    it.now = at(6);
    // A dial of its own may be under way: patience is for the connections of others.
    assert_eq!(it.wait().until, None);
    it.call.refused(Refusal::WaitedTooLong, None, it.now);
    let failed = times_out_by(Fault::Local, &mut it, Phase::PoolWait, at(6));
    assert_eq!(failed, (None, Sent::Nothing), "others of ours had the connections");
}

#[test]
fn a_refusal_for_the_time_ends_a_call_that_was_told_an_earlier_one() {
    for (why, phase, fault) in [
        (Refusal::DialTooSlow, Phase::Connect, Fault::Network),
        (Refusal::WaitedTooLong, Phase::PoolWait, Fault::Local),
    ] {
        let retries = Retries { total: None, ..Retries::default() };
        let mut it = Scenario::start(
            request("GET", "http://h/", &[]),
            BodyPlan::empty(),
            Config { retries, ..total() },
        );
        assert_eq!(it.step(), Said::Acquire { fresh: false });
        // Another thread told the pool that the ten seconds are over, and then the answer came to this one.
        it.now = at(9);
        it.call.refused(why, None, it.now);
        assert_eq!(times_out_by(fault, &mut it, phase, at(9)), (None, Sent::Nothing), "{why:?}");
        assert!(it.call.history().is_empty());
    }
}

#[test]
fn each_refusal_has_its_error() {
    for (why, kind, phase) in [
        (Refusal::DialTooSlow, ErrorKind::Timeout, Phase::Connect),
        (Refusal::QueueFull, ErrorKind::Pool(Refusal::QueueFull), Phase::PoolWait),
        (Refusal::DialFailed, ErrorKind::Pool(Refusal::DialFailed), Phase::PoolWait),
        (Refusal::ShutDown, ErrorKind::Pool(Refusal::ShutDown), Phase::PoolWait),
    ] {
        let mut it = Scenario::start(request("GET", "http://h/", &[]), BodyPlan::empty(), Config::default());
        let _ = it.step();
        it.call.refused(why, None, it.now);
        let (fate, failure) = it.failure();
        assert_eq!((fate, failure.kind, failure.phase), (None, kind, phase));
    }
}

#[test]
fn sending_is_timed_from_the_last_byte_taken() {
    let mut it = get(clocks());
    assert_eq!(it.wait().until, Some(at(2)));
    it.now = at(1);
    it.io.tx.sent(1);
    assert_eq!(it.wait().until, Some(at(3)));
    assert_eq!(times_out(&mut it, Phase::SendHead, at(3)), (LATE, Sent::Part));

    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(5), clocks());
    let _ = it.step();
    it.call.send_body(b"hello", &mut it.io);
    let pending = it.io.tx.pending().len();
    it.io.tx.sent(pending - 2);
    assert_eq!(times_out(&mut it, Phase::SendBody, at(2)), (LATE, Sent::Part));
}

#[test]
fn bytes_of_the_response_do_not_excuse_a_peer_that_takes_nothing() {
    let mut it = get(clocks());
    let _ = it.wait();
    it.io.tx.sent(5);
    let _ = it.wait();
    for millis in [500, 1000, 1500] {
        it.now = Instant::ZERO + MS * millis;
        it.feed("H".get(..usize::from(millis == 500)).unwrap());
        assert_eq!(it.wait().until, Some(at(2)));
    }
    assert_eq!(times_out(&mut it, Phase::SendHead, at(2)), (LATE, Sent::Part));
}

#[test]
fn the_first_byte_is_timed_from_the_last_of_the_request_and_after_each_interim() {
    let mut it = get(clocks());
    let _ = it.wait();
    it.now = at(1);
    it.flush();
    assert_eq!(it.wait().until, Some(at(4)));
    it.now = at(3);
    it.feed("HTTP/1.1 103 Early\r\n\r\n");
    assert!(matches!(it.step(), Said::Interim(103, _)));
    it.now = at(4);
    assert_eq!(times_out(&mut it, Phase::RecvHead, at(7)), (LATE, Sent::All));
}

#[test]
fn after_a_failed_write_the_answer_is_not_waited_for_forever() {
    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(5), clocks());
    let _ = it.step();
    it.flush();
    it.io.tx.fail(TransportError::Reset);
    assert_eq!(times_out(&mut it, Phase::RecvHead, at(3)), (LATE, Sent::Part));
}

#[test]
fn the_rest_of_the_head_is_timed_byte_by_byte() {
    let mut it = written(clocks());
    let _ = it.wait();
    for (second, byte) in [(2, "H"), (5, "T"), (8, "T")] {
        it.now = at(second);
        it.feed(byte);
        assert_eq!(it.wait().until, Some(at(second + 4)));
    }
    assert_eq!(times_out(&mut it, Phase::RecvHead, at(12)), (LATE, Sent::All));
}

#[test]
fn the_body_is_timed_between_bytes() {
    let mut it = written(clocks());
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(200, _)));
    assert_eq!(it.wait().until, Some(at(4)));
    it.now = at(3);
    it.feed("a");
    assert!(matches!(it.step(), Said::Data(_)));
    assert_eq!(it.wait().until, Some(at(7)));
    it.now = at(6);
    it.feed("b");
    assert_eq!(it.call.read_body(&mut it.io, &mut [0; 9]), 1);
    assert_eq!(it.wait().until, Some(at(10)));
    it.now = at(9);
    assert_eq!(it.call.direct(&mut it.io), 3);
    it.call.took(1, &mut it.io);
    assert_eq!(times_out(&mut it, Phase::RecvBody, at(13)), (LATE, Sent::All));
}

#[test]
fn a_slow_user_never_times_out_the_peer() {
    let mut it = written(clocks());
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(200, _)));
    it.now = at(1000);
    assert_eq!(it.wait().until, Some(at(1004)));
    it.feed("ab");
    assert!(matches!(it.step(), Said::Data(_)));
    it.now = at(2000);
    assert_eq!(it.wait().until, Some(at(2004)));

    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(5), clocks());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.flush();
    assert_eq!(it.wait().until, None, "the user owes the body");
    it.now = at(1000);
    it.call.send_body(b"hello", &mut it.io);
    assert_eq!(it.wait().until, Some(at(1002)));
}

#[test]
fn a_slow_user_who_owes_the_body_while_the_head_is_pending() {
    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(5), clocks());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.now = at(1000);
    it.call.send_body(b"hello", &mut it.io);
    assert_eq!(it.wait().until, Some(at(1002)), "the driver could not write while it asked the user");
}

#[test]
fn bytes_win_over_each_clock() {
    let mut it = written(clocks());
    let want = it.wait();
    it.now = want.until.unwrap() + SECOND;
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(200, _)));
    let want = it.wait();
    it.now = want.until.unwrap() + SECOND;
    it.feed("x");
    assert!(matches!(it.step(), Said::Data(_)));
    assert_eq!(it.fate(), Fate::REUSABLE);
}

#[test]
fn the_earlier_of_two_clocks_is_told() {
    let options =
        call::Options { total: Some(SECOND), first_byte: Some(SECOND * 2), ..call::Options::default() };
    assert_eq!(times_out(&mut written(with(options)), Phase::RecvHead, at(1)), (LATE, Sent::All));
}

#[test]
fn i28_time_that_goes_backward_extends_nothing() {
    let mut it = get(clocks());
    it.now = at(100);
    let _ = it.wait();
    it.flush();
    assert_eq!(it.wait().until, Some(at(103)));
    it.now = at(0);
    let Said::Wait(want) = it.step() else { panic!() };
    assert_eq!(want.until, Some(at(103)));
    it.now = at(103);
    assert_eq!(times_out(&mut it, Phase::RecvHead, at(103)), (LATE, Sent::All));
}

#[test]
fn the_end_of_time_is_no_trouble() {
    let mut it = get(clocks());
    it.now = Instant::from_micros(u64::MAX);
    let _ = it.step();
    it.flush();
    let _ = it.run();
}

#[test]
fn nothing_is_timed_unless_asked_for() {
    assert_eq!(get(Config::default()).wait().until, None);
    assert_eq!(written(Config::default()).wait().until, None);
}

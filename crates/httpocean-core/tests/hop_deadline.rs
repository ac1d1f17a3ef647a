//! The total deadline spans all hops, to the microsecond, and names what was going on when it passed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod hopping;

use std::time::Duration;

use common::conn;
use hopping::{OK, Pieces, Play, busy, drip, following, leads_to, reply, retries, retrying, within};
use httpocean_core::policy::{Exhausted, Retries};
use httpocean_core::{
    Config, Error, ErrorKind, Fault, HopReason, Instant, NotRetried, Phase, Sent, TransportError, call,
};

const TOTAL: Duration = Duration::from_secs(2);

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn at(millis: u64) -> Instant {
    Instant::ZERO + ms(millis)
}

fn play(config: Config, connect: u64, server: impl Fn(usize) -> Pieces + 'static) -> Play {
    Play::new(within(TOTAL, config), ms(connect), conn, server)
}

/// It has to end by the deadline, then and not otherwise.
fn times_out(it: &mut Play, phase: Phase) -> Error {
    let error = it.run().expect("it ends badly");
    assert_eq!((error.kind(), error.phase(), it.now), (&ErrorKind::Timeout, phase, at(2000)), "{error}");
    assert_eq!(error.fault(), Fault::Network);
    assert_eq!(it.wakes.last(), Some(&at(2000)), "its own clock says so");
    error
}

#[test]
fn a_wait_that_would_pass_it_is_not_begun() {
    let mut it =
        play(Config { retries: Retries::new(3), ..Config::default() }, 1, |_| reply(ms(4), &busy("3600")));
    assert_eq!(it.run(), None);
    assert_eq!((it.now, it.status, it.body.as_slice(), it.hops.len()), (at(5), Some(503), &b"busy"[..], 0));
}

#[test]
fn nor_where_a_response_given_up_on_is_an_error() {
    let retries = Retries { exhausted: Exhausted::Error, ..Retries::new(3) };
    let mut it = play(Config { retries, ..Config::default() }, 1, |_| reply(ms(4), &busy("3600")));
    let error = it.run().unwrap();
    assert_eq!((it.now, it.hops.len(), it.wakes.len()), (at(5), 0, 0));
    assert_eq!((error.status().unwrap().as_u16(), error.phase()), (503, Phase::RecvHead));
    assert!(matches!(error.kind(), ErrorKind::Status(status) if status.as_u16() == 503));
    assert_eq!((error.not_retried(), error.sent()), (Some(NotRetried::WouldPassDeadline), Sent::All));
}

/// Waits of 0.3, 0.6 and 1.2 seconds: the third would end at 2.1.
#[test]
fn waits_are_begun_as_long_as_they_end_before() {
    let mut it = play(retrying(9, ms(300)), 0, |_| vec![(Duration::ZERO, None)]);
    let error = it.run().unwrap();
    assert_eq!(
        (error.kind(), error.not_retried(), it.now),
        (&ErrorKind::Closed, Some(NotRetried::WouldPassDeadline), at(900))
    );
    assert_eq!(
        it.hops.iter().map(|(when, hop)| (*when, hop.after)).collect::<Vec<_>>(),
        [(at(0), ms(300)), (at(300), ms(600))]
    );
    assert_eq!(it.wakes, [at(300), at(900)], "each wait wakes once");
}

#[test]
fn a_wait_may_end_just_before_it_but_not_at_it() {
    for (wait, hops, end) in [(1999, 1, 1999), (2000, 0, 0)] {
        let mut it = play(retrying(1, ms(wait)), 0, |n| {
            if n == 0 { vec![(Duration::ZERO, None)] } else { reply(ms(0), OK) }
        });
        assert_eq!((it.run().is_none(), it.hops.len(), it.now), (hops == 1, hops, at(end)));
    }
}

#[test]
fn redirects_for_ever_end_there_whatever_is_going_on() {
    // A round takes 7 ms; the last begins at 1995.
    for (connect, answer, phase) in [(3, 4, Phase::RecvHead), (6, 1, Phase::PoolWait)] {
        let mut it = play(following(u32::MAX), connect, move |_| reply(ms(answer), &leads_to(302, "/again")));
        let error = times_out(&mut it, phase);
        assert_eq!((it.hops.len(), error.history().len(), error.sent()), (285, 64, Sent::All));
        assert_eq!(it.wakes.len(), 1);
    }
    // At the moment of the deadline, an answer is too late.
    let mut it = play(following(u32::MAX), 3, |_| reply(ms(7), &leads_to(302, "/again")));
    let error = it.run().unwrap();
    assert_eq!((error.phase(), it.now, it.hops.len()), (Phase::RecvHead, at(2000), 199));
}

/// 10 ms to the head, 50 ms for a body that does not come: the last round begins at 1980.
#[test]
fn a_drain_is_cut_short() {
    let head = "HTTP/1.1 302 Elsewhere\r\nlocation: /again\r\ncontent-length: 4\r\n\r\n";
    let mut it = play(following(u32::MAX), 0, move |_| reply(ms(10), head));
    let error = times_out(&mut it, Phase::Drain);
    assert_eq!((it.hops.len(), error.sent()), (33, Sent::All));
}

#[test]
fn drips_do_not_extend_it() {
    for hops in 0..2 {
        let before = move |n: usize| (n < hops).then(|| reply(ms(500), &leads_to(307, "/slow")));
        let mut it = play(Config::default(), 0, move |n| before(n).unwrap_or_else(|| drip(OK, ms(700))));
        assert_eq!(times_out(&mut it, Phase::RecvHead).history().len(), hops);
        assert_eq!(it.status, None);

        let slow_body = move |n| {
            let mut pieces = reply(ms(0), "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n");
            pieces.extend(drip("slow body", ms(700)));
            before(n).unwrap_or(pieces)
        };
        let mut it = play(Config::default(), 0, slow_body);
        assert_eq!(times_out(&mut it, Phase::RecvBody).history().len(), hops);
        assert_eq!((it.status, it.body.as_slice()), (Some(200), &b"sl"[..]));
    }
}

#[test]
fn no_answer_and_no_connection() {
    let mut it = play(retrying(9, ms(10)), 1, |_| Vec::new());
    assert_eq!(times_out(&mut it, Phase::RecvHead).not_retried(), None, "no attempt would have had time");
    let mut it = play(retrying(9, ms(10)), 9999, |_| Vec::new());
    assert_eq!(times_out(&mut it, Phase::PoolWait).sent(), Sent::Nothing);
}

/// Each attempt may take 0.5 s; waits of 0.1, 0.2 and 0.4 s: the third attempt has its answer due at 1.8 s.
#[test]
fn attempts_with_a_clock_of_their_own() {
    let options = call::Options { first_byte: Some(ms(500)), ..call::Options::default() };
    let config = Config { call: options, retries: retries(9, ms(100)), ..Config::default() };
    let mut it = play(config, 0, |_| Vec::new());
    let error = it.run().unwrap();
    assert_eq!((error.kind(), error.phase(), it.now), (&ErrorKind::Timeout, Phase::RecvHead, at(1800)));
    assert_eq!((error.not_retried(), it.hops.len()), (Some(NotRetried::WouldPassDeadline), 2));
    assert_eq!(it.wakes, [at(500), at(600), at(1100), at(1300), at(1800)]);
    assert!(it.hops.iter().all(|(_, hop)| hop.why == HopReason::ReadFailed));
}

/// A driver that comes too late: the wait was short enough, and is over, but so is the call.
#[test]
fn a_late_driver_hears_of_the_wait() {
    use common::{Said, Scenario};
    use httpocean_core::pool::{Facts, Refusal};
    let mut it = Scenario::start(
        common::request("GET", "http://h/", &[]),
        httpocean_core::BodyPlan::empty(),
        within(TOTAL, retrying(3, ms(100))),
    );
    assert!(matches!(it.step(), Said::Acquire { .. }));
    let refused = Error::new(ErrorKind::Connect(TransportError::Refused), Phase::Connect);
    it.call.refused(Refusal::DialFailed, Some(refused), it.now);
    assert!(
        matches!(it.step(), Said::Hop(hop) if hop.after == ms(100) && hop.why == HopReason::ConnectFailed)
    );
    let want = it.wait();
    assert_eq!(
        (want.until, want.phase, want.read, want.write),
        (Some(at(100)), Phase::Backoff, false, false)
    );
    it.now = at(2000);
    let (fate, failure) = it.failure();
    assert_eq!((fate, failure.kind, failure.phase), (None, ErrorKind::Timeout, Phase::Backoff));
    // What comes after the end goes back as it was.
    it.attach(Facts::default());
    assert_eq!(it.step(), Said::Release(httpocean_core::pool::Fate::Untouched));
    assert!(matches!(it.step(), Said::Failed(_)));
}

/// What failed at the very moment of the deadline says why it was not tried again.
#[test]
fn a_failure_at_the_deadline_names_it() {
    use common::{Said, Scenario};
    use httpocean_core::pool::Refusal;
    let config = within(TOTAL, retrying(3, ms(100)));
    let request = common::request("GET", "http://h/", &[]);
    let mut it = Scenario::start(request, httpocean_core::BodyPlan::empty(), config);
    assert!(matches!(it.step(), Said::Acquire { .. }));
    it.now = at(2000);
    let refused = Error::new(ErrorKind::Connect(TransportError::Refused), Phase::Connect);
    it.call.refused(Refusal::DialFailed, Some(refused), it.now);
    let httpocean_core::CallStep::Failed(error) = it.call.step(&mut it.io, it.now) else { panic!() };
    assert_eq!(error.kind(), &ErrorKind::Connect(TransportError::Refused));
    assert_eq!(error.not_retried(), Some(NotRetried::WouldPassDeadline));
}

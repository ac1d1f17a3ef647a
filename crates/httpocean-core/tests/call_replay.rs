//! Which request is sent again by itself when its connection dies, and what the error says of those that are not.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::{Facts, Fate, Refusal};
use httpocean_core::{
    BodyPlan, CloseReason, Config, ErrorKind, Fault, HopReason, NotReplayed, Phase, Sent, TransportError,
    call,
};

#[derive(Clone, Copy, Debug)]
struct Case {
    method: &'static str,
    keyed: bool,
    allowed: bool,
    sent: Sent,
    facts: Facts,
    begun: bool,
    replayable: bool,
    reset: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let idle = Facts { number: 1, reused: 0, idle_for: Some(SECOND) };
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH", "BREW"] {
        for (keyed, allowed) in [(false, false), (true, false), (false, true)] {
            for sent in [Sent::Nothing, Sent::Part, Sent::All] {
                for facts in [Facts::default(), stale(), idle] {
                    for bits in 0..8 {
                        let (begun, replayable, reset) = (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0);
                        cases.push(Case { method, keyed, allowed, sent, facts, begun, replayable, reset });
                    }
                }
            }
        }
    }
    cases
}

/// The table, written down once more and in other words.
fn expected(case: Case) -> Option<NotReplayed> {
    let harmless =
        ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"].contains(&case.method) || case.keyed || case.allowed;
    if case.begun {
        Some(NotReplayed::ResponseBegun)
    } else if case.facts == Facts::default() {
        Some(NotReplayed::FreshConnection)
    } else if case.sent != Sent::Nothing && !harmless {
        Some(NotReplayed::NotIdempotent)
    } else if !case.replayable {
        Some(NotReplayed::BodyNotReplayable)
    } else {
        None
    }
}

/// A call whose connection has died, its body being touched.
fn died(case: Case) -> Scenario {
    let mut fields = vec![("content-type", "a/b")];
    if case.keyed {
        fields.push(("idempotency-key", "1"));
    }
    let config = Config {
        call: call::Options { replay_any_method: case.allowed, ..call::Options::default() },
        ..Config::default()
    };
    let body = BodyPlan { size: Some(3), replayable: case.replayable, trailers: false };
    let mut it = Scenario::start(request(case.method, "http://example.com/", &fields), body, config);
    it.acquire(case.facts);
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.call.send_body(b"abc", &mut it.io);
    let _ = it.wait();
    match case.sent {
        Sent::Nothing => {}
        Sent::Part => it.io.tx.sent(7),
        Sent::All => drop(it.flush()),
    }
    if case.begun {
        it.feed("HTTP/1.1 200");
        let _ = it.wait();
    }
    if case.reset {
        it.io.tx.fail(TransportError::Reset);
        it.io.rx.fail(TransportError::Reset);
    } else {
        it.io.rx.set_eof();
    }
    it
}

#[test]
fn every_case_is_decided_by_the_table() {
    // Bytes of a response to a request that was not written are another matter.
    for case in cases().into_iter().filter(|case| !case.begun || case.sent != Sent::Nothing) {
        let mut it = died(case);
        match expected(case) {
            None => {
                assert_eq!(it.step(), Said::Release(Fate::Spent(CloseReason::PeerClosed)), "{case:?}");
                let Said::Hop(hop) = it.step() else { panic!("{case:?}") };
                assert_eq!(
                    (hop.why, hop.status, hop.after.is_zero()),
                    (HopReason::StaleConnection, None, true)
                );
                assert_eq!(it.step(), Said::Acquire { fresh: true });
            }
            Some(why) => {
                let (fate, failure) = it.failure();
                assert!(matches!(fate, Some(Fate::Spent(_))), "{case:?}");
                assert_eq!((failure.not_replayed, failure.sent), (Some(why), case.sent), "{case:?}");
                assert!(failure.sentence.ends_with(why.explain()));
                let fault = if case.reset { Fault::Network } else { Fault::Peer };
                assert_eq!(failure.fault, fault, "{case:?}");
                let kind = match (case.reset, case.begun) {
                    (true, _) => failure.kind == ErrorKind::Reset(TransportError::Reset),
                    (false, true) => matches!(failure.kind, ErrorKind::Protocol(_)),
                    (false, false) => failure.kind == ErrorKind::Closed,
                };
                assert!(kind, "{case:?} {failure:?}");
            }
        }
    }
}

#[test]
fn the_second_attempt_sends_the_same_bytes_and_the_body_from_its_start() {
    let case = Case {
        method: "PUT",
        keyed: false,
        allowed: false,
        sent: Sent::All,
        facts: stale(),
        begun: false,
        replayable: true,
        reset: false,
    };
    let mut it = died(case);
    let _ = it.run();
    it.attach(Facts::default());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.call.send_body(b"abc", &mut it.io);
    let _ = it.wait();
    let again = it.flush();
    assert!(again.starts_with("PUT / HTTP/1.1\r\nhost: example.com\r\n") && again.ends_with("\r\n\r\nabc"));
    it.feed("HTTP/1.1 204 No\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(204, _)));
    assert_eq!(it.fate(), Fate::REUSABLE);
}

#[test]
fn a_body_that_nobody_asked_for_need_not_be_had_again() {
    let expect = [("expect", "100-continue")];
    let mut it = Scenario::start(request("PUT", "http://h/", &expect), once(Some(3)), Config::default());
    it.acquire(stale());
    let _ = it.wait();
    it.flush();
    it.io.rx.set_eof();
    assert!(it.run().contains(&Said::Acquire { fresh: true }));
    it.attach(Facts::default());
    let _ = it.wait();
    assert!(it.flush().contains("expect: 100-continue\r\n"));
}

#[test]
fn once_is_enough_even_if_the_pool_hands_out_a_used_one() {
    let mut it = Scenario::written_on("GET", &[], stale(), Config::default());
    it.io.rx.set_eof();
    let _ = it.run();
    it.attach(stale());
    let _ = it.wait();
    it.flush();
    it.io.rx.set_eof();
    let (_, failure) = it.failure();
    assert_eq!(failure.not_replayed, Some(NotReplayed::ReplayedAlready));
}

#[test]
fn what_the_first_attempt_sent_is_not_forgotten() {
    let second_attempt = || {
        let mut it = Scenario::written_on("GET", &[], stale(), Config::default());
        it.io.rx.set_eof();
        let _ = it.run();
        it
    };
    let mut it = second_attempt();
    it.call.refused(Refusal::QueueFull, None, it.now);
    assert_eq!(it.failure().1.sent, Sent::All);

    let dial = httpocean_core::Error::new(ErrorKind::Connect(TransportError::Refused), Phase::Connect);
    let mut it = second_attempt();
    it.call.refused(Refusal::DialFailed, Some(dial), it.now);
    assert_eq!(it.failure().1.sent, Sent::All);

    let mut it = second_attempt();
    it.attach(Facts::default());
    let _ = it.wait();
    it.io.rx.set_eof();
    assert_eq!(it.failure().1.sent, Sent::All);
}

#[test]
fn a_write_that_fails_at_once_on_a_stale_connection_hops() {
    let mut it = Scenario::start(request("POST", "http://h/", &[]), BodyPlan::empty(), Config::default());
    it.acquire(stale());
    let _ = it.wait();
    it.io.tx.fail(TransportError::Reset);
    let want = it.wait();
    assert!(want.read && !want.write, "a response may still be there");
    it.io.rx.set_eof();
    assert!(it.run().contains(&Said::Acquire { fresh: true }));
}

//! What becomes of the request's body at a hop: it is sent once more from its start, or left out, or the error says
//! that it can't be had again.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod common;
mod hopping;

use std::time::Duration;

use common::*;
use http::{HeaderMap, HeaderValue};
use httpocean_core::policy::{Exhausted, Retries};
use httpocean_core::pool::{Facts, Fate, Refusal};
use httpocean_core::{
    BodyPlan, CallStep, CloseReason, Config, Error, ErrorKind, Fault, HopReason, NotFollowed, NotReplayed,
    NotRetried, Phase, Sent, TransportError,
};

/// How the body can be had, and whether it was.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Once, and it was not asked for: the answer came before `100 Continue`.
    Untouched,
    Touched,
    Replayable,
    /// Of unknown size, with a trailer.
    Chunked,
    ChunkedOnce,
}

const KINDS: [Kind; 5] = [Kind::Untouched, Kind::Touched, Kind::Replayable, Kind::Chunked, Kind::ChunkedOnce];

impl Kind {
    fn plan(self) -> BodyPlan {
        let chunked = matches!(self, Self::Chunked | Self::ChunkedOnce);
        let replayable = matches!(self, Self::Replayable | Self::Chunked);
        BodyPlan { size: (!chunked).then_some(4), replayable, trailers: chunked }
    }

    fn fields(self) -> Vec<(&'static str, &'static str)> {
        let mut fields = vec![("content-type", "a/b"), ("x-other", "stays")];
        match self {
            Self::Untouched => fields.push(("expect", "100-continue")),
            Self::Chunked | Self::ChunkedOnce => fields.push(("trailer", "x-sum")),
            Self::Touched | Self::Replayable => {}
        }
        fields
    }

    fn is_chunked(self) -> bool {
        self.plan().size.is_none()
    }

    fn is_lost(self) -> bool {
        matches!(self, Self::Touched | Self::ChunkedOnce)
    }

    /// What of it goes over the wire.
    fn wire(self) -> &'static str {
        if self.is_chunked() { "2\r\nab\r\n2\r\ncd\r\n0\r\nx-sum: 7\r\n\r\n" } else { "abcd" }
    }
}

fn config() -> Config {
    hopping::retrying(3, Duration::ZERO)
}

fn start(method: &str, kind: Kind, config: Config) -> Scenario {
    Scenario::start(request(method, "http://example.com/from", &kind.fields()), kind.plan(), config)
}

/// The body, piece by piece, as it is asked for: the first question is for its start.
fn give_body(it: &mut Scenario, kind: Kind) {
    let sum: HeaderMap = [("x-sum".parse().unwrap(), HeaderValue::from_static("7"))].into_iter().collect();
    for (from, piece) in [(0, "ab"), (2, "cd")] {
        assert_eq!(it.step(), Said::NeedBody { from }, "{kind:?}");
        it.call.send_body(piece.as_bytes(), &mut it.io);
    }
    if kind.is_chunked() {
        assert_eq!(it.step(), Said::NeedBody { from: 4 });
        it.call.finish_body(Some(&sum), &mut it.io);
    }
}

/// Sends what can be sent before the answer comes; the text that was written.
fn send(it: &mut Scenario, kind: Kind) -> String {
    if kind != Kind::Untouched {
        give_body(it, kind);
    }
    let _ = it.wait();
    it.flush()
}

/// The next attempt has all of the body.
fn sends_again(it: &mut Scenario, kind: Kind, start: &str) {
    it.acquire(Facts::default());
    let mut text = String::new();
    if kind == Kind::Untouched {
        let want = it.wait();
        assert!(want.write);
        text = it.flush();
        assert!(text.contains("\r\nexpect: 100-continue\r\n"));
        it.feed("HTTP/1.1 100 Continue\r\n\r\n");
        assert!(matches!(it.step(), Said::Interim(100, _)));
    }
    give_body(it, kind);
    let _ = it.wait();
    text += &it.flush();
    assert!(text.starts_with(start) && text.contains("\r\ncontent-type: a/b\r\n"), "{text}");
    assert!(text.ends_with(&format!("\r\n\r\n{}", kind.wire())), "{text}");
    is_answered(it);
}

/// The next attempt has none, nor fields that speak of one.
fn sends_none(it: &mut Scenario) {
    it.acquire(Facts::default());
    let _ = it.wait();
    let text = it.flush();
    assert!(text.starts_with("GET /to HTTP/1.1\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    for gone in ["content-", "transfer-encoding", "trailer", "expect"] {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    assert!(text.contains("\r\nx-other: stays\r\n"));
    is_answered(it);
}

fn is_answered(it: &mut Scenario) {
    it.feed(hopping::OK);
    assert!(matches!(it.step(), Said::Head(200, _)));
    assert!(matches!(it.heard().last(), Some(Said::End(_))));
    assert_eq!(it.attached, it.released);
}

/// The error itself, and the fate of the connection before.
fn failure(it: &mut Scenario) -> (Fate, Error) {
    let Said::Release(fate) = it.step() else { panic!("no release") };
    let CallStep::Failed(error) = it.call.step(&mut it.io, it.now) else { panic!("no failure") };
    (fate, error)
}

/// Of a connection whose request was sent to its end, or not.
fn fate(kind: Kind) -> Fate {
    if kind == Kind::Untouched { Fate::Spent(CloseReason::HalfSent) } else { Fate::REUSABLE }
}

#[test]
fn redirects() {
    for kind in KINDS {
        for method in ["PUT", "POST", "PATCH"] {
            for status in [301, 302, 303, 307, 308] {
                let mut it = start(method, kind, config());
                it.acquire(Facts::default());
                send(&mut it, kind);
                it.feed(hopping::leads_to(status, "/to"));
                let becomes_get = status == 303 || (status < 303 && method == "POST");
                let what = format!("{kind:?} {method} {status}");
                if !becomes_get && kind.is_lost() {
                    let (fate, error) = failure(&mut it);
                    assert_eq!(error.kind(), &ErrorKind::Redirect(NotFollowed::BodyNotReplayable), "{what}");
                    assert_eq!(
                        (fate, error.fault(), error.phase(), error.sent()),
                        (Fate::REUSABLE, Fault::Local, Phase::RecvHead, Sent::All)
                    );
                    assert_eq!(error.status().unwrap().as_u16(), status);
                    assert!(error.history().is_empty());
                    continue;
                }
                assert_eq!(it.step(), Said::Release(fate(kind)), "{what}");
                assert!(
                    matches!(it.step(), Said::Hop(hop) if hop.why == HopReason::Redirect && hop.status.unwrap() == status),
                    "{what}"
                );
                match becomes_get {
                    true => sends_none(&mut it),
                    false => sends_again(&mut it, kind, &format!("{method} /to HTTP/1.1\r\n")),
                }
            }
        }
    }
}

#[test]
fn a_503() {
    for kind in KINDS {
        for exhausted in [Exhausted::Response, Exhausted::Error] {
            for method in ["PUT", "POST"] {
                let retries = Retries { exhausted, ..hopping::retries(3, Duration::ZERO) };
                let mut it = start(method, kind, Config { retries, ..Config::default() });
                it.acquire(Facts::default());
                send(&mut it, kind);
                it.feed(hopping::busy("0"));
                // A POST is an answer, whatever its body: it is not one to be made twice.
                let gives_up = method == "PUT" && kind.is_lost();
                if gives_up && exhausted == Exhausted::Error {
                    let (fate, error) = failure(&mut it);
                    assert_eq!(
                        (fate, error.not_retried()),
                        (Fate::REUSABLE, Some(NotRetried::BodyNotReplayable))
                    );
                    assert!(matches!(error.kind(), ErrorKind::Status(status) if status.as_u16() == 503));
                } else if gives_up || method == "POST" {
                    assert!(matches!(it.step(), Said::Head(503, _)), "{kind:?} {method}");
                    assert!(it.heard().contains(&Said::Data(b"busy".to_vec())));
                } else {
                    assert_eq!(it.step(), Said::Release(fate(kind)));
                    assert!(matches!(it.step(), Said::Hop(hop) if hop.why == HopReason::Status));
                    sends_again(&mut it, kind, "PUT /from HTTP/1.1\r\n");
                }
            }
        }
    }
}

#[test]
fn a_stale_connection() {
    for kind in KINDS {
        for method in ["PUT", "POST"] {
            let mut it = start(method, kind, config());
            it.acquire(stale());
            send(&mut it, kind);
            it.io.rx.set_eof();
            if method == "PUT" && !kind.is_lost() {
                assert_eq!(it.step(), Said::Release(Fate::Spent(CloseReason::PeerClosed)));
                assert!(matches!(it.step(), Said::Hop(hop) if hop.why == HopReason::StaleConnection));
                sends_again(&mut it, kind, "PUT /from HTTP/1.1\r\n");
                continue;
            }
            let (_, error) = failure(&mut it);
            let why = if method == "POST" {
                (Some(NotReplayed::NotIdempotent), Some(NotRetried::MethodNotAllowed))
            } else {
                (Some(NotReplayed::BodyNotReplayable), Some(NotRetried::BodyNotReplayable))
            };
            assert_eq!((error.not_replayed(), error.not_retried()), why, "{kind:?} {method}");
            assert_eq!(error.kind(), &ErrorKind::Closed);
        }
    }
}

/// Nobody has seen any of it: any method, any body.
#[test]
fn a_connection_that_could_not_be_made() {
    for kind in KINDS {
        let mut it = start("POST", kind, config());
        assert!(matches!(it.step(), Said::Acquire { .. }));
        let refused = Error::new(ErrorKind::Connect(TransportError::Refused), Phase::Connect);
        it.call.refused(Refusal::DialFailed, Some(refused), it.now);
        assert!(matches!(it.step(), Said::Hop(hop) if hop.why == HopReason::ConnectFailed));
        sends_again(&mut it, kind, "POST /from HTTP/1.1\r\n");
    }
}

/// A redirect in the middle of the body: it is not sent any further.
#[test]
fn an_early_redirect() {
    for (replayable, answered) in [(true, false), (true, true), (false, false), (false, true)] {
        let body = BodyPlan { size: Some(4), replayable, trailers: false };
        let mut it = Scenario::start(
            request("PUT", "http://example.com/from", &[("content-type", "a/b")]),
            body,
            config(),
        );
        it.acquire(Facts::default());
        assert_eq!(it.step(), Said::NeedBody { from: 0 });
        if answered {
            it.call.send_body(b"ab", &mut it.io);
            assert_eq!(it.step(), Said::NeedBody { from: 2 });
        }
        it.flush();
        it.feed(hopping::leads_to(307, "/to"));
        let half = Fate::Spent(CloseReason::HalfSent);
        if !replayable {
            // It was asked for: its owner may have read it.
            let (fate, error) = failure(&mut it);
            assert_eq!((fate, error.kind()), (half, &ErrorKind::Redirect(NotFollowed::BodyNotReplayable)));
            assert_eq!(error.sent(), Sent::Part);
            continue;
        }
        assert_eq!(it.step(), Said::Release(half));
        // The answer to the question of the attempt before comes too late, at each of these points.
        it.call.send_body(b"cd", &mut it.io);
        assert!(matches!(it.step(), Said::Hop(_)));
        it.call.send_body(b"cd", &mut it.io);
        assert!(matches!(it.step(), Said::Acquire { .. }));
        it.call.send_body(b"cd", &mut it.io);
        it.attach(Facts::default());
        it.call.send_body(b"cd", &mut it.io);
        assert!(it.io.tx.pending().is_empty());
        give_body(&mut it, Kind::Replayable);
        let _ = it.wait();
        let text = it.flush();
        assert!(text.starts_with("PUT /to ") && text.ends_with("\r\n\r\nabcd"), "{text}");
        is_answered(&mut it);
    }
}

/// The wait for `100 Continue` is over, so the body was asked for, whatever became of it.
#[test]
fn an_expectation_that_was_not_met_in_time() {
    let mut it = start("PUT", Kind::Untouched, config());
    it.acquire(Facts::default());
    let _ = it.wait();
    it.flush();
    assert_eq!(it.sleep(), Said::NeedBody { from: 0 });
    it.feed(hopping::leads_to(308, "/to"));
    let (fate, error) = failure(&mut it);
    assert_eq!(
        (fate, error.kind()),
        (Fate::Spent(CloseReason::HalfSent), &ErrorKind::Redirect(NotFollowed::BodyNotReplayable))
    );
}

/// A body that fails is its owner's trouble: it would be the same again.
#[test]
fn a_body_that_fails_is_not_retried() {
    let mut it = start("PUT", Kind::Replayable, config());
    it.acquire(Facts::default());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.call.body_failed("the disk is gone");
    let (fate, error) = failure(&mut it);
    assert_eq!(
        (fate, error.kind()),
        (Fate::Spent(CloseReason::HalfSent), &ErrorKind::Body("the disk is gone"))
    );
    assert_eq!(error.not_retried(), Some(NotRetried::Permanent));
}

/// The body was touched in the first of three attempts: that is not forgotten.
#[test]
fn a_body_touched_once_stays_touched() {
    let mut it = start("PUT", Kind::Replayable, config());
    for _ in 0..3 {
        it.acquire(Facts::default());
        send(&mut it, Kind::Replayable);
        it.feed(hopping::busy("0"));
        assert_eq!(it.step(), Said::Release(Fate::REUSABLE));
        assert!(matches!(it.step(), Said::Hop(_)));
    }
    sends_again(&mut it, Kind::Replayable, "PUT /from HTTP/1.1\r\n");

    // Made over again on another connection before it was asked for, then asked for, then redirected.
    let mut it = start("PUT", Kind::Touched, config());
    it.acquire(stale());
    it.io.rx.set_eof();
    it.io.tx.fail(TransportError::Reset);
    let said = it.run();
    assert!(matches!(said.last(), Some(Said::Acquire { fresh: true })), "{said:?}");
    it.attach(Facts::default());
    it.io = httpocean_core::Io::default();
    send(&mut it, Kind::Touched);
    it.feed(hopping::leads_to(307, "/to"));
    let (_, error) = failure(&mut it);
    assert_eq!(
        (error.kind(), error.history().len()),
        (&ErrorKind::Redirect(NotFollowed::BodyNotReplayable), 1)
    );
}

/// What was left out at a redirect can't be missed by the attempts that follow.
#[test]
fn a_body_left_out_is_no_obstacle_any_more() {
    for then in [HopReason::Status, HopReason::StaleConnection, HopReason::Redirect, HopReason::ReadFailed] {
        let mut it = start("POST", Kind::Touched, config());
        it.acquire(Facts::default());
        send(&mut it, Kind::Touched);
        it.feed(hopping::leads_to(303, "/from"));
        assert_eq!(it.step(), Said::Release(Fate::REUSABLE));
        assert!(matches!(it.step(), Said::Hop(_)));
        it.acquire(if then == HopReason::StaleConnection { stale() } else { Facts::default() });
        let _ = it.wait();
        it.flush();
        match then {
            HopReason::Status => it.feed(hopping::busy("0")),
            HopReason::Redirect => it.feed(hopping::leads_to(307, "/to")),
            _ => it.io.rx.set_eof(),
        }
        assert!(matches!(it.step(), Said::Release(_)));
        assert!(matches!(it.step(), Said::Hop(hop) if hop.why == then), "{then:?}");
        assert!(matches!(it.step(), Said::Acquire { .. }));
    }
}

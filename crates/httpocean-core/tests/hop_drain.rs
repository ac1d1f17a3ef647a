//! An answer in between is read within bounds and its connection used again, or the connection is closed for the
//! right reason; the hop happens either way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
mod engine_world;
mod hopping;

use std::time::Duration;

use common::{Said, Scenario, stale};
use engine_world::{Net, Reply, World, at, ms};
use http::StatusCode;
use httpocean_core::policy::Retries;
use httpocean_core::pool::{Facts, Fate, Options};
use httpocean_core::{BodyPlan, CloseReason, Config, HopReason, Limits, Phase};

/// 100 bytes are drained, for 50 ms.
fn config() -> Config {
    let limits = Limits { drain_bytes: 100, ..Limits::default() };
    let statuses = vec![StatusCode::BAD_GATEWAY];
    Config {
        limits,
        retries: Retries { statuses, ..hopping::retries(3, Duration::ZERO) },
        ..Config::default()
    }
}

/// What leads to a hop: the start of its head.
const LEADS: [(&str, HopReason); 2] =
    [("307 Elsewhere\r\nlocation: /there\r\n", HopReason::Redirect), ("502 Bad\r\n", HopReason::Status)];

fn body(fields: &str, size: usize) -> (String, String) {
    (fields.to_owned(), "x".repeat(size))
}

fn chunks(count: usize, size: usize) -> (String, String) {
    let chunk = format!("{size:x}\r\n{}\r\n", "x".repeat(size));
    ("transfer-encoding: chunked\r\n".to_owned(), chunk.repeat(count) + "0\r\n\r\n")
}

/// Version, fields, body, and what becomes of the connection.
fn answers() -> Vec<(&'static str, (String, String), Fate)> {
    use CloseReason::{CloseHeader, Http10, NotDrained, Protocol, Unasked, UntilClose};
    let saved = Fate::REUSABLE;
    vec![
        ("1.1", body("content-length: 0\r\n", 0), saved),
        ("1.1", body("content-length: 100\r\n", 100), saved),
        ("1.1", body("content-length: 101\r\n", 101), Fate::Spent(NotDrained)),
        ("1.1", body("content-length: 99999999\r\n", 9), Fate::Spent(NotDrained)),
        ("1.1", chunks(10, 10), saved),
        ("1.1", chunks(11, 10), Fate::Spent(NotDrained)),
        ("1.1", chunks(1, 101), Fate::Spent(NotDrained)),
        ("1.1", ("transfer-encoding: chunked\r\n".into(), "1\r\nx\r\n0\r\nx-sum: 1\r\n\r\n".into()), saved),
        (
            "1.1",
            ("transfer-encoding: chunked\r\n".into(), "1\r\nx\r\nwhat?\r\n".into()),
            Fate::Spent(NotDrained),
        ),
        (
            "1.1",
            ("transfer-encoding: chunked\r\ncontent-length: 5\r\n".into(), "0\r\n\r\n".into()),
            Fate::Spent(Protocol),
        ),
        ("1.1", body("content-length: 4\r\nconnection: close\r\n", 4), Fate::Spent(CloseHeader)),
        ("1.1", body("", 4), Fate::Spent(UntilClose)),
        ("1.0", body("content-length: 4\r\n", 4), Fate::Spent(Http10)),
        ("1.0", body("content-length: 4\r\nconnection: keep-alive\r\n", 4), saved),
        ("1.1", body("content-length: 4\r\n", 5), Fate::Spent(Unasked)),
    ]
}

fn text(version: &str, lead: &str, (fields, body): &(String, String)) -> String {
    format!("HTTP/{version} {lead}{fields}\r\n{body}")
}

/// The answer is there at once, or byte by byte without a pause: the bound is that of bytes.
#[test]
fn the_fate_of_the_connection() {
    for (lead, why) in LEADS {
        for (version, answer, fate) in answers() {
            for split in [1, 7, usize::MAX] {
                let text = text(version, lead, &answer);
                let mut it = Scenario::written_on("GET", &[], Facts::default(), config());
                let mut said = Vec::new();
                for piece in text.as_bytes().chunks(split) {
                    it.feed(piece);
                    said.extend(it.heard());
                    if !said.is_empty() {
                        break;
                    }
                }
                // What is unasked may come when nobody listens any more.
                let fate = if fate == Fate::Spent(CloseReason::Unasked) && split == 1 {
                    Fate::REUSABLE
                } else {
                    fate
                };
                assert_eq!(said[0], Said::Release(fate), "{split}: {text:?}");
                assert!(matches!(&said[1], Said::Hop(hop) if hop.why == why), "{text:?}");
                assert!(matches!(said[2..], [Said::Acquire { fresh: false }]), "{said:?}");
            }
        }
    }
}

/// A response to HEAD has no body, whatever it says.
#[test]
fn of_head_there_is_nothing_to_drain() {
    for (lead, _) in LEADS {
        for fields in ["content-length: 99999999\r\n", "transfer-encoding: chunked\r\n"] {
            let mut it = Scenario::written_on("HEAD", &[], Facts::default(), config());
            it.feed(text("1.1", lead, &body(fields, 0)));
            assert_eq!(it.step(), Said::Release(Fate::REUSABLE), "{lead} {fields}");
            assert!(matches!(it.step(), Said::Hop(_)));
            it.acquire(stale());
            let _ = it.wait();
            assert!(it.flush().starts_with("HEAD /"));
        }
    }
}

/// Nothing comes, or a byte now and then: after the time for it, the connection is closed.
#[test]
fn a_drain_has_its_time() {
    for (lead, why) in LEADS {
        for drips in [false, true] {
            let mut it = Scenario::written_on("GET", &[], Facts::default(), config());
            it.now = common::at(7);
            let end = it.now + Duration::from_millis(50);
            it.feed(text("1.1", lead, &body("content-length: 9\r\n", 0)));
            let want = it.wait();
            assert_eq!(
                (want.until, want.phase, want.read, want.write),
                (Some(end), Phase::Drain, true, false)
            );
            for _ in 0..if drips { 3 } else { 0 } {
                it.now = it.now + Duration::from_millis(15);
                it.feed("x");
                assert_eq!(it.wait().until, Some(end), "bytes extend nothing");
            }
            assert_eq!(it.sleep(), Said::Release(Fate::Spent(CloseReason::NotDrained)));
            assert_eq!(it.now, end);
            assert!(matches!(it.step(), Said::Hop(hop) if hop.why == why));
        }
    }
}

/// What is known to be too long is not waited for.
#[test]
fn no_time_is_spent_on_what_will_not_be_saved() {
    for fields in ["content-length: 101\r\n", "connection: close\r\ncontent-length: 4\r\n", ""] {
        let mut it = Scenario::written_on("GET", &[], Facts::default(), config());
        it.feed(text("1.1", LEADS[0].0, &body(fields, 0)));
        assert!(matches!(it.step(), Said::Release(Fate::Spent(_))), "{fields}");
    }
    // In the middle of it, a chunk is announced that is too long.
    let mut it = Scenario::written_on("GET", &[], Facts::default(), config());
    it.feed(text("1.1", LEADS[0].0, &body("transfer-encoding: chunked\r\n", 0)));
    let _ = it.wait();
    it.feed(b"65\r\n");
    assert_eq!(it.step(), Said::Release(Fate::Spent(CloseReason::NotDrained)));
}

#[test]
fn a_connection_that_ends_meanwhile_is_none() {
    for ended in [true, false] {
        let mut it = Scenario::written_on("GET", &[], Facts::default(), config());
        it.feed(text("1.1", LEADS[0].0, &body("content-length: 9\r\n", 4)));
        let _ = it.wait();
        match ended {
            true => it.io.rx.set_eof(),
            false => it.io.rx.fail(httpocean_core::TransportError::Reset),
        }
        assert!(matches!(it.step(), Said::Release(Fate::Spent(_))));
        assert!(matches!(it.step(), Said::Hop(_)), "the answer said all that was wanted");
    }
}

/// The request is not sent to its end: nobody reads what else there is to the answer.
#[test]
fn half_sent() {
    let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(100), config());
    assert_eq!(it.step(), Said::NeedBody { from: 0 });
    it.flush();
    it.feed(text("1.1", LEADS[0].0, &body("content-length: 4\r\nconnection: close\r\n", 4)));
    assert_eq!(it.step(), Said::Release(Fate::Spent(CloseReason::HalfSent)));
    assert!(matches!(it.step(), Said::Hop(_)));
}

/// The same with an engine: which connection the hop is made on, and how the first one ends.
#[test]
fn the_next_attempt_uses_what_was_saved() {
    for (lead, _) in LEADS {
        for (version, answer, fate) in answers() {
            let text = text(version, lead, &answer);
            let first = text.clone();
            let net = Net::default()
                .answers(move |_, n| if n == 0 { Reply::after(ms(2), &first) } else { Reply::ok(ms(2)) });
            let mut world = World::new(Options { max_per_key: 1, ..Options::default() }, config(), net);
            let call = world.get_at(at(0), "a.test");
            world.run();
            assert_eq!(
                (world.is_whole(call), world.users[&call].heard.as_slice()),
                (true, &["hop", "head", "data", "end"][..])
            );
            match fate {
                Fate::Spent(why) => {
                    assert_eq!(
                        (world.dials, world.closed[0].2, world.ended_at(call)),
                        (2, why, at(24)),
                        "{text:?}"
                    );
                }
                Fate::Reusable { .. } | Fate::Untouched => assert_eq!(
                    (world.dials, world.users[&call].reused, world.ended_at(call)),
                    (1, Some(1), at(14)),
                    "{text:?}"
                ),
            }
        }
    }
}

/// With an engine, a body that stalls delays the hop by so much and no more.
#[test]
fn a_stall_delays_the_hop_by_the_time_of_a_drain() {
    let stalls = text("1.1", LEADS[0].0, &body("content-length: 9\r\n", 1));
    let net = Net::default()
        .answers(move |_, n| if n == 0 { Reply::after(ms(2), &stalls) } else { Reply::ok(ms(2)) });
    let mut world = World::new(Options::default(), config(), net);
    let call = world.get_at(at(0), "a.test");
    world.run();
    assert_eq!((world.users[&call].hops[0].0, world.ended_at(call)), (at(62), at(74)));
    assert_eq!(world.closed[0], (at(62), 0, CloseReason::NotDrained));
}

/// What is drained is nobody's to read.
#[test]
fn a_user_gets_nothing_of_an_answer_in_between() {
    let mut it = Scenario::written_on("GET", &[], Facts::default(), config());
    it.feed(text("1.1", LEADS[0].0, &body("content-length: 9\r\n", 4)));
    let _ = it.wait();
    it.feed("xx");
    assert_eq!((it.call.read_body(&mut it.io, &mut [0; 9]), it.call.direct(&mut it.io)), (0, 0));
    assert!(!it.call.body_is_over() && it.call.body_left().is_none());
    it.feed("xxx");
    assert_eq!(it.step(), Said::Release(Fate::REUSABLE));
}

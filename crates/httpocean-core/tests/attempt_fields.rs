//! Fields that a driver adds to one attempt are sent with that attempt, and with no other unless they are given again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::*;
use http::{HeaderMap, HeaderName, HeaderValue};
use httpocean_core::policy::Retries;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, Config, ErrorKind, Limits, Phase, Sent};

const REDIRECT: &str = "HTTP/1.1 302 Found\r\nlocation: http://b.test/1\r\ncontent-length: 0\r\n\r\n";
const BUSY: &str = "HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";

fn fields(all: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    all.iter().map(pair).collect()
}

fn get(own: &[(&str, &str)]) -> Scenario {
    let config = Config { retries: Retries::new(3), ..Config::default() };
    Scenario::start(request("GET", "http://a.test/0", own), BodyPlan::empty(), config)
}

/// From `Acquire` to the request that was written.
fn written(it: &mut Scenario) -> String {
    it.acquire(Facts::default());
    it.wait();
    it.flush()
}

#[track_caller]
fn has(head: &str, line: &str) {
    assert!(head.contains(&format!("\r\n{line}\r\n")), "no {line} in {head}");
}

#[test]
fn they_are_sent_with_their_attempt_and_with_no_other() {
    for (answer, pauses) in [(REDIRECT, false), (BUSY, true), ("", false)] {
        let mut it = get(&[]);
        it.call.set_attempt_fields(&fields(&[("cookie", "of=first"), ("x-first", "1")]));
        // A connection that had gone stale is replaced by another.
        it.acquire(if answer.is_empty() { stale() } else { Facts::default() });
        it.wait();
        let first = it.flush();
        has(&first, "cookie: of=first");
        has(&first, "x-first: 1");
        if answer.is_empty() {
            it.io.rx.set_eof();
        }
        it.feed(answer);
        assert!(matches!(it.step(), Said::Release(_)));
        assert!(matches!(it.step(), Said::Hop(_)));
        if pauses {
            it.now = it.now + SECOND;
        }
        let second = written(&mut it);
        assert!(!second.contains("first"), "{answer}: {second}");
        assert!(!it.call.request().headers().contains_key("cookie"), "none is in the request itself");
    }
}

#[test]
fn each_attempt_may_have_its_own() {
    let mut it = get(&[]);
    it.call.set_attempt_fields(&fields(&[("cookie", "of=a")]));
    has(&written(&mut it), "cookie: of=a");
    it.feed(REDIRECT);
    assert!(matches!((it.step(), it.step()), (Said::Release(_), Said::Hop(_))));
    assert_eq!((it.call.uri(), it.call.method()), (&"http://b.test/1".parse().unwrap(), &http::Method::GET));
    it.call.set_attempt_fields(&fields(&[("cookie", "of=b")]));
    let second = written(&mut it);
    has(&second, "cookie: of=b");
    assert!(!second.contains("of=a"), "{second}");
}

#[test]
fn while_a_call_waits_for_its_time_they_are_taken() {
    let mut it = get(&[]);
    written(&mut it);
    it.feed(BUSY);
    assert!(matches!((it.step(), it.step()), (Said::Release(_), Said::Hop(_))));
    it.wait();
    it.call.set_attempt_fields(&fields(&[("x-one", "1")]));
    it.now = it.now + SECOND;
    has(&written(&mut it), "x-one: 1");
}

#[test]
fn of_two_that_are_given_the_latter_stand() {
    let mut it = get(&[]);
    it.call.set_attempt_fields(&fields(&[("x-one", "1"), ("x-two", "2")]));
    assert!(matches!(it.step(), Said::Acquire { .. }));
    it.call.set_attempt_fields(&fields(&[("x-two", "3")]));
    it.attach(Facts::default());
    it.call.set_attempt_fields(&fields(&[("x-two", "4")]));
    it.wait();
    let head = it.flush();
    has(&head, "x-two: 4");
    assert!(!head.contains("x-one") && !head.contains(": 3"), "{head}");
    // Too late.
    it.call.set_attempt_fields(&fields(&[("te", "x")]));
    it.feed("HTTP/1.1 204 No Content\r\n\r\n");
    assert!(it.run().iter().any(|said| matches!(said, Said::End(_))));
}

#[test]
fn nothing_takes_the_place_of_what_the_request_says() {
    let mut it = get(&[("authorization", "mine"), ("user-agent", "me")]);
    let given = [("authorization", "other"), ("user-agent", "other"), ("accept", "a"), ("accept", "b")];
    it.call.set_attempt_fields(&fields(&given));
    let head = written(&mut it);
    has(&head, "authorization: mine");
    has(&head, "user-agent: me");
    has(&head, "accept: a\r\naccept: b");
    assert!(!head.contains("other"), "{head}");
    let mut it = get(&[]);
    it.call.set_attempt_fields(&fields(&[("user-agent", "other")]));
    let head = written(&mut it);
    assert_eq!(head.matches("user-agent").count(), 1, "{head}");
    has(&head, "user-agent: other");
}

/// Each with a word of the sentence that says why.
const REFUSED: [(&str, &str, &str); 12] = [
    ("content-length", "5", "frames"),
    ("transfer-encoding", "chunked", "frames"),
    ("host", "b.test", "frames"),
    ("connection", "close", "frames"),
    ("te", "trailers", "frames"),
    ("trailer", "x", "frames"),
    ("upgrade", "tea", "frames"),
    ("expect", "100-continue", "frames"),
    ("proxy-authorization", "secret", "frames"),
    ("referer", "http://a.test/#x", "referer"),
    ("date", "twice", "twice"),
    ("x-long", "", "larger"),
];

/// In every state that takes them; nothing was sent, and what was attached is given back untouched.
#[test]
fn what_may_not_be_added_fails_the_call() {
    for (name, value, why) in REFUSED {
        for place in 0..3 {
            let limits = Limits { request_head_bytes: 2_000, ..Limits::default() };
            let config = Config { limits, ..Config::default() };
            let mut it = Scenario::start(request("GET", "http://a.test/0", &[]), BodyPlan::empty(), config);
            if place > 0 {
                assert!(matches!(it.step(), Said::Acquire { .. }));
            }
            if place > 1 {
                it.attach(Facts::default());
            }
            let value = if value.is_empty() { "x".repeat(2_000) } else { value.to_owned() };
            let mut given = fields(&[(name, &value)]);
            if why == "twice" {
                given.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), "more".parse().unwrap());
            }
            it.call.set_attempt_fields(&given);
            let (fate, failure) = it.failure();
            assert_eq!(fate, (place > 1).then_some(Fate::Untouched), "{name}");
            assert!(failure.sentence.contains(why), "{name}: {}", failure.sentence);
            assert!(matches!(failure.kind, ErrorKind::Request(_)));
            assert_eq!((failure.phase, failure.sent), (Phase::Start, Sent::Nothing));
        }
    }
}

#[test]
fn a_trace_is_added_no_secret() {
    let mut it =
        Scenario::start(request("TRACE", "http://a.test/", &[]), BodyPlan::empty(), Config::default());
    it.call.set_attempt_fields(&fields(&[("cookie", "a=b")]));
    let (_, failure) = it.failure();
    assert!(failure.sentence.contains("TRACE"), "{}", failure.sentence);
}

#[test]
fn none_at_all_take_back_what_was_given() {
    let mut it = get(&[]);
    it.call.set_attempt_fields(&fields(&[("x-one", "1")]));
    it.call.set_attempt_fields(&HeaderMap::new());
    assert!(!written(&mut it).contains("x-one"));
}

#[test]
fn a_call_that_is_over_stays_so() {
    let mut it = get(&[]);
    it.call.cancel(it.now);
    it.call.set_attempt_fields(&fields(&[("te", "x")]));
    let (_, failure) = it.failure();
    assert_eq!(failure.kind, ErrorKind::Cancelled);
}

#[test]
fn nothing_prints_a_secret_that_was_added() {
    let mut it = get(&[]);
    it.call.set_attempt_fields(&fields(&[("cookie", "s3cret"), ("authorization", "s3cret")]));
    assert!(!format!("{:?}", it.call).contains("s3cret"));
}

//! From one attempt to the next: what ends a call there, and what it remembers.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::*;
use http::StatusCode;
use httpocean_core::policy::redirect::Fragment;
use httpocean_core::policy::{Exhausted, Retries};
use httpocean_core::pool::{Facts, Refusal};
use httpocean_core::{BodyPlan, Config, ErrorKind, Limits, NotFollowed, Phase, call};

const BUSY: &str = "HTTP/1.1 503 Busy\r\nretry-after: 5\r\ncontent-length: 0\r\n\r\n";
const ELSEWHERE: &str = "HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n";

fn within(seconds: u32, retries: Retries) -> Config {
    let options = call::Options { total: Some(SECOND * seconds), ..call::Options::default() };
    Config { call: options, retries, ..Config::default() }
}

fn written(config: Config) -> Scenario {
    Scenario::written_on("GET", &[], Facts::default(), config)
}

#[test]
fn a_retry_whose_time_is_over_before_its_hop_is_said() {
    let mut it = written(within(10, Retries::new(3)));
    it.io.rx.set_eof();
    assert!(matches!(it.step(), Said::Release(_)));
    it.now = at(10);
    let (_, failure) = it.failure();
    assert_eq!((failure.kind, failure.phase), (ErrorKind::Timeout, Phase::PoolWait));
}

#[test]
fn a_retry_that_waits_says_until_when() {
    let mut it = written(within(10, Retries::new(3)));
    it.now = at(4);
    it.feed(BUSY);
    assert!(matches!(it.step(), Said::Release(_)));
    assert!(matches!(it.step(), Said::Hop(_)));
    let want = it.wait();
    assert_eq!((want.phase, want.until), (Phase::Backoff, Some(at(9))));
}

#[test]
fn a_redirect_whose_time_is_over_before_its_hop_is_said() {
    let mut it = written(within(10, Retries::default()));
    it.feed(ELSEWHERE);
    assert!(matches!(it.step(), Said::Release(_)));
    it.now = at(10);
    let (_, failure) = it.failure();
    assert_eq!((failure.kind, failure.phase), (ErrorKind::Timeout, Phase::Drain));
}

#[test]
fn the_last_response_can_be_an_error() {
    let retries = Retries { exhausted: Exhausted::Error, ..Retries::new(1) };
    let mut it = written(Config { retries, ..Config::default() });
    it.feed(BUSY);
    assert!(matches!(it.step(), Said::Release(_)));
    assert!(matches!(it.step(), Said::Hop(_)));
    assert!(matches!(it.sleep(), Said::Acquire { .. }));
    it.attach(Facts::default());
    let _ = it.wait();
    it.flush();
    it.feed(BUSY);
    let (_, failure) = it.failure();
    assert_eq!(failure.kind, ErrorKind::Status(StatusCode::SERVICE_UNAVAILABLE));
}

#[test]
fn a_redirect_to_what_cannot_be_sent() {
    let limits = Limits { request_head_bytes: 1_000, ..Limits::default() };
    let mut it = written(Config { limits, ..Config::default() });
    it.feed(format!("HTTP/1.1 302 Found\r\nlocation: /{}\r\ncontent-length: 0\r\n\r\n", "a".repeat(1_000)));
    let (_, failure) = it.failure();
    assert!(matches!(failure.kind, ErrorKind::Redirect(NotFollowed::NotSendable(_))), "{failure:?}");
}

#[test]
fn of_many_attempts_the_first_and_the_last_are_remembered() {
    let retries = Retries { total: None, ..Retries::default() };
    let mut it = Scenario::start(
        request("GET", "http://example.com/", &[]),
        BodyPlan::empty(),
        Config { retries, ..Config::default() },
    );
    let mut times = Vec::new();
    while times.len() < 100 {
        assert!(matches!(it.step(), Said::Acquire { .. }));
        it.call.refused(Refusal::DialFailed, Some(refused()), it.now);
        let Said::Hop(hop) = it.step() else { panic!("no hop") };
        times.push(hop.after);
        if !hop.after.is_zero() {
            it.now = it.wait().until.unwrap();
        }
    }
    let kept: Vec<_> = it.call.history().iter().map(|hop| hop.after).collect();
    assert_eq!(kept, [&times[..32], &times[68..]].concat());
}

fn refused() -> httpocean_core::Error {
    httpocean_core::Error::new(ErrorKind::Connect(httpocean_core::TransportError::Refused), Phase::Connect)
}

#[test]
fn the_url_keeps_its_fragment_through_a_redirect() {
    let mut request = request("GET", "http://example.com/a", &[]);
    request.extensions_mut().insert(Fragment::of("http://example.com/a#part").unwrap());
    let mut it = Scenario::start(request, BodyPlan::empty(), Config::default());
    assert_eq!(it.call.url(), "http://example.com/a#part");
    it.acquire(Facts::default());
    let _ = it.wait();
    it.flush();
    it.feed(ELSEWHERE);
    assert!(matches!(it.step(), Said::Release(_)));
    assert!(matches!(it.step(), Said::Hop(_)));
    assert_eq!(it.call.url(), "http://example.com/b#part");
    assert_eq!(it.call.uri(), "http://example.com/b");
}

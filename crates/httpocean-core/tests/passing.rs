//! The head of a response that is not the answer is shown to who wants it, before anything else is said of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use std::sync::Arc;

use common::*;
use http::StatusCode;
use httpocean_core::policy::redirect::Redirects;
use httpocean_core::policy::{Common, Exhausted, Retries};
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, CloseReason, Config, ErrorKind, Instant, Io};

fn shown(config: Config, shows_passing: bool) -> Scenario {
    let common = Common { shows_passing, ..Common::default() };
    let call = Call::of_client(
        request("GET", "http://a.test/0", &[]),
        BodyPlan::empty(),
        &Arc::new(config),
        &common,
        None,
        Instant::ZERO,
    );
    let (io, now) = (Io::default(), Instant::ZERO);
    let mut it = Scenario { call: call.unwrap(), io, now, demand: None, attached: 0, released: 0 };
    it.acquire(Facts::default());
    it.wait();
    it.flush();
    it
}

#[track_caller]
fn passes(it: &mut Scenario, status: u16) {
    let said = it.step();
    let Said::Passing(of, fields) = said else { panic!("{said:?}") };
    assert_eq!((of, &fields[0]), (status, &("set-cookie".to_owned(), b"a=1".to_vec())));
}

/// What is said for a response, apart from its head.
#[track_caller]
fn is_the_same_unseen(config: &Config, response: &str, then: &[Said]) {
    let mut it = shown(config.clone(), false);
    it.feed(response);
    assert_eq!(it.run(), then);
}

#[test]
fn a_redirect_and_a_retry_are_seen_before_the_hop() {
    let retries = Retries { statuses: vec![StatusCode::BAD_GATEWAY], ..Retries::new(1) };
    let config = Config { retries, ..Config::default() };
    for (status, more) in [(302, "location: /1\r\n"), (502, "")] {
        let mut it = shown(config.clone(), true);
        let response =
            format!("HTTP/1.1 {status} Other\r\nset-cookie: a=1\r\n{more}content-length: 4\r\n\r\nover");
        it.feed(&response);
        passes(&mut it, status);
        let then = it.run();
        assert!(matches!(&then[..], [Said::Release(_), Said::Hop(hop), ..] if hop.status.unwrap() == status));
        is_the_same_unseen(&config, &response, &then);
    }
}

#[test]
fn a_redirect_that_is_refused_is_seen_before_the_error() {
    let redirects = Redirects { https_only: true, ..Redirects::default() };
    let config = Config { redirects, ..Config::default() };
    let mut it = shown(config, true);
    it.feed("HTTP/1.1 302 Found\r\nset-cookie: a=1\r\nlocation: /1\r\ncontent-length: 0\r\n\r\n");
    passes(&mut it, 302);
    let (_, failure) = it.failure();
    assert!(matches!(failure.kind, ErrorKind::Redirect(_)));
}

#[test]
fn a_status_that_is_retried_no_more_is_seen_before_the_error() {
    let retries = Retries {
        statuses: vec![StatusCode::BAD_GATEWAY],
        exhausted: Exhausted::Error,
        status: Some(0),
        ..Retries::new(1)
    };
    let mut it = shown(Config { retries, ..Config::default() }, true);
    it.feed("HTTP/1.1 502 Bad\r\nset-cookie: a=1\r\ncontent-length: 4\r\n\r\nover");
    passes(&mut it, 502);
    assert!(matches!(it.failure().1.kind, ErrorKind::Status(_)));
}

#[test]
fn the_answer_and_interim_responses_are_not_in_passing() {
    let mut it = shown(Config::default(), true);
    it.feed("HTTP/1.1 103 Early\r\nset-cookie: a=1\r\n\r\nHTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n");
    let said = it.run();
    assert!(matches!(&said[..], [Said::Interim(103, _), Said::Head(404, _), Said::Release(_), Said::End(_)]));
}

/// Whatever comes in between, the call goes on as if the head had not been shown.
#[test]
fn a_user_may_give_up_in_the_middle() {
    for discards in [false, true] {
        let mut it = shown(Config::default(), true);
        it.feed("HTTP/1.1 302 Found\r\nset-cookie: a=1\r\nlocation: /1\r\ncontent-length: 4\r\n\r\n");
        passes(&mut it, 302);
        if discards {
            it.call.discard(it.now)
        } else {
            it.call.cancel(it.now)
        }
        let (fate, failure) = it.failure();
        assert_eq!(failure.kind, ErrorKind::Cancelled);
        assert_eq!(fate, Some(httpocean_core::pool::Fate::Spent(CloseReason::Cancelled)));
    }
}

#[test]
fn the_body_is_drained_after_its_head_was_seen() {
    let mut it = shown(Config::default(), true);
    it.feed("HTTP/1.1 302 Found\r\nset-cookie: a=1\r\nlocation: /1\r\ncontent-length: 4\r\n\r\nov");
    passes(&mut it, 302);
    assert_eq!(it.call.read_body(&mut it.io, &mut [0; 8]), 0, "it is nobody's");
    assert!(matches!(it.step(), Said::Wait(_)));
    it.feed("er");
    assert!(matches!(it.step(), Said::Release(httpocean_core::pool::Fate::Reusable { .. })));
    assert!(matches!(it.step(), Said::Hop(_)));
}

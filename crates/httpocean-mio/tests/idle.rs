//! Idle connections are watched, and requests survive those that went bad.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::sync::{Arc, Barrier};
use std::time::Duration;

use httpocean_mio::http::Request as HttpRequest;
use httpocean_mio::{BodyPlan, CloseReason, HopReason, Loop, NotReplayed, Options, pool};
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_testkit::times;
use support::{fetch, get, loop_of, run, run_with, turn_until};

#[test]
fn a_close_is_noticed_without_a_request() {
    let server = Server::start(|_| Reply::ok("bye").then(End::Close.after(Duration::from_millis(20))));
    let mut looped = loop_of(1);
    assert_eq!(fetch(&mut looped, &server.url("/")).parked, Some(true));
    let noticed = turn_until(&mut looped, |looped| looped.client().stats().open == 0);
    assert!(noticed, "{:?}", looped.client().stats());
    assert_eq!(looped.client().stats().closed, [(CloseReason::PeerClosed, 1)].into());
}

#[test]
fn a_close_right_behind_the_response_is_noticed() {
    let server = Server::start(|_| Reply::ok("bye").then(End::Close));
    let mut looped = loop_of(1);
    assert_eq!(fetch(&mut looped, &server.url("/")).text(), "bye");
    assert!(turn_until(&mut looped, |looped| looped.client().stats().open == 0));
}

#[test]
fn bytes_that_nobody_asked_for_close_it() {
    let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil".to_vec();
    let server = Server::start(move |_| {
        let (after, bytes) = (Duration::from_millis(20), bytes.clone());
        Reply::ok("good").then(End::SendUnasked { after, bytes })
    });
    let mut looped = loop_of(1);
    assert_eq!(fetch(&mut looped, &server.url("/")).text(), "good");
    assert!(turn_until(&mut looped, |looped| looped.client().stats().open == 0));
    assert_eq!(looped.client().stats().closed, [(CloseReason::Unasked, 1)].into());
    assert_eq!(fetch(&mut looped, &server.url("/")).text(), "good");
}

/// A POST on a connection that was closed since the last poll: whether it was sent into the void.
fn is_sent_to_nobody(probe_after: Duration) -> bool {
    let server = Server::start(|request: &Request| match request.connection {
        0 => Reply::ok("first").then(End::Close.after(Duration::from_millis(20))),
        _ => Reply::ok("second"),
    });
    let mut looped = Loop::new(Options { probe_after, ..Options::default() }).unwrap();
    assert_eq!(fetch(&mut looped, &server.url("/")).parked, Some(true));
    let closed = || {
        std::thread::sleep(Duration::from_millis(20));
        server.stats().open == 0
    };
    assert!((0..1_000).any(|_| closed()));
    let request = HttpRequest::post(server.url("/")).body(()).unwrap();
    let call = looped.client().start(request, BodyPlan::empty()).unwrap();
    let outcome = run(&mut looped).remove(&call).unwrap();
    let lost = outcome.error.as_ref().and_then(|error| error.not_replayed());
    assert!(lost == Some(NotReplayed::NotIdempotent) || outcome.text() == "second");
    lost.is_some()
}

#[test]
fn a_connection_is_asked_for_signs_of_life_before_it_is_used_again() {
    assert!(!is_sent_to_nobody(Duration::ZERO));
    assert!(!is_sent_to_nobody(Options::default().probe_after));
}

#[test]
fn it_is_not_asked_if_not_wished() {
    assert!(is_sent_to_nobody(Duration::from_secs(3600)));
}

#[test]
fn a_stale_connection_costs_a_hop() {
    let server = Server::start(|request: &Request| match request.connection {
        0 => Reply::ok("first").then(End::CloseOnNextRequest),
        _ => Reply::ok("second"),
    });
    let mut looped = loop_of(1);
    assert_eq!(fetch(&mut looped, &server.url("/")).text(), "first");
    let outcome = fetch(&mut looped, &server.url("/"));
    assert_eq!((outcome.text(), outcome.connection.unwrap().number), ("second", 2));
    assert_eq!(outcome.hops.len(), 1);
    assert_eq!(outcome.hops[0].why, HopReason::StaleConnection);
    assert_eq!(looped.client().stats().stale_replays, 1);
}

#[test]
fn a_replayed_body_is_asked_for_from_its_start() {
    let server = Server::start(|request: &Request| match request.connection {
        0 => Reply::ok("first").then(End::ResetOnNextRequest),
        _ => Reply::ok("second"),
    });
    let mut looped = loop_of(1);
    fetch(&mut looped, &server.url("/"));
    let request = HttpRequest::put(server.url("/")).body(()).unwrap();
    let call = looped.client().start(request, BodyPlan::sized(5)).unwrap();
    let mut asked = Vec::new();
    let outcome = run_with(&mut looped, |looped, (call, from)| {
        asked.push(from);
        looped.client().send_body(call, b"hello");
    });
    assert_eq!(outcome[&call].text(), "second");
    assert_eq!(asked, [0, 0]);
    let last = server.requests().pop().unwrap();
    assert_eq!((last.request.connection, last.body.as_slice()), (1, &b"hello"[..]));
}

#[test]
fn a_post_is_not_sent_twice() {
    let server = Server::start(|_| Reply::ok("first").then(End::CloseOnNextRequest));
    let mut looped = loop_of(1);
    fetch(&mut looped, &server.url("/"));
    let request = HttpRequest::post(server.url("/")).body(()).unwrap();
    let call = looped.client().start(request, BodyPlan::empty()).unwrap();
    let error = run(&mut looped).remove(&call).unwrap().error.unwrap();
    assert_eq!(error.not_replayed(), Some(NotReplayed::NotIdempotent));
    assert_eq!(server.requests().len(), 2);
}

/// In one run with a new server and a new client. How many connections were closed in it.
fn closed_of_three_hundred() -> u64 {
    const N: usize = 300;
    let barrier = Arc::new(Barrier::new(N));
    let server = Server::start(move |request: &Request| {
        // Nobody is answered before everybody has a connection.
        if request.index == 0 {
            barrier.wait();
        }
        Reply::generated(64 * 1024)
    });
    let pool = pool::Options {
        max_per_key: N,
        max_total: N,
        max_idle_per_key: N,
        max_idle_total: N,
        ..pool::Options::default()
    };
    let mut looped = Loop::new(Options { pool, ..Options::default() }).unwrap();
    for _ in 0..3 {
        for _ in 0..N {
            looped.client().start(get(&server.url("/")), BodyPlan::empty()).unwrap();
        }
        let outcomes = run(&mut looped);
        assert_eq!(outcomes.len(), N);
        for outcome in outcomes.values() {
            assert!(outcome.error.is_none(), "{:?}", outcome.error);
            assert_eq!((outcome.body_len, outcome.parked), (64 * 1024, Some(true)));
        }
        for _ in 0..3 {
            looped.turn(Some(Duration::from_millis(5))).unwrap();
            assert!(looped.client().next_event().is_none());
        }
    }
    let (stats, served) = (looped.client().stats(), server.stats());
    let closed = stats.closed.values().sum();
    assert_eq!((stats.idle as u64, served.accepted), (N as u64, N as u64 + closed), "{stats:?}");
    closed
}

#[test]
fn three_hundred_healthy_connections_stay_open() {
    let closed: Vec<_> = (0..times(10)).map(|_| closed_of_three_hundred()).collect();
    println!("closed in each run: {closed:?}");
    assert!(closed.iter().all(|closed| *closed == 0), "{closed:?}");
}

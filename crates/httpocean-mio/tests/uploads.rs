//! Bodies of requests are asked for piece by piece, when there is room.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Duration;

use httpocean_mio::http::{HeaderMap, Request};
use httpocean_mio::{BodyPlan, CallId, Event, Loop};
use httpocean_testkit::fill_pattern;
use httpocean_testkit::server::{Reply, Server};
use support::{fetch, loop_of, run_with};

const PIECE: usize = 16 * 1024;

/// Sends `size` bytes of the pattern, the piece that begins at `from`.
fn feed(looped: &mut Loop, call: CallId, from: u64, size: u64) {
    let mut piece = [0; PIECE];
    let len = PIECE.min((size - from) as usize);
    fill_pattern(from, &mut piece[..len]);
    assert!(looped.client().send_body(call, &piece[..len]));
    assert!(!looped.client().send_body(call, b"more than was asked for"));
}

#[test]
fn ten_megabytes_arrive_whole() {
    let server = Server::start(|_| Reply::ok("thanks"));
    let mut looped = loop_of(1);
    let size = 10 << 20;
    let request = Request::post(server.url("/")).body(()).unwrap();
    let call = looped.client().start(request, BodyPlan::sized(size)).unwrap();
    let outcome =
        run_with(&mut looped, |looped, (call, from)| feed(looped, call, from, size)).remove(&call).unwrap();
    assert_eq!((outcome.text(), outcome.parked), ("thanks", Some(true)));
    assert_eq!(outcome.asked_for_body, size as usize / PIECE);
    let received = &server.requests()[0];
    assert_eq!((received.body_len, received.body_complete), (size, true));
    assert!(httpocean_testkit::is_pattern(0, &received.body));
}

#[test]
fn a_server_that_does_not_read_holds_the_user_back() {
    let (go, gate) = channel::<()>();
    let gate = Mutex::new(gate);
    let server = Server::start(move |_| {
        gate.lock().unwrap().recv().unwrap();
        Reply::ok("thanks")
    });
    let mut looped = loop_of(1);
    let size = 64_u64 << 20;
    let request = Request::post(server.url("/")).body(()).unwrap();
    let call = looped.client().start(request, BodyPlan::sized(size)).unwrap();
    let (mut handed, mut quiet) = (0, 0);
    while quiet < 5 {
        quiet += 1;
        loop {
            let Some((_, event)) = looped.client().next_event() else { break };
            let Event::NeedBody { from } = event else { panic!("{event:?}") };
            feed(&mut looped, call, from, size);
            (handed, quiet) = (from + PIECE as u64, 0);
        }
        looped.turn(Some(Duration::from_millis(20))).unwrap();
    }
    assert!(handed > 0 && handed < size, "{handed} bytes were asked for and nobody read one");
    go.send(()).unwrap();
    let outcome =
        run_with(&mut looped, |looped, (call, from)| feed(looped, call, from, size)).remove(&call).unwrap();
    assert_eq!(outcome.text(), "thanks");
    assert_eq!(server.requests()[0].body_len, size);
}

#[test]
fn empty_pieces_keep_nobody_else_waiting() {
    let server = Server::start(|_| Reply::ok("here"));
    let mut looped = loop_of(2);
    let request = Request::post(server.url("/")).body(()).unwrap();
    let upload = looped.client().start(request, BodyPlan { size: None, ..BodyPlan::empty() }).unwrap();
    let other = Request::get(server.url("/")).body(()).unwrap();
    let other = looped.client().start(other, BodyPlan::empty()).unwrap();
    let mut asked = 0;
    loop {
        match looped.next_event().unwrap().unwrap() {
            (call, Event::NeedBody { .. }) if call == upload => asked += 1,
            (call, Event::End { .. }) if call == other => break,
            (call, event) => assert!(call == other, "{event:?}"),
        }
        assert!(asked < 1_000_000, "the other request is not heard of");
        looped.client().send_body(upload, b"");
    }
}

#[test]
fn a_chunked_body_ends_with_trailers() {
    let server = Server::start(|_| Reply::ok("thanks"));
    let mut looped = loop_of(1);
    let request = Request::post(server.url("/")).body(()).unwrap();
    let plan = BodyPlan { size: None, replayable: false, trailers: true };
    let call = looped.client().start(request, plan).unwrap();
    let outcome = run_with(&mut looped, |looped, (call, from)| {
        let mut trailers = HeaderMap::new();
        trailers.insert("x-sum", "10".parse().unwrap());
        let client = looped.client();
        let answered = if from < 10 {
            client.send_body(call, b"hello")
        } else {
            client.finish_body(call, Some(&trailers))
        };
        assert!(answered);
    });
    assert_eq!(outcome[&call].text(), "thanks");
    let received = &server.requests()[0];
    assert_eq!(received.body, b"hellohello");
    assert_eq!(received.trailers, [("x-sum".to_owned(), b"10".to_vec())]);
}

#[test]
fn an_early_answer_ends_the_upload() {
    let server = Server::start(|request: &httpocean_testkit::server::Request| match &*request.method {
        "POST" => Reply::status(413, "Content Too Large").body("too much").early().close(),
        _ => Reply::ok("next"),
    });
    let mut looped = loop_of(1);
    let size = 64_u64 << 20;
    let request = Request::post(server.url("/")).body(()).unwrap();
    let call = looped.client().start(request, BodyPlan::sized(size)).unwrap();
    let mut outcomes = run_with(&mut looped, |looped, (call, from)| {
        assert!(from < size);
        feed(looped, call, from, size);
    });
    let outcome = outcomes.remove(&call).unwrap();
    assert_eq!((outcome.status, outcome.text(), outcome.parked), (Some(413), "too much", Some(false)));
    assert_eq!(fetch(&mut looped, &server.url("/")).text(), "next");
}

#[test]
fn a_body_that_fails_says_why() {
    let server = Server::start(|_| Reply::ok("never"));
    let mut looped = loop_of(1);
    let request = Request::post(server.url("/")).body(()).unwrap();
    let call = looped.client().start(request, BodyPlan::sized(10)).unwrap();
    let outcome = run_with(&mut looped, |looped, (call, _)| {
        assert!(looped.client().body_failed(call, "the disk is gone"));
    });
    let error = outcome[&call].error.as_ref().unwrap();
    assert!(error.to_string().contains("the disk is gone"), "{error}");
    assert_eq!(looped.client().stats().open, 0);
}

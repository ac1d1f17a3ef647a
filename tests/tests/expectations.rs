//! `Expect: 100-continue`: the body waits for the server's word, but not for ever.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use httpocean_std::http::Method;
use httpocean_std::{CloseReason, call};
use httpocean_testkit::server::{Act, Reply, Request};
use httpocean_tests::{BOUND, Body, Client, On, at_rest, on_both_adapters};

on_both_adapters!(
    the_body_follows_the_servers_word,
    a_request_can_expect_by_itself,
    a_final_answer_saves_the_body,
    a_server_that_says_nothing_gets_the_body_after_a_while,
    a_word_that_comes_too_late_does_no_harm,
    a_request_without_a_body_expects_nothing,
);

fn patient(on: On) -> Client {
    expecting(on, BOUND)
}

fn expecting(on: On, await_continue: Duration) -> Client {
    let options = call::Options { expect_continue: true, await_continue, ..call::Options::default() };
    on.builder().call(options).build()
}

fn the_body_follows_the_servers_word(on: On) {
    let server = on.serve(|_| Reply::ok("thanks").continues());
    let client = patient(on);
    let start = Instant::now();
    for _ in 0..10 {
        let mut response = client.post(server.url("/")).body("the body").send().unwrap();
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), "thanks");
        assert_eq!(response.body().interim()[0].status().as_u16(), 100);
    }
    assert!(start.elapsed() < BOUND, "it was not the timer");
    for received in server.requests() {
        assert_eq!(received.request.header("expect"), Some(&b"100-continue"[..]));
        assert_eq!(received.body, b"the body");
    }
    assert_eq!(server.stats().accepted, 1);
}

fn a_request_can_expect_by_itself(on: On) {
    let server = on.serve(|_| Reply::ok("thanks").continues());
    let client = on.client();
    let request = client.put(server.url("/")).header("expect", "100-continue");
    let response = request.body(Body::from_reader(&b"the body"[..])).send().unwrap();
    assert_eq!(response.body().interim().len(), 1);
    let received = server.requests().remove(0);
    assert_eq!((received.request.header_count("expect"), &received.body[..]), (1, &b"the body"[..]));
}

fn a_final_answer_saves_the_body(on: On) {
    let server = on.serve(|_| Reply::status(417, "Expectation Failed").early().close());
    let client = patient(on);
    let unread = Body::from_reader(Untouchable);
    let response = client.post(server.url("/")).body(unread).send().unwrap();
    assert_eq!(response.status(), 417);
    let stats = at_rest(&client);
    assert_eq!((stats.open, stats.closed.get(&CloseReason::HalfSent)), (0, Some(&1)));
}

/// A body that must not be asked for.
struct Untouchable;

impl std::io::Read for Untouchable {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("the body was asked for"))
    }
}

fn a_server_that_says_nothing_gets_the_body_after_a_while(on: On) {
    // This one knows nothing of expectations: it reads the body, then it answers.
    let server = on.serve(|_| Reply::ok("thanks"));
    let await_continue = Duration::from_millis(30);
    let client = expecting(on, await_continue);
    let start = Instant::now();
    let response = client.post(server.url("/")).body("the body").send().unwrap();
    assert!(start.elapsed() >= await_continue);
    assert_eq!((response.status().as_u16(), response.body().interim().len()), (200, 0));
    assert_eq!(server.requests()[0].body, b"the body");
}

fn a_word_that_comes_too_late_does_no_harm(on: On) {
    let server = on.serve(|request: &Request| {
        if request.method == "GET" {
            return Reply::ok("next");
        }
        let late = Act::Send(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec());
        let answer = Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nthanks".to_vec());
        Reply::script([Act::ReadBody, late, answer])
    });
    let client = expecting(on, Duration::from_millis(5));
    for _ in 0..3 {
        let mut response = client.post(server.url("/")).body("the body").send().unwrap();
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), "thanks");
    }
    assert_eq!(server.stats().accepted, 1);
}

fn a_request_without_a_body_expects_nothing(on: On) {
    let server = on.serve(|_| Reply::ok(""));
    let client = patient(on);
    for method in [Method::GET, Method::POST] {
        client.request(method, server.url("/")).send().unwrap();
    }
    assert!(server.requests().iter().all(|received| received.request.header("expect").is_none()));
}

//! An answer that comes while the request's body is still being sent is delivered, whatever the server does
//! with its side of the connection afterwards.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use httpocean_std::CloseReason;
use httpocean_std::http::{Response, StatusCode};
use httpocean_testkit::fill_pattern;
use httpocean_testkit::server::{Act, End, Reply, Server};
use httpocean_tests::{Body, Client, On, at_rest, on_both_adapters};

on_both_adapters!(
    an_answer_before_an_orderly_close_is_delivered,
    an_answer_before_a_close_that_resets_is_delivered,
    an_answer_to_a_chunked_upload_is_delivered,
    an_answer_while_the_server_has_the_socket_full_is_delivered,
    an_early_answer_that_lets_the_body_come_is_no_reason_to_stop,
);
on_both_adapters!("load": an_answer_before_silence_is_delivered_within_a_second);

const SIZE: u64 = 100_000_000;

/// Makes up its bytes, and counts them.
#[derive(Default)]
struct Generated {
    at: u64,
    read: Arc<AtomicU64>,
}

impl Read for Generated {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        fill_pattern(self.at, &mut buf[..64]);
        self.at += buf.len() as u64;
        self.read.fetch_add(buf.len() as u64, Relaxed);
        Ok(buf.len())
    }
}

fn upload(client: &Client, server: &Server) -> (Response<Body>, u64) {
    let source = Generated::default();
    let read = source.read.clone();
    let body = Body::from_sized_reader(source, SIZE);
    let response = client.post(server.url("/")).body(body).send().unwrap();
    (response, read.load(Relaxed))
}

fn refusing(on: On, end: End) -> Server {
    on.serve(move |_| Reply::status(413, "Content Too Large").body("too large").early().then(end.clone()))
}

fn delivered(on: On, end: End, rounds: usize) {
    let (server, client) = (refusing(on, end.clone()), on.client());
    let mut delivered = 0;
    let mut most_read = 0;
    for _ in 0..rounds {
        let (mut response, read) = upload(&client, &server);
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(response.body_mut().read_to_string(100).unwrap(), "too large");
        assert_eq!(response.body().parked(), Some(false));
        delivered += 1;
        most_read = most_read.max(read);
    }
    println!("{end:?}: {delivered} of {rounds} delivered, at most {most_read} bytes of the body read");
    assert!(most_read < SIZE, "it went on sending");
    assert_eq!(at_rest(&client).closed.get(&CloseReason::HalfSent), Some(&(rounds as u64)));
}

fn an_answer_before_an_orderly_close_is_delivered(on: On) {
    delivered(on, End::Close, on.times(1000));
}

fn an_answer_before_a_close_that_resets_is_delivered(on: On) {
    delivered(on, End::CloseNow, on.times(1000));
}

fn an_answer_before_silence_is_delivered_within_a_second(on: On) {
    let mut slowest = Duration::ZERO;
    // A server that neither reads nor closes keeps a thread for each: a new one now and then.
    for _ in 0..on.times(10) {
        let (server, client) = (refusing(on, End::Hold(Duration::from_secs(3600))), on.client());
        for _ in 0..100 {
            let start = Instant::now();
            let (response, read) = upload(&client, &server);
            assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
            slowest = slowest.max(start.elapsed());
            assert!(read < SIZE);
        }
        at_rest(&client);
    }
    println!("silence: {} of {0} delivered, the slowest after {slowest:?}", on.times(10) * 100);
    // It takes a millisecond; a second is what a user would still bear.
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

fn an_answer_to_a_chunked_upload_is_delivered(on: On) {
    let (server, client) = (refusing(on, End::CloseNow), on.client());
    for _ in 0..on.times(100) {
        let body = Body::from_reader(Generated::default().take(SIZE));
        let response = client.post(server.url("/")).body(body).send().unwrap();
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}

fn an_answer_while_the_server_has_the_socket_full_is_delivered(on: On) {
    // The server answers only after the client has been stuck for a while: nothing but the answer wakes it.
    let server = on.serve(|_| {
        let stuck = Act::Pause(Duration::from_millis(30));
        let answer = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n".to_vec();
        Reply::script([stuck, Act::Send(answer)]).early().then(End::Hold(Duration::from_secs(3600)))
    });
    let client = on.client();
    for _ in 0..on.times(20) {
        let (response, read) = upload(&client, &server);
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert!(read < SIZE);
    }
}

fn an_early_answer_that_lets_the_body_come_is_no_reason_to_stop(on: On) {
    let server = on.serve(|_| Reply::ok("thanks").interim(103, "Early Hints", [("Link", "</a>")]));
    let client = on.client();
    let body = Body::from_sized_reader(Generated::default(), 3_000_000);
    let response = client.post(server.url("/")).body(body).send().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(server.requests()[0].body_len, 3_000_000);
}

//! What the `Body` of httpocean-std can do beyond bringing bytes: it is sent on, and read up to a limit.
//!
//! Alone with that adapter: the other one has no such type, its user is handed the bytes themselves.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::time::Duration;

use httpocean_std::http::{Method, Response};
use httpocean_std::{Body, Client, ErrorKind};
use httpocean_testkit::server::{Received, Reply, Request, Server};
use httpocean_testkit::{fill_pattern, is_pattern};
use httpocean_tests::std_alone::{at_rest, get};

fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fill_pattern(0, &mut bytes);
    bytes
}

/// What a server got of a POST with that body, on a connection that is used again afterwards.
fn posted(body: impl Into<Body>) -> Received {
    let server = Server::builder().record_body(20 << 20).start(|_| Reply::ok("fine")).unwrap();
    let client = Client::new();
    let response = client.post(server.url("/")).unwrap().body(body).send().unwrap();
    assert_eq!(response.status(), 200);
    drop(response);
    assert_eq!(get(&client, &server.url("/next")), "fine");
    assert_eq!(server.stats().accepted, 1);
    let received = server.requests().remove(0);
    assert!(received.body_complete);
    received
}

fn is_chunked(received: &Received) -> bool {
    received.request.header("transfer-encoding") == Some(b"chunked")
        && received.request.header_count("content-length") == 0
}

#[test]
fn a_received_body_is_sent_on() {
    let source = Server::start(|request: &Request| match request.target.as_str() {
        "/chunked" => Reply::ok("").chunked([pattern(70_000), pattern(1)], [("X-Trailer", "t")]),
        "/until-close" => Reply::ok("").until_close(pattern(70_001)),
        _ => Reply::generated(70_001),
    });
    let client = Client::new();
    for (path, sized) in [("/", true), ("/chunked", false), ("/until-close", false)] {
        let incoming = client.get(source.url(path)).unwrap().send().unwrap().into_body();
        let received = posted(incoming);
        assert_eq!((received.body_len, is_chunked(&received)), (70_001, !sized), "{path}");
        assert!(is_pattern(0, &received.body[..70_000]));
    }
    assert_eq!(at_rest(&client).waiting, 0);
}

#[test]
fn a_received_body_that_says_a_length_and_has_none_is_sent_on_as_nothing() {
    let source = Server::start(|request: &Request| match request.target.as_str() {
        "/not-modified" => Reply::raw("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n"),
        _ => Reply::ok("ten bytes!"),
    });
    let client = Client::new();
    for (method, path) in [(Method::HEAD, "/"), (Method::GET, "/not-modified")] {
        let response = client.request(method, source.url(path)).unwrap().send().unwrap();
        assert_eq!(response.headers()["content-length"], "10");
        assert_eq!(posted(response.into_body()).body_len, 0, "{path}");
    }
}

#[test]
fn a_received_body_that_was_read_in_part_is_sent_on_from_there() {
    let source = Server::start(|_| Reply::ok("0123456789"));
    let mut incoming = Client::new().get(source.url("/")).unwrap().send().unwrap().into_body();
    incoming.read_exact(&mut [0; 4]).unwrap();
    assert_eq!(posted(incoming).body, b"456789");
}

#[test]
fn a_body_of_ones_own_that_was_read_in_part_is_sent_on_from_there() {
    let seekable = Body::from_seekable(Cursor::new(b"0123456789".to_vec())).unwrap();
    for mut body in [Body::from("0123456789"), seekable, Body::from_sized_reader(&b"0123456789"[..], 10)] {
        body.read_exact(&mut [0; 4]).unwrap();
        assert_eq!(posted(body).body, b"456789");
    }
}

#[test]
fn a_received_body_is_passed_on_as_it_comes() {
    let target = Arc::new(Server::start(|_| Reply::ok("thanks")));
    let pieces: Vec<&[u8]> = vec![b"one", b"two", b"three"];
    let source = Server::start(move |_| {
        let pause = Duration::from_millis(20);
        Reply::status(200, "OK").chunked(pieces.clone(), [("x-end", "yes")]).in_pieces(7, pause)
    });
    let client = Client::new();
    let received = client.get(source.url("/")).unwrap().send().unwrap().into_body();
    let response = client.post(target.url("/")).unwrap().body(received).send().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(target.requests()[0].body, b"onetwothree");
}

fn open(client: &Client, server: &Server, path: &str) -> Response<Body> {
    client.get(server.url(path)).unwrap().send().unwrap().into_http()
}

#[test]
fn more_than_the_limit_given_is_an_error() {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/chunked" => Reply::ok("").chunked([vec![b'x'; 100_000], vec![b'x'; 100_000]], [("X-Sum", "42")]),
        "/until-close" => Reply::ok("").until_close(vec![b'x'; 200_000]),
        _ => Reply::generated(200_000),
    });
    let client = Client::new();
    for path in ["/chunked", "/sized", "/until-close"] {
        assert_eq!(open(&client, &server, path).into_body().read_to_vec(200_000).unwrap().len(), 200_000);
        assert_eq!(open(&client, &server, path).into_body().read_to_vec(u64::MAX).unwrap().len(), 200_000);
        for limit in [0, 1, 199_999] {
            let error = open(&client, &server, path).into_body().read_to_vec(limit).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Content(_)), "{path} {limit}: {error}");
            assert_eq!(error.status().unwrap(), 200);
        }
    }
    at_rest(&client);
}

#[test]
fn text_must_be_text() {
    let server = Server::start(|_| Reply::ok(vec![0xFF, 0xFE]));
    let client = Client::new();
    let error = open(&client, &server, "/").into_body().read_to_string(10).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Content(_)), "{error}");
    assert_eq!(at_rest(&client).idle, 1);
}

//! Bodies of responses come as they were sent, however they are framed and however they are read.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read};
use std::time::Duration;

use httpocean_std::http::{Method, Response};
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_testkit::{is_pattern, pattern_byte};
use httpocean_tests::{Body, Client, On, at_rest, get, on_both_adapters};

on_both_adapters!(
    every_framing_gives_the_same_bytes_to_every_way_of_reading,
    trailers_come_with_the_end,
    a_body_that_comes_byte_by_byte_is_whole,
    ten_megabytes_arrive_as_they_were_sent,
    responses_that_have_no_body_by_nature_have_none,
    a_connection_is_given_back_with_the_last_byte,
    interim_responses_are_listed,
    an_error_of_a_body_stays_one,
);

fn pieces() -> Vec<Vec<u8>> {
    let all: Vec<u8> = (0..200_000).map(pattern_byte).collect();
    let mut pieces = Vec::new();
    let mut rest = &all[..];
    for size in [1, 2, 15, 16, 17, 4095, 8192, 65_536].into_iter().cycle() {
        let (piece, left) = rest.split_at(size.min(rest.len()));
        pieces.push(piece.to_vec());
        rest = left;
        if rest.is_empty() {
            return pieces;
        }
    }
    pieces
}

fn server(on: On) -> Server {
    on.serve(|request: &Request| match request.target.as_str() {
        "/chunked" => Reply::ok("").chunked(pieces(), [("X-Sum", "42"), ("X-Sum", "43")]),
        "/until-close" => Reply::ok("").until_close(pieces().concat()),
        "/sized" => Reply::generated(200_000),
        "/dripping" => {
            Reply::ok("").chunked([&b"abc"[..], b"def"], [("X-T", "t")]).in_pieces(1, Duration::ZERO)
        }
        "/large" => Reply::generated(10_000_000),
        "/no-content" => Reply::status(204, "No Content"),
        "/not-modified" => Reply::status(304, "Not Modified").header("Content-Length", "77"),
        "/hints" => Reply::ok("final")
            .interim(103, "Early Hints", [("Link", "</a.css>")])
            .interim(103, "Early Hints", [("Link", "</b.css>")])
            .interim::<&str, &str>(100, "Continue", []),
        _ => Reply::ok("hello"),
    })
}

fn open(client: &Client, server: &Server, path: &str) -> Response<Body> {
    client.get(server.url(path)).send().unwrap()
}

fn every_framing_gives_the_same_bytes_to_every_way_of_reading(on: On) {
    let (server, client) = (server(on), on.client());
    for path in ["/chunked", "/until-close", "/sized"] {
        for step in [1, 7, 4096, 8192, 100_000, 1_000_000] {
            let mut body = open(&client, &server, path).into_body();
            let (mut all, mut block) = (Vec::new(), vec![0; step]);
            loop {
                match body.read(&mut block).unwrap() {
                    0 => break,
                    n => all.extend_from_slice(&block[..n]),
                }
            }
            assert!(all.len() == 200_000 && is_pattern(0, &all), "{path} in steps of {step}");
            assert_eq!(body.parked(), Some(path != "/until-close"), "{path}");
            assert_eq!(body.read(&mut block).unwrap(), 0, "an end stays one");
        }
    }
    assert_eq!(at_rest(&client).idle, 1);
}

fn trailers_come_with_the_end(on: On) {
    let (server, client) = (server(on), on.client());
    let mut body = open(&client, &server, "/chunked").into_body();
    assert_eq!(body.take_trailers(), None);
    body.read_to_vec(200_000).unwrap();
    let trailers = body.take_trailers().unwrap();
    assert_eq!(trailers.get_all("x-sum").iter().collect::<Vec<_>>(), ["42", "43"]);
    assert_eq!(body.take_trailers(), None, "they can be taken once");
}

fn a_body_that_comes_byte_by_byte_is_whole(on: On) {
    let (server, client) = (server(on), on.client());
    for _ in 0..10 {
        let mut body = open(&client, &server, "/dripping").into_body();
        assert_eq!(body.read_to_string(100).unwrap(), "abcdef");
        assert_eq!(body.take_trailers().unwrap()["x-t"], "t");
    }
    assert_eq!(server.stats().accepted, 1);
}

/// Checks what is written to it.
#[derive(Default)]
struct Verifier(u64);

impl io::Write for Verifier {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        assert!(is_pattern(self.0, bytes));
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn ten_megabytes_arrive_as_they_were_sent(on: On) {
    let (server, client) = (server(on), on.client());
    let mut verifier = Verifier::default();
    let mut body = open(&client, &server, "/large").into_body();
    assert_eq!(io::copy(&mut body, &mut verifier).unwrap(), 10_000_000);
    assert_eq!(verifier.0, 10_000_000);
    assert_eq!(body.parked(), Some(true));
}

fn responses_that_have_no_body_by_nature_have_none(on: On) {
    let (server, client) = (server(on), on.client());
    for (method, path) in [
        (Method::HEAD, "/"),
        (Method::HEAD, "/chunked"),
        (Method::GET, "/no-content"),
        (Method::GET, "/not-modified"),
    ] {
        let mut response = client.request(method.clone(), server.url(path)).send().unwrap();
        assert_eq!(response.body().parked(), Some(true), "{method} {path}: it is over with its head");
        assert_eq!(response.body_mut().read_to_vec(0).unwrap(), b"");
        assert_eq!(get(&client, &server.url("/")), "hello");
    }
    assert_eq!(server.stats().accepted, 1);
}

fn a_connection_is_given_back_with_the_last_byte(on: On) {
    let (server, client) = (server(on), on.client());
    let mut body = open(&client, &server, "/").into_body();
    body.read_exact(&mut [0; 4]).unwrap();
    assert_eq!(body.parked(), None);
    body.read_exact(&mut [0; 1]).unwrap();
    assert_eq!(body.parked(), Some(true));
    assert_eq!(get(&client, &server.url("/")), "hello");
    drop(body);
    assert_eq!(server.stats().accepted, 1);
}

fn interim_responses_are_listed(on: On) {
    let (server, client) = (server(on), on.client());
    for _ in 0..3 {
        let mut response = open(&client, &server, "/hints");
        let interim: Vec<_> = response
            .body()
            .interim()
            .iter()
            .map(|interim| {
                (interim.status().as_u16(), interim.headers().get("link").map(|v| v.to_str().unwrap()))
            })
            .collect();
        assert_eq!(interim, [(103, Some("</a.css>")), (103, Some("</b.css>")), (100, None)]);
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), "final");
    }
    assert_eq!(server.stats().accepted, 1);
}

fn an_error_of_a_body_stays_one(on: On) {
    let server = on.serve(|_| {
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nnonsense\r\n")
            .then(End::Close)
    });
    let mut body = open(&on.client(), &server, "/").into_body();
    let mut all = Vec::new();
    let error = body.read_to_end(&mut all).unwrap_err();
    assert_eq!((&all[..], error.kind()), (&b"abc"[..], io::ErrorKind::InvalidData));
    assert!(body.read(&mut [0; 10]).is_err(), "a body that broke off must not look as if it had ended");
}

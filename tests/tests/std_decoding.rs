//! Content codings in httpocean-std: what is asked for, what is undone, and what then is told of a response.
//!
//! Alone with that adapter: the other one hands over bytes, and its user decodes them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use httpocean_std::content::Limits;
use httpocean_std::http::{Method, Request, StatusCode};
use httpocean_std::{Client, Decoding, Error, ErrorKind, Fault, Phase, Response, Sent};
use httpocean_testkit::server::{Reply, Request as Asked, Server};
use httpocean_tests::std_alone::at_rest;

const TEXT: &str = "hello, hello, hello";
const ALL: &str = "gzip,deflate,br,zstd";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A server of the same response for all.
fn serving(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |_: &Asked| reply())
}

fn coded(coding: &'static str, content: Vec<u8>) -> Server {
    serving(move || Reply::ok(content.clone()).header("content-encoding", coding))
}

fn accepted(server: &Server) -> Option<String> {
    let asked = server.requests().pop().unwrap().request;
    assert!(asked.header_count("accept-encoding") <= 1);
    asked.header("accept-encoding").map(|value| String::from_utf8(value.to_vec()).unwrap())
}

fn get(server: &Server) -> Response {
    Client::new().get(server.url("/")).unwrap().send().unwrap()
}

fn has(response: &Response, name: &str) -> bool {
    response.headers().contains_key(name)
}

#[test]
fn what_is_built_in_is_asked_for_and_undone() {
    let sample = |name: &str| {
        std::fs::read(format!(
            "{}/../crates/httpocean-content/tests/samples/{name}",
            env!("CARGO_MANIFEST_DIR")
        ))
    };
    for (coding, name) in [
        ("gzip", "text.gz"),
        ("X-GZip", "text.members.gz"),
        ("deflate", "text.zlib"),
        ("deflate", "text.deflate"),
        ("br", "text.br"),
        ("zstd", "text.frames.zst"),
        ("br, gzip", "text.br.gz"),
    ] {
        let server = coded(coding, sample(name).unwrap());
        let client = Client::new();
        let mut response = client.get(server.url("/")).unwrap().send().unwrap();
        assert_eq!(accepted(&server).as_deref(), Some(ALL));
        assert!(!has(&response, "content-encoding") && !has(&response, "content-length"), "{response:?}");
        let text = response.body_mut().read_to_string(1 << 20).unwrap();
        assert!(text.starts_with("0 0 even\n1 1 odd\n") && text.len() == 12_258, "{coding}: {}", text.len());
        assert_eq!(response.body().parked(), Some(true), "{coding}");
    }
}

#[test]
fn it_is_undone_as_it_is_read() {
    let server = serving(|| {
        let wire = gzip(TEXT.as_bytes());
        let pieces: Vec<_> = wire.chunks(3).map(<[u8]>::to_vec).collect();
        Reply::ok("").header("content-encoding", "gzip").chunked(pieces, [("x-trailer", "t")])
    });
    let mut response = get(&server);
    // Byte by byte.
    let (mut all, mut byte) = (Vec::new(), [0]);
    while response.body_mut().read(&mut byte).unwrap() == 1 {
        all.push(byte[0]);
    }
    assert_eq!(all, TEXT.as_bytes());
    assert_eq!(response.body_mut().read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(response.body_mut().take_trailers().unwrap()["x-trailer"], "t");
}

#[test]
fn who_says_what_he_accepts_is_not_spoken_for() {
    let client = Client::new();
    let server = coded("gzip", gzip(TEXT.as_bytes()));
    let request = || client.get(server.url("/")).unwrap();
    // What comes is undone all the same.
    assert_eq!(request().header("accept-encoding", "br;q=0.1").send().unwrap().text().unwrap(), TEXT);
    assert_eq!(accepted(&server).as_deref(), Some("br;q=0.1"));
    // A range is one of what is there, not of what somebody makes of it on the way.
    assert_eq!(request().header("range", "bytes=0-").send().unwrap().text().unwrap(), TEXT);
    assert_eq!(accepted(&server), None);
}

#[test]
fn raw_is_raw() {
    let wire = gzip(TEXT.as_bytes());
    let server = coded("gzip", wire.clone());
    let raw = |response: Response| {
        assert_eq!(accepted(&server), None);
        assert_eq!(
            (&response.headers()["content-encoding"], has(&response, "content-length")),
            (&"gzip".parse().unwrap(), true)
        );
        assert_eq!(response.bytes().unwrap(), wire);
    };
    raw(Client::new().get(server.url("/")).unwrap().raw().send().unwrap());
    raw(Client::builder().decoding(Decoding::Raw).build().get(server.url("/")).unwrap().send().unwrap());
    let plain = Request::get(server.url("/")).extension(Decoding::Raw).body(()).unwrap();
    raw(Client::new().send(plain).unwrap());
    // And who wants text of it is told.
    let error = Client::new().get(server.url("/")).unwrap().raw().send().unwrap().text().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Content("its content is in a coding that was not undone"));
}

#[test]
fn an_unknown_coding_and_a_part_are_left_as_they_are() {
    for (status, coding) in [(200, "foo"), (200, "gzip, foo"), (200, "foo, gzip"), (206, "gzip")] {
        let server = serving(move || {
            Reply::status(status, "Fine").body("what came").header("content-encoding", coding)
        });
        let response = get(&server);
        assert_eq!(response.headers()["content-encoding"], coding);
        assert_eq!(response.headers()["content-length"], "9");
        assert_eq!(response.bytes().unwrap(), "what came");
    }
}

#[test]
fn without_a_body_the_fields_tell_of_what_there_would_be() {
    for (method, status) in [(Method::HEAD, 200), (Method::GET, 304), (Method::GET, 204)] {
        let server = serving(move || {
            let reply =
                if status == 200 { Reply::ok(gzip(TEXT.as_bytes())) } else { Reply::status(status, "Fine") };
            reply.header("content-encoding", "gzip")
        });
        let client = Client::new();
        let mut response = client.request(method.clone(), server.url("/")).unwrap().send().unwrap();
        assert_eq!(accepted(&server).as_deref(), Some(ALL));
        assert_eq!(
            (response.status().as_u16(), has(&response, "content-encoding")),
            (status, true),
            "{method}"
        );
        assert_eq!(has(&response, "content-length"), method == Method::HEAD);
        assert_eq!(response.body_mut().read_to_vec(0).unwrap(), b"");
        assert_eq!(response.body().parked(), Some(true));
    }
    // Nor are no bytes at all a bad coding.
    let empty = coded("gzip", Vec::new());
    assert_eq!(get(&empty).bytes().unwrap(), "");
    let empty = serving(|| Reply::ok("").header("content-encoding", "br").chunked([""; 0], [("a", "b"); 0]));
    assert_eq!(get(&empty).bytes().unwrap(), "");
}

/// The peer is to blame, the connection is let go at once, and whoever reads on is told again.
#[track_caller]
fn is_refused(server: &Server, limits: Limits, what: &str) {
    let client = Client::builder().decoding(Decoding::Within(limits)).build();
    let mut response = client.get(server.url("/")).unwrap().send().unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let mut room = [0; 1000];
    let error = loop {
        match response.body_mut().read(&mut room) {
            Ok(n) => assert_ne!(n, 0, "an end in place of: {what}"),
            Err(error) => break error.downcast::<Error>().unwrap(),
        }
    };
    let ErrorKind::Content(said) = error.kind() else { panic!("{error}") };
    assert!(said.contains(what), "{error}");
    assert_eq!(
        (error.fault(), error.phase(), error.sent()),
        (Fault::Peer, Phase::RecvBody, Sent::All),
        "{error}"
    );
    assert_eq!(error.status(), Some(StatusCode::OK));
    let again = response.body_mut().read(&mut room).unwrap_err().downcast::<Error>().unwrap();
    assert_eq!(again.kind(), error.kind());
    // While the response is still there.
    assert_eq!(at_rest(&client).waiting, 0);
    assert_ne!(response.body().parked(), None);
    assert_eq!(response.body_mut().read_to_vec(10).unwrap_err().kind(), error.kind());
}

#[test]
fn content_that_is_none_is_the_peers_fault() {
    let wire = gzip(TEXT.as_bytes());
    let limits = Limits::default();
    is_refused(&coded("gzip", wire[..wire.len() - 3].to_vec()), limits, "ends too early");
    is_refused(&coded("gzip", wire[..4].to_vec()), limits, "ends too early");
    is_refused(&coded("gzip", [&wire[..], b"x"].concat()), limits, "goes on after the end");
    is_refused(&coded("gzip", b"<html>".to_vec()), limits, "no gzip");
    is_refused(&coded("br", b"<html>".to_vec()), limits, "no br");
    is_refused(&coded("zstd", b"<html>".to_vec()), limits, "no zstd");
    is_refused(&coded("gzip, br, gzip, br, gzip, br", wire.clone()), limits, "more than five codings");
    is_refused(
        &coded("gzip", gzip(&[0; 100_001])),
        Limits { bytes: 100_000, ..limits },
        "longer than is allowed",
    );
    is_refused(
        &coded("gzip", gzip(&[0; 100_001])),
        Limits { ratio: 10, ratio_after: 10_000, ..limits },
        "blown up",
    );
}

/// What broke off on the wire is told as that.
#[test]
fn a_cut_connection_is_no_bad_coding() {
    let server = serving(|| {
        let wire = gzip(&[b'x'; 50_000]);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            wire.len() + 5
        );
        Reply::raw([head.as_bytes(), &wire].concat()).close()
    });
    let error = get(&server).bytes().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{error}");
}

#[test]
fn a_decoded_body_is_sent_on_as_what_it_means() {
    let source = coded("gzip", gzip(TEXT.as_bytes()));
    let sink = serving(|| Reply::ok("thanks"));
    let body = get(&source).into_body();
    assert_eq!(
        Client::new().post(sink.url("/")).unwrap().body(body).send().unwrap().text().unwrap(),
        "thanks"
    );
    let received = sink.requests().remove(0);
    assert_eq!(received.body, TEXT.as_bytes());
    assert_eq!(received.request.header("transfer-encoding"), Some(&b"chunked"[..]));
}

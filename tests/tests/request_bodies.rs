//! Bodies of requests arrive as they are, framed by a length where there is one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use httpocean_std::ErrorKind;
use httpocean_std::http::{HeaderMap, HeaderValue};
use httpocean_testkit::server::{Act, End, Received, Reply, Request};
use httpocean_testkit::{fill_pattern, is_pattern};
use httpocean_tests::{Body, On, at_rest, get, on_both_adapters};

on_both_adapters!(
    texts_and_bytes_are_sent_with_a_length,
    nothing_is_sent_as_nothing,
    a_file_is_sent_from_where_it_stands,
    a_large_file_is_sent_whole,
    a_seekable_is_sent_with_a_length,
    a_reader_with_a_length_is_sent_with_it,
    a_reader_without_a_length_is_sent_chunked,
    a_reader_that_drips_is_sent_whole,
    trailers_are_sent_after_the_body,
    what_can_be_had_again_is_sent_again_from_its_start,
    a_reader_that_is_too_short_or_too_long_is_not_what_was_announced,
);

fn pattern(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    fill_pattern(0, &mut bytes);
    bytes
}

fn temporary(content: &[u8]) -> File {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Relaxed);
    let path = std::env::temp_dir().join(format!("body-{}-{number}", std::process::id()));
    let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    file.write_all(content).unwrap();
    file.rewind().unwrap();
    file
}

/// What a server got of a POST with that body, on a connection that is used again afterwards.
fn posted(on: On, body: impl Into<Body>) -> Received {
    let server = on.server().record_body(20 << 20).start(|_| Reply::ok("fine")).unwrap();
    let client = on.client();
    let response = client.post(server.url("/")).body(body).send().unwrap();
    assert_eq!(response.status(), 200);
    drop(response);
    assert_eq!(get(&client, &server.url("/next")), "fine");
    assert_eq!(server.stats().accepted, 1);
    let received = server.requests().remove(0);
    assert!(received.body_complete);
    received
}

fn length(received: &Received) -> Option<String> {
    received.request.header("content-length").map(|value| String::from_utf8(value.to_vec()).unwrap())
}

fn is_chunked(received: &Received) -> bool {
    received.request.header("transfer-encoding") == Some(b"chunked")
        && received.request.header_count("content-length") == 0
}

fn texts_and_bytes_are_sent_with_a_length(on: On) {
    for body in [Body::from("hello"), Body::from("hello".to_owned()), Body::from(b"hello".to_vec())] {
        let received = posted(on, body);
        assert_eq!((&received.body[..], length(&received).as_deref()), (&b"hello"[..], Some("5")));
        assert_eq!(received.request.header_count("transfer-encoding"), 0);
    }
}

fn nothing_is_sent_as_nothing(on: On) {
    for body in [Body::empty(), Body::from(""), Body::from(())] {
        let received = posted(on, body);
        assert_eq!((received.body_len, length(&received).as_deref()), (0, Some("0")));
    }
    let server = on.serve(|_| Reply::ok("fine"));
    get(&on.client(), &server.url("/"));
    assert_eq!(length(&server.requests()[0]), None, "a GET says nothing about a body");
}

fn a_file_is_sent_from_where_it_stands(on: On) {
    let mut file = temporary(b"0123456789");
    file.seek(SeekFrom::Start(4)).unwrap();
    let received = posted(on, Body::from_file(file));
    assert_eq!((&received.body[..], length(&received).as_deref()), (&b"456789"[..], Some("6")));
}

fn a_large_file_is_sent_whole(on: On) {
    let content = pattern(10_000_000);
    let received = posted(on, Body::from_file(temporary(&content)));
    assert_eq!(received.body_len, 10_000_000);
    assert!(received.body == content);
}

fn a_seekable_is_sent_with_a_length(on: On) {
    let mut source = Cursor::new(b"skipped, sent".to_vec());
    source.set_position(9);
    let received = posted(on, Body::from_seekable(source));
    assert_eq!((&received.body[..], length(&received).as_deref()), (&b"sent"[..], Some("4")));
}

fn a_reader_with_a_length_is_sent_with_it(on: On) {
    let source = Cursor::new(pattern(500_000));
    let received = posted(on, Body::from_sized_reader(source, 300_000));
    assert_eq!(length(&received).as_deref(), Some("300000"));
    assert!(is_pattern(0, &received.body) && received.body_len == 300_000);
}

fn a_reader_without_a_length_is_sent_chunked(on: On) {
    for size in [0, 1, 65_535, 65_536, 65_537, 3_000_000] {
        let received = posted(on, Body::from_reader(Cursor::new(pattern(size))));
        assert!(is_chunked(&received), "{size}");
        assert!(is_pattern(0, &received.body) && received.body_len == size as u64, "{size}");
    }
}

/// Gives one byte at a time.
struct Drops(Cursor<Vec<u8>>);

impl Read for Drops {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.0.read(&mut buf[..1])
    }
}

fn a_reader_that_drips_is_sent_whole(on: On) {
    let received = posted(on, Body::from_reader(Drops(Cursor::new(pattern(2000)))));
    assert!(is_pattern(0, &received.body) && received.body_len == 2000);
}

fn trailers_are_sent_after_the_body(on: On) {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", HeaderValue::from_static("42"));
    trailers.append("x-more", HeaderValue::from_static("a"));
    trailers.append("x-more", HeaderValue::from_static("b"));
    for body in [Body::from("hello"), Body::from_reader(&b"hello"[..])] {
        let received = posted(on, body.with_trailers(trailers.clone()));
        assert!(is_chunked(&received));
        assert_eq!(received.body, b"hello");
        let fields: Vec<_> = received.trailers.iter().map(|(n, v)| (n.as_str(), &v[..])).collect();
        assert_eq!(fields, [("x-sum", &b"42"[..]), ("x-more", b"a"), ("x-more", b"b")]);
    }
}

fn what_can_be_had_again_is_sent_again_from_its_start(on: On) {
    let bodies: [fn() -> Body; 3] = [
        || Body::from(pattern(100_000)),
        || Body::from_seekable(Cursor::new(pattern(100_000))),
        || Body::from_file(temporary(&pattern(100_000))),
    ];
    for make_body in bodies {
        // The first connection takes the body and dies of it; its request is made once more.
        let server = on.serve(|request: &Request| match (request.method.as_str(), request.index) {
            ("PUT", 1..) => Reply::script([Act::ReadBody]).then(End::CloseNow),
            _ => Reply::ok("fine"),
        });
        let client = on.client();
        get(&client, &server.url("/"));
        let response = client.put(server.url("/")).body(make_body()).send().unwrap();
        assert_eq!((response.status().as_u16(), response.body().hops().len()), (200, 1));
        let puts: Vec<_> = server.requests().into_iter().filter(|r| r.request.method == "PUT").collect();
        assert_eq!(puts.len(), 2);
        assert!(puts.iter().all(|put| put.body_len == 100_000 && is_pattern(0, &put.body)));
    }
}

fn a_reader_that_is_too_short_or_too_long_is_not_what_was_announced(on: On) {
    let server = on.serve(|_| Reply::ok("fine"));
    let client = on.client();
    let short = Body::from_sized_reader(&b"short"[..], 10);
    let error = client.post(server.url("/")).body(short).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Body(_)), "{error}");
    let long = Body::from_reader(&b"long"[..]);
    let error = client.post(server.url("/")).header("content-length", "2").body(long).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Body(_)), "{error}");
    assert!(server.requests().iter().all(|received| !received.body_complete));
    assert_eq!(at_rest(&client).open, 0);
}

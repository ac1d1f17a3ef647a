//! A server that wants to harm: an error of the right class, and a bound on what is held of its bytes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use httpocean_std::{CloseReason, Config, ErrorKind, Fault, Phase, call};
use httpocean_testkit::server::{End, Reply};
use httpocean_tests::{BOUND, Body, Client, Error, On, at_rest, lock, of_reading, on_both_adapters};
use peak_alloc::PeakAlloc;

on_both_adapters!(
    wrong_answers_are_told_apart,
    a_length_that_is_said_twice_is_a_length,
    bytes_after_the_end_close_the_connection_and_reach_nobody,
);
on_both_adapters!(
    "bytes":
    an_endless_status_line,
    an_endless_field_dripping,
    an_endless_field_in_bulk,
    endless_fields_dripping,
    endless_fields_in_bulk,
    endless_folded_lines,
    endless_interim_responses,
    an_endless_chunk_extension,
    endless_chunks_with_extensions,
    an_endless_chunk_size,
    endless_trailers,
    an_endless_trailer,
    endless_nonsense,
    an_endless_body_is_read_without_being_held,
    a_head_that_drips_forever_ends_with_the_total_deadline,
);

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// More than any limit allows to be held, and less than any of these servers sends.
const MEMORY: usize = 2 << 20;

/// What is allocated is counted for the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    lock(&ALONE)
}

/// A server that answers with `first`, then with `again` until nobody takes it any more, in pieces of that many
/// repetitions.
fn endless(first: &'static str, again: &'static str, at_once: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let block = again.repeat(at_once);
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_write_timeout(Some(BOUND)).unwrap();
        read_head(&mut stream);
        let mut result = stream.write_all(first.as_bytes());
        while result.is_ok() {
            result = stream.write_all(block.as_bytes());
        }
    });
    url
}

fn read_head(stream: &mut TcpStream) {
    let mut head = Vec::new();
    let mut block = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        let n = stream.read(&mut block).unwrap();
        head.extend_from_slice(&block[..n]);
    }
}

/// Sends a request and reads all of the answer, without keeping it. How long it was, and whether its connection was
/// kept.
fn read_all(client: &Client, url: &str) -> Result<(u64, bool), Error> {
    let mut body = client.get(url).send()?.into_body();
    let mut read = 0;
    loop {
        let piece = body.read_to_vec_some()?;
        if piece == 0 {
            return Ok((read, body.parked() == Some(true)));
        }
        read += piece;
    }
}

/// Reading in small steps, with this client's error instead of the one of `Read`.
trait ReadSome {
    fn read_to_vec_some(&mut self) -> Result<u64, Error>;
}

impl ReadSome for Body {
    fn read_to_vec_some(&mut self) -> Result<u64, Error> {
        match self.read(&mut [0; 4096]) {
            Ok(n) => Ok(n as u64),
            Err(error) => Err(of_reading(error)),
        }
    }
}

fn class(error: &Error) -> &'static str {
    let ErrorKind::Protocol(what) = error.kind() else { panic!("{error}") };
    what.class()
}

fn harmless(
    on: On,
    what: &str,
    class_wanted: &str,
    first: &'static str,
    again: &'static str,
    at_once: usize,
) {
    let _alone = alone();
    let url = endless(first, again, at_once);
    let client = on.client();
    ALLOCATED.reset_peak_usage();
    let before = ALLOCATED.current_usage();
    let error = read_all(&client, &url).unwrap_err();
    let held = ALLOCATED.peak_usage().saturating_sub(before);
    println!("{what}: {held} bytes held, {error}");
    assert_eq!((class(&error), error.fault()), (class_wanted, Fault::Peer), "{what}");
    assert!(held < MEMORY, "{what}: {held} bytes held");
    let stats = at_rest(&client);
    assert_eq!((stats.open, stats.closed.get(&CloseReason::Protocol)), (0, Some(&1)), "{what}");
}

fn an_endless_status_line(on: On) {
    harmless(on, "status line", "too-large", "HTTP/1.1 200 ", "A", 10_000);
}

fn an_endless_field_dripping(on: On) {
    harmless(on, "field, dripping", "too-large", "HTTP/1.1 200 OK\r\nX-A: ", "bbbbbbb", 1);
}

fn an_endless_field_in_bulk(on: On) {
    harmless(on, "field, in bulk", "too-large", "HTTP/1.1 200 OK\r\nX-A: ", "b", 100_000);
}

fn endless_fields_dripping(on: On) {
    harmless(on, "fields, dripping", "too-large", "HTTP/1.1 200 OK\r\n", "X-A: b\r\n", 1);
}

fn endless_fields_in_bulk(on: On) {
    harmless(on, "fields, in bulk", "too-large", "HTTP/1.1 200 OK\r\n", "X-A: b\r\n", 10_000);
}

fn endless_folded_lines(on: On) {
    harmless(on, "folded lines", "too-large", "HTTP/1.1 200 OK\r\nX-A: b\r\n", " c\r\n", 1000);
}

fn endless_interim_responses(on: On) {
    harmless(on, "interim", "too-large", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 1000);
}

fn an_endless_chunk_extension(on: On) {
    let first = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=";
    harmless(on, "chunk extension", "too-large", first, "b", 10_000);
}

fn endless_chunks_with_extensions(on: On) {
    let first = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    harmless(on, "chunk extensions", "too-large", first, "1;some=extension;and=another\r\nx\r\n", 1000);
}

fn an_endless_chunk_size(on: On) {
    let first = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    harmless(on, "chunk size", "too-large", first, "0", 10_000);
}

fn endless_trailers(on: On) {
    let first = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    harmless(on, "trailers", "too-large", first, "X-A: b\r\n", 1000);
}

fn an_endless_trailer(on: On) {
    let first = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A: ";
    harmless(on, "trailer", "too-large", first, "b", 1000);
}

fn endless_nonsense(on: On) {
    harmless(on, "nonsense", "bad-status-line", "", "nonsense", 10_000);
}

fn an_endless_body_is_read_without_being_held(on: On) {
    let _alone = alone();
    let url = endless("HTTP/1.1 200 OK\r\n\r\n", "x", 100_000);
    let client = on.client();
    let mut body = client.get(&url).send().unwrap().into_body();
    ALLOCATED.reset_peak_usage();
    let before = ALLOCATED.current_usage();
    std::io::copy(&mut body.by_ref().take(100_000_000), &mut std::io::sink()).unwrap();
    let held = ALLOCATED.peak_usage().saturating_sub(before);
    assert!(held < MEMORY, "{held} bytes held");
}

/// What a finite answer comes to.
fn verdict(on: On, answer: &[u8], end: End) -> String {
    let answer = answer.to_vec();
    let server = on.serve(move |_| Reply::raw(answer.clone()).then(end.clone()));
    let client = on.client();
    let verdict = match read_all(&client, &server.url("/")) {
        Ok((length, true)) => format!("{length} bytes, kept"),
        Ok((length, false)) => format!("{length} bytes, closed"),
        Err(error) => {
            assert_eq!(at_rest(&client).open, 0, "{error}");
            class(&error).to_owned()
        }
    };
    client.close();
    assert_eq!(at_rest(&client).open, 0, "{verdict}");
    verdict
}

fn wrong_answers_are_told_apart(on: On) {
    let _alone = alone();
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: b\r\n".repeat(10_000));
    for (answer, wanted) in [
        (many.as_str(), "too-large"),
        ("HTTP/1.1 2000 OK\r\n\r\n", "bad-status-line"),
        ("HTTP/2.0 200 OK\r\n\r\n", "bad-status-line"),
        ("ICY 200 OK\r\n\r\n", "bad-status-line"),
        ("HTTP/1.1 200 OK\nContent-Length: 0\n\n", "bad-status-line"),
        ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\nA\r\n\r\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\n A: b\r\n\r\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n ,2\r\n\r\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", "conflicting-length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4, 5\r\n\r\nabcde", "conflicting-length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: +4\r\n\r\nabcd", "conflicting-length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n", "too-large"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", "unsupported-transfer-coding"),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "unsupported-transfer-coding",
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "conflicting-length"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "bad-chunk"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "bad-chunk"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n", "bad-chunk"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\na\n0\n\n", "bad-chunk"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", "bad-chunk"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\n", "too-large"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "truncated"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "truncated"),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "unsolicited-upgrade"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
            "2 bytes, closed",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\n\r\n", "2 bytes, closed"),
    ] {
        let shown = &answer[..answer.len().min(100)];
        assert_eq!(verdict(on, answer.as_bytes(), End::Close), wanted, "{shown:?}");
    }
}

fn a_length_that_is_said_twice_is_a_length(on: On) {
    let _alone = alone();
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab";
    assert_eq!(verdict(on, answer, End::KeepAlive), "2 bytes, kept");
}

fn bytes_after_the_end_close_the_connection_and_reach_nobody(on: On) {
    let _alone = alone();
    let server =
        on.serve(|_| Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Forged\r\n\r\n"));
    let client = on.client();
    for _ in 0..50 {
        let mut response = client.get(server.url("/")).send().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), "ok");
    }
    assert_eq!(client.stats().closed.get(&CloseReason::Unasked), Some(&50));
}

fn a_head_that_drips_forever_ends_with_the_total_deadline(on: On) {
    let _alone = alone();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nX: ").unwrap();
        while stream.write_all(b"y").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    // Each byte is in time, all together are not: no deadline between bytes helps.
    let call = call::Options { idle: Some(BOUND), ..call::Options::default() };
    let client = on.builder().config(Config { call, ..Config::default() }).build();
    let error = client.get(&url).timeout(Duration::from_millis(200)).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout), "{error}");
    assert_eq!(error.phase(), Phase::RecvHead);
    at_rest(&client);
}

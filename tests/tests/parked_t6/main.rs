//! Whatever a server does to a connection between the end of a response and the first byte of the next request: the
//! response stands, and the next request gets its own answer, on another connection (T6).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod last_moment;
mod server;

use httpocean_std::http::Method;
use httpocean_std::{CloseReason, call};
use httpocean_tests::{BOUND, Body, Client, On, at_rest, on_both_adapters};
use server::{End, Server, Stray};

on_both_adapters!(
    "bytes":
    in_the_same_segment_as_the_end_of_the_response,
    byte_by_byte_behind_the_response,
    before_the_response_is_read,
    while_the_connection_is_idle,
    byte_by_byte_while_the_connection_is_idle,
);

/// A method, a whole response to it, and its body.
const FIRST: [(Method, &str, &str); 7] = [
    (Method::GET, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst", "first"),
    (
        Method::GET,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nfi\r\n3;x=y\r\nrst\r\n0\r\nT: u\r\n\r\n",
        "first",
    ),
    (Method::GET, "HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
    (Method::GET, "HTTP/1.1 204 No Content\r\n\r\n", ""),
    (Method::PUT, "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""),
    (Method::HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ""),
    (Method::POST, "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nfirst", "first"),
];

const FORGED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
const GOODBYE: &str = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";

const STRAYS: [Stray; 11] = [
    Stray { bytes: "x", end: End::Open },
    Stray { bytes: "\r\n", end: End::Open },
    // The body that a HEAD or a 304 has not.
    Stray { bytes: "first", end: End::Open },
    Stray { bytes: "0\r\n\r\n", end: End::Open },
    Stray { bytes: FORGED, end: End::Open },
    Stray { bytes: "HTTP/1.1 200 OK\r\nContent-Len", end: End::Open },
    Stray { bytes: FORGED, end: End::Fin },
    Stray { bytes: GOODBYE, end: End::Fin },
    Stray { bytes: FORGED, end: End::Reset },
    Stray { bytes: "", end: End::Fin },
    Stray { bytes: "", end: End::Reset },
];

/// When the server does it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Moment {
    WithTheEnd,
    BeforeItIsRead,
    Idle,
}

fn in_the_same_segment_as_the_end_of_the_response(on: On) {
    every_stray(on, Moment::WithTheEnd, false);
}

fn byte_by_byte_behind_the_response(on: On) {
    every_stray(on, Moment::WithTheEnd, true);
}

fn before_the_response_is_read(on: On) {
    every_stray(on, Moment::BeforeItIsRead, false);
}

fn while_the_connection_is_idle(on: On) {
    every_stray(on, Moment::Idle, false);
}

fn byte_by_byte_while_the_connection_is_idle(on: On) {
    every_stray(on, Moment::Idle, true);
}

/// A broken client must not wait for ever.
fn patient() -> call::Options {
    call::Options { total: Some(BOUND), ..call::Options::default() }
}

fn every_stray(on: On, moment: Moment, is_bytewise: bool) {
    let server = Server::start(is_bytewise);
    let client = on.builder().call(patient()).build();
    let (mut rounds, mut strays_with_bytes) = (0, 0);
    // A reset may destroy what was sent before it and is not read yet.
    let stands = |stray: &Stray| moment != Moment::WithTheEnd || stray.end != End::Reset;
    for first in &FIRST {
        for stray in STRAYS.into_iter().filter(stands) {
            // What may be sent twice, and what may not.
            for method in [Method::GET, Method::POST] {
                one(&client, &server, moment, first, stray, &method);
                rounds += 1;
                strays_with_bytes += u64::from(!stray.bytes.is_empty());
            }
        }
    }
    // On whichever connection: those that were stirred are still read from.
    assert_eq!(server.seconds(), rounds, "a request was made twice, or never came");
    let stats = at_rest(&client);
    let closed = |why| stats.closed.get(&why).copied().unwrap_or(0);
    let (unasked, ended) = (closed(CloseReason::Unasked), closed(CloseReason::PeerClosed));
    assert_eq!(unasked + ended, rounds, "{stats:?}");
    let lost = if moment == Moment::WithTheEnd { 0 } else { rounds / STRAYS.len() as u64 };
    assert!((strays_with_bytes - lost..=strays_with_bytes).contains(&unasked), "{stats:?}");
}

fn one(
    client: &Client,
    server: &Server,
    moment: Moment,
    (method, response, content): &(Method, &'static str, &str),
    stray: Stray,
    second: &Method,
) {
    let round = format!("{method} {response:?}, {stray:?} {moment:?}, {second}");
    let body = |method: &Method| if *method == Method::GET { Body::empty() } else { Body::from("content") };
    server.plays(response, stray, moment == Moment::WithTheEnd);
    let sent = client.request(method.clone(), server.url("/first")).body(body(method)).send();
    let mut answer = sent.unwrap_or_else(|error| panic!("{round}: {error}"));
    if moment == Moment::BeforeItIsRead {
        server.stray();
    }
    let read = answer.body_mut().read_to_string(1 << 20);
    assert_eq!(read.unwrap_or_else(|error| panic!("{round}: {error}")), *content, "{round}");
    if moment == Moment::Idle {
        server.stray();
    }
    server.wait_until_played();
    let sent = client.request(second.clone(), server.url("/second")).body(body(second)).send();
    let mut next = sent.unwrap_or_else(|error| panic!("{round}: {error}"));
    let read = next.body_mut().read_to_string(1 << 20);
    assert_eq!(read.unwrap_or_else(|error| panic!("{round}: {error}")), "second", "{round}");
    let number = |body: &Body| body.connection().unwrap().number;
    assert_ne!(number(next.body()), number(answer.body()), "{round}");
}

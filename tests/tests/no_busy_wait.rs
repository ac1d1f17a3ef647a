//! Who waits for a deadline, for a server that is slow or for the time of the next attempt, sleeps: what is done is
//! bounded by what happens, and not by how long it takes.
//!
//! Not by one scenario for both adapters: of httpocean-std the operations on its sockets are counted, of httpocean-mio
//! the polls of its loop.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Request, StatusCode};
use httpocean_core::policy::redirect::Redirects;
use httpocean_core::policy::{Backoff, Retries};
use httpocean_mio::mio::{Events, Poll};
use httpocean_mio::{BodyPlan, Event, Options};
use httpocean_std::{Config, TcpConnector, call};
use httpocean_testkit::server::{Act, End, Reply, Server};
use httpocean_tests::{Counted, Hanging};

const LIMIT: Duration = Duration::from_millis(400);
/// For a request, and for each thing that happens to it.
const FEW: usize = 10;

fn config() -> Config {
    let backoff = Backoff { base: LIMIT / 5, jitter_percent: 0, ..Backoff::default() };
    Config {
        call: call::Options { total: Some(LIMIT), ..call::Options::default() },
        redirects: Redirects { limit: u32::MAX, ..Redirects::default() },
        retries: Retries { statuses: vec![StatusCode::BAD_GATEWAY], backoff, ..Retries::new(99) },
        ..Config::default()
    }
}

fn silent() -> Server {
    Server::start(|_| Reply::script([]).then(End::Hold(LIMIT * 10)))
}

/// A head a byte at a time: as many as fit.
fn dripping() -> Server {
    Server::start(|_| {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
        Reply::script([Act::SendInPieces { bytes, piece: 1, pause: LIMIT / 8 }])
    })
}

fn going_round() -> Server {
    Server::start(|_| Reply::status(302, "Found").header("Location", "/").pause(LIMIT / 8))
}

fn never_at_its_end() -> Server {
    Server::start(|_| {
        let head = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 9\r\n\r\nhalf".to_vec();
        Reply::script([Act::Send(head)]).then(End::Hold(LIMIT * 10))
    })
}

fn busy() -> Server {
    Server::start(|_| Reply::status(502, "Bad Gateway").body("down"))
}

/// How often something was done for a request of that URL, and how long it took.
fn each(done_for: impl Fn(&str) -> (usize, Duration)) {
    for (what, server, happens, waits) in [
        ("no answer", silent(), 1, LIMIT),
        ("a byte at a time", dripping(), 8, LIMIT),
        ("redirects", going_round(), 8, LIMIT),
        ("bodies without an end", never_at_its_end(), 8, LIMIT),
        // A wait of a fifth, and one of two fifths; four more would be too much.
        ("backoff", busy(), 3, LIMIT * 3 / 5),
    ] {
        let (done, took) = done_for(&server.url("/"));
        println!("{what}: {done} times in {took:.0?}");
        assert!(took >= waits, "{what}: over after {took:?}");
        assert!(done <= FEW * (1 + happens), "{what}: {done} times");
    }
}

#[test]
fn a_blocking_client_sleeps() {
    each(|url| {
        let (connector, open) = Counted::over(TcpConnector::default());
        let client = httpocean_std::Client::builder().connector(connector).config(config()).build();
        let start = Instant::now();
        let _outcome = client.get(url).unwrap().send();
        (open.operations(), start.elapsed())
    });
}

/// A request's polls.
fn polls(url: &str) -> (usize, Duration) {
    let mut poll = Poll::new().unwrap();
    let options = Options { config: Arc::new(config()), ..Options::default() };
    let mut client = httpocean_mio::Client::new(poll.registry(), 0..options.tokens(), options).unwrap();
    let (start, mut polls, mut events) = (Instant::now(), 0, Events::with_capacity(64));
    client.start(Request::get(url).body(()).unwrap(), BodyPlan::empty()).unwrap();
    loop {
        while let Some((_, event)) = client.next_event() {
            if matches!(event, Event::Failed(_) | Event::End { .. }) {
                return (polls, start.elapsed());
            }
        }
        polls += 1;
        poll.poll(&mut events, client.next_timeout()).unwrap();
        for event in &events {
            client.handle(event);
        }
    }
}

#[test]
fn a_loop_sleeps() {
    each(polls);
}

#[test]
fn a_loop_sleeps_while_nobody_lets_it_connect() {
    let hanging = Hanging::new();
    let (polls, took) = polls(&hanging.url("/"));
    println!("a full backlog: {polls} times in {took:.0?}");
    assert!(took >= LIMIT && polls <= FEW, "{polls} polls in {took:?}");
}

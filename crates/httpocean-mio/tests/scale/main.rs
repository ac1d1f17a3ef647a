//! Many requests and many connections on one thread, against a server in another process; with `--nocapture` what
//! they cost is printed. Where the system lends too few descriptors there are fewer connections, and the test says so.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod descriptors;
mod server;
#[path = "../support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use descriptors::affordable;
use httpocean_mio::{BodyPlan, CallId, CloseReason, Loop, Options, pool};
use peak_alloc::PeakAlloc;
use server::{Server, serve};
use support::{get, run, turn_until};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What is allocated is counted for the whole process: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn loop_with(connections: usize, calls: usize) -> Loop {
    let pool = pool::Options {
        max_per_key: connections,
        max_total: connections,
        max_idle_per_key: connections,
        max_idle_total: connections,
        max_waiters: calls,
        ..pool::Options::default()
    };
    Loop::new(Options { pool, ..Options::default() }).unwrap()
}

fn held() -> usize {
    ALLOCATED.current_usage()
}

fn start_all(looped: &mut Loop, server: &Server, calls: usize) -> Vec<CallId> {
    let start = |n: usize| {
        let url = format!("http://{}/{n}", server.addrs[n % server.addrs.len()]);
        looped.client().start(get(&url), BodyPlan::empty()).unwrap()
    };
    (0..calls).map(start).collect()
}

/// Turns until so many requests are sent, of which none is answered.
fn send(looped: &mut Loop, server: &mut Server, requests: usize) {
    let sent = turn_until(looped, |looped| looped.client().stats().requests_sent == requests as u64);
    assert!(sent, "{:?}", looped.client().stats());
    wait_until("all requests are there", || server.requests() == requests);
}

fn wait_until(what: &str, mut reached: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < support::PATIENCE, "still waiting: {what}");
    }
}

/// This process may be the server of a test; otherwise it tests whether one counts right.
#[test]
fn a_server_process() {
    if serve() {
        return;
    }
    let _alone = alone();
    let mut server = Server::start("a_server_process", 2);
    server.hold();
    let mut guests: Vec<_> = [0, 1, 0].map(|n| TcpStream::connect(server.addrs[n]).unwrap()).into();
    for guest in &mut guests {
        guest.write_all(b"GET /path HTTP/1.1\r\n").unwrap();
    }
    assert_eq!(server.requests(), 0);
    for guest in &mut guests {
        guest.write_all(b"\r\n").unwrap();
    }
    wait_until("three requests are there", || server.requests() == 3);
    assert_eq!(server.release(), 3);
    for guest in &mut guests {
        let expected = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n/path";
        let mut bytes = vec![0; expected.len()];
        guest.read_exact(&mut bytes).unwrap();
        assert_eq!(bytes, expected);
    }
    assert_eq!((server.open(), server.peak(), server.requests()), (3, 3, 3));
    drop(guests.pop());
    wait_until("it notices who leaves", || server.open() == 2);
    assert_eq!((server.close_all(), server.open(), server.peak()), (2, 0, 3));
    for guest in &mut guests {
        assert_eq!(guest.read(&mut [0]).unwrap(), 0);
    }
}

/// What a client may hold however much it has to do: events, buffers to spare.
const BYTES_OF_A_CLIENT: usize = 1024 * 1024;
/// What a call may hold that waits for a connection: its request, and what is noted of it.
const BYTES_OF_A_WAITING_CALL: usize = 4 * 1024;
/// What a connection may hold beyond that while its call waits for the answer. Room to read is made when there is
/// something to read.
const BYTES_OF_A_BUSY_CONNECTION: usize = 4 * 1024;
/// What an idle connection may hold, with what the tables keep for a next call of each: as many were made as there
/// are connections.
const BYTES_OF_AN_IDLE_CONNECTION: usize = 4 * 1024;
/// From 127.0.0.1 on.
const ADDRESSES: u8 = 100;

#[test]
fn ten_thousand_requests_at_once_share_a_thousand_connections() {
    let _alone = alone();
    let (calls, connections) = (10_000, affordable(1_000));
    let mut server = Server::start("a_server_process", 1);
    server.hold();
    let before = held();
    let mut looped = loop_with(connections, calls);
    let begun = Instant::now();
    let ids = start_all(&mut looped, &server, calls);
    let waiting = held();
    send(&mut looped, &mut server, connections);
    let of_call = waiting.saturating_sub(before) / calls;
    let of_connection = held().saturating_sub(waiting) / connections;
    assert_eq!(server.release(), connections);
    let outcomes = run(&mut looped);
    let took = begun.elapsed();
    assert_eq!(outcomes.len(), calls);
    for (n, id) in ids.iter().enumerate() {
        assert_eq!(outcomes[id].text(), format!("/{n}"));
    }
    println!(
        "{calls} requests on {connections} connections took {took:?}; \
         {of_call} bytes a waiting call, {of_connection} more a busy connection"
    );
    assert_eq!((server.peak(), server.open(), server.requests()), (connections, connections, calls));
    let stats = looped.client().stats();
    assert_eq!((stats.idle, stats.open, stats.waiting), (connections, connections, 0));
    assert!(stats.closed.is_empty(), "{stats:?}");
    assert!(of_call < BYTES_OF_A_WAITING_CALL, "{of_call} bytes");
    assert!(of_connection < BYTES_OF_A_BUSY_CONNECTION, "{of_connection} bytes");
}

#[test]
fn ten_thousand_idle_connections_are_watched() {
    let _alone = alone();
    let connections = affordable(10_000);
    let mut server = Server::start("a_server_process", ADDRESSES);
    server.hold();
    let begun = Instant::now();
    let before = held();
    let mut looped = loop_with(connections, connections);
    start_all(&mut looped, &server, connections);
    // Nobody is answered before everybody has a connection.
    send(&mut looped, &mut server, connections);
    assert_eq!(server.release(), connections);
    while let Some((_, event)) = looped.next_event().unwrap() {
        let mut outcome = support::Outcome::default();
        outcome.note(event);
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
    }
    let idle = held().saturating_sub(before);
    let took = begun.elapsed();
    let stats = looped.client().stats();
    assert_eq!((stats.idle, stats.open), (connections, connections));
    assert_eq!(stats.keys, connections.min(ADDRESSES.into()));
    assert_eq!((server.peak(), server.open()), (connections, connections));

    let begun = Instant::now();
    assert_eq!(server.close_all(), connections);
    let noticed = turn_until(&mut looped, |looped| looped.client().stats().open == 0);
    let stats = looped.client().stats();
    println!(
        "{connections} connections took {took:?}, {} bytes each while idle; \
         their ends were noticed in {:?}, without a request",
        idle / connections,
        begun.elapsed()
    );
    assert!(noticed, "{stats:?}");
    assert_eq!(stats.closed, [(CloseReason::PeerClosed, connections as u64)].into());
    assert_eq!((stats.idle, stats.requests_sent), (0, connections as u64));
    assert_eq!((server.requests(), server.peak()), (connections, connections));
    let most = BYTES_OF_A_CLIENT + connections * BYTES_OF_AN_IDLE_CONNECTION;
    assert!(idle < most, "{idle} bytes: an idle connection needs no buffers");
}

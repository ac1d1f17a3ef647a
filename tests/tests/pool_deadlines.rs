//! A request that waits for a connection until its deadline is told what it waited for: other requests, or the
//! connecting.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use httpocean_std::pool::Refusal;
use httpocean_std::{Body, Client, Config, Error, ErrorKind, Phase, Sent, call, dial, pool};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{BOUND, Gated, Hanging, Recorder, at_rest, get, wait_until};

const SHORT: Duration = Duration::from_millis(40);

fn one_connection() -> pool::Options {
    pool::Options { max_per_key: 1, ..pool::Options::default() }
}

fn waiting_at_most(pool_wait: Duration) -> Config {
    let call = call::Options { pool_wait: Some(pool_wait), ..call::Options::default() };
    Config { call, ..Config::default() }
}

/// A response whose body is not read, and so keeps its connection.
fn keeping_busy(client: &Client, server: &Server) -> Body {
    client.get(server.url("/busy")).unwrap().send().unwrap().into_body()
}

fn is_timeout(error: &Error, phase: Phase) {
    assert!(matches!(error.kind(), ErrorKind::Timeout), "{error}");
    assert_eq!((error.phase(), error.sent()), (phase, Sent::Nothing), "{error}");
}

#[test]
fn busy_connections_until_the_deadline_is_a_timeout_of_the_pool() {
    let server = Server::start(|_| Reply::generated(100_000_000));
    let client = Client::builder().pool(one_connection()).build();
    let busy = keeping_busy(&client, &server);
    let impatient = client.get(server.url("/")).unwrap().config(waiting_at_most(SHORT));
    is_timeout(&impatient.send().unwrap_err(), Phase::PoolWait);
    let in_a_hurry = client.get(server.url("/")).unwrap().timeout(SHORT);
    is_timeout(&in_a_hurry.send().unwrap_err(), Phase::PoolWait);
    drop(busy);
    assert!(client.get(server.url("/")).unwrap().config(waiting_at_most(SHORT)).send().is_ok());
    assert_eq!(at_rest(&client).waiting, 0);
    assert_eq!(server.stats().requests, 2);
}

#[test]
fn many_waiters_leave_each_at_its_own_deadline() {
    let server = Server::start(|_| Reply::generated(100_000_000));
    let client = Client::builder().pool(one_connection()).build();
    let busy = keeping_busy(&client, &server);
    std::thread::scope(|scope| {
        for n in 1..=32 {
            let (client, url) = (&client, server.url("/"));
            scope.spawn(move || {
                let limit = Duration::from_millis(10 * (n % 8 + 1));
                let start = Instant::now();
                let error = client.get(url).unwrap().config(waiting_at_most(limit)).send().unwrap_err();
                is_timeout(&error, Phase::PoolWait);
                assert!(start.elapsed() >= limit, "it left early");
            });
        }
    });
    drop(busy);
    assert_eq!(at_rest(&client).waiting, 0);
}

#[test]
fn a_hanging_connect_until_the_deadline_is_a_timeout_of_the_connecting() {
    let hanging = Hanging::new();
    let dial = dial::Options { connect: Some(Duration::from_millis(500)), ..dial::Options::default() };
    let client = Client::builder().dial(dial).build();
    let in_a_hurry = client.get(hanging.url("/")).unwrap().timeout(SHORT);
    is_timeout(&in_a_hurry.send().unwrap_err(), Phase::Connect);
    let patient = client.get(hanging.url("/")).unwrap();
    is_timeout(&patient.send().unwrap_err(), Phase::Connect);
    at_rest(&client);
    assert!(client.stats().dials_failed >= 1);
}

#[test]
fn ones_own_connect_is_not_waiting_for_others() {
    let server = Server::start(|_| Reply::ok("fine"));
    let (connector, gate) = Gated::tcp();
    let client = Client::builder().connector(connector).build();
    gate.shut();
    std::thread::scope(|scope| {
        let request = client.get(server.url("/")).unwrap().config(waiting_at_most(Duration::from_millis(1)));
        let waiting = scope.spawn(|| request.send());
        wait_until("it connects", || gate.held() == 1);
        std::thread::sleep(SHORT);
        gate.open();
        assert_eq!(waiting.join().unwrap().unwrap().status(), 200);
    });
}

#[test]
fn a_request_too_many_is_refused_at_once() {
    let server = Server::start(|_| Reply::generated(100_000_000));
    let recorder = Recorder::default();
    let options = pool::Options { max_waiters: 2, ..one_connection() };
    let client = Client::builder().pool(options).observer(recorder.clone()).build();
    let busy = keeping_busy(&client, &server);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| client.get(server.url("/")).unwrap().send().unwrap());
        }
        wait_until("two wait", || client.stats().waiting == 2);
        let error = client.get(server.url("/")).unwrap().send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Pool(Refusal::QueueFull)), "{error}");
        drop(busy);
    });
    assert_eq!(recorder.starting("failed"), [format!("failed: {}", ErrorKind::Pool(Refusal::QueueFull))]);
    at_rest(&client);
}

#[test]
fn a_thread_that_waits_for_a_name_leaves_at_its_deadline() {
    // The gate stands for whatever hangs in a connector that heeds no deadline.
    let server = Server::start(|_| Reply::ok("fine"));
    let (connector, gate) = Gated::tcp();
    let dial = dial::Options { connect: None, ..dial::Options::default() };
    let client = Client::builder().connector(connector).dial(dial).dial_threads(1).build();
    gate.shut();
    let error = client.get(server.url("/")).unwrap().timeout(SHORT).send().unwrap_err();
    is_timeout(&error, Phase::Connect);
    let other = server.url("/").replace("127.0.0.1", "localhost");
    let error = client.get(other).unwrap().timeout(SHORT).send().unwrap_err();
    is_timeout(&error, Phase::Connect);
    gate.open();
    assert_eq!(get(&client, &server.url("/")), "fine");
    assert!(server.wait_for(BOUND, |stats| stats.accepted >= 1));
    at_rest(&client);
}

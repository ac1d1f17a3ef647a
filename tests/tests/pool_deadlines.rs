//! A request that waits for a connection until its deadline is told what it waited for: other requests, or the
//! connecting.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use httpocean_std::pool::Refusal;
use httpocean_std::{Config, ErrorKind, Fault, Phase, Sent, call, dial, pool};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{
    Body, Client, Error, Hanging, Names, On, Recorder, at_rest, named, on_both_adapters, wait_until,
};

on_both_adapters!(
    busy_connections_until_the_deadline_is_a_timeout_of_the_pool,
    many_waiters_leave_each_at_its_own_deadline,
    ones_own_connect_is_not_waiting_for_others,
    a_request_too_many_is_refused_at_once,
);
on_both_adapters!("dials": a_hanging_connect_until_the_deadline_is_a_timeout_of_the_connecting);

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
    client.get(server.url("/busy")).send().unwrap().into_body()
}

fn is_timeout(error: &Error, phase: Phase) {
    assert!(matches!(error.kind(), ErrorKind::Timeout), "{error}");
    assert_eq!((error.phase(), error.sent()), (phase, Sent::Nothing), "{error}");
    let fault = if phase == Phase::PoolWait { Fault::Local } else { Fault::Network };
    assert_eq!(error.fault(), fault, "{error}");
}

fn busy_connections_until_the_deadline_is_a_timeout_of_the_pool(on: On) {
    let server = on.serve(|_| Reply::generated(100_000_000));
    let client = on.builder().pool(one_connection()).build();
    let busy = keeping_busy(&client, &server);
    let impatient = client.get(server.url("/")).config(waiting_at_most(SHORT));
    is_timeout(&impatient.send().unwrap_err(), Phase::PoolWait);
    let in_a_hurry = client.get(server.url("/")).timeout(SHORT);
    is_timeout(&in_a_hurry.send().unwrap_err(), Phase::PoolWait);
    drop(busy);
    assert!(client.get(server.url("/")).config(waiting_at_most(SHORT)).send().is_ok());
    assert_eq!(at_rest(&client).waiting, 0);
    assert_eq!(server.stats().requests, 2);
}

fn many_waiters_leave_each_at_its_own_deadline(on: On) {
    let server = on.serve(|_| Reply::generated(100_000_000));
    let client = on.builder().pool(one_connection()).build();
    let busy = keeping_busy(&client, &server);
    std::thread::scope(|scope| {
        for n in 1..=32 {
            let (client, url) = (&client, server.url("/"));
            scope.spawn(move || {
                let limit = Duration::from_millis(10 * (n % 8 + 1));
                let start = Instant::now();
                let error = client.get(url).config(waiting_at_most(limit)).send().unwrap_err();
                is_timeout(&error, Phase::PoolWait);
                assert!(start.elapsed() >= limit, "it left early");
            });
        }
    });
    drop(busy);
    assert_eq!(at_rest(&client).waiting, 0);
}

fn a_hanging_connect_until_the_deadline_is_a_timeout_of_the_connecting(on: On) {
    let hanging = Hanging::new();
    let dial = dial::Options { connect: Some(Duration::from_millis(500)), ..dial::Options::default() };
    let client = on.builder().dial(dial).build();
    let in_a_hurry = client.get(hanging.url("/")).timeout(SHORT);
    is_timeout(&in_a_hurry.send().unwrap_err(), Phase::Connect);
    let patient = client.get(hanging.url("/"));
    is_timeout(&patient.send().unwrap_err(), Phase::Connect);
    at_rest(&client);
    assert!(client.stats().dials_failed >= 1);
}

fn ones_own_connect_is_not_waiting_for_others(on: On) {
    let server = on.serve(|_| Reply::ok("fine"));
    let gate = Names::here();
    let client = on.builder().names(&gate).build();
    gate.shut();
    std::thread::scope(|scope| {
        let request = client.get(named(&server, "/")).config(waiting_at_most(Duration::from_millis(1)));
        let waiting = scope.spawn(|| request.send());
        wait_until("it connects", || gate.held() == 1);
        std::thread::sleep(SHORT);
        gate.open();
        assert_eq!(waiting.join().unwrap().unwrap().status(), 200);
    });
}

fn a_request_too_many_is_refused_at_once(on: On) {
    let server = on.serve(|_| Reply::generated(100_000_000));
    let recorder = Recorder::default();
    let options = pool::Options { max_waiters: 2, ..one_connection() };
    let client = on.builder().pool(options).observer(recorder.clone()).build();
    let busy = keeping_busy(&client, &server);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| client.get(server.url("/")).send().unwrap());
        }
        wait_until("two wait", || client.stats().waiting == 2);
        let error = client.get(server.url("/")).send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Pool(Refusal::QueueFull)), "{error}");
        drop(busy);
    });
    assert_eq!(recorder.starting("failed"), [format!("failed: {}", ErrorKind::Pool(Refusal::QueueFull))]);
    at_rest(&client);
}

//! What an observer is told, and in which order; and what the numbers say.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::{CloseReason, Stats};
use httpocean_testkit::server::{End, Reply, Request};
use httpocean_tests::{
    Client, On, Recorder, at_rest, exchange, get, on_both_adapters, refusing_url, wait_for_open,
};

on_both_adapters!(
    a_request_is_told_of_step_by_step,
    a_dead_connection_is_told_of_before_the_next_one,
    a_replay_is_told_of,
);
on_both_adapters!(
    "dials":
    a_failed_dial_is_told_of_before_its_consequence,
    every_connection_that_was_made_is_told_of_once_when_it_is_closed,
    the_numbers_add_up,
);

fn observed(on: On) -> (Client, Recorder) {
    let recorder = Recorder::default();
    (on.builder().observer(recorder.clone()).build(), recorder)
}

fn a_request_is_told_of_step_by_step(on: On) {
    // Often, because the dial is told of by another thread.
    for _ in 0..200 {
        let server = on.serve(|_| Reply::ok("fine"));
        let (client, recorder) = observed(on);
        get(&client, &server.url("/"));
        get(&client, &server.url("/"));
        client.clear_idle();
        let expected = [
            "started GET",
            "dialing",
            "dialed",
            "granted 1 after 0 uses, not idle",
            "response 200 to GET on 1",
            "parked 1",
            "ended",
            "started GET",
            "granted 1 after 1 uses, idle",
            "response 200 to GET on 1",
            "parked 1",
            "ended",
            "closed 1: evicted",
        ];
        assert_eq!(recorder.lines(), expected);
    }
}

fn a_dead_connection_is_told_of_before_the_next_one(on: On) {
    for _ in 0..50 {
        let server = on.serve(|_| Reply::ok("fine").then(End::CloseNow));
        let (client, recorder) = observed(on);
        get(&client, &server.url("/"));
        wait_for_open(&server, 0);
        get(&client, &server.url("/"));
        let lines = recorder.lines().split_off(5);
        let new = lines.iter().position(|line| line == "dialing").unwrap();
        // How it is found is told in a client's own words: by a look, by a request that goes to another one before
        // anything of it was sent, or by its end, which may also be told of while the new one is made.
        let found = |line: &String| line.starts_with("stale 1") || line.starts_with("hop");
        assert!(lines[..new].iter().any(|line| found(line) || line == "closed 1: peer-closed"), "{lines:?}");
        let rest: Vec<_> = lines[new..].iter().filter(|line| !line.starts_with("closed")).collect();
        assert_eq!(rest[..3], ["dialing", "dialed", "granted 2 after 0 uses, not idle"]);
        assert_eq!(recorder.starting("closed 1"), ["closed 1: peer-closed"]);
    }
}

fn a_replay_is_told_of(on: On) {
    let server = on.serve(|_| Reply::ok("fine").then(End::CloseOnNextRequest));
    let (client, recorder) = observed(on);
    get(&client, &server.url("/"));
    get(&client, &server.url("/"));
    assert_eq!(recorder.starting("hop"), ["hop: StaleConnection"]);
    assert_eq!(recorder.starting("granted").len(), 3);
    assert_eq!(recorder.starting("response").len(), 2);
}

fn a_failed_dial_is_told_of_before_its_consequence(on: On) {
    for _ in 0..50 {
        let (client, recorder) = observed(on);
        client.get(refusing_url("/")).send().unwrap_err();
        let expected = [
            "started GET",
            "dialing",
            "dial failed: no connection could be made: connection refused",
            "failed: no connection could be made: connection refused",
        ];
        assert_eq!(recorder.lines(), expected);
    }
}

fn every_connection_that_was_made_is_told_of_once_when_it_is_closed(on: On) {
    let server = on.serve(|request: &Request| match request.index {
        0..5 => Reply::ok("fine"),
        _ => Reply::ok("fine").close(),
    });
    let (client, recorder) = observed(on);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| _ = get(&client, &server.url("/"))));
        }
    });
    client.close();
    let stats = at_rest(&client);
    let mut closed = recorder.starting("closed");
    closed.sort();
    closed.dedup();
    assert_eq!(closed.len() as u64, stats.connections_opened);
    assert_eq!(recorder.starting("closed").len(), closed.len());
    assert_eq!(stats.closed.values().sum::<u64>(), stats.connections_opened);
    assert_eq!(recorder.starting("dialed").len(), recorder.starting("dialing").len());
}

fn the_numbers_add_up(on: On) {
    let server = on.serve(|request: &Request| match request.target.as_str() {
        "/dying" => Reply::ok("fine").then(End::CloseOnNextRequest),
        "/close" => Reply::ok("fine").close(),
        _ => Reply::ok("fine"),
    });
    let client = on.client();
    assert_eq!(client.stats(), Stats::default());
    for path in ["/", "/", "/dying", "/", "/close", "/"] {
        exchange(&client, &httpocean_std::http::Method::GET, &server.url(path), "", ()).unwrap();
    }
    client.get(refusing_url("/")).send().unwrap_err();
    let stats = client.stats();
    let closed = [(CloseReason::PeerClosed, 1), (CloseReason::CloseHeader, 1)];
    assert_eq!(stats.closed, closed.into_iter().collect());
    assert_eq!((stats.connections_opened, stats.dials_failed), (3, 1));
    assert_eq!((stats.requests_sent, stats.stale_replays), (7, 1));
    assert_eq!((stats.open, stats.idle, stats.dialing, stats.waiting), (1, 1, 0, 0));
    // Who waits for a dial of its own waits for nobody; the key of the refusal is remembered for a while.
    assert_eq!((stats.waited, stats.keys), (0, 2));
}

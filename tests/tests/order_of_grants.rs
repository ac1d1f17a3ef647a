//! Who came first is served first: with one connection, the order of arrival is the order at the server.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use httpocean_std::{CloseReason, pool};
use httpocean_testkit::server::{Act, End, Reply, Request, Server};
use httpocean_tests::{BOUND, Names, On, at_rest, get, named, on_both_adapters, wait_until};

on_both_adapters!(
    first_come_first_served_over_a_living_connection,
    first_come_first_served_over_connections_that_close,
    a_request_whose_connection_was_found_dead_is_the_next_to_be_served,
    a_request_that_needs_a_fresh_connection_takes_the_place_of_an_idle_one,
);

fn targets(server: &Server) -> Vec<String> {
    server.requests().into_iter().map(|received| received.request.target).collect()
}

fn one_connection() -> pool::Options {
    pool::Options { max_per_key: 1, ..pool::Options::default() }
}

/// Starts requests that wait, one after the other, while a dial hangs; then lets them go.
fn in_order(on: On, make_reply: fn(&Request) -> Reply) {
    let server = on.serve(make_reply);
    let gate = Names::here();
    let client = on.builder().names(&gate).pool(one_connection()).build();
    gate.shut();
    std::thread::scope(|scope| {
        for n in 0..24 {
            let (client, url) = (&client, named(&server, &format!("/{n}")));
            scope.spawn(move || get(client, &url));
            wait_until("the request waits", || client.stats().waiting == n + 1);
        }
        gate.open();
    });
    let expected: Vec<_> = (0..24).map(|n| format!("/{n}")).collect();
    assert_eq!(targets(&server), expected);
    at_rest(&client);
}

fn first_come_first_served_over_a_living_connection(on: On) {
    in_order(on, |_| Reply::ok("fine"));
}

fn first_come_first_served_over_connections_that_close(on: On) {
    in_order(on, |_| Reply::ok("fine").close());
}

fn a_request_whose_connection_was_found_dead_is_the_next_to_be_served(on: On) {
    let server =
        on.serve(
            |request: &Request| {
                if request.target == "/warm" { Reply::ok("").then(End::CloseNow) } else { Reply::ok("") }
            },
        );
    let gate = Names::here();
    let client = on.builder().names(&gate).pool(one_connection()).build();
    get(&client, &named(&server, "/warm"));
    assert!(server.wait_for(BOUND, |stats| stats.open == 0));
    gate.shut();
    std::thread::scope(|scope| {
        scope.spawn(|| get(&client, &named(&server, "/first")));
        wait_until("the dead connection was found", || gate.held() == 1);
        scope.spawn(|| get(&client, &named(&server, "/second")));
        wait_until("both wait", || client.stats().waiting == 2);
        gate.open();
    });
    assert_eq!(targets(&server), ["/warm", "/first", "/second"]);
}

fn a_request_that_needs_a_fresh_connection_takes_the_place_of_an_idle_one(on: On) {
    // Its connection dies under it while eight others wait, and it takes none but a fresh one: when the others
    // are done, the only connection that is allowed is idle, and must make room long before its idle deadline.
    let server = on.serve(|request: &Request| match (request.target.as_str(), request.index) {
        ("/unlucky", 1..) => Reply::script([Act::Pause(Duration::from_millis(50))]).then(End::CloseNow),
        _ => Reply::ok(""),
    });
    let idle = Duration::from_secs(3600);
    let client = on.builder().pool(pool::Options { idle, ..one_connection() }).build();
    get(&client, &server.url("/warm"));
    let served = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let response = client.get(server.url("/unlucky")).timeout(BOUND).send().unwrap();
            assert_eq!(response.body().hops().len(), 1);
            served.store(true, SeqCst);
        });
        assert!(server.wait_for(BOUND, |stats| stats.requests == 2));
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| _ = get(&client, &server.url("/lucky"))));
        }
    });
    assert!(served.into_inner());
    assert_eq!(client.stats().closed.get(&CloseReason::Evicted), Some(&1));
}

//! How long, how many and in which order connections are kept.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use httpocean_std::http::Response;
use httpocean_std::pool::{Options, Order, Refusal};
use httpocean_std::{CloseReason, ErrorKind, Phase};
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::{Body, Client, On, at_rest, get, on_both_adapters, wait_for_open, wait_until};

on_both_adapters!(
    an_idle_connection_is_closed_at_its_deadline,
    an_idle_connection_is_not_used_after_its_deadline,
    a_connection_is_not_used_beyond_its_lifetime,
    clearing_closes_what_is_idle_and_then_what_was_busy,
    closing_closes_what_is_idle_and_refuses_what_comes,
    a_server_that_keeps_for_a_second_only_is_taken_at_its_word,
    a_server_that_takes_no_more_requests_is_taken_at_its_word,
    a_request_that_says_close_is_the_last_of_its_connection,
    nothing_is_kept_if_nothing_may_be,
    the_coldest_of_too_many_goes,
    a_connection_serves_as_many_requests_as_it_may,
    the_order_of_reuse_is_as_wished,
    the_turn_of_a_connection_is_by_its_last_grant_not_by_its_return,
);
on_both_adapters!("direct": the_last_clone_closes_what_is_idle_and_leaves_what_is_being_read);

fn client(on: On, options: Options) -> Client {
    on.builder().pool(options).build()
}

fn closed(client: &Client, why: CloseReason) -> u64 {
    client.stats().closed.get(&why).copied().unwrap_or(0)
}

fn server(on: On) -> Server {
    on.serve(|request: &Request| match request.target.as_str() {
        // Too much to be read together with its head: it keeps its connection until it is read.
        "/long" => Reply::generated(100_000),
        "/timeout=1" => Reply::ok("").header("Keep-Alive", "timeout=1"),
        "/timeout=60" => Reply::ok("").header("Keep-Alive", "timeout=60, max=2"),
        "/max=1" => Reply::ok("").header("Keep-Alive", "timeout=60, max=1"),
        "/max=0" => Reply::ok("").header("Keep-Alive", "timeout=60, max=0"),
        "/close" => Reply::ok("").header("Connection", "close"),
        "/1.0" => Reply::raw("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        "/1.0-keep-alive" => {
            Reply::raw("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n")
        }
        _ => Reply::ok(""),
    })
}

/// Responses on so many connections at once; their order is that of the connections' numbers.
fn at_once(client: &Client, server: &Server, n: usize) -> Vec<Response<Body>> {
    (0..n).map(|_| client.get(server.url("/long")).send().unwrap()).collect()
}

fn number(response: &Response<Body>) -> u64 {
    response.body().connection().unwrap().number
}

fn read(mut response: Response<Body>) -> u64 {
    response.body_mut().read_to_vec(1 << 20).unwrap();
    number(&response)
}

/// The numbers of the connections that so many requests in a row take.
fn in_a_row(client: &Client, server: &Server, n: usize) -> Vec<u64> {
    (0..n).map(|_| read(client.get(server.url("/")).send().unwrap())).collect()
}

fn an_idle_connection_is_closed_at_its_deadline(on: On) {
    let server = server(on);
    let client = client(on, Options { idle: Duration::from_millis(30), ..Options::default() });
    get(&client, &server.url("/"));
    assert_eq!(client.stats().idle, 1);
    wait_until("tending closes it", || {
        client.tend();
        client.stats().idle == 0
    });
    wait_for_open(&server, 0);
    assert_eq!(closed(&client, CloseReason::IdleTooLong), 1);
}

fn an_idle_connection_is_not_used_after_its_deadline(on: On) {
    let server = server(on);
    let client = client(on, Options { idle: Duration::from_millis(10), ..Options::default() });
    for _ in 0..5 {
        get(&client, &server.url("/"));
        std::thread::sleep(Duration::from_millis(11));
    }
    assert_eq!(server.stats().accepted, 5);
    // The last one closes by itself, or when it is asked for.
    assert!((4..=5).contains(&closed(&client, CloseReason::IdleTooLong)));
}

fn a_connection_is_not_used_beyond_its_lifetime(on: On) {
    let server = server(on);
    let client = client(on, Options { lifetime: Some(Duration::from_millis(10)), ..Options::default() });
    for _ in 0..5 {
        get(&client, &server.url("/"));
        std::thread::sleep(Duration::from_millis(11));
    }
    assert_eq!(server.stats().accepted, 5);
    assert!((4..=5).contains(&closed(&client, CloseReason::TooOld)));
}

fn clearing_closes_what_is_idle_and_then_what_was_busy(on: On) {
    let (server, client) = (server(on), on.client());
    let busy = at_once(&client, &server, 1).remove(0);
    get(&client, &server.url("/"));
    client.clear_idle();
    wait_for_open(&server, 1);
    assert_eq!(read(busy), 1);
    wait_for_open(&server, 0);
    assert_eq!(closed(&client, CloseReason::Evicted), 2);
    get(&client, &server.url("/"));
    assert_eq!(at_rest(&client).idle, 1);
}

fn closing_closes_what_is_idle_and_refuses_what_comes(on: On) {
    let (server, client) = (server(on), on.client());
    let busy = at_once(&client, &server, 1).remove(0);
    get(&client, &server.url("/"));
    let clone = client.clone();
    client.close();
    wait_for_open(&server, 1);
    for client in [&client, &clone] {
        let error = client.get(server.url("/")).send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Pool(Refusal::ShutDown)), "{error}");
        assert_eq!(error.phase(), Phase::PoolWait);
    }
    assert_eq!(read(busy), 1);
    wait_for_open(&server, 0);
    assert_eq!((at_rest(&client).open, closed(&client, CloseReason::ShutDown)), (0, 2));
}

fn the_last_clone_closes_what_is_idle_and_leaves_what_is_being_read(on: On) {
    let (server, client) = (server(on), on.client());
    let busy = at_once(&client, &server, 1).remove(0);
    get(&client, &server.url("/"));
    let clone = client.clone();
    drop(client);
    get(&clone, &server.url("/"));
    assert_eq!(server.stats().open, 2);
    drop(clone);
    wait_for_open(&server, 1);
    assert_eq!(read(busy), 1);
    wait_for_open(&server, 0);
}

fn a_server_that_keeps_for_a_second_only_is_taken_at_its_word(on: On) {
    let (server, client) = (server(on), on.client());
    for n in 1..=3 {
        get(&client, &server.url("/timeout=1"));
        assert_eq!((client.stats().idle, closed(&client, CloseReason::IdleTooLong)), (0, n));
    }
    wait_for_open(&server, 0);
    get(&client, &server.url("/timeout=60"));
    assert_eq!(client.stats().idle, 1);
}

fn a_server_that_takes_no_more_requests_is_taken_at_its_word(on: On) {
    let (server, client) = (server(on), on.client());
    for (path, why) in [
        ("/max=0", Some(CloseReason::UsedUp)),
        ("/max=1", None),
        ("/close", Some(CloseReason::CloseHeader)),
        ("/1.0", Some(CloseReason::Http10)),
        ("/1.0-keep-alive", None),
    ] {
        client.clear_idle();
        get(&client, &server.url(path));
        assert_eq!(client.stats().idle, usize::from(why.is_none()), "{path}");
        assert!(why.is_none_or(|why| closed(&client, why) == 1), "{path}: {:?}", client.stats());
    }
}

fn a_request_that_says_close_is_the_last_of_its_connection(on: On) {
    let (server, client) = (server(on), on.client());
    client.get(server.url("/")).header("connection", "close").send().unwrap();
    assert_eq!(at_rest(&client).open, 0);
    assert_eq!(server.requests()[0].request.header("connection"), Some(&b"close"[..]));
}

fn nothing_is_kept_if_nothing_may_be(on: On) {
    let server = server(on);
    let client = client(on, Options { max_idle_per_key: 0, ..Options::default() });
    for n in 1..=5 {
        get(&client, &server.url("/"));
        assert_eq!((client.stats().open, closed(&client, CloseReason::IdleFull)), (0, n));
    }
    assert_eq!(server.stats().accepted, 5);
}

fn the_coldest_of_too_many_goes(on: On) {
    let server = server(on);
    let client = client(on, Options { max_idle_per_key: 2, ..Options::default() });
    let mut numbers: Vec<_> = at_once(&client, &server, 5).into_iter().map(read).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!((at_rest(&client).idle, closed(&client, CloseReason::IdleFull)), (2, 3));
    assert_eq!(in_a_row(&client, &server, 1), [5]);
    wait_for_open(&server, 2);
}

fn a_connection_serves_as_many_requests_as_it_may(on: On) {
    let server = server(on);
    let client = client(on, Options { max_uses: Some(3), ..Options::default() });
    assert_eq!(in_a_row(&client, &server, 8), [1, 1, 1, 2, 2, 2, 3, 3]);
    assert_eq!(closed(&client, CloseReason::UsedUp), 2);
}

fn the_order_of_reuse_is_as_wished(on: On) {
    for (order, expected) in [
        (Order::Lifo, [4, 4, 4, 4, 4, 4]),
        (Order::Fifo, [1, 2, 3, 4, 1, 2]),
        (Order::RoundRobin, [1, 2, 3, 4, 1, 2]),
    ] {
        let server = server(on);
        let client = client(on, Options { order, ..Options::default() });
        let responses = at_once(&client, &server, 4);
        assert_eq!(responses.iter().map(number).collect::<Vec<_>>(), [1, 2, 3, 4]);
        responses.into_iter().for_each(|response| _ = read(response));
        assert_eq!(in_a_row(&client, &server, 6), expected, "{order:?}");
        at_rest(&client);
    }
}

fn the_turn_of_a_connection_is_by_its_last_grant_not_by_its_return(on: On) {
    for (order, expected) in [(Order::Fifo, [3, 2, 1]), (Order::RoundRobin, [1, 2, 3])] {
        let server = server(on);
        let client = client(on, Options { order, ..Options::default() });
        let responses = at_once(&client, &server, 3);
        // Given back in the opposite order.
        responses.into_iter().rev().for_each(|response| _ = read(response));
        assert_eq!(in_a_row(&client, &server, 3), expected, "{order:?}");
    }
}

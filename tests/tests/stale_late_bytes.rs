//! A server that says too much too late: the next request is on its way when the surplus of the answer before it comes.
//! That is no answer, and the request is made once more on a fresh connection if doing it twice does no harm.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::http::Method;
use httpocean_std::{CloseReason, ErrorKind, HopReason, NotReplayed, ProtocolError};
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::{Body, Client, On, at_rest, exchange, id, on_both_adapters, seen};

on_both_adapters!(
    a_get_is_made_once_more,
    a_put_is_made_once_more_with_its_body,
    a_post_is_never_made_twice,
    on_a_fresh_connection_it_is_a_wrong_answer,
    what_begins_a_response_is_the_answer,
);

const LATE: [&str; 4] =
    ["\r\n", "0\r\n\r\n", "surplus", "\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"];

/// Answers the first request of each connection, and says `late` to the second.
fn server(on: On, late: &'static str) -> Server {
    on.serve(move |request: &Request| match request.index {
        0 => Reply::ok(id(request)),
        _ => Reply::raw(late),
    })
}

/// Leaves one idle connection behind that has served one request.
fn warm(client: &Client, server: &Server) {
    client.clear_idle();
    exchange(client, &Method::GET, &server.url("/warm"), "warm", ()).unwrap();
}

fn made_once_more(on: On, method: &Method, make_body: impl Fn() -> Body) {
    for late in LATE {
        let (server, client) = (server(on, late), on.client());
        let rounds = on.times(100);
        for round in 0..rounds {
            warm(&client, &server);
            let id = format!("{round}");
            let answer = exchange(&client, method, &server.url("/"), &id, make_body());
            assert_eq!(answer.unwrap(), id.as_bytes(), "{method} {late:?} {round}");
        }
        let (seen, stats) = (seen(&server), client.stats());
        assert!((0..rounds).all(|round| seen[&format!("{round}")] == 2), "{method} {late:?}");
        assert_eq!((stats.stale_replays, stats.retries), (rounds as u64, 0));
        assert_eq!(stats.closed.get(&CloseReason::Unasked), Some(&(rounds as u64)));
        at_rest(&client);
    }
}

fn a_get_is_made_once_more(on: On) {
    made_once_more(on, &Method::GET, Body::empty);
}

fn a_put_is_made_once_more_with_its_body(on: On) {
    made_once_more(on, &Method::PUT, || Body::from("the whole content"));
}

fn a_post_is_never_made_twice(on: On) {
    for late in LATE {
        let (server, client) = (server(on, late), on.client());
        warm(&client, &server);
        let error = exchange(&client, &Method::POST, &server.url("/"), "order", "an order").unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Protocol(ProtocolError::BadStatusLine(_))), "{error}");
        assert_eq!(error.not_replayed(), Some(NotReplayed::NotIdempotent));
        assert_eq!((seen(&server)["order"], client.stats().stale_replays), (1, 0));
        at_rest(&client);
    }
}

fn on_a_fresh_connection_it_is_a_wrong_answer(on: On) {
    for late in LATE {
        let server = on.serve(move |_| Reply::raw(late));
        let client = on.client();
        let error = exchange(&client, &Method::GET, &server.url("/"), "1", ()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Protocol(ProtocolError::BadStatusLine(_))), "{error}");
        assert_eq!((error.not_replayed(), seen(&server)["1"]), (None, 1));
        assert_eq!(client.stats().closed.get(&CloseReason::Protocol), Some(&1));
        at_rest(&client);
    }
}

fn what_begins_a_response_is_the_answer(on: On) {
    let (server, client) = (server(on, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nit"), on.client());
    warm(&client, &server);
    assert_eq!(exchange(&client, &Method::GET, &server.url("/"), "1", ()).unwrap(), b"it");
    // Even one that is wrong further on.
    let (server, client) = (self::server(on, "HTTP/1.1 2x0 OK\r\n\r\n"), on.client());
    warm(&client, &server);
    let error = exchange(&client, &Method::GET, &server.url("/"), "1", ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Protocol(ProtocolError::BadStatusLine(_))), "{error}");
    assert!(error.hops().iter().all(|hop| hop.why != HopReason::StaleConnection));
    assert_eq!((seen(&server)["1"], client.stats().stale_replays), (1, 0));
    at_rest(&client);
}

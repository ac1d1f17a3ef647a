//! A kept-alive connection that the server closes at the moment a request arrives on it: the request is made
//! once more, on a fresh connection, if doing it twice does no harm; else the error says why not.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::http::Method;
use httpocean_std::{ErrorKind, Fault, HopReason, NotReplayed, Sent, call};
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_testkit::{is_pattern, pattern_byte};
use httpocean_tests::{Body, Client, Error, On, at_rest, exchange, id, on_both_adapters, seen};

on_both_adapters!(
    a_get_is_made_once_more,
    a_put_is_made_once_more_with_its_body,
    a_put_that_dies_in_the_middle_of_its_body_is_made_once_more_from_its_start,
    a_post_is_never_made_twice,
    a_post_with_a_key_is_made_once_more,
    a_post_is_made_once_more_if_the_caller_said_so,
    a_body_that_can_be_read_once_is_not_sent_twice,
);
on_both_adapters!("direct": a_replay_that_finds_the_server_gone_says_both);

/// Answers the first request of each connection; the second one, every other time, finds a FIN or a reset.
fn server(on: On) -> Server {
    on.serve(|request: &Request| {
        let end = if request.connection % 2 == 0 { End::CloseOnNextRequest } else { End::ResetOnNextRequest };
        Reply::ok(id(request)).then(end)
    })
}

/// One request on a connection that has served one before and won't serve another.
fn on_a_dying_connection(
    client: &Client,
    server: &Server,
    method: &Method,
    id: &str,
    body: Body,
) -> Result<Vec<u8>, Error> {
    client.clear_idle();
    exchange(client, &Method::GET, &server.url("/warm"), &format!("warm-{id}"), ()).unwrap();
    exchange(client, method, &server.url("/"), id, body)
}

fn replayed(on: On, method: &Method, make_body: impl Fn() -> Body) {
    let (server, client) = (server(on), on.client());
    let rounds = on.times(1000);
    for round in 0..rounds {
        let id = format!("{round}");
        let answer = on_a_dying_connection(&client, &server, method, &id, make_body());
        assert_eq!(answer.unwrap(), id.as_bytes(), "{method} {round}");
    }
    let seen = seen(&server);
    for round in 0..rounds {
        assert_eq!(seen[&format!("{round}")], 2, "{method}: the dying connection's, and the fresh one's");
        assert_eq!(seen[&format!("warm-{round}")], 1);
    }
    assert_eq!(client.stats().stale_replays, rounds as u64);
    at_rest(&client);
}

fn a_get_is_made_once_more(on: On) {
    replayed(on, &Method::GET, Body::empty);
}

fn a_put_is_made_once_more_with_its_body(on: On) {
    replayed(on, &Method::PUT, || Body::from("the whole content"));
}

fn a_put_that_dies_in_the_middle_of_its_body_is_made_once_more_from_its_start(on: On) {
    // More than the sockets hold: the connection dies while it is being written.
    let (server, client) = (server(on), on.client());
    let content: Vec<u8> = (0..5_000_000).map(pattern_byte).collect();
    for round in 0..on.times(20) {
        let body = Body::from(content.clone());
        let answer = on_a_dying_connection(&client, &server, &Method::PUT, &format!("{round}"), body);
        assert_eq!(answer.unwrap(), format!("{round}").as_bytes());
    }
    let puts = server.requests().into_iter().filter(|received| received.request.method == "PUT");
    let whole: Vec<_> = puts.filter(|put| put.body_complete).collect();
    assert_eq!(whole.len(), on.times(20));
    assert!(whole.iter().all(|put| put.body_len == 5_000_000 && is_pattern(0, &put.body)));
    at_rest(&client);
}

fn a_post_is_never_made_twice(on: On) {
    let (server, client) = (server(on), on.client());
    let rounds = on.times(1000);
    for round in 0..rounds {
        let answer =
            on_a_dying_connection(&client, &server, &Method::POST, &format!("{round}"), "an order".into());
        let error = answer.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed | ErrorKind::Reset(_)), "{error}");
        assert_eq!(error.not_replayed(), Some(NotReplayed::NotIdempotent));
        assert_ne!((error.sent(), error.fault()), (Sent::Nothing, Fault::Local));
        assert!(error.hops().is_empty());
    }
    let seen = seen(&server);
    for round in 0..rounds {
        assert_eq!(seen[&format!("{round}")], 1, "a POST was made twice");
    }
    assert_eq!(client.stats().stale_replays, 0);
    at_rest(&client);
}

fn a_post_with_a_key_is_made_once_more(on: On) {
    let (server, client) = (server(on), on.client());
    let rounds = on.times(200);
    for round in 0..rounds {
        client.clear_idle();
        exchange(&client, &Method::GET, &server.url("/warm"), "warm", ()).unwrap();
        let id = format!("{round}");
        let request = client.post(server.url("/")).header("x-id", id.as_str());
        let response = request.header("idempotency-key", "k").body("an order").send().unwrap();
        let hops: Vec<_> = response.body().hops().iter().map(|hop| hop.why).collect();
        assert_eq!(hops, [HopReason::StaleConnection]);
    }
    let seen = seen(&server);
    assert!((0..rounds).all(|round| seen[&format!("{round}")] == 2));
}

fn a_post_is_made_once_more_if_the_caller_said_so(on: On) {
    let server = server(on);
    let call = call::Options { replay_any_method: true, ..call::Options::default() };
    let client = on.builder().call(call).build();
    let answer = on_a_dying_connection(&client, &server, &Method::POST, "1", "an order".into());
    assert_eq!(answer.unwrap(), b"1");
}

fn a_body_that_can_be_read_once_is_not_sent_twice(on: On) {
    let (server, client) = (server(on), on.client());
    let rounds = on.times(200);
    for round in 0..rounds {
        let body = Body::from_reader(&b"read once"[..]);
        let error =
            on_a_dying_connection(&client, &server, &Method::PUT, &format!("{round}"), body).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed | ErrorKind::Reset(_)), "{error}");
        assert_eq!(error.not_replayed(), Some(NotReplayed::BodyNotReplayable));
    }
    let seen = seen(&server);
    assert!((0..rounds).all(|round| seen[&format!("{round}")] == 1));
    at_rest(&client);
}

fn a_replay_that_finds_the_server_gone_says_both(on: On) {
    let (server, client) = (server(on), on.client());
    exchange(&client, &Method::GET, &server.url("/"), "1", ()).unwrap();
    server.stop();
    let error = exchange(&client, &Method::GET, &server.url("/"), "2", ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connect(_)), "{error}");
    at_rest(&client);
}

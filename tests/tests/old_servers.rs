//! A server that has answered in HTTP/1.0 is asked for nothing that only HTTP/1.1 knows, on the connections that it
//! keeps.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::{ErrorKind, Fault, Sent};
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_tests::{Body, Client, On, at_rest, get, on_both_adapters};

on_both_adapters!(
    it_is_sent_no_chunks_and_keeps_its_connection,
    it_is_sent_chunks_as_long_as_it_has_not_answered,
);

const OLD: &str = "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 3\r\n\r\nold";

fn server(on: On) -> Server {
    on.serve(|_: &Request| Reply::raw(OLD).then(End::KeepAlive))
}

/// A body that nobody knows the length of.
fn unsized_body() -> Body {
    Body::from_reader(&b"hello"[..])
}

fn it_is_sent_no_chunks_and_keeps_its_connection(on: On) {
    let (server, client) = (server(on), on.client());
    let url = server.url("/");
    assert_eq!(get(&client, &url), "old");
    let error = client.post(&url).body(unsized_body()).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(what) if what.contains("HTTP/1.0")), "{error}");
    assert_eq!((error.fault(), error.sent()), (Fault::Local, Sent::Nothing));
    assert_eq!(posted(&client, &url, Body::from("hello")), "old");
    at_rest(&client);
    let bodies: Vec<_> = server.requests().iter().map(|received| received.body.clone()).collect();
    assert_eq!(bodies, [&b""[..], b"hello"]);
    assert_eq!(server.stats().accepted, 1);
}

fn it_is_sent_chunks_as_long_as_it_has_not_answered(on: On) {
    let (server, client) = (server(on), on.client());
    assert_eq!(posted(&client, &server.url("/"), unsized_body()), "old");
    assert_eq!(server.requests()[0].body, b"hello");
    at_rest(&client);
}

fn posted(client: &Client, url: &str, body: Body) -> String {
    let mut response = client.post(url).body(body).send().unwrap();
    response.body_mut().read_to_string(100).unwrap()
}

//! Connections are made before anybody asks, where somebody wishes for that.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::{ErrorKind, pool};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{
    Authority, On, TlsServer, at_rest, get, on_both_adapters, refusing_url, wait_for_open, wait_until,
};

on_both_adapters!(
    "dials":
    a_request_finds_a_connection_that_was_made_before,
    a_secure_connection_is_ready_with_its_handshake,
    no_more_are_made_than_may_be,
    a_host_that_cannot_be_reached_is_no_error_and_asked_once,
    a_url_that_no_request_could_have_is_an_error,
    a_host_in_use_has_idle_connections,
);

fn a_request_finds_a_connection_that_was_made_before(on: On) {
    let server = Server::start(|_| Reply::ok("fine"));
    let client = on.client();
    client.preconnect(server.url("/"), 3).unwrap();
    wait_for_open(&server, 3);
    wait_until("three idle connections", || client.stats().idle == 3);
    get(&client, &server.url("/"));
    let stats = at_rest(&client);
    assert_eq!((stats.connections_opened, stats.requests_sent, stats.idle), (3, 1, 3));
    assert_eq!(server.stats().accepted, 3);
}

fn a_secure_connection_is_ready_with_its_handshake(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("secret"));
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    let client = on.builder().tls(authority.trusted()).build();
    client.preconnect(front.url("localhost", "/"), 1).unwrap();
    wait_until("an idle connection", || client.stats().idle == 1);
    wait_until("the server's end of the handshake", || front.handshakes() == (1, 0));
    get(&client, &front.url("localhost", "/"));
    assert_eq!(front.handshakes(), (1, 0));
}

fn no_more_are_made_than_may_be(on: On) {
    let server = Server::start(|_| Reply::ok("fine"));
    let options = pool::Options { max_per_key: 2, ..pool::Options::default() };
    let client = on.builder().pool(options).build();
    client.preconnect(server.url("/"), 50).unwrap();
    wait_until("two idle connections", || client.stats().idle == 2);
    get(&client, &server.url("/"));
    assert_eq!(at_rest(&client).connections_opened, 2);
}

fn a_host_that_cannot_be_reached_is_no_error_and_asked_once(on: On) {
    let options = pool::Options { max_dials_per_key: 1, ..pool::Options::default() };
    let client = on.builder().pool(options).build();
    client.preconnect(refusing_url("/"), 4).unwrap();
    wait_until("a failed dial", || client.stats().dials_failed == 1);
    assert_eq!(at_rest(&client).dials_failed, 1);
}

fn a_url_that_no_request_could_have_is_an_error(on: On) {
    let error = on.client().preconnect("ftp://a.example/", 1).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error}");
}

fn a_host_in_use_has_idle_connections(on: On) {
    let server = Server::start(|_| Reply::ok("fine"));
    let options = pool::Options { min_idle: 2, ..pool::Options::default() };
    let client = on.builder().pool(options).build();
    let held = client.get(server.url("/")).send().unwrap();
    wait_until("two idle connections", || client.stats().idle >= 2);
    drop(held);
    assert_eq!(at_rest(&client).connections_opened, server.stats().accepted);
}

//! What happens to a connection between two requests.

use std::time::Duration;

use httpocean_testkit::server::{End, Reply, Request, Server};

use crate::client::{BOUND, Client, is_reset};

const SHORTLY: Duration = Duration::from_millis(10);

/// The first request of each connection gets this end.
fn first_then(end: End) -> Server {
    Server::start(move |request: &Request| match request.index {
        0 => Reply::ok("first").then(end.clone()),
        _ => Reply::ok("next"),
    })
}

#[test]
fn the_server_closes_as_the_next_request_comes() {
    let server = first_then(End::CloseOnNextRequest);
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/").body, b"first");
    assert_eq!(server.stats().open, 1);
    client.send("POST /unanswered HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody");
    assert_eq!(client.rest().unwrap(), b"");
    let received = server.requests().remove(1);
    assert_eq!((&*received.request.target, received.request.index), ("/unanswered", 1));
    assert!(!received.body_complete);
}

#[test]
fn the_server_resets_as_the_next_request_comes() {
    let server = first_then(End::ResetOnNextRequest);
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/").body, b"first");
    client.send("GET /unanswered HTTP/1.1\r\n\r\n");
    assert!(is_reset(client.rest()));
    assert_eq!(server.stats().requests, 2);
}

#[test]
fn an_idle_connection_is_closed_after_a_while() {
    let server = first_then(End::Close.after(SHORTLY));
    let mut client = Client::connect(&server);
    client.get("/");
    assert_eq!(client.rest().unwrap(), b"");
    drop(client);
    assert!(server.wait_for(BOUND, |stats| stats.open == 0));
}

#[test]
fn an_idle_connection_is_reset_after_a_while() {
    let server = first_then(End::Reset.after(SHORTLY));
    let mut client = Client::connect(&server);
    client.get("/");
    assert!(is_reset(client.rest()));
}

#[test]
fn bytes_come_unasked_and_the_connection_lives_on() {
    let server = first_then(End::SendUnasked { after: SHORTLY, bytes: b"surprise".to_vec() });
    let mut client = Client::connect(&server);
    client.get("/");
    assert_eq!(client.take(8), b"surprise");
    assert_eq!(client.get("/").body, b"next");
}

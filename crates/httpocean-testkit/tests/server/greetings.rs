//! What a connection gets before its first request.

use std::io::Read;
use std::time::Duration;

use httpocean_testkit::server::{Greeting, Reply, Server};

use crate::client::{Client, is_reset};

fn greeting_first(greeting: Greeting) -> Server {
    let builder = Server::builder().on_connect(move |number| match number {
        0 => greeting.clone(),
        _ => Greeting::Serve,
    });
    builder.start(|_| Reply::ok("served")).unwrap()
}

#[test]
fn a_connection_can_be_closed_at_once() {
    let server = greeting_first(Greeting::Close);
    assert_eq!(Client::connect(&server).rest().unwrap(), b"");
    assert_eq!(Client::connect(&server).get("/").body, b"served");
}

#[test]
fn a_connection_can_be_reset_at_once() {
    let server = greeting_first(Greeting::Reset);
    assert!(is_reset(Client::connect(&server).rest()));
    assert_eq!(server.stats().requests, 0);
}

#[test]
fn a_silent_connection_reads_nothing() {
    let server = greeting_first(Greeting::Silent);
    let mut client = Client::connect(&server);
    client.send("GET / HTTP/1.1\r\n\r\n");
    client.stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(client.stream.read(&mut [0]).is_err());
    assert_eq!((server.stats().open, server.stats().requests), (1, 0));
}

#[test]
fn a_connection_can_be_greeted_with_bytes() {
    let server = greeting_first(Greeting::Send(b"HTTP/1.1 408 Request Timeout\r\n\r\n".to_vec()));
    let mut client = Client::connect(&server);
    assert!(client.head().starts_with("HTTP/1.1 408 "));
    assert_eq!(client.get("/").body, b"served");
}

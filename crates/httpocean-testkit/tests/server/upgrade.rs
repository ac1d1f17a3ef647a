//! Connections that stop being HTTP.

use std::net::Shutdown;

use httpocean_testkit::server::{End, Reply, Server};

use crate::client::Client;

#[test]
fn an_upgraded_connection_sends_everything_back() {
    let upgraded = || Reply::status(101, "Switching Protocols").header("Upgrade", "echo").then(End::Upgrade);
    let server = Server::start(move |_| upgraded());
    let mut client = Client::connect(&server);
    client.send("GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nalready here");
    assert_eq!(client.head(), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n");
    assert_eq!(client.take(12), b"already here");
    client.send("GET / HTTP/1.1\r\n\r\n");
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.rest().unwrap(), b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(server.stats().requests, 1);
}

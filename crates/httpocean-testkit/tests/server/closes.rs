//! How a connection ends after a reply.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use httpocean_testkit::server::{End, Reply, Server};

use crate::client::{BOUND, Client, is_reset};

#[test]
fn a_reset_is_seen_as_one() {
    let server =
        Server::start(|_| Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").then(End::Reset));
    let mut client = Client::connect(&server);
    client.send("GET / HTTP/1.1\r\n\r\n");
    assert!(is_reset(client.rest()));
    assert!(server.wait_for(BOUND, |stats| stats.open == 0));
}

#[test]
fn a_close_is_seen_as_the_end() {
    for end in [End::Close, End::CloseNow, End::HalfClose] {
        let server = Server::start(move |_| Reply::ok("bye").then(end.clone()));
        let mut client = Client::connect(&server);
        assert_eq!(client.get("/").body, b"bye");
        assert_eq!(client.rest().unwrap(), b"");
    }
}

#[test]
fn a_lingering_close_delivers_the_answer_to_a_client_that_still_sends() {
    let server = Server::start(|_| Reply::status(413, "Content Too Large").early().close());
    let mut client = Client::connect(&server);
    client.send("POST / HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n");
    // More than any socket buffer holds: it is sent only if the server reads it.
    let block = vec![b'x'; 1_000_000];
    for _ in 0..20 {
        client.send(&block);
    }
    assert!(client.response().head.starts_with("HTTP/1.1 413 "));
    assert_eq!(client.rest().unwrap(), b"");
    let received = server.requests().remove(0);
    assert_eq!((received.body_len, received.body_complete), (0, false));
}

#[test]
fn a_half_closed_connection_still_takes_bytes() {
    let server = Server::start(|_| Reply::ok("").then(End::HalfClose));
    let mut client = Client::connect(&server);
    client.get("/");
    assert_eq!(client.rest().unwrap(), b"");
    client.send(vec![b'x'; 10_000_000]);
    assert_eq!(server.stats().open, 1);
    drop(client);
    assert!(server.wait_for(BOUND, |stats| stats.open == 0));
}

#[test]
fn a_held_connection_stays_silent_and_open() {
    let server = Server::start(|_| Reply::script([]).then(End::Hold(Duration::from_secs(3600))));
    let mut client = Client::connect(&server);
    client.send("GET / HTTP/1.1\r\n\r\n");
    assert!(server.wait_for(BOUND, |stats| stats.requests == 1));
    client.stream.shutdown(Shutdown::Write).unwrap();
    client.stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(client.stream.read(&mut [0]).is_err(), "nothing to read, not even the end");
    assert_eq!(server.stats().open, 1);
}

#[test]
fn an_idle_timeout_closes() {
    let server = Server::builder().idle_timeout(Duration::from_millis(20)).start(|_| Reply::ok("")).unwrap();
    let mut client = Client::connect(&server);
    client.stream.write_all(b"GET / HT").unwrap();
    assert!(server.wait_for(BOUND, |stats| stats.accepted == 1 && stats.open == 0));
    assert_eq!(client.rest().unwrap(), b"");
}

//! The link, seen by plain TCP clients. Times are asserted from below only.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod counts;
mod ends;
mod order;
mod times;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use httpocean_testkit::link::{Link, LinkOptions};
use httpocean_testkit::server::Server;

/// Only a broken test waits this long.
const BOUND: Duration = Duration::from_secs(20);

fn link(server: &Server, rtt: Duration, initial_window: Option<usize>) -> Link {
    Link::start(server.addr(), LinkOptions { rtt, initial_window }).unwrap()
}

fn connect(link: &Link) -> TcpStream {
    let client = TcpStream::connect(link.addr()).unwrap();
    client.set_read_timeout(Some(BOUND)).unwrap();
    client.set_write_timeout(Some(BOUND)).unwrap();
    client
}

/// Sends a GET and takes a response that is known to be `HTTP/1.1 200 OK` with a length.
fn get(client: &mut TcpStream, len: usize) -> Vec<u8> {
    client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
    let mut response = vec![0; head.len() + len];
    client.read_exact(&mut response).unwrap();
    assert!(response.starts_with(head.as_bytes()));
    response.split_off(head.len())
}

//! How connections through a link end.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::time::Duration;

use httpocean_testkit::link::{Link, LinkOptions};
use httpocean_testkit::server::{End, Greeting, Reply, Server};

use crate::{BOUND, connect, get, link};

const RTT: Duration = Duration::from_millis(4);
const AN_HOUR: Duration = Duration::from_secs(3600);

#[test]
fn the_servers_end_arrives_after_its_bytes() {
    let server = Server::start(|_| Reply::generated(100_000).close());
    let link = link(&server, RTT, Some(10_000));
    let mut client = connect(&link);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert!(answer.len() > 100_000);
}

#[test]
fn the_clients_end_arrives_and_nothing_stays_open() {
    let server = Server::start(|_| Reply::ok("x"));
    let link = link(&server, RTT, None);
    let mut clients: Vec<_> = (0..5).map(|_| connect(&link)).collect();
    for client in &mut clients {
        get(client, 1);
    }
    assert_eq!(server.stats().open, 5);
    drop(clients);
    assert!(server.wait_for(BOUND, |stats| stats.open == 0));
}

#[test]
fn a_client_that_closed_its_side_still_gets_the_answer() {
    let server = Server::start(|_| Reply::ok("answer").pause(RTT));
    let link = link(&server, RTT, None);
    let mut client = connect(&link);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("answer"));
}

#[test]
fn resets_arrive_as_resets() {
    let half = || Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").then(End::Reset);
    let server = Server::start(move |_| half());
    let link = link(&server, RTT, None);
    let mut client = connect(&link);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let error = client.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_target_that_refuses_looks_like_a_reset() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let link = Link::start(nobody, LinkOptions { rtt: RTT, initial_window: None }).unwrap();
    let error = connect(&link).read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn stopping_wakes_whatever_a_connection_is_doing() {
    let server =
        Server::builder().on_connect(|_| Greeting::Send(vec![b'x'; 100])).start(|_| Reply::ok("")).unwrap();
    let slow = link(&server, AN_HOUR, Some(10));
    let mut waiting = connect(&slow);
    waiting.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let idle = link(&server, RTT, None);
    let client = connect(&idle);
    (&client).read_exact(&mut [0]).unwrap();
    drop(idle);
    slow.stop();
    assert!(server.wait_for(BOUND, |stats| stats.open == 0));
    drop((waiting, client));
}

//! Connections: how many there were, are, and whose they are.

use std::net::{Ipv6Addr, TcpListener};

use httpocean_testkit::server::{Reply, Server};

use crate::client::{BOUND, Client};

#[test]
fn requests_share_a_connection_that_is_kept_alive() {
    let server = Server::start(|_| Reply::ok("hello"));
    let mut client = Client::connect(&server);
    for _ in 0..3 {
        assert_eq!(client.get("/").body, b"hello");
    }
    let stats = server.stats();
    assert_eq!((stats.accepted, stats.open, stats.peak_open, stats.requests), (1, 1, 1, 3));
    let places: Vec<_> = server.requests().iter().map(|r| (r.request.connection, r.request.index)).collect();
    assert_eq!(places, [(0, 0), (0, 1), (0, 2)]);
}

#[test]
fn each_connection_has_its_number_and_its_peer() {
    let server = Server::start(|_| Reply::ok(""));
    let mut clients: Vec<_> = (0..3).map(|_| Client::connect(&server)).collect();
    for client in &mut clients {
        client.get("/");
    }
    let peers: Vec<_> = server.requests().iter().map(|r| (r.request.connection, r.request.peer)).collect();
    let expected: Vec<_> = (0..).zip(clients.iter().map(Client::local_addr)).collect();
    assert_eq!(peers, expected);
}

#[test]
fn open_falls_to_zero_when_the_clients_close() {
    let server = Server::start(|_| Reply::ok(""));
    let mut clients: Vec<_> = (0..20).map(|_| Client::connect(&server)).collect();
    for client in &mut clients {
        client.get("/");
    }
    assert_eq!(server.stats().open, 20);
    drop(clients);
    assert!(server.wait_for(BOUND, |stats| stats.open == 0), "{:?}", server.stats());
    assert_eq!(server.stats().peak_open, 20);
}

#[test]
fn connections_beyond_the_maximum_wait_to_be_accepted() {
    let server = Server::builder().max_connections(1).start(|_| Reply::ok("")).unwrap();
    let mut first = Client::connect(&server);
    let mut second = Client::connect(&server);
    first.get("/");
    assert_eq!(server.stats().accepted, 1);
    drop(first);
    second.get("/");
    assert_eq!((server.stats().accepted, server.stats().peak_open), (2, 1));
}

#[test]
fn other_addresses_can_be_given() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return; // No IPv6 on this host.
    }
    let server = Server::builder().bind((Ipv6Addr::LOCALHOST, 0)).start(|_| Reply::ok("six")).unwrap();
    assert!(server.url("/x").starts_with("http://[::1]:"));
    assert_eq!(Client::connect(&server).get("/").body, b"six");
}

//! One client is a pool for every host: connections are kept and shared, each host has its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use httpocean_std::Config;
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::{On, at_rest, get, on_both_adapters};

on_both_adapters!(
    a_hundred_pages_of_one_host_take_one_connection,
    a_client_and_its_clones_share_connections,
    each_host_has_a_connection_of_its_own,
    spellings_of_one_host_share_a_connection,
    partitions_and_local_addresses_do_not_share,
    an_ipv6_host_is_reached,
);
on_both_adapters!("direct": a_response_tells_of_its_connection);

fn ports(server: &Server) -> BTreeSet<u16> {
    server.requests().iter().map(|received| received.request.peer.port()).collect()
}

fn a_hundred_pages_of_one_host_take_one_connection(on: On) {
    let server = on.serve(|request: &Request| Reply::ok(request.target.clone()));
    let client = on.client();
    for page in 0..100 {
        let target = format!("/page/{page}");
        assert_eq!(get(&client, &server.url(&target)), target);
    }
    assert_eq!((server.stats().accepted, ports(&server).len()), (1, 1));
    let stats = client.stats();
    assert_eq!((stats.connections_opened, stats.requests_sent, stats.keys), (1, 100, 1));
}

fn a_client_and_its_clones_share_connections(on: On) {
    let server = on.serve(|_| Reply::ok("fine"));
    let client = on.client();
    for _ in 0..10 {
        let clone = client.clone();
        assert_eq!(get(&clone, &server.url("/")), "fine");
        drop(clone);
    }
    std::thread::scope(|scope| scope.spawn(|| get(&client, &server.url("/"))).join().unwrap());
    assert_eq!(server.stats().accepted, 1);
}

fn each_host_has_a_connection_of_its_own(on: On) {
    let server = on.server().bind((Ipv4Addr::UNSPECIFIED, 0));
    let server = server.start(|request: &Request| {
        let host = String::from_utf8(request.header("host").unwrap().to_vec()).unwrap();
        Reply::ok(host)
    });
    let server = server.unwrap();
    let client = on.client();
    for _ in 0..25 {
        for host in (1..=4).map(|last| format!("127.0.0.{last}")) {
            let authority = format!("{host}:{}", server.addr().port());
            assert_eq!(get(&client, &server.url_at(&host, "/")), authority);
        }
    }
    assert_eq!((server.stats().accepted, ports(&server).len()), (4, 4));
    let stats = at_rest(&client);
    assert_eq!((stats.keys, stats.idle, stats.connections_opened), (4, 4, 4));
}

fn spellings_of_one_host_share_a_connection(on: On) {
    let server = on.serve(|_| Reply::ok("fine"));
    let client = on.client();
    for host in ["localhost", "LOCALHOST", "localhost."] {
        assert_eq!(get(&client, &server.url_at(host, "/")), "fine");
    }
    assert_eq!(client.stats().connections_opened, 1);
}

fn partitions_and_local_addresses_do_not_share(on: On) {
    let server = on.serve(|_| Reply::ok("fine"));
    let client = on.client();
    let send = |config: Config| client.get(server.url("/")).config(config).send().unwrap();
    let from: Vec<_> = [None, Some("127.0.0.1"), Some("127.0.0.7")]
        .map(|local| Config { local: local.map(|ip| ip.parse().unwrap()), ..Config::default() })
        .map(|config| send(config).body().connection().unwrap().local.unwrap().ip())
        .to_vec();
    let expected: Vec<std::net::IpAddr> =
        ["127.0.0.1", "127.0.0.1", "127.0.0.7"].map(|ip| ip.parse().unwrap()).to_vec();
    assert_eq!(from, expected);
    for partition in [1, 2, 1, 2] {
        send(Config { partition, ..Config::default() });
    }
    assert_eq!(client.stats().connections_opened, 5);
}

fn a_response_tells_of_its_connection(on: On) {
    let server = on.serve(|_| Reply::ok("fine"));
    let client = on.client();
    for reused in 0..5 {
        let mut response = client.get(server.url("/")).send().unwrap();
        let connection = *response.body().connection().unwrap();
        assert_eq!((connection.number, connection.reused), (1, reused));
        assert_eq!(connection.peer, Some(server.addr()));
        let seen: SocketAddr = server.requests().last().unwrap().request.peer;
        assert_eq!(connection.local, Some(seen), "what is our end here is the server's other end");
        response.body_mut().read_to_vec(10).unwrap();
    }
}

fn an_ipv6_host_is_reached(on: On) {
    let server = on.server().bind((Ipv6Addr::LOCALHOST, 0));
    let Ok(server) = server.start(|request: &Request| Reply::ok(request.header("host").unwrap())) else {
        return println!("this system has no IPv6 loopback");
    };
    let client = on.client();
    assert_eq!(get(&client, &server.url("/")), server.addr().to_string());
}

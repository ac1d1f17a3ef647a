//! A connection that becomes another protocol's is handed over, with what was read of it already.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use httpocean_std::http::Method;
use httpocean_std::{Client, ErrorKind, ProtocolError, Upgraded, pool};
use httpocean_testkit::server::{Act, End, Reply, Request, Server};
use httpocean_tests::{at_rest, get, wait_for_open};

fn server() -> Server {
    Server::start(|request: &Request| {
        let switching = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n";
        let tunnel = b"HTTP/1.1 200 Connected\r\n\r\n";
        let early = |head: &[u8]| [head, b"early bytes"].concat();
        match (request.method.as_str(), request.target.as_str()) {
            ("GET", "/echo") => Reply::raw(switching.to_vec()).then(End::Upgrade),
            ("GET", "/early") => Reply::raw(early(switching)).then(End::Upgrade),
            ("GET", "/hold") => Reply::raw(switching.to_vec()).then(End::Hold(Duration::from_secs(3600))),
            ("GET", "/hints") => Reply::script([
                Act::Send(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec()),
                Act::Send(early(switching)),
            ])
            .then(End::Upgrade),
            ("CONNECT", _) => Reply::raw(early(tunnel)).then(End::Upgrade),
            _ => Reply::ok("no upgrade"),
        }
    })
}

fn echoes(stream: &mut Upgraded) {
    for round in 0..20_u8 {
        let sent = vec![round; 10_000];
        stream.write_all(&sent).unwrap();
        let mut received = vec![0; 10_000];
        stream.read_exact(&mut received).unwrap();
        assert_eq!(sent, received);
    }
}

fn expect_early(stream: &mut Upgraded) {
    let mut early = [0; 11];
    stream.read_exact(&mut early).unwrap();
    assert_eq!(&early, b"early bytes");
}

#[test]
fn a_switch_of_protocols_hands_the_connection_over() {
    let (server, client) = (server(), Client::new());
    for path in ["/echo", "/early", "/hints"] {
        let response = client.get(server.url(path)).unwrap().header("upgrade", "echo").send().unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["upgrade"]),
            (101, &"echo".parse().unwrap())
        );
        let mut stream = response.into_body().upgrade().unwrap();
        if path != "/echo" {
            expect_early(&mut stream);
        }
        echoes(&mut stream);
    }
    assert_eq!(at_rest(&client).open, 0);
    wait_for_open(&server, 0);
}

#[test]
fn the_request_of_an_upgrade_names_it_for_the_next_hop() {
    let (server, client) = (server(), Client::new());
    client.get(server.url("/echo")).unwrap().header("upgrade", "echo").send().unwrap();
    assert_eq!(server.requests()[0].request.header("connection"), Some(&b"upgrade"[..]));
}

#[test]
fn a_tunnel_hands_the_connection_over() {
    let (server, client) = (server(), Client::new());
    let response = client.request(Method::CONNECT, server.url("/")).unwrap().send().unwrap();
    assert_eq!(response.status(), 200);
    let mut stream = response.into_body().upgrade().unwrap();
    expect_early(&mut stream);
    echoes(&mut stream);
    assert_eq!(server.requests()[0].request.target, server.addr().to_string());
}

#[test]
fn the_place_of_a_connection_that_was_handed_over_is_free() {
    let server = server();
    let options = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = Client::builder().pool(options).build();
    let response = client.get(server.url("/echo")).unwrap().header("upgrade", "echo").send().unwrap();
    let mut stream = response.into_body().upgrade().unwrap();
    assert_eq!(get(&client, &server.url("/")), "no upgrade");
    drop(client);
    echoes(&mut stream);
}

#[test]
fn an_upgrade_that_is_not_taken_closes_its_connection() {
    let (server, client) = (server(), Client::new());
    let mut body =
        client.get(server.url("/early")).unwrap().header("upgrade", "echo").send().unwrap().into_body();
    assert_eq!(body.read_to_vec(100).unwrap(), b"", "what is another protocol's is no body");
    drop(body);
    assert_eq!(at_rest(&client).open, 0);
    wait_for_open(&server, 0);
}

#[test]
fn an_upgrade_that_the_server_declines_is_a_response_like_others() {
    let (server, client) = (server(), Client::new());
    for _ in 0..3 {
        let response = client.get(server.url("/")).unwrap().header("upgrade", "echo").send().unwrap();
        let mut body = response.into_body().upgrade().err().unwrap();
        assert_eq!(body.read_to_string(100).unwrap(), "no upgrade");
    }
    assert_eq!(server.stats().accepted, 1);
}

#[test]
fn an_upgrade_that_nobody_asked_for_is_an_error() {
    let (server, client) = (server(), Client::new());
    let error = client.get(server.url("/early")).unwrap().send().unwrap_err();
    let unsolicited = matches!(error.kind(), ErrorKind::Protocol(ProtocolError::UnsolicitedUpgrade(_)));
    assert!(unsolicited, "{error}");
    assert_eq!(at_rest(&client).open, 0);
}

#[test]
fn a_stream_has_a_deadline_if_it_is_given_one() {
    let (server, client) = (server(), Client::new());
    let response = client.get(server.url("/hold")).unwrap().header("upgrade", "echo").send().unwrap();
    let mut stream = response.into_body().upgrade().unwrap();
    stream.set_deadline(Some(Instant::now() + Duration::from_millis(30)));
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::TimedOut);
    // The server does not read: a write that does not fit waits, and gives up as well.
    let error = stream.write_all(&vec![0; 100_000_000]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn a_stream_can_be_taken_apart() {
    let (server, client) = (server(), Client::new());
    let response = client.get(server.url("/early")).unwrap().header("upgrade", "echo").send().unwrap();
    let mut stream = response.into_body().upgrade().unwrap();
    stream.read_exact(&mut [0; 6]).unwrap();
    let (mut transport, early) = stream.into_parts();
    assert_eq!(early, b"bytes");
    assert_eq!(transport.write(b"ping").unwrap(), 4);
    let mut answer = [0; 4];
    let mut read = 0;
    while read < 4 {
        read += transport.read(&mut answer[read..], None).unwrap();
    }
    assert_eq!(&answer, b"ping");
}

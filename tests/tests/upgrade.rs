//! A connection that becomes another protocol's is handed over, with what was read of it already.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use httpocean_std::http::Method;
use httpocean_std::{ErrorKind, ProtocolError, pool};
use httpocean_testkit::server::{Act, End, Reply, Request, Server};
use httpocean_tests::{On, Stream, at_rest, get, on_both_adapters, wait_for_open};

on_both_adapters!(
    a_switch_of_protocols_hands_the_connection_over,
    the_request_of_an_upgrade_names_it_for_the_next_hop,
    an_upgrade_that_is_not_taken_closes_its_connection,
    an_upgrade_that_the_server_declines_is_a_response_like_others,
    an_upgrade_that_nobody_asked_for_is_an_error,
    an_upgrade_to_another_protocol_is_an_error,
);
on_both_adapters!("origins": a_tunnel_hands_the_connection_over);
on_both_adapters!("direct": the_place_of_a_connection_that_was_handed_over_is_free);

fn server(on: On) -> Server {
    on.serve(|request: &Request| {
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

fn echoes(stream: &mut impl Stream) {
    for round in 0..20_u8 {
        let sent = vec![round; 10_000];
        stream.write_all(&sent).unwrap();
        let mut received = vec![0; 10_000];
        stream.read_exact(&mut received).unwrap();
        assert_eq!(sent, received);
    }
}

fn expect_early(stream: &mut impl Stream) {
    let mut early = [0; 11];
    stream.read_exact(&mut early).unwrap();
    assert_eq!(&early, b"early bytes");
}

fn a_switch_of_protocols_hands_the_connection_over(on: On) {
    let (server, client) = (server(on), on.client());
    for path in ["/echo", "/early", "/hints"] {
        let response = client.get(server.url(path)).header("upgrade", "echo").send().unwrap();
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

fn the_request_of_an_upgrade_names_it_for_the_next_hop(on: On) {
    let (server, client) = (server(on), on.client());
    client.get(server.url("/echo")).header("upgrade", "echo").send().unwrap();
    assert_eq!(server.requests()[0].request.header("connection"), Some(&b"upgrade"[..]));
}

fn a_tunnel_hands_the_connection_over(on: On) {
    let (server, client) = (server(on), on.client());
    let response = client.request(Method::CONNECT, server.url("/")).send().unwrap();
    assert_eq!(response.status(), 200);
    let mut stream = response.into_body().upgrade().unwrap();
    expect_early(&mut stream);
    echoes(&mut stream);
    assert_eq!(server.requests()[0].request.target, server.addr().to_string());
}

fn the_place_of_a_connection_that_was_handed_over_is_free(on: On) {
    let server = server(on);
    let options = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = on.builder().pool(options).build();
    let response = client.get(server.url("/echo")).header("upgrade", "echo").send().unwrap();
    let mut stream = response.into_body().upgrade().unwrap();
    assert_eq!(get(&client, &server.url("/")), "no upgrade");
    drop(client);
    echoes(&mut stream);
}

fn an_upgrade_that_is_not_taken_closes_its_connection(on: On) {
    let (server, client) = (server(on), on.client());
    let mut body = client.get(server.url("/early")).header("upgrade", "echo").send().unwrap().into_body();
    assert_eq!(body.read_to_vec(100).unwrap(), b"", "what is another protocol's is no body");
    drop(body);
    assert_eq!(at_rest(&client).open, 0);
    wait_for_open(&server, 0);
}

fn an_upgrade_that_the_server_declines_is_a_response_like_others(on: On) {
    let (server, client) = (server(on), on.client());
    for _ in 0..3 {
        let response = client.get(server.url("/")).header("upgrade", "echo").send().unwrap();
        let mut body = response.into_body().upgrade().err().unwrap();
        assert_eq!(body.read_to_string(100).unwrap(), "no upgrade");
    }
    assert_eq!(server.stats().accepted, 1);
}

fn an_upgrade_that_nobody_asked_for_is_an_error(on: On) {
    let (server, client) = (server(on), on.client());
    let error = client.get(server.url("/early")).send().unwrap_err();
    let unsolicited = matches!(error.kind(), ErrorKind::Protocol(ProtocolError::UnsolicitedUpgrade(_)));
    assert!(unsolicited, "{error}");
    assert_eq!(at_rest(&client).open, 0);
}

fn an_upgrade_to_another_protocol_is_an_error(on: On) {
    let (server, client) = (server(on), on.client());
    let error = client.get(server.url("/early")).header("upgrade", "tea, echoes").send().unwrap_err();
    let unsolicited = matches!(error.kind(), ErrorKind::Protocol(ProtocolError::UnsolicitedUpgrade(_)));
    assert!(unsolicited, "{error}");
    assert_eq!(at_rest(&client).open, 0);
}

//! A response that ends with its connection needs the goodbye of TLS; without one, somebody on the way may have cut it.

use std::io::Read;
use std::time::Duration;

use httpocean_std::{ErrorKind, ProtocolError};
use httpocean_testkit::server::{End, Reply, Server};
use httpocean_tests::{Authority, On, TlsFront, TlsServer, at_rest, get, of_reading, on_both_adapters};

on_both_adapters!(
    "secured":
    a_body_until_the_end_needs_a_goodbye,
    a_body_with_a_length_needs_none,
    an_idle_connection_may_end_without,
);

fn front(server: &Server, authority: &Authority, goodbyes: bool) -> TlsFront {
    let tls = TlsServer::new(authority.issue(&["localhost"]));
    let tls = if goodbyes { tls } else { tls.without_goodbye() };
    tls.before(server.addr())
}

fn a_body_until_the_end_needs_a_goodbye(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("").until_close("all of it, or is it?"));
    let client = on.builder().tls(authority.trusted()).build();
    assert_eq!(get(&client, &front(&server, &authority, true).url("localhost", "/")), "all of it, or is it?");
    let cut = front(&server, &authority, false);
    let mut body = client.get(cut.url("localhost", "/")).send().expect("a head").into_body();
    let mut read = Vec::new();
    let error = of_reading(body.read_to_end(&mut read).expect_err("it may be cut"));
    assert_eq!(read, b"all of it, or is it?", "what came is shown");
    assert!(matches!(error.kind(), ErrorKind::Protocol(ProtocolError::Truncated(_))), "{error}");
    at_rest(&client);
}

fn a_body_with_a_length_needs_none(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("all of it").close());
    let client = on.builder().tls(authority.trusted()).build();
    assert_eq!(get(&client, &front(&server, &authority, false).url("localhost", "/")), "all of it");
}

fn an_idle_connection_may_end_without(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("one more").then(End::Close.after(Duration::from_millis(1))));
    let client = on.builder().tls(authority.trusted()).build();
    let front = front(&server, &authority, false);
    for _ in 0..3 {
        assert_eq!(get(&client, &front.url("localhost", "/")), "one more");
        httpocean_tests::wait_for_open(&server, 0);
    }
    assert_eq!(server.stats().accepted, 3);
}

//! One handshake serves many requests, and the next connection resumes its session; by both versions of TLS.

use std::time::Duration;

use httpocean_std::rustls::rustls::version::{TLS12, TLS13};
use httpocean_std::rustls::{Tls, Version};
use httpocean_testkit::is_pattern;
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::{Authority, On, TlsServer, at_rest, get, on_both_adapters, wait_until};

on_both_adapters!(
    "secured":
    a_hundred_requests_take_one_handshake,
    the_second_connection_resumes_the_session,
    without_resumption_each_handshake_is_whole,
    others_have_sessions_of_their_own,
    both_versions_are_spoken_and_only_those_that_are_allowed,
    bodies_of_all_kinds_pass,
);

fn a_hundred_requests_take_one_handshake(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("secret"));
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    let client = on.builder().tls(authority.trusted()).build();
    for _ in 0..100 {
        assert_eq!(get(&client, &front.url("localhost", "/")), "secret");
    }
    assert_eq!((front.handshakes(), front.stats().accepted), ((1, 0), 1));
    assert_eq!(at_rest(&client).connections_opened, 1);
    client.close();
    wait_until("the goodbye", || front.stats().goodbyes == 1);
}

fn the_second_connection_resumes_the_session(on: On) {
    for version in [&TLS12, &TLS13] {
        let authority = Authority::new("a CA");
        let server = Server::start(|_| Reply::ok("secret").close());
        let front = TlsServer::new(authority.issue(&["127.0.0.1"])).only(version).before(server.addr());
        let client = on.builder().tls(authority.trusted()).build();
        for _ in 0..3 {
            get(&client, &front.url("127.0.0.1", "/"));
        }
        assert_eq!(front.handshakes(), (1, 2), "{version:?}");
    }
}

fn without_resumption_each_handshake_is_whole(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("secret").close());
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    let tls = Tls::builder().ca_pem(authority.pem()).resumption(false).build().expect("TLS");
    let client = on.builder().tls(tls).build();
    for _ in 0..2 {
        get(&client, &front.url("localhost", "/"));
    }
    assert_eq!(front.handshakes(), (2, 0));
}

/// Neither options that differ nor those that are equal share anything, but clones do.
fn others_have_sessions_of_their_own(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("secret").close());
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    let one = authority.trusted();
    for (tls, expected) in [(one.clone(), (1, 0)), (authority.trusted(), (2, 0)), (one, (2, 1))] {
        get(&on.builder().tls(tls).build(), &front.url("localhost", "/"));
        assert_eq!(front.handshakes(), expected);
    }
}

fn both_versions_are_spoken_and_only_those_that_are_allowed(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|_| Reply::ok("secret"));
    for (of_server, of_client) in [(&TLS12, Version::Tls12), (&TLS13, Version::Tls13)] {
        let front = TlsServer::new(authority.issue(&["localhost"])).only(of_server).before(server.addr());
        for allowed in [Version::Tls12, Version::Tls13] {
            let tls = Tls::builder().ca_pem(authority.pem()).versions(&[allowed]).build().expect("TLS");
            let answer = on.builder().tls(tls).build().get(front.url("localhost", "/")).send();
            assert_eq!(answer.is_ok(), allowed == of_client, "{allowed:?} with {of_server:?}: {answer:?}");
        }
    }
}

fn bodies_of_all_kinds_pass(on: On) {
    const SIZE: usize = 2_000_000;
    let authority = Authority::new("a CA");
    let server = Server::start(|request| match &request.target[..] {
        "/chunked" => Reply::ok("").chunked(["hello", " ", "world"], [("x-sum", "1")]),
        "/until-close" => Reply::ok("").until_close("until the goodbye"),
        "/slow" => Reply::ok("drop by drop").in_pieces(1, Duration::from_millis(1)),
        _ => Reply::generated(SIZE as u64),
    });
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    let client = on.builder().tls(authority.trusted()).build();
    assert_eq!(get(&client, &front.url("localhost", "/slow")), "drop by drop");
    let mut response = client.get(front.url("localhost", "/chunked")).send().expect("an answer");
    assert_eq!(response.body_mut().read_to_string(100).expect("a body"), "hello world");
    assert!(response.body_mut().take_trailers().is_some_and(|trailers| trailers["x-sum"] == "1"));
    let request = client.post(front.url("localhost", "/big")).body(vec![7; SIZE]);
    let body = request.send().expect("an answer").body_mut().read_to_vec(SIZE as u64).expect("a body");
    assert!(body.len() == SIZE && is_pattern(0, &body));
    assert_eq!(server.requests().last().map(|received| received.body_len), Some(SIZE as u64));
    assert_eq!(get(&client, &front.url("localhost", "/until-close")), "until the goodbye");
    assert_eq!(front.handshakes().0, 1);
}

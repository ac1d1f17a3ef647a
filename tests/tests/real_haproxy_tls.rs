//! haproxy by TLS: how many handshakes it sees, by its own log, and what passes.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io;

use httpocean_std::rustls::{Tls, Version};
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::real::{Real, connections, page};
use httpocean_tests::{Authority, Body, On, on_both_adapters};

on_both_adapters!(
    "real":
    a_hundred_requests_take_one_handshake,
    the_second_connection_resumes_the_session,
    long_bodies_pass_both_ways,
    an_idle_connection_that_it_closes_is_found_out,
    http_to_its_port_of_https,
);

fn echo() -> Server {
    Server::start(|request: &Request| Reply::ok(request.target.clone()))
}

fn proxy(origin: &Server, defaults: &str) -> Option<(Real, Authority)> {
    let authority = Authority::new("a CA");
    let identity = authority.issue(&["localhost"]);
    Some((Real::haproxy_tls(&identity, defaults, origin.addr())?, authority))
}

fn a_hundred_requests_take_one_handshake(on: On) {
    let origin = echo();
    let Some((haproxy, authority)) = proxy(&origin, "timeout http-keep-alive 10s") else { return };
    let client = on.builder().tls(authority.trusted()).build();
    for n in 0..100 {
        let path = format!("/{n}");
        assert_eq!(page(&client, &haproxy.tls_url(&path)), path);
    }
    let log = haproxy.haproxy_log(100);
    assert_eq!((connections(&log).len(), client.stats().connections_opened), (1, 1));
    assert!(log.iter().all(|logged| logged.what.ends_with("TLSv1.3 0")), "{log:?}");
}

fn the_second_connection_resumes_the_session(on: On) {
    for (version, name) in [(Version::Tls12, "TLSv1.2"), (Version::Tls13, "TLSv1.3")] {
        let origin = echo();
        let Some((haproxy, authority)) = proxy(&origin, "option httpclose") else { return };
        let tls = Tls::builder().ca_pem(authority.pem()).versions(&[version]).build().unwrap();
        let client = on.builder().tls(tls).build();
        for _ in 0..3 {
            page(&client, &haproxy.tls_url("/"));
        }
        let log = haproxy.haproxy_log(3);
        let ends: Vec<&str> = log.iter().map(|logged| logged.what.rsplit_once("/ ").unwrap().1).collect();
        assert_eq!(ends, [format!("{name} 0"), format!("{name} 1"), format!("{name} 1")]);
    }
}

fn long_bodies_pass_both_ways(on: On) {
    const DOWN: u64 = 100 * 1024 * 1024;
    const UP: u64 = 20 * 1024 * 1024;
    let origin = Server::start(|_| Reply::generated(DOWN));
    let Some((haproxy, authority)) = proxy(&origin, "") else { return };
    let client = on.builder().tls(authority.trusted()).build();
    let body = Body::from_reader(io::Read::take(io::repeat(b'x'), UP));
    let mut body = client.post(haproxy.tls_url("/")).body(body).send().unwrap().into_body();
    assert_eq!(io::copy(&mut body, &mut io::sink()).unwrap(), DOWN);
    assert_eq!(origin.requests()[0].body_len, UP);
}

fn an_idle_connection_that_it_closes_is_found_out(on: On) {
    let origin = echo();
    let Some((haproxy, authority)) = proxy(&origin, "timeout http-keep-alive 50ms") else { return };
    let client = on.builder().tls(authority.trusted()).build();
    for n in 1..=3 {
        let response = client.post(haproxy.tls_url("/")).body("order").send().unwrap();
        let local = response.body().connection().unwrap().local.unwrap();
        response.into_body().read_to_string(10).unwrap();
        httpocean_tests::real::wait_for_close(local);
        assert_eq!(client.stats().connections_opened, n);
    }
    assert_eq!((client.stats().stale_replays, origin.stats().requests), (0, 3));
}

fn http_to_its_port_of_https(on: On) {
    let origin = echo();
    let Some((haproxy, _)) = proxy(&origin, "") else { return };
    let answer = on.client().get(haproxy.url("/")).send();
    assert!(answer.is_err() || answer.is_ok_and(|response| response.status() == 400));
    assert_eq!(origin.stats().requests, 0);
}

//! nginx by TLS: how many handshakes it sees, by its own log, and what it says of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::File;
use std::io;

use httpocean_core::layer::LayerFault;
use httpocean_std::rustls::{Tls, Version};
use httpocean_std::{CloseReason, ErrorKind};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::real::{Home, Real, connections, page};
use httpocean_tests::{Authority, Body, Client, On, on_both_adapters};

on_both_adapters!(
    "real":
    a_hundred_requests_take_one_handshake,
    the_second_connection_resumes_the_session,
    chunked_and_long_bodies_come_whole,
    a_refusal_in_the_middle_of_an_upload_is_delivered,
    a_long_upload_arrives_whole,
    a_name_that_it_does_not_know,
    http_to_its_port_of_https,
);

fn server(site: &str) -> Option<(Real, Authority)> {
    server_with(Home::new().page("page", "hello"), site)
}

fn server_with(home: Home, site: &str) -> Option<(Real, Authority)> {
    let authority = Authority::new("a CA");
    let identity = authority.issue(&["localhost"]);
    Some((Real::nginx_tls(home, &identity, site)?, authority))
}

fn client(on: On, authority: &Authority) -> Client {
    on.builder().tls(authority.trusted()).build()
}

fn a_hundred_requests_take_one_handshake(on: On) {
    let Some((nginx, authority)) = server("") else { return };
    let client = client(on, &authority);
    for _ in 0..100 {
        assert_eq!(page(&client, &nginx.tls_url("/page")), "hello");
    }
    let log = nginx.nginx_log(100);
    assert_eq!(connections(&log).len(), 1, "{log:?}");
    assert!(log.iter().all(|logged| logged.what.ends_with("/page TLSv1.3 .")), "{log:?}");
    assert_eq!(client.stats().connections_opened, 1);
}

fn the_second_connection_resumes_the_session(on: On) {
    for (version, name) in [(Version::Tls12, "TLSv1.2"), (Version::Tls13, "TLSv1.3")] {
        let Some((nginx, authority)) = server("keepalive_requests 1;") else { return };
        let tls = Tls::builder().ca_pem(authority.pem()).versions(&[version]).build().unwrap();
        let client = on.builder().tls(tls).build();
        for _ in 0..3 {
            page(&client, &nginx.tls_url("/page"));
        }
        let log = nginx.nginx_log(3);
        let ends: Vec<&str> = log.iter().map(|logged| logged.what.rsplit_once("page ").unwrap().1).collect();
        assert_eq!(ends, [format!("{name} ."), format!("{name} r"), format!("{name} r")]);
    }
}

fn chunked_and_long_bodies_come_whole(on: On) {
    const LONG: u64 = 100 * 1024 * 1024;
    let origin = Server::start(|_| Reply::ok("").chunked(["one", "two"], [("x-end", "yes")]));
    let home = Home::new();
    File::create(home.www("long")).unwrap().set_len(LONG).unwrap();
    let site =
        format!("location /chunked {{ proxy_http_version 1.1; proxy_pass http://{}; }}", origin.addr());
    let Some((nginx, authority)) = server_with(home, &site) else { return };
    let client = client(on, &authority);
    let response = client.get(nginx.tls_url("/chunked")).send().unwrap();
    assert_eq!(response.headers()["transfer-encoding"], "chunked");
    assert_eq!(response.into_body().read_to_string(100).unwrap(), "onetwo");
    let mut body = client.get(nginx.tls_url("/long")).send().unwrap().into_body();
    assert_eq!(io::copy(&mut body, &mut io::sink()).unwrap(), LONG);
    assert_eq!(connections(&nginx.nginx_log(2)).len(), 1);
}

fn a_refusal_in_the_middle_of_an_upload_is_delivered(on: On) {
    const UPLOAD: u64 = 100 * 1024 * 1024;
    let site = "client_max_body_size 1m; location /put { proxy_pass http://127.0.0.1:1; }";
    let Some((nginx, authority)) = server(site) else { return };
    let client = client(on, &authority);
    for round in 0..20 {
        let source = io::repeat(b'x');
        let body = match round % 2 {
            0 => Body::from_sized_reader(source, UPLOAD),
            _ => Body::from_reader(io::Read::take(source, UPLOAD)),
        };
        let sent = client.post(nginx.tls_url("/put")).body(body).send();
        let response = sent.unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(response.status(), 413, "round {round}");
        let page = response.into_body().read_to_string(10_000).unwrap();
        assert!(page.contains("413 Request Entity Too Large"), "round {round}: {page}");
    }
    assert_eq!(page(&client, &nginx.tls_url("/page")), "hello");
    let stats = client.stats();
    assert_eq!(stats.closed.get(&CloseReason::Broken), None, "{stats:?}");
}

fn a_long_upload_arrives_whole(on: On) {
    const SIZE: u64 = 20 * 1024 * 1024;
    let origin = Server::start(|_| Reply::ok("thanks"));
    let site = format!(
        "client_max_body_size 100m;
         location / {{ proxy_http_version 1.1; proxy_request_buffering off; proxy_pass http://{}; }}",
        origin.addr()
    );
    let Some((nginx, authority)) = server(&site) else { return };
    let client = client(on, &authority);
    let body = Body::from_sized_reader(io::repeat(b'x'), SIZE);
    let response = client.post(nginx.tls_url("/")).body(body).send().unwrap();
    assert_eq!(response.into_body().read_to_string(100).unwrap(), "thanks");
    assert_eq!(origin.requests()[0].body_len, SIZE);
}

fn a_name_that_it_does_not_know(on: On) {
    let Some((nginx, authority)) = server("ssl_reject_handshake on;") else { return };
    let error = client(on, &authority).get(nginx.tls_url("/page")).send().unwrap_err();
    let ErrorKind::Tls(why) = error.kind() else { panic!("{error}") };
    assert_eq!((why.fault(), why.what()), (LayerFault::Refused, "the peer knows no host of that name"));
}

fn http_to_its_port_of_https(on: On) {
    let Some((nginx, authority)) = server("") else { return };
    let response = client(on, &authority).get(nginx.url("/page")).send().unwrap();
    assert_eq!(response.status(), 400, "it takes care to answer in clear");
    let client = on.builder().tls(Authority::new("another CA").trusted()).build();
    let error = client.get(nginx.tls_url("/page")).send().unwrap_err();
    assert!(error.to_string().contains("issued by nobody who is trusted"), "{error}");
}

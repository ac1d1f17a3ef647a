//! squid, tinyproxy and dante between us and a server.

use std::io::Read as _;

use httpocean_core::ProxyError;
use httpocean_core::layer::Security;
use httpocean_core::proxy::Rules;
use httpocean_std::policy::Retries;
use httpocean_std::{Config, ErrorKind, Phase, Sent};
use httpocean_testkit::front::Front;
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_testkit::toy::{Toy, ToyPeer};
use httpocean_tests::real::Real;
use httpocean_tests::{Client, On, at_rest, get, on_both_adapters};

on_both_adapters!(
    "real":
    squid_forwards_and_tunnels,
    squid_wants_to_know_who_we_are,
    squid_says_why_it_makes_no_tunnel,
    tinyproxy_forwards_and_tunnels,
    tinyproxy_wants_to_know_who_we_are,
    dante_connects,
    dante_refuses,
    dante_wants_to_know_who_we_are,
    much_goes_through_each,
);

const WHO: &str = "ann:s3cret@";
/// In base64.
const PAIR: &str = "YW5uOnMzY3JldA==";

fn config(proxy: &Real, kind: &str, who: &str) -> Config {
    let url = format!("{kind}://{who}{}", proxy.addr());
    let rules = Rules::all(url.parse().expect("the URL of a proxy"));
    Config { proxy: rules, tls: Some(Security::new(Toy::default())), ..Config::default() }
}

fn client(on: On, proxy: &Real, kind: &str, who: &str) -> Client {
    on.builder().config(config(proxy, kind, who)).build()
}

/// Answers with the target.
fn echo() -> (Server, Front) {
    let server = Server::start(|request: &Request| Reply::ok(request.target.clone()));
    let front = Front::start(server.addr(), || ToyPeer::new(3)).expect("a port");
    (server, front)
}

/// Pages by http and https, each by one connection of ours, without a word about the proxy to the server.
fn forwards_and_tunnels(client: &Client) {
    let (server, front) = echo();
    for n in 0..10 {
        assert_eq!(get(client, &format!("http://{}/{n}", server.addr())), format!("/{n}"));
    }
    for n in 0..10 {
        assert_eq!(get(client, &format!("https://{}/{n}", front.addr())), format!("/{n}"));
    }
    assert_eq!(front.stats().accepted, 1, "a tunnel is used again");
    for seen in server.requests() {
        assert_eq!(seen.request.header("proxy-authorization"), None);
    }
    assert_eq!(at_rest(client).dialing, 0);
}

fn squid_forwards_and_tunnels(on: On) {
    let Some(squid) = Real::squid(false) else { return };
    let client = client(on, &squid, "http", "");
    forwards_and_tunnels(&client);
    assert_eq!(client.stats().connections_opened, 2);
    assert_eq!(squid.proxy_log("GET http://", 10).len(), 10);
}

fn squid_wants_to_know_who_we_are(on: On) {
    let Some(squid) = Real::squid(true) else { return };
    wants_to_know(on, &squid);
    // What it was told, in its own words: nothing of what is between us and the server.
    let (_server, front) = echo();
    let client = client(on, &squid, "http", WHO);
    let url = format!("https://{}/private", front.addr());
    let request = client.get(&url).header("cookie", "origin").header("authorization", "Bearer origin");
    let body = request.send().expect("an answer").into_body().read_to_string(99).expect("all of it");
    assert_eq!(body, "/private");
    // It logs a tunnel when that is over.
    client.close();
    let target = front.addr().to_string();
    let connects = squid.proxy_log(&target, 1);
    assert!(connects[0].starts_with(&format!("CONNECT {target} 200 ann ")), "{connects:?}");
    let fields = connects[0].to_lowercase();
    assert!(
        !fields.contains("cookie") && !fields.contains("origin") && !fields.contains("private"),
        "{fields}"
    );
    assert!(fields.contains("proxy-authorization") && fields.contains("user-agent"), "{fields}");
}

fn squid_says_why_it_makes_no_tunnel(on: On) {
    let Some(squid) = Real::squid(false) else { return };
    let client = client(on, &squid, "http", "");
    let error = client.get("https://127.0.0.1:1/").send().expect_err("nobody listens there");
    let ErrorKind::Proxy(ProxyError::Refused(status)) = error.kind() else { panic!("{error}") };
    assert_eq!((status.as_u16(), error.phase(), error.sent()), (503, Phase::Proxy, Sent::Nothing));
    let answer = error.proxy_answer().expect("what it said");
    assert!(answer.fields.contains_key("x-squid-error"), "{:?}", answer.fields);
    assert!(answer.body.starts_with(b"<!DOCTYPE html"), "{:?}", String::from_utf8_lossy(&answer.body));
    assert_eq!(at_rest(&client).open, 0);
}

/// Without a password, and with a wrong one, there is no way, and nobody knocks twice; with the right one there is.
fn wants_to_know(on: On, proxy: &Real) {
    let (server, front) = echo();
    for who in ["", "ann:wrong@"] {
        let retries = Retries::new(3);
        let client = on.builder().config(Config { retries, ..config(proxy, "http", who) }).build();
        let response = client.get(format!("http://{}/", server.addr())).send().expect("an answer");
        assert!(matches!(response.status().as_u16(), 401 | 407), "{}", response.status());
        drop(response);
        let error = client.get(format!("https://{}/", front.addr())).send().expect_err("who are we?");
        let ErrorKind::Proxy(ProxyError::Refused(status)) = error.kind() else { panic!("{error}") };
        assert!(matches!(status.as_u16(), 401 | 407), "{error}");
        assert!(error.hops().is_empty(), "it was tried again: {error}");
    }
    assert_eq!((server.stats().accepted, front.stats().accepted), (0, 0));
    forwards_and_tunnels(&client(on, proxy, "http", WHO));
    for seen in server.requests() {
        assert!(!format!("{:?}", seen.request.headers).contains(PAIR));
    }
}

fn tinyproxy_forwards_and_tunnels(on: On) {
    let Some(tinyproxy) = Real::tinyproxy(false) else { return };
    forwards_and_tunnels(&client(on, &tinyproxy, "http", ""));
    assert_eq!(tinyproxy.proxy_log("CONNECT 127.0.0.1", 1).len(), 1);
}

fn tinyproxy_wants_to_know_who_we_are(on: On) {
    let Some(tinyproxy) = Real::tinyproxy(true) else { return };
    wants_to_know(on, &tinyproxy);
}

fn dante_connects(on: On) {
    let Some(dante) = Real::dante(false) else { return };
    for kind in ["socks5", "socks5h"] {
        forwards_and_tunnels(&client(on, &dante, kind, ""));
    }
    // Credentials that nobody asks for are not told.
    forwards_and_tunnels(&client(on, &dante, "socks5h", WHO));
    // The name goes to the proxy, and it resolves it.
    let (server, _front) = echo();
    let client = client(on, &dante, "socks5h", "");
    assert_eq!(get(&client, &format!("http://localhost:{}/by-name", server.addr().port())), "/by-name");
}

fn dante_refuses(on: On) {
    let Some(dante) = Real::dante(false) else { return };
    let client = client(on, &dante, "socks5h", "");
    let error = client.get("http://127.0.0.1:1/").send().expect_err("nobody listens there");
    assert_eq!(error.kind(), &ErrorKind::Proxy(ProxyError::NotConnected(5)), "{error}");
    let Some(dante) = Real::dante(true) else { return };
    for who in ["", "nobody-here:wrong@"] {
        let retries = Retries::new(3);
        let client = on.builder().config(Config { retries, ..config(&dante, "socks5h", who) }).build();
        let error = client.get("http://127.0.0.1:1/").send().expect_err("it does not know us");
        assert!(matches!(error.kind(), ErrorKind::Proxy(ProxyError::NoEntry(_))), "{who}: {error}");
        assert!(error.hops().is_empty(), "it was tried again: {error}");
    }
}

fn dante_wants_to_know_who_we_are(on: On) {
    let Some(dante) = Real::dante_that_knows() else { return };
    for kind in ["socks5", "socks5h"] {
        forwards_and_tunnels(&client(on, &dante, kind, WHO));
    }
    for who in ["", "ann:wrong@", "bob:s3cret@"] {
        let client = client(on, &dante, "socks5h", who);
        let error = client.get("http://127.0.0.1:1/").send().expect_err("it does not know us");
        assert!(matches!(error.kind(), ErrorKind::Proxy(ProxyError::NoEntry(_))), "{who}: {error}");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}

/// Bodies of megabytes, both ways, through each kind.
fn much_goes_through_each(on: On) {
    const SIZE: usize = 3_000_000;
    let server = Server::start(|_| Reply::generated(SIZE as u64));
    let front = Front::start(server.addr(), || ToyPeer::new(3)).expect("a port");
    for (proxy, kind) in
        [(Real::squid(false), "http"), (Real::tinyproxy(false), "http"), (Real::dante(false), "socks5h")]
    {
        let Some(proxy) = proxy else { continue };
        let client = client(on, &proxy, kind, "");
        for url in [format!("http://{}/", server.addr()), format!("https://{}/", front.addr())] {
            let mut response = client.post(&url).body(vec![b'x'; SIZE]).send().expect("an answer");
            let mut body = Vec::new();
            response.body_mut().read_to_end(&mut body).expect("all of it");
            assert!(body.len() == SIZE && httpocean_testkit::is_pattern(0, &body), "{url}: it is another");
        }
    }
    assert!(server.requests().iter().all(|seen| seen.body_len == SIZE as u64));
}

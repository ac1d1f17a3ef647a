//! https through proxies, and proxies that are spoken to by https: TLS within TLS, by rustls.

use std::fs;

use httpocean_core::ProxyError;
use httpocean_core::proxy::Rules;
use httpocean_std::policy::Retries;
use httpocean_std::{Config, ErrorKind, Phase, Sent};
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::proxy::{Manner, Proxy};
use httpocean_tests::real::{Home, Real};
use httpocean_tests::{Authority, On, TlsServer, at_rest, get, on_both_adapters};

on_both_adapters!(
    "real":
    https_goes_through_squid_tinyproxy_and_dante,
    squid_behind_tls_forwards_and_tunnels,
    squid_behind_tls_wants_to_know_who_we_are,
    a_proxy_of_another_name_is_told_nothing,
    a_server_of_another_name_is_not_believed_through_a_tunnel,
    a_proxy_and_a_server_of_one_name_have_their_own_handshakes,
);

/// Answers with the target.
fn echo() -> Server {
    Server::start(|request: &Request| Reply::ok(request.target.clone()))
}

fn config(authority: &Authority, proxy: &str) -> Config {
    let rules = Rules::all(proxy.parse().expect("the URL of a proxy"));
    Config { proxy: rules, tls: Some(authority.trusted().into()), ..Config::default() }
}

/// squid with a certificate of that authority for `localhost`.
fn squid_behind_tls(authority: &Authority, login: bool) -> Option<Real> {
    let home = Home::new();
    let identity = authority.issue(&["localhost"]);
    fs::write(home.path("cert.pem"), &identity.certificate).expect("a file can be written");
    fs::write(home.path("key.pem"), &identity.key).expect("a file can be written");
    let listens = "https_port 127.0.0.1:PORT tls-cert=HOME/cert.pem tls-key=HOME/key.pem";
    Real::squid_at(home, listens, login)
}

fn https_goes_through_squid_tinyproxy_and_dante(on: On) {
    let authority = Authority::new("a CA");
    let server = echo();
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    for (proxy, kind) in
        [(Real::squid(false), "http"), (Real::tinyproxy(false), "http"), (Real::dante(false), "socks5h")]
    {
        let Some(proxy) = proxy else { continue };
        let before = front.stats().accepted;
        let client = on.builder().config(config(&authority, &format!("{kind}://{}", proxy.addr()))).build();
        for n in 0..10 {
            assert_eq!(get(&client, &front.url("localhost", &format!("/{n}"))), format!("/{n}"));
        }
        assert_eq!(front.stats().accepted, before + 1, "one tunnel, used again");
    }
}

fn squid_behind_tls_forwards_and_tunnels(on: On) {
    let authority = Authority::new("a CA");
    let Some(squid) = squid_behind_tls(&authority, false) else { return };
    let server = echo();
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    let proxy = format!("https://localhost:{}", squid.addr().port());
    let client = on.builder().config(config(&authority, &proxy)).build();
    for n in 0..10 {
        assert_eq!(get(&client, &format!("http://{}/{n}", server.addr())), format!("/{n}"));
        assert_eq!(get(&client, &front.url("localhost", &format!("/{n}"))), format!("/{n}"));
    }
    assert_eq!((at_rest(&client).connections_opened, front.stats().accepted), (2, 1));
    assert_eq!(squid.proxy_log("GET http://", 10).len(), 10);
    client.close();
    assert_eq!(squid.proxy_log("CONNECT localhost:", 1).len(), 1);
}

fn squid_behind_tls_wants_to_know_who_we_are(on: On) {
    let authority = Authority::new("a CA");
    let Some(squid) = squid_behind_tls(&authority, true) else { return };
    let server = echo();
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    let url = |who: &str| format!("https://{who}localhost:{}", squid.addr().port());
    let retries = Retries::new(3);
    let stranger = on.builder().config(Config { retries, ..config(&authority, &url("")) }).build();
    let error = stranger.get(front.url("localhost", "/")).send().expect_err("who are we?");
    assert!(
        matches!(error.kind(), ErrorKind::Proxy(ProxyError::Refused(status)) if status.as_u16() == 407),
        "{error}"
    );
    assert!(error.hops().is_empty(), "{error}");
    let known = on.builder().config(config(&authority, &url("ann:s3cret@"))).build();
    assert_eq!(get(&known, &front.url("localhost", "/in")), "/in");
    assert_eq!(server.requests()[0].request.header("proxy-authorization"), None);
}

/// Neither a request nor credentials.
fn a_proxy_of_another_name_is_told_nothing(on: On) {
    let authority = Authority::new("a CA");
    let proxy = Proxy::start(Manner::default());
    let server = echo();
    for identity in [authority.issue(&["other.test"]), Authority::new("another CA").issue(&["localhost"])] {
        let front = TlsServer::new(identity).before(proxy.addr());
        let url = front.url("localhost", "").replace("https://", "https://ann:s3cret@");
        let retries = Retries::new(3);
        let client = on.builder().config(Config { retries, ..config(&authority, &url) }).build();
        for url in ["https://localhost:1/".to_owned(), server.url("/")] {
            let error = client.get(url).send().expect_err("it is somebody else");
            assert!(matches!(error.kind(), ErrorKind::Tls(_)), "{error}");
            assert_eq!((error.phase(), error.sent()), (Phase::Tls, Sent::Nothing), "{error}");
            assert!(error.hops().is_empty(), "{error}");
        }
        assert_eq!(at_rest(&client).open, 0);
    }
    assert!(proxy.told().iter().all(|told| told.itself.is_empty()), "{:?}", proxy.told());
}

fn a_server_of_another_name_is_not_believed_through_a_tunnel(on: On) {
    let authority = Authority::new("a CA");
    let server = echo();
    let front = TlsServer::new(authority.issue(&["other.test"])).before(server.addr());
    let proxy = Proxy::start(Manner::default());
    let behind = TlsServer::new(authority.issue(&["localhost"])).before(proxy.addr());
    for proxy in [proxy.url("http", ""), proxy.url("socks5h", ""), behind.url("localhost", "")] {
        let client = on.builder().config(config(&authority, &proxy)).build();
        let error = client.get(front.url("127.0.0.1", "/")).send().expect_err("it is somebody else");
        assert!(matches!(error.kind(), ErrorKind::Tls(_)), "{proxy}: {error}");
        assert_eq!((error.phase(), error.sent()), (Phase::Tls, Sent::Nothing), "{error}");
        assert_eq!(at_rest(&client).open, 0);
    }
    assert_eq!(server.stats().requests, 0);
}

/// Though their sessions could be resumed: what is resumed with the one is not what the other has.
fn a_proxy_and_a_server_of_one_name_have_their_own_handshakes(on: On) {
    let authority = Authority::new("a CA");
    let server = Server::start(|request: &Request| Reply::ok(request.target.clone()).close());
    let front = TlsServer::new(authority.issue(&["localhost"])).before(server.addr());
    let names = [(format!("localhost:{}", front.addr().port()), front.addr())].into();
    let proxy = Proxy::start(Manner { names, ..Manner::default() });
    let behind = TlsServer::new(authority.issue(&["localhost"])).before(proxy.addr());
    let client = on.builder().config(config(&authority, &behind.url("localhost", ""))).build();
    for n in 0..4 {
        assert_eq!(get(&client, &front.url("localhost", &format!("/{n}"))), format!("/{n}"));
    }
    assert_eq!((front.handshakes(), behind.handshakes()), ((1, 3), (1, 3)));
    assert_eq!(server.stats().requests, 4);
}

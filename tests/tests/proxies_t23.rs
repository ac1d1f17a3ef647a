//! T23: what is not yet a connection to the server is nobody's, and what goes by a proxy never serves who goes without.

use std::net::TcpListener;
use std::time::Duration;

use httpocean_core::ProxyError;
use httpocean_core::proxy::Rules;
use httpocean_std::{Config, ErrorKind, Phase, Sent, dial, pool};
use httpocean_testkit::front::Front;
use httpocean_testkit::server::{Reply, Server};
use httpocean_testkit::toy::ToyPeer;
use httpocean_tests::proxy::{Manner, Proxy};
use httpocean_tests::{Names, On, at_rest, by_proxy, get, on_both_adapters};

on_both_adapters!(
    "secured":
    a_proxy_that_dies_in_the_handshake_serves_nobody,
    a_handshake_that_hangs_serves_nobody,
    with_and_without_a_proxy_are_two_connections,
);

/// At each byte of its answers, of each kind.
fn a_proxy_that_dies_in_the_handshake_serves_nobody(on: On) {
    let server = Server::start(|_| Reply::ok("hi"));
    let front = Front::start(server.addr(), || ToyPeer::new(3)).expect("a port");
    for (kind, who, answers) in [("http", "", 40), ("socks5h", "ann:s3cret@", 14), ("socks4a", "", 8)] {
        for dies_after in 0..answers {
            let login = (!who.is_empty()).then_some(("ann", "s3cret"));
            let proxy = Proxy::start(Manner { login, dies_after: Some(dies_after), ..Manner::default() });
            let client = on.builder().config(by_proxy(&proxy.url(kind, who))).build();
            let error = client.get(format!("https://{}/", front.addr())).send().expect_err("it died");
            let why = error.kind();
            assert!(
                matches!(why, ErrorKind::Proxy(ProxyError::Closed | ProxyError::Reset(_))),
                "{kind}, after {dies_after}: {error}"
            );
            assert_eq!((error.phase(), error.sent()), (Phase::Proxy, Sent::Nothing), "{error}");
            let stats = at_rest(&client);
            assert_eq!((stats.open, stats.dials_failed), (0, 1), "{stats:?}");
            let told = proxy.told();
            assert!(told.iter().all(|told| told.through.is_empty()), "{told:?}");
        }
        // All of it is a handshake that is through.
        let login = (!who.is_empty()).then_some(("ann", "s3cret"));
        let proxy = Proxy::start(Manner { login, dies_after: Some(answers), ..Manner::default() });
        let client = on.builder().config(by_proxy(&proxy.url(kind, who))).build();
        assert_eq!(get(&client, &format!("https://{}/", front.addr())), "hi", "{kind}");
    }
    assert_eq!(server.stats().requests, 3);
}

fn a_handshake_that_hangs_serves_nobody(on: On) {
    // The system connects; nobody ever answers.
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let addr = silent.local_addr().expect("it is bound");
    for kind in ["http", "socks5h", "socks4a", "https"] {
        let limit = Some(Duration::from_millis(50));
        let dial = dial::Options { proxy: limit, tls: limit, ..dial::Options::default() };
        let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
        let config = Config { dial, ..by_proxy(&format!("{kind}://{addr}")) };
        let client = on.builder().pool(pool).config(config).build();
        // Two that want the same connection: neither is given what is half made.
        let other = client.clone();
        let second = std::thread::spawn(move || other.get("https://a.test/").send().map(drop));
        let first = client.get("https://a.test/").send().map(drop);
        for ended in [first, second.join().expect("no panic")] {
            let error = ended.expect_err("nobody answers");
            let phase = if kind == "https" { Phase::Tls } else { Phase::Proxy };
            assert!(error.is_timeout() && error.is_connect(), "{kind}: {error}");
            assert_eq!((error.phase(), error.sent()), (phase, Sent::Nothing), "{kind}: {error}");
        }
        assert_eq!(at_rest(&client).open, 0);
    }
}

fn with_and_without_a_proxy_are_two_connections(on: On) {
    let server = Server::start(|_| Reply::ok("hi"));
    let front = Front::start(server.addr(), || ToyPeer::new(3)).expect("a port");
    let names = [("a.test:80".to_owned(), server.addr()), ("a.test:443".to_owned(), front.addr())];
    let proxy = Proxy::start(Manner { names: names.clone().into(), ..Manner::default() });
    let pins = names.into_iter().chain([(proxy.addr().to_string(), proxy.addr())]);
    let client = on.builder().config(by_proxy(&proxy.url("socks5h", ""))).names(&Names::pinned(pins)).build();
    let by = |kind: &str| Rules::all(proxy.url(kind, "").parse().expect("a proxy"));
    for (opened, url, rules) in [
        (1, "http://a.test/", by("socks5h")),
        (2, "http://a.test/", Rules::default()),
        (3, "http://a.test/", by("http")),
        (4, "https://a.test/", by("http")),
        (5, "https://a.test/", Rules::default()),
        (6, "https://a.test/", by("socks5h")),
        (6, "http://a.test/", Rules::default()),
        (6, "http://a.test/", by("socks5h")),
        (6, "http://a.test/", by("http")),
        (6, "https://a.test/", Rules::default()),
        (6, "https://a.test/", by("http")),
    ] {
        let request = client.get(url).change(|config| config.proxy = rules.clone());
        let body = request.send().expect("an answer").into_body().read_to_string(9).expect("hi");
        assert_eq!((body.as_str(), at_rest(&client).connections_opened), ("hi", opened), "{url} {rules:?}");
    }
    assert_eq!(proxy.told().len(), 4);
}

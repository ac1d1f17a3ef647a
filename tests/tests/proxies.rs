//! Through proxies of every kind: the same requests, by both adapters. Where https is spoken a toy layer stands for TLS,
//! so that all that goes through a tunnel can be read.

use std::collections::BTreeMap;

use httpocean_core::proxy::Rules;
use httpocean_std::ErrorKind;
use httpocean_testkit::front::Front;
use httpocean_testkit::server::{Reply, Server};
use httpocean_testkit::toy::ToyPeer;
use httpocean_tests::proxy::{Manner, Proxy};
use httpocean_tests::{Client, Names, On, Proxied, at_rest, by_proxy, get, on_both_adapters};

on_both_adapters!(
    "secured":
    every_kind_reaches_every_scheme,
    a_proxy_resolves_unless_we_do,
    a_proxy_behind_a_layer_is_one_too,
    names_that_are_pinned_lead_to_the_proxy,
    a_redirect_asks_which_proxy_again,
);

const WHO: &str = "ann:s3cret@";

fn client(on: On, proxy: &str) -> Client {
    on.builder().config(by_proxy(proxy)).build()
}

fn every_kind_reaches_every_scheme(on: On) {
    for (kind, who) in [("http", ""), ("http", WHO), ("socks5h", ""), ("socks5h", WHO), ("socks4a", "")] {
        let site = Proxied::start();
        let login = (!who.is_empty()).then_some(("ann", "s3cret"));
        let proxy = Proxy::start(Manner { names: site.names(), login, ..Manner::default() });
        let client = client(on, &proxy.url(kind, who));
        for url in ["http://a.test/x", "https://a.test/x"] {
            for _ in 0..3 {
                assert_eq!(get(&client, url), "hi", "{kind} {url}");
            }
        }
        let targets: Vec<_> = proxy.told().into_iter().map(|told| told.targets).collect();
        assert_eq!(targets, [["a.test:80"], ["a.test:443"]], "{kind}: a connection for each, and used again");
        assert_eq!(site.server.stats().requests, 6);
        assert_eq!(at_rest(&client).connections_opened, 2);
        let hosts =
            site.server.requests().iter().all(|request| request.request.header("host") == Some(b"a.test"));
        assert!(hosts, "{:?}", site.server.requests());
    }
}

fn a_proxy_resolves_unless_we_do(on: On) {
    let site = Proxied::start();
    let names = [("127.0.0.9:80".to_owned(), site.server.addr())].into();
    let proxy = Proxy::start(Manner { names, ..Manner::default() });
    let ours = Names::pinned([
        ("a.test:80".to_owned(), "127.0.0.9:80".parse().expect("an address")),
        ("proxy.test:1080".to_owned(), proxy.addr()),
    ]);
    let client = on.builder().config(by_proxy("socks5://proxy.test")).names(&ours).build();
    assert_eq!(get(&client, "http://a.test/"), "hi");
    assert_eq!(proxy.told()[0].targets, ["127.0.0.9:80"]);
    let error = client.get("http://nobody.test/").send().expect_err("nobody is called so");
    assert!(matches!(error.kind(), ErrorKind::Resolve(_)), "{error}");
    assert_eq!(proxy.told().len(), 1, "a name that nobody found was told to the proxy");
}

fn a_proxy_behind_a_layer_is_one_too(on: On) {
    let site = Proxied::start();
    let proxy =
        Proxy::start(Manner { names: site.names(), login: Some(("ann", "s3cret")), ..Manner::default() });
    let front = Front::start(proxy.addr(), || ToyPeer::new(9)).expect("a port");
    let client = client(on, &format!("https://{WHO}{}", front.addr()));
    for url in ["http://a.test/", "https://a.test/"] {
        for _ in 0..3 {
            assert_eq!(get(&client, url), "hi");
        }
    }
    assert_eq!((front.stats().accepted, site.front.stats().accepted), (2, 1));
    let told = proxy.told();
    assert!(told[0].text().starts_with("GET http://a.test/ HTTP/1.1\r\n"), "{}", told[0].text());
    assert!(told[1].text().starts_with("CONNECT a.test:443 HTTP/1.1\r\n"), "{}", told[1].text());
    // What goes through has a layer of its own within.
    assert!(!told[1].through.is_empty() && !told[1].through.windows(4).any(|bytes| bytes == b"HTTP"));
}

/// Names are looked up as ever, by whoever looks them up for the client: that of the proxy is the one.
fn names_that_are_pinned_lead_to_the_proxy(on: On) {
    let site = Proxied::start();
    let proxy = Proxy::start(Manner { names: site.names(), ..Manner::default() });
    let names = Names::pinned([("proxy.test:3128".to_owned(), proxy.addr())]);
    let client = on.builder().config(by_proxy("http://proxy.test:3128")).names(&names).build();
    assert_eq!(get(&client, "https://a.test/"), "hi");
    assert_eq!(proxy.told()[0].targets, ["a.test:443"]);
}

fn a_redirect_asks_which_proxy_again(on: On) {
    let site = Proxied::start();
    let there = site.server.url("/direct");
    let server = Server::start(move |request: &httpocean_testkit::server::Request| {
        Reply::status(302, "Found").header(
            "location",
            match request.target.as_str() {
                "/secure" => "https://a.test/",
                _ => there.as_str(),
            },
        )
    });
    let names: BTreeMap<_, _> =
        site.names().into_iter().chain([("b.test:80".to_owned(), server.addr())]).collect();
    let (plain, secure) = (
        Proxy::start(Manner { names: names.clone(), ..Manner::default() }),
        Proxy::start(Manner { names, ..Manner::default() }),
    );
    let mut config = by_proxy(&plain.url("http", WHO));
    config.proxy.https = Rules::all(secure.url("socks5h", "").parse().expect("a proxy")).https;
    config.proxy.no_proxy = httpocean_core::proxy::NoProxy::new("127.0.0.1");
    let client = on.builder().config(config).build();
    assert_eq!(get(&client, "http://b.test/secure"), "hi");
    assert_eq!(get(&client, "http://b.test/direct"), "hi");
    let targets = |proxy: &Proxy| proxy.told().into_iter().flat_map(|told| told.targets).collect::<Vec<_>>();
    assert_eq!(targets(&plain), ["b.test:80"]);
    assert_eq!(targets(&secure), ["a.test:443"]);
    let direct = site.server.requests().into_iter().find(|request| request.request.target == "/direct");
    assert!(direct.is_some_and(|request| request.request.header("proxy-authorization").is_none()));
}

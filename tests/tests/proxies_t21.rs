//! T21: who we are to a proxy is for that proxy alone, and what a request says to a server is none of a proxy's business
//! that makes a tunnel to it.

use http::header::{AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION};
use httpocean_core::ProxyError;
use httpocean_core::proxy::Rules;
use httpocean_std::policy::Retries;
use httpocean_std::{Config, ErrorKind, Phase, Sent};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::proxy::{Manner, Proxy};
use httpocean_tests::{On, Proxied, at_rest, by_proxy, get, on_both_adapters};

on_both_adapters!(
    "secured":
    a_tunnel_tells_neither_end_of_the_other,
    a_proxy_that_forwards_keeps_who_we_are,
    another_proxy_is_told_nothing_of_the_first,
    credentials_that_change_count_at_once,
    a_proxy_that_wants_to_know_who_we_are_is_not_asked_again,
);

const WHO: &str = "ann:s3cret@";
/// In base64.
const PAIR: &str = "YW5uOnMzY3JldA==";

struct Site(Proxied);

impl Site {
    fn start() -> Self {
        Self(Proxied::start())
    }

    fn proxy(&self, wants: bool) -> Proxy {
        let login = wants.then_some(("ann", "s3cret"));
        Proxy::start(Manner { names: self.0.names(), login, ..Manner::default() })
    }

    /// All that the server was ever told, as text.
    fn told(&self) -> String {
        format!(
            "{:?}",
            self.0.server.requests().iter().map(|seen| seen.request.headers.clone()).collect::<Vec<_>>()
        )
    }
}

fn a_tunnel_tells_neither_end_of_the_other(on: On) {
    for (kind, url) in [
        ("http", "https://a.test/private?query"),
        ("socks5h", "https://a.test/private?query"),
        ("socks5h", "http://a.test/private?query"),
    ] {
        let site = Site::start();
        let proxy = site.proxy(true);
        let client = on.builder().config(by_proxy(&proxy.url(kind, WHO))).build();
        let request = client.post(url).header(COOKIE, "c=origin").header(AUTHORIZATION, "Bearer origin");
        assert_eq!(request.header("x-origin", "1").body("origin").send().expect("an answer").status(), 200);

        let told = proxy.told().remove(0);
        let itself = told.text();
        for private in ["origin", "private", "query", "cookie", "bearer", "authorization: Bearer", "POST"] {
            assert!(!itself.contains(private), "{kind} was told {private}: {itself}");
        }
        let through = String::from_utf8_lossy(&told.through);
        for text in [site.told(), through.into_owned()] {
            for secret in ["s3cret", PAIR, "roxy-"] {
                assert!(!text.contains(secret), "{kind} {url}: the server was told {secret}: {text}");
            }
        }
        if kind == "http" {
            let lines: Vec<_> =
                itself.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect();
            assert_eq!(lines, ["CONNECT", "host:", "proxy-authorization:", "user-agent:", ""]);
        }
    }
}

fn a_proxy_that_forwards_keeps_who_we_are(on: On) {
    let site = Site::start();
    let proxy = site.proxy(true);
    let client = on.builder().config(by_proxy(&proxy.url("http", WHO))).build();
    for _ in 0..2 {
        assert_eq!(get(&client, "http://a.test/"), "hi");
    }
    assert_eq!(proxy.told()[0].text().matches(PAIR).count(), 2, "with every request");
    assert!(!site.told().contains(PAIR));
    // Where it would go through a tunnel, a request's own is refused before anything is sent.
    let own = client.get("https://a.test/").header(PROXY_AUTHORIZATION, "Basic x").send();
    let error = own.expect_err("it is for no server");
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error}");
    assert_eq!(proxy.told().len(), 1);
}

fn another_proxy_is_told_nothing_of_the_first(on: On) {
    let site = Site::start();
    let server = Server::start(|_| Reply::status(307, "Elsewhere").header("location", "https://a.test/"));
    let names = [("b.test:80".to_owned(), server.addr())].into();
    let first = Proxy::start(Manner { names, login: Some(("ann", "s3cret")), ..Manner::default() });
    let second = site.proxy(false);
    let mut config = by_proxy(&first.url("http", WHO));
    config.proxy.https = Rules::all(second.url("http", "").parse().expect("a proxy")).https;
    let client = on.builder().config(config).build();
    assert_eq!(get(&client, "http://b.test/"), "hi");
    assert!(first.told()[0].text().contains(PAIR));
    let told = second.told().remove(0).text();
    assert!(told.starts_with("CONNECT a.test:443") && !told.contains("roxy-"), "{told}");
    assert!(!site.told().contains(PAIR));
}

fn credentials_that_change_count_at_once(on: On) {
    let site = Site::start();
    let proxy = site.proxy(true);
    let client = on.builder().config(by_proxy(&proxy.url("http", WHO))).build();
    let secure = client.get("https://a.test/").change(|_| ());
    assert_eq!(secure.send().expect("an answer").into_body().read_to_string(9).expect("hi"), "hi");
    // With others, or none, there is no way through the connection that is there.
    for (n, who) in ["ann:wrong@", "bob:s3cret@", ""].into_iter().enumerate() {
        let rules: Rules = Rules::all(proxy.url("http", who).parse().expect("a proxy"));
        let other = client.get("https://a.test/").change(|config| config.proxy = rules.clone());
        let error = other.send().expect_err("it does not know them");
        assert_eq!(error.kind(), &ErrorKind::Proxy(ProxyError::Refused(407.try_into().expect("one"))));
        assert_eq!(proxy.told().len(), 2 * n + 2, "{who}");
        let other = client.get("http://a.test/").change(|config| config.proxy = rules.clone());
        assert_eq!(other.send().expect("an answer").status(), 407);
    }
    assert_eq!(site.0.server.stats().requests, 1);
}

fn a_proxy_that_wants_to_know_who_we_are_is_not_asked_again(on: On) {
    let site = Site::start();
    let proxy = site.proxy(true);
    let retries = Retries { statuses: vec![407.try_into().expect("one")], ..Retries::new(3) };
    let client = on.builder().config(Config { retries, ..by_proxy(&proxy.url("http", "")) }).build();
    let error = client.get("https://a.test/").send().expect_err("nobody said who we are");
    assert_eq!(
        (error.phase(), error.sent(), error.hops().len()),
        (Phase::Proxy, Sent::Nothing, 0),
        "{error}"
    );
    assert_eq!(error.status().map(|status| status.as_u16()), Some(407));
    let answer = error.proxy_answer().expect("what it said");
    assert_eq!(answer.body, b"who are you");
    assert_eq!(answer.fields["proxy-authenticate"], "Basic realm=\"r\"");
    assert_eq!(proxy.told().len(), 1);
    let response = client.get("http://a.test/").send().expect("an answer");
    assert_eq!((response.status().as_u16(), response.body().hops().len()), (407, 0));
    drop(response);
    assert_eq!(at_rest(&client).dialing, 0);
    assert_eq!(site.0.server.stats().accepted, 0);
}

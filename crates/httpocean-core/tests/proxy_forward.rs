//! Requests that are sent to a proxy whole: their first line, and who they say we are.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::*;
use httpocean_core::pool::Facts;
use httpocean_core::proxy::Rules;
use httpocean_core::{BodyPlan, Call, Config, ErrorKind, Instant, call};

fn by(proxy: &str) -> Config {
    Config {
        call: call::Options { user_agent: None, ..call::Options::default() },
        proxy: Rules::all(proxy.parse().unwrap()),
        ..Config::default()
    }
}

fn head(proxy: &str, method: &str, uri: &str, fields: &[(&str, &str)]) -> String {
    let mut it = Scenario::start(request(method, uri, fields), BodyPlan::empty(), by(proxy));
    it.acquire(Facts::default());
    let _ = it.step();
    it.flush()
}

#[test]
fn the_first_line_has_the_whole_url_and_host_is_still_sent() {
    for (uri, expected) in [
        ("http://A.example/x?y=z", "GET http://a.example/x?y=z HTTP/1.1\r\nhost: a.example\r\n\r\n"),
        ("http://a.example", "GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\n\r\n"),
        ("http://a:80/", "GET http://a/ HTTP/1.1\r\nhost: a\r\n\r\n"),
        ("http://a:8080?q", "GET http://a:8080/?q HTTP/1.1\r\nhost: a:8080\r\n\r\n"),
        ("http://[0::1]:81/", "GET http://[::1]:81/ HTTP/1.1\r\nhost: [::1]:81\r\n\r\n"),
    ] {
        assert_eq!(head("http://p", "GET", uri, &[]), expected);
        assert_eq!(head("https://p", "GET", uri, &[]), expected);
    }
}

#[test]
fn methods_with_targets_of_their_own_keep_them() {
    assert!(head("http://p", "OPTIONS", "http://a/*", &[]).starts_with("OPTIONS http://a HTTP/1.1\r\n"));
    assert!(head("http://p", "OPTIONS", "http://a/x", &[]).starts_with("OPTIONS http://a/x HTTP/1.1\r\n"));
    assert!(
        head("http://p", "CONNECT", "a:443", &[]).starts_with("CONNECT a:443 HTTP/1.1\r\nhost: a:443\r\n")
    );
}

#[test]
fn a_proxy_that_forwards_is_told_who_we_are() {
    let sent = "\r\nproxy-authorization: Basic dTpw\r\n";
    assert!(head("http://u:p@p", "GET", "http://a/", &[]).contains(sent));
    assert!(head("http://u:p@p", "CONNECT", "a:443", &[]).contains(sent));
    // What the request says itself goes first, and nothing is said twice.
    let own = head("http://u:p@p", "GET", "http://a/", &[("proxy-authorization", "Bearer x")]);
    assert_eq!(own.matches("proxy-authorization").count(), 1);
    assert!(own.contains("proxy-authorization: Bearer x\r\n"));
    assert!(!head("http://p", "GET", "http://a/", &[]).contains("proxy-authorization"));
}

#[test]
fn through_a_tunnel_no_word_of_the_proxy_is_sent() {
    for (proxy, uri) in
        [("http://u:p@p", "https://a/"), ("socks5://u:p@p", "http://a/"), ("socks5://u:p@p", "https://a/")]
    {
        let sent = head(proxy, "GET", uri, &[]);
        assert_eq!(sent, "GET / HTTP/1.1\r\nhost: a\r\n\r\n", "{proxy} {uri}");
        let given = request("GET", uri, &[("proxy-authorization", "Basic dTpw")]);
        let refused = Call::new(given, BodyPlan::empty(), &Arc::new(by(proxy)), Instant::ZERO).unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::Request(_)), "{refused}");
    }
}

#[test]
fn credentials_count_for_the_limit_of_a_head() {
    let mut config = by(&format!("http://{}:p@p", "u".repeat(900)));
    config.limits.request_head_bytes = 1000;
    let call = |config: Config| {
        Call::new(request("GET", "http://a/", &[]), BodyPlan::empty(), &Arc::new(config), Instant::ZERO)
    };
    assert!(matches!(call(config.clone()).unwrap_err().kind(), ErrorKind::Request(_)));
    config.proxy = by("http://p").proxy;
    assert!(call(config).is_ok());
}

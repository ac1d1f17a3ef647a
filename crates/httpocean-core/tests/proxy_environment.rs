//! Proxies as the environment names them, and which of them a request takes.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use httpocean_core::proxy::{Choice, Environment, Rules};
use httpocean_core::{BodyPlan, Call, Config, ErrorKind, Fault, Instant, Phase, ProxyError};

fn rules(variables: &[(&str, &str)]) -> Rules {
    Environment::of(|name| {
        variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
    })
    .rules()
}

fn call(rules: Rules, url: &str) -> Result<Call, httpocean_core::Error> {
    let config = Arc::new(Config { proxy: rules, ..Config::default() });
    Call::new(http::Request::get(url).body(()).unwrap(), BodyPlan::empty(), &config, Instant::ZERO)
}

/// The proxy that a request to `url` takes, or `direct`.
fn way(variables: &[(&str, &str)], url: &str) -> String {
    let call = call(rules(variables), url).unwrap();
    call.key().proxy().map_or_else(|| "direct".to_owned(), |proxy| format!("{proxy}"))
}

#[test]
fn each_scheme_has_its_variable() {
    let both = [("http_proxy", "http://one"), ("https_proxy", "socks5h://two")];
    assert_eq!(way(&both, "http://a"), "http://one:80");
    assert_eq!(way(&both, "https://a"), "socks5h://two:1080");
    assert_eq!(way(&[("http_proxy", "http://one")], "https://a"), "direct");
    assert_eq!(way(&[], "http://a"), "direct");
}

#[test]
fn lower_case_goes_first_and_all_comes_last() {
    let all = [
        ("HTTP_PROXY", "upper:1"),
        ("http_proxy", "lower:1"),
        ("HTTPS_PROXY", "upper:2"),
        ("ALL_PROXY", "upper:3"),
        ("all_proxy", "lower:3"),
    ];
    assert_eq!(way(&all, "http://a"), "http://lower:1");
    assert_eq!(way(&all, "https://a"), "http://upper:2");
    assert_eq!(way(&all[3..], "https://a"), "http://lower:3");
    // An empty one is none.
    assert_eq!(
        way(&[("http_proxy", ""), ("HTTP_PROXY", " up "), ("https_proxy", " ")], "http://a"),
        "http://up:80"
    );
}

#[test]
fn hosts_of_no_proxy_are_reached_directly() {
    let variables = [("all_proxy", "p"), ("no_proxy", "a"), ("NO_PROXY", "b")];
    assert_eq!(way(&variables, "http://a"), "direct");
    assert_eq!(way(&variables, "http://b"), "http://p:80");
    assert_eq!(way(&[variables[0], variables[2]], "https://x.b"), "direct");
}

#[test]
fn a_cgi_program_takes_no_proxy_from_its_client() {
    let client =
        [("HTTP_PROXY", "evil"), ("REQUEST_METHOD", "GET"), ("HTTPS_PROXY", "s"), ("ALL_PROXY", "all")];
    assert_eq!(way(&client, "http://a"), "http://all:80");
    assert_eq!(way(&client[..2], "http://a"), "direct");
    assert_eq!(way(&client, "https://a"), "http://s:80");
    // Even an empty one says that it is a CGI program.
    assert_eq!(way(&[client[0], ("REQUEST_METHOD", "")], "http://a"), "direct");
    // No field of a request is called so in lower case.
    assert_eq!(way(&[client[1], ("http_proxy", "mine")], "http://a"), "http://mine:80");
}

#[test]
fn a_proxy_that_nobody_understands_fails_the_requests_that_would_take_it() {
    let variables = [("http_proxy", "ftp://proxy"), ("https_proxy", "good"), ("no_proxy", "b")];
    let error = call(rules(&variables), "http://a").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Proxy(ProxyError::Unusable(_))), "{error}");
    assert_eq!((error.fault(), error.phase()), (Fault::Local, Phase::Start));
    assert_eq!(way(&variables, "https://a"), "http://good:80");
    assert_eq!(way(&variables, "http://b"), "direct");
}

#[test]
fn socks_4_has_no_addresses_of_ipv6() {
    let error = call(Rules::all("socks4a://p".parse().unwrap()), "http://[::1]").unwrap_err();
    assert!(error.to_string().contains("IPv6"), "{error}");
    assert!(call(Rules::all("socks4a://p".parse().unwrap()), "http://127.0.0.1").is_ok());
}

#[test]
fn nothing_prints_credentials() {
    let variables = [("all_proxy", "http://ann:s3cret@p"), ("http_proxy", "http://u:s3cret@p/s3cret")];
    let rules = rules(&variables);
    assert!(matches!(rules.http, Choice::Wrong(_)) && matches!(rules.https, Choice::By(_)));
    let environment = Environment::of(|name| (name != "no_proxy").then(|| "http://ann:s3cret@p".to_owned()));
    let error = call(rules.clone(), "http://a").unwrap_err();
    let call = call(rules.clone(), "https://a").unwrap();
    let config = Config { proxy: rules.clone(), ..Config::default() };
    for printed in [
        format!("{rules:?}"),
        format!("{environment:#?}"),
        format!("{error} {error:?}"),
        format!("{call:?} {} {:?}", call.key(), call.key()),
        format!("{config:?}"),
    ] {
        assert!(!printed.contains("s3cret") && !printed.contains("ann"), "{printed}");
        assert!(!printed.contains("YW5uOnMzY3JldA"), "{printed}");
    }
}

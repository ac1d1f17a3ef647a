//! What a hop tells, and to whom.
#![allow(clippy::unwrap_used)]

mod redirecting;

use http::header::{HOST, REFERER};
use http::{HeaderValue, Method, Request};
use httpocean_core::policy::redirect::{NotFollowed, Redirects};
use redirecting::*;

const ALL: [(&str, &str); 10] = [
    ("authorization", "a"),
    ("authorization", "b"),
    ("cookie", "a=1"),
    ("cookie", "b=2"),
    ("cookie2", "a=1"),
    ("proxy-authorization", "a"),
    ("proxy-authenticate", "a"),
    ("www-authenticate", "a"),
    ("x-api-key", "a"),
    ("accept", "*/*"),
];

fn with_all(url: &str) -> Request<()> {
    get(url, &ALL)
}

#[test]
fn another_origin_gets_no_secret() {
    for (from, to) in [
        ("http://h/", "http://other/"),
        ("http://h/", "http://sub.h/"),
        ("http://sub.h/", "http://h/"),
        ("http://h/", "http://h:81/"),
        ("http://h:81/", "http://h/"),
        ("http://h/", "https://h/"),
        ("https://h/", "http://h/"),
        ("https://h/", "http://h:443/"),
        ("http://127.0.0.1/", "http://localhost/"),
        ("http://127.0.0.1/", "http://[::ffff:127.0.0.1]/"),
        ("http://h/", "//other/"),
        ("http://h/", "\\\\other/"),
        ("http://h/", "/\\other/"),
        ("http://h/", "https:h/"),
        ("http://xn--bcher-kva.example/", "http://b\u{fc}cher.example.org/"),
    ] {
        let hop = hop(&with_all(from), to);
        assert!(hop.cross_origin, "{from} {to}");
        assert_eq!(names(&hop.request), ["accept", "x-api-key"], "{from} {to}");
    }
}

#[test]
fn other_spellings_of_an_origin_are_the_same_origin() {
    for (from, to) in [
        ("http://h/", "/next"),
        ("http://h/", "?next"),
        ("http://h/", "http:next"),
        ("http://h/", "http://h:80/"),
        ("http://h/", "http://H/"),
        ("http://h/", "http://h./"),
        ("http://h./", "http://h/"),
        ("http://h:80/", "//h"),
        ("http://h/", "http://%68/"),
        ("https://h/", "https://h:443/"),
        ("http://[::1]/", "http://[0:0:0::1]:80/"),
        ("http://127.0.0.1/", "http://0x7f.1/"),
        ("http://xn--bcher-kva.example/", "http://b\u{fc}cher.example/"),
        ("http://xn--bcher-kva.example/", "http://BU\u{308}CHER.example/"),
    ] {
        let request = with_all(from);
        let hop = hop(&request, to);
        assert!(!hop.cross_origin, "{from} {to}");
        assert_eq!(hop.request.headers(), request.headers(), "{from} {to}");
    }
}

#[test]
fn what_the_user_calls_secret_is_secret() {
    let policy = Redirects { sensitive: vec!["x-api-key".parse().unwrap()], ..Redirects::default() };
    let hop = hop_by(&with_all("http://h/"), "http://other/", &policy);
    assert_eq!(names(&hop.request), ["accept"]);
    let same = hop_by(&with_all("http://h/"), "/next", &policy);
    assert_eq!(names(&same.request), names(&with_all("http://h/")));
}

#[test]
fn a_field_with_one_value_that_is_marked_is_secret() {
    let mut request = get("http://h/", &[("x-key", "public"), ("accept", "*/*")]);
    let mut marked = HeaderValue::from_static("private");
    marked.set_sensitive(true);
    request.headers_mut().append("x-key", marked);
    assert_eq!(names(&hop(&request, "http://other/").request), ["accept"]);
    assert_eq!(hop(&request, "/next").request.headers().get_all("x-key").iter().count(), 2);
}

#[test]
fn what_was_dropped_once_never_comes_back() {
    for chain in [
        &["http://b/", "http://a/"][..],
        &["http://b/", "/next", "http://a/"],
        &["http://b/", "http://b/next"],
        &["https://a/", "http://a/", "http://a:80/next"],
    ] {
        let mut request = with_all("http://a/");
        for location in chain {
            request = hop(&request, location).request;
            assert_eq!(names(&request), ["accept", "x-api-key"], "{chain:?} {location}");
        }
    }
}

#[test]
fn a_host_field_names_one_site_and_no_other() {
    let own = get("http://127.0.0.1/", &[("host", "site.example"), ("authorization", "secret")]);
    for port in ["", ":1", ":2"] {
        let own = get(&format!("http://127.0.0.1{port}/"), &[("host", "site.example"), ("cookie", "secret")]);
        for relative in ["/next", "next", "?q", "#top", "http:next", "./.."] {
            let hop = hop(&own, relative);
            assert_eq!(hop.request.headers(), own.headers(), "{port} {relative} stays at that site");
            assert!(!hop.cross_origin);
        }
        let absolute = hop(&own, &own.uri().to_string());
        assert!(absolute.cross_origin && names(&absolute.request).is_empty(), "{port}");
    }
    for elsewhere in ["http://127.0.0.1/", "//127.0.0.1:80/x", "http://site.example/", "https:127.0.0.1"] {
        let hop = hop(&own, elsewhere);
        assert!(hop.cross_origin, "{elsewhere}");
        assert_eq!(names(&hop.request), [""; 0], "{elsewhere}");
    }
    let policy = Redirects { same_host: true, ..Redirects::default() };
    assert_eq!(refused(found(&own, "http://127.0.0.1/", &policy)), NotFollowed::OtherHost);
}

#[test]
fn a_host_field_that_says_what_the_url_says_is_made_anew() {
    for host in ["h", "H", "h:80", "h."] {
        let request = get("http://h/", &[("host", host), ("authorization", "secret")]);
        let same = hop(&request, "http://h/next");
        assert!(!same.cross_origin, "{host}");
        assert_eq!(names(&same.request), ["authorization"], "{host}");
        assert!(!hop(&request, "http://other/").request.headers().contains_key(HOST), "{host}");
    }
}

#[test]
fn a_referer_is_sent_on_demand_and_says_no_more_than_it_may() {
    let policy = Redirects { referer: true, ..Redirects::default() };
    for (from, to, referer) in [
        ("http://h/a?b", "/next", Some("http://h/a?b")),
        ("https://h/a?b", "https://h:443/next", Some("https://h/a?b")),
        ("http://h:81/a?b", "http://other/", Some("http://h:81/")),
        ("http://h/a?b", "https://h/", Some("http://h/")),
        ("https://h/a?b", "http://h/", None),
        ("https://h/a?b", "http://other/", None),
    ] {
        for own in [&[][..], &[("referer", "http://of.the.user/"), ("referer", "http://twice/")]] {
            let hop = hop_by(&get(from, own), to, &policy);
            let values: Vec<_> = hop.request.headers().get_all(REFERER).iter().collect();
            assert_eq!(values, referer.into_iter().collect::<Vec<_>>(), "{from} {to}");
        }
    }
    assert_eq!(names(&hop(&get("http://h/a", &[]), "/next").request), [""; 0], "not by itself");
}

#[test]
fn the_users_referer_stays_but_not_from_https_to_http() {
    let request = get("https://h/", &[("referer", "https://of.the.user/")]);
    assert_eq!(names(&hop(&request, "/next").request), ["referer"]);
    assert_eq!(names(&hop(&request, "https://other/").request), ["referer"]);
    assert_eq!(names(&hop(&request, "http://h/").request), [""; 0]);
}

#[test]
fn a_policy_can_keep_to_https_and_to_one_host() {
    let https = Redirects { https_only: true, ..Redirects::default() };
    for (from, to) in [("https://h/", "http://h/"), ("https://h/", "http://other/"), ("http://h/", "/next")] {
        assert_eq!(refused(found(&get(from, &[]), to, &https)), NotFollowed::NotHttps, "{from} {to}");
    }
    assert!(hop_by(&get("http://h/", &[]), "https://h/", &https).cross_origin);

    let one = Redirects { same_host: true, ..Redirects::default() };
    for to in ["http://other/", "http://h:81/", "https://h/", "http://sub.h/"] {
        assert_eq!(refused(found(&get("http://h/", &[]), to, &one)), NotFollowed::OtherHost, "{to}");
    }
    for to in ["/next", "http://H:80/", "http://h./"] {
        assert!(!hop_by(&request(Method::POST, "http://h/", &[]), to, &one).cross_origin, "{to}");
    }
}

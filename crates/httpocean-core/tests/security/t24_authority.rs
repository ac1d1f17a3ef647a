//! T24: who is connected to, the `Host` that is sent and the key of the pool are one reading of one text, which is the
//! reading that browsers have; what can be read in two ways is refused, and the error says why.

use std::sync::Arc;

use http::Uri;
use httpocean_core::policy::redirect::{Previous, Redirects, Verdict, follow};
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, Config, ErrorKind, Instant, Key, call};
use proptest::prelude::*;
use url::{Host, Url};

use crate::common::Scenario;

/// Refused as the URL of a request; none of them is one that two programs could go to two hosts for.
const AMBIGUOUS: [&str; 73] = [
    // Who is the host: what stands before the @, or behind it?
    "http://a.test@b.test@c.test/",
    "http://@b.test/",
    "http://:@b.test/",
    "http://a.test%40b.test/",
    // Where does it end?
    "http://a.test\\@b.test/",
    "http://a.test\\b.test/",
    "http://a.test\\/b.test/",
    "http://a.test%2Fb.test/",
    "http://a.test%5Cb.test/",
    "http://a.test%23b.test/",
    "http://a.test%3F.b.test/",
    "http://a.test%00.b.test/",
    "http://a.test%0d%0a.b.test/",
    "http://a.test%2eb.test/",
    "http://%61.test/",
    "http://a.test;b.test/",
    "http://a.test,b.test/",
    "http://a.test&b.test/",
    "http://a.test=b.test/",
    "http://a.test|b.test/",
    "http://a.test^b.test/",
    "http://a.test`b.test/",
    "http://a.test\"b.test/",
    "http://a.test<b.test/",
    "http://a.test{b.test}/",
    "http://a.test!/",
    "http://a*.test/",
    "http://(a.test)/",
    "http://$a.test/",
    "http://a.test /",
    "http:// a.test/",
    "http://a.test\t/",
    "http://a.te\nst/",
    "http://a.te\rst/",
    "http://a.test\0/",
    "http://a.test\u{7f}/",
    // Which port?
    "http://a.test:0/",
    "http://a.test:65536/",
    "http://a.test:99999999999999999999/",
    "http://a.test:-80/",
    "http://a.test:+80/",
    "http://a.test:8o/",
    "http://a.test:80:81/",
    "http://a.test: 80/",
    "http://a.test:0x50/",
    "http://a.test:80a/",
    // An address, or a name?
    "http://127.1/",
    "http://0/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.0.0.01/",
    "http://127.0.0.0x1/",
    "http://1.2.3.256/",
    "http://1.2.3.4.5/",
    "http://a.test.1/",
    "http://a.test.0x1/",
    "http://[127.0.0.1]/",
    "http://[a.test]/",
    "http://[::1/",
    "http://::1/",
    "http://[::1]a.test/",
    "http://a[::1]/",
    "http://[[::1]]/",
    "http://[::1%25lo]/",
    "http://[fe80::1%lo]/",
    "http://[::1.2.3]/",
    // A name at all?
    "http://a..test/",
    "http://.a.test/",
    "http://a.test../",
    "http://./",
    "http:///a.test",
];

/// Read in one way: what is connected to, and the `Host` that says so.
const CLEAR: [(&str, &str, u16, &str); 22] = [
    ("http://a.test/", "a.test", 80, "a.test"),
    ("HTTP://A.TEST/", "a.test", 80, "a.test"),
    ("http://a.test./", "a.test", 80, "a.test"),
    ("http://a.test:80", "a.test", 80, "a.test"),
    ("http://a.test:", "a.test", 80, "a.test"),
    ("http://a.test:0081/", "a.test", 81, "a.test:81"),
    ("http://a.test:65535/", "a.test", 65535, "a.test:65535"),
    ("http://a.test?@b.test/", "a.test", 80, "a.test"),
    ("http://a.test/@b.test/", "a.test", 80, "a.test"),
    ("http://a.test/\\@b.test", "a.test", 80, "a.test"),
    ("http://a.test#@b.test/", "a.test", 80, "a.test"),
    ("http://a.test//b.test/", "a.test", 80, "a.test"),
    ("http://a-b_c~d.test/", "a-b_c~d.test", 80, "a-b_c~d.test"),
    ("http://1.test/", "1.test", 80, "1.test"),
    ("http://0x7f.test/", "0x7f.test", 80, "0x7f.test"),
    ("http://xn--bcher-kva.test/", "xn--bcher-kva.test", 80, "xn--bcher-kva.test"),
    ("http://127.0.0.1:81/", "127.0.0.1", 81, "127.0.0.1:81"),
    ("http://127.0.0.1./", "127.0.0.1", 80, "127.0.0.1"),
    ("http://[0:0::1]/", "[::1]", 80, "[::1]"),
    ("http://[::FFFF:127.0.0.1]/", "[::ffff:127.0.0.1]", 80, "[::ffff:127.0.0.1]"),
    ("https://a.test:80/", "a.test", 80, "a.test:80"),
    ("https://a.test/", "a.test", 443, "a.test"),
];

/// A user name, and maybe a password, before the host: all programs go to the latter, and a `Location` may have none.
const WITH_USERS: [&str; 5] = [
    "http://a.test@b.test/",
    "http://a.test:80@b.test/",
    "http://a.test%40@b.test/",
    "http://a.test%2F@b.test/",
    "http://:80@b.test:80/",
];

fn key(url: &str) -> Result<Key, &'static str> {
    Key::of(&url.parse::<Uri>().map_err(|_| "http reads no URL in it")?)
}

/// The first lines that a request for it begins with.
fn host_field(url: &str) -> String {
    let config =
        Config { call: call::Options { user_agent: None, ..Default::default() }, ..Config::default() };
    let request = http::Request::get(url).body(()).unwrap();
    let mut it = Scenario::start(request, BodyPlan::empty(), config);
    it.acquire(Facts::default());
    let _ = it.wait();
    let head = it.flush();
    let hosts: Vec<_> = head.split("\r\n").filter_map(|line| line.strip_prefix("host: ")).collect();
    let [host] = hosts[..] else { panic!("{head}") };
    host.to_owned()
}

/// Whether a host is the same to browsers: its address if it is one, or else its name.
fn browsers_agree(url: &str, key: &Key) -> Result<(), String> {
    let read = Url::parse(url).map_err(|error| format!("{url}: browsers read nothing in it: {error}"))?;
    let host = match read.host() {
        Some(Host::Domain(name)) => name.strip_suffix('.').unwrap_or(name).to_owned(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => format!("[{address}]"),
        None => String::new(),
    };
    let is_same = host == key.host() && read.port_or_known_default() == Some(key.port());
    if is_same { Ok(()) } else { Err(format!("{url}: {key:?}, and browsers go to {read}")) }
}

#[test]
fn t24_what_two_programs_may_read_in_two_ways_is_refused_with_a_reason() {
    for url in AMBIGUOUS {
        let why = key(url).expect_err(url);
        assert!(why.len() > 10, "{url}: {why}");
        let Ok(request) = http::Request::get(url).body(()) else { continue };
        let error = Call::new(request, BodyPlan::empty(), &Arc::default(), Instant::ZERO).expect_err(url);
        // Of a user name that is none it says more.
        let same = error.kind() == &ErrorKind::Request(why) || url.contains('@');
        assert!(same, "{url}: a call judges as the key does");
    }
}

#[test]
fn t24_behind_a_user_name_is_the_host() {
    for url in WITH_USERS {
        assert!(key(url).is_err(), "a key has no user: {url}");
        let request = http::Request::get(url).body(()).unwrap();
        let call = Call::new(request, BodyPlan::empty(), &Arc::default(), Instant::ZERO).unwrap();
        assert_eq!((call.key().host(), call.uri().to_string().as_str()), ("b.test", call_url(url)));
        assert_eq!(host_field(url), "b.test", "{url}");
        browsers_agree(url, call.key()).unwrap();
    }
}

fn call_url(url: &str) -> &str {
    if url.ends_with(":80/") { "http://b.test:80/" } else { "http://b.test/" }
}

#[test]
fn t24_one_reading_is_resolved_connected_to_and_sent() {
    for (url, host, port, authority) in CLEAR {
        let key = key(url).expect(url);
        assert_eq!((key.host(), key.port(), key.authority()), (host, port, authority), "{url}");
        assert_eq!(host_field(url), authority, "{url}");
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        assert_eq!(key.address(), bare.parse().ok(), "{url}");
        browsers_agree(url, &key).unwrap();
    }
}

/// A `Location` is read by browsers' rules, which repair what is refused above; what comes of it is judged once more.
#[test]
fn t24_a_location_leads_to_the_host_that_is_sent() {
    let request = http::Request::get("http://start.test/").body(()).unwrap();
    let previous = Previous { request: &request, body: BodyPlan::empty(), fragment: None, followed: 0 };
    let clear = CLEAR.iter().map(|(url, ..)| *url);
    for location in WITH_USERS.into_iter().chain(AMBIGUOUS).chain(clear) {
        let location = location.as_bytes();
        match follow(previous, http::StatusCode::FOUND, [location], &Redirects::default()) {
            Verdict::Follow(hop) => {
                let url = hop.request.uri().to_string();
                assert_eq!(key(&url).unwrap(), hop.key, "{}", location.escape_ascii());
                assert_eq!(host_field(&url), hop.key.authority());
                browsers_agree(&url, &hop.key).unwrap();
                assert!(!hop.cross_origin || hop.key != key("http://start.test/").unwrap());
            }
            Verdict::Refuse(why) => assert!(why.explain().len() > 10),
            Verdict::Answer(why) => panic!("{}: {why:?}", location.escape_ascii()),
        }
    }
}

#[test]
fn t24_a_name_is_no_longer_than_names_are() {
    let long = |last: usize| format!("http://{}{}.test/", "a.".repeat(120), "b".repeat(last));
    assert_eq!(key(&long(8)).unwrap().host().len(), 253);
    assert!(key(&long(9)).is_err());
    assert_eq!(
        key(&long(8).replace(".test/", ".test./")).unwrap().host().len(),
        253,
        "a dot behind it is no part"
    );
}

#[test]
fn t24_a_label_that_claims_to_be_another_script_is_one() {
    for label in ["xn--", "xn--a", "xn--example-", "xn--a-b", "xn--999999999", "XN--", "xn--xn--a"] {
        for url in
            [format!("http://{label}/"), format!("http://{label}.test/"), format!("http://a.{label}.test./")]
        {
            assert!(key(&url).is_err(), "{url}");
        }
    }
    for (name, ascii) in [("bücher.test", "xn--bcher-kva.test"), ("faß.test", "xn--fa-hia.test")] {
        // As it is typed it is no URI; what it is written as is the same for us, for the DNS and for browsers.
        assert!(key(&format!("http://{name}/")).is_err());
        browsers_agree(&format!("http://{name}/"), &key(&format!("http://{ascii}/")).unwrap()).unwrap();
    }
}

/// The target of CONNECT has no scheme, and so no port but the one that it names.
#[test]
fn t24_a_tunnel_leads_to_a_port_that_is_named() {
    assert_eq!(key("a.test:443").unwrap().authority(), "a.test:443");
    assert_eq!(key("a.test:80").unwrap().authority(), "a.test:80");
    for target in ["a.test", "a.test:", "127.0.0.1", "user@a.test:443"] {
        assert!(key(target).is_err(), "{target}");
    }
}

/// The user's own `Host` may name another site, but has to be a host, and a redirect never takes it along.
#[test]
fn t24_the_users_host_is_one_that_could_be_connected_to() {
    for host in [
        "a b",
        "a@b",
        "a/b",
        "a?b",
        "a#b",
        "127.1",
        "[::1",
        "a:0",
        "a:80:81",
        "",
        ":80",
        "a..b",
        "[::1%25lo]",
    ] {
        let request = http::Request::get("http://a.test/").header("host", host).body(()).unwrap();
        let error = Call::new(request, BodyPlan::empty(), &Arc::default(), Instant::ZERO).expect_err(host);
        assert!(matches!(error.kind(), ErrorKind::Request(_)), "{host}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4_000,
        rng_seed: proptest::test_runner::RngSeed::Fixed(24),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn t24_whatever_is_accepted_is_what_browsers_read(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "a", "b.test", "B", ".", "..", "@", ":", ":80", ":81", ":0", "/", "//", "\\", "?", "#", "%", "%2F", "%40",
                "%2e", "[", "]", "[::1]", "[::1%25lo]", "::", "1", "0x", "0x7f", "127.0.0.1", "256", "08", "xn--", "xn--a",
                "xn--bcher-kva", "-", "_", "~", "!", "*", " ", "\t", "\u{fc}", "\u{3002}", "\u{ff0e}", "\u{df}", "\u{ad}",
            ]),
            1..7,
        ),
        scheme in prop::sample::select(vec!["http://", "https://"]),
    ) {
        let url = format!("{scheme}{}", parts.concat());
        if let Ok(key) = key(&url) {
            prop_assert_eq!(browsers_agree(&url, &key), Ok(()));
        }
    }
}

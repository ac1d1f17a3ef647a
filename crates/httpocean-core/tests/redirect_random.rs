//! Redirects at random, most of them hostile: whatever a server says, a hop is sound and tells no secret.
#![allow(clippy::unwrap_used)]

mod redirecting;
mod support;

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use httpocean_core::policy::redirect::{FollowUp, NotFollowed, Previous, Redirects, Verdict, follow};
use httpocean_core::{BodyPlan, Call, Config, Instant, Key, Scheme};
use proptest::prelude::*;
use redirecting::{get, hop, previous, refused};
use support::random::cases;

const URLS: [&str; 8] = [
    "http://a/",
    "http://a:81/p/q?r",
    "https://a/p",
    "https://b.a/",
    "http://127.0.0.1/",
    "http://[::1]:80/p;x",
    "http://xn--bcher-kva.example/",
    "https://b:444",
];

const PIECES: [&str; 48] = [
    "http:",
    "https:",
    "HTTP:",
    "ftp:",
    "/",
    "/",
    "//",
    "\\",
    ":",
    ":80",
    ":81",
    ":443",
    ":0",
    "@",
    "#",
    "?",
    "%",
    "%2f",
    "%2e",
    "%00",
    "%61",
    "a",
    "A",
    "b",
    "b.",
    ".",
    "..",
    "../",
    " ",
    "\t",
    "\r\n",
    "\0",
    "\u{7f}",
    "127.1",
    "127.0.0.1",
    "0x7f000001",
    "[::1]",
    "[",
    "]",
    "xn--",
    "\u{fc}",
    "b\u{fc}cher.example",
    "\u{ad}",
    "\u{3002}",
    "\u{ff21}",
    "http://a/",
    "https://a/",
    "//b.a",
];

/// The value of every field that only the first origin may see.
const SECRET: &str = "secret";

fn locations() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..8);
    prop_oneof![
        6 => pieces.prop_map(|pieces| pieces.concat().into_bytes()),
        3 => (prop::sample::select(&URLS[..]), "[a-z/?#]{0,4}").prop_map(|(url, more)| format!("{url}{more}").into()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

fn policies() -> impl Strategy<Value = Redirects> {
    let rarely = || prop::bool::weighted(0.15);
    (0..12_u32, any::<bool>(), rarely(), rarely(), any::<bool>(), any::<bool>()).prop_map(
        |(limit, keep_method, https_only, same_host, referer, listed)| Redirects {
            limit,
            keep_method,
            https_only,
            same_host,
            referer,
            sensitive: if listed { vec![HeaderName::from_static("x-listed")] } else { Vec::new() },
        },
    )
}

fn fields() -> impl Strategy<Value = HeaderMap> {
    let names = [
        "authorization",
        "cookie",
        "cookie",
        "proxy-authorization",
        "x-marked",
        "x-listed",
        "x-open",
        "x-open",
        "accept",
        "content-type",
        "content-language",
        "referer",
        "te",
        "host",
    ];
    prop::sample::subsequence(names.to_vec(), 0..=names.len()).prop_map(|names| {
        let mut fields = HeaderMap::new();
        for name in names {
            let value = match name {
                "x-open" | "accept" | "content-type" | "content-language" => "open",
                "referer" => "https://of.the.user/",
                "host" => "site.example",
                "te" => "trailers",
                _ => SECRET,
            };
            let mut value = HeaderValue::from_static(value);
            value.set_sensitive(name == "x-marked");
            fields.append(name, value);
        }
        fields
    })
}

/// A request that a call takes, and its body.
fn requests() -> impl Strategy<Value = (Request<()>, BodyPlan)> {
    let methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND"];
    let kinds = 0..4_u8;
    (prop::sample::select(methods.to_vec()), prop::sample::select(&URLS[..]), fields(), kinds).prop_map(
        |(method, url, mut fields, kind)| {
            let body = match kind {
                0 | 1 => BodyPlan::empty(),
                2 => BodyPlan::sized(4),
                _ => BodyPlan { size: None, replayable: false, trailers: true },
            };
            if body != BodyPlan::empty() {
                fields.insert("content-type", HeaderValue::from_static("open"));
                fields.insert("expect", HeaderValue::from_static("100-continue"));
            }
            match kind {
                2 => fields.insert("content-length", HeaderValue::from_static("4")),
                3 => fields.insert("trailer", HeaderValue::from_static("x-sum")),
                _ => None,
            };
            let method = method.parse::<Method>().unwrap();
            let mut request = Request::builder().method(method).uri(url).body(()).unwrap();
            *request.headers_mut() = fields;
            (request, body)
        },
    )
}

fn statuses() -> impl Strategy<Value = StatusCode> {
    prop::sample::select(vec![301_u16, 302, 303, 307, 308])
        .prop_map(|code| StatusCode::from_u16(code).unwrap())
}

fn acceptable(request: &Request<()>, body: BodyPlan) -> Result<(), String> {
    let call = Call::new(request.clone(), body, &Arc::new(Config::default()), Instant::ZERO);
    call.map(drop).map_err(|error| format!("{error:?}: {request:?}"))
}

/// What holds for every hop, whatever led to it.
fn sound(from: &Request<()>, hop: &FollowUp, policy: &Redirects) -> Result<(), TestCaseError> {
    let uri = hop.request.uri();
    prop_assert_eq!(Key::of(uri), Ok(hop.key.clone()));
    prop_assert!(!uri.authority().unwrap().as_str().contains('@') && uri.to_string().is_ascii());
    prop_assert!(!hop.url().bytes().any(|byte| byte.is_ascii_control() || byte == b' '), "{}", hop.url());
    prop_assert_eq!(acceptable(&hop.request, hop.body), Ok(()));
    let before = Key::of(from.uri()).unwrap();
    prop_assert!(hop.cross_origin || before == hop.key);
    prop_assert!(!policy.https_only || hop.key.scheme() == Scheme::Https);
    prop_assert!(!policy.same_host || before == hop.key);

    for name in hop.request.headers().keys() {
        let values =
            |request: &Request<()>| request.headers().get_all(name).iter().cloned().collect::<Vec<_>>();
        if name != "referer" || !policy.referer {
            prop_assert_eq!(values(&hop.request), values(from), "{}", name);
        }
    }
    if let Some(referer) = hop.request.headers().get("referer").filter(|_| policy.referer) {
        let origin = format!("{before}/");
        let referer = referer.to_str().unwrap();
        prop_assert!(referer.starts_with(&origin) && !referer.contains('#'), "{}", referer);
        prop_assert!(!hop.cross_origin || referer == origin, "{}", referer);
    }
    let downgrade = before.scheme() == Scheme::Https && hop.key.scheme() != Scheme::Https;
    prop_assert!(!downgrade || !hop.request.headers().contains_key("referer"));
    Ok(())
}

fn has_secret(request: &Request<()>, policy: &Redirects) -> bool {
    let listed = policy.sensitive.iter().any(|name| request.headers().contains_key(name));
    let unlisted = request.headers().iter().any(|(name, value)| name != "x-listed" && value == SECRET);
    listed || unlisted
}

proptest! {
    #![proptest_config(cases(5_000))]

    #[test]
    fn a_chain_of_hops_is_sound_and_tells_nobody_else_a_secret(
        (request, body) in requests(),
        policy in policies(),
        steps in prop::collection::vec((statuses(), locations()), 1..6),
    ) {
        prop_assert_eq!(acceptable(&request, body), Ok(()));
        let first = Key::of(request.uri()).unwrap();
        let had_secret = has_secret(&request, &policy);
        let had_host = request.headers().contains_key("host");
        let (mut request, mut body, mut fragment) = (request, body, None);
        let mut strayed = false;
        for ((status, location), followed) in steps.iter().zip(0..) {
            let previous = Previous { request: &request, body, fragment, followed };
            let verdict = follow(previous, *status, [&location[..]], &policy);
            let Verdict::Follow(hop) = verdict else { break };
            prop_assert!(followed < policy.limit);
            sound(&request, &hop, &policy)?;
            strayed |= hop.key != first;
            if strayed {
                prop_assert!(!has_secret(&hop.request, &policy), "{:?}", hop);
                prop_assert!(!hop.request.headers().contains_key("host"));
            } else if !had_host {
                prop_assert_eq!(has_secret(&hop.request, &policy), had_secret, "{:?}", hop);
            } else if hop.request.headers().contains_key("host") {
                prop_assert_eq!(has_secret(&hop.request, &policy), had_secret, "{:?}", hop);
            } else {
                // It left the site that the field named.
                prop_assert!(!has_secret(&hop.request, &policy), "{:?}", hop);
            }
            let FollowUp { request: next, body: its, .. } = *hop;
            (request, body, fragment) = (next, its, None);
        }
    }

    #[test]
    fn where_a_hop_leads_is_read_in_one_way_alone(
        url in prop::sample::select(&URLS[..]),
        location in locations(),
    ) {
        let request = get(url, &[]);
        let verdict = follow(previous(&request), StatusCode::FOUND, [&location[..]], &Redirects::default());
        if let Verdict::Follow(first) = verdict {
            let again = hop(&first.request, &first.url());
            prop_assert_eq!(again.url(), first.url());
            prop_assert!(!again.cross_origin);
            let from_elsewhere = hop(&get("https://else.where:1/x/y", &[]), &first.url());
            prop_assert_eq!(from_elsewhere.url(), first.url());
        }
    }

    #[test]
    fn a_control_byte_leads_nowhere(before in "[ -~\u{fc}]{0,9}x", byte in prop_oneof![0_u8..32, Just(127)], after in "x[ -~\u{fc}]{0,9}") {
        let location = [before.as_bytes(), &[byte], after.as_bytes()].concat();
        let request = get("http://a/", &[]);
        let verdict = follow(previous(&request), StatusCode::FOUND, [&location[..]], &Redirects::default());
        prop_assert!(matches!(refused(verdict), NotFollowed::BadLocation(_)));
    }

    #[test]
    fn an_origin_is_known_in_every_spelling(
        upper in prop::collection::vec(any::<bool>(), 11),
        escaped in prop::collection::vec(prop::bool::weighted(0.2), 11),
        dot in any::<bool>(),
        port in any::<bool>(),
        secure in any::<bool>(),
        other in prop::option::of(0..3_usize),
    ) {
        let (scheme, default) = if secure { ("https", 443) } else { ("http", 80) };
        let mut host = String::new();
        for ((letter, upper), escape) in "example.com".chars().zip(upper).zip(escaped) {
            let letter = if upper { letter.to_ascii_uppercase() } else { letter };
            if escape { host.push_str(&format!("%{:02x}", u32::from(letter))) } else { host.push(letter) }
        }
        let dot = if dot { "." } else { "" };
        let port = if port { format!(":{default}") } else { String::new() };
        let spelled = match other {
            None => format!("{scheme}://{host}{dot}{port}/x"),
            Some(0) => format!("{scheme}://a{host}{dot}{port}/x"),
            Some(1) => format!("{scheme}://{host}{dot}:{}/x", 523 - default),
            Some(_) => format!("{}://{host}{dot}:{default}/x", if secure { "http" } else { "https" }),
        };
        let request = get(&format!("{scheme}://example.com/"), &[("authorization", SECRET)]);
        let hop = hop(&request, &spelled);
        prop_assert_eq!(hop.cross_origin, other.is_some(), "{}", spelled);
        prop_assert_eq!(hop.request.headers().contains_key("authorization"), other.is_none(), "{}", spelled);
    }
}

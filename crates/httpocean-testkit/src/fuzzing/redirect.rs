//! A chain of redirects to anywhere.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use httpocean_core::policy::redirect::{FollowUp, Previous, Redirects, Verdict, follow};
use httpocean_core::{BodyPlan, Call, Config, Instant, Key, Scheme};

use crate::bytes::Bytes;

/// The value of every field that only the first origin may see.
const SECRET: &str = "secret";

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

/// Whatever a server says, a hop leads to a host that everybody reads in one way, can be sent, obeys the options, and
/// tells no other origin a secret.
pub fn redirect(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let policy = policy(&mut choices);
    let (mut request, mut body) = request(&mut choices);
    let Ok(first) = Key::of(request.uri()) else { return };
    sendable(&request, body);
    let (mut fragment, mut strayed): (Option<Box<str>>, bool) = (None, false);
    for followed in 0..8 {
        let status = choices.pick(&[302, 307, 301, 303, 308, 200, 300]);
        let status = StatusCode::from_u16(status).expect("a status");
        let location = choices.text();
        let previous = Previous { request: &request, body, fragment: fragment.as_deref(), followed };
        let hop = match follow(previous, status, [location], &policy) {
            Verdict::Follow(hop) => *hop,
            Verdict::Answer(_) => continue,
            Verdict::Refuse(why) => {
                assert!(!why.explain().is_empty());
                return;
            }
        };
        assert!(followed < policy.limit, "limit");
        sound(&request, &hop, &policy);
        strayed |= hop.key != first;
        assert!(!strayed || !has_secret(&hop.request, &policy), "{:?} tells {:?}", hop.url(), location);
        assert!(!strayed || !hop.request.headers().contains_key("host"), "the host of another");
        FollowUp { request, body, fragment, .. } = hop;
    }
}

/// What holds for every hop, whatever led to it.
fn sound(from: &Request<()>, hop: &FollowUp, policy: &Redirects) {
    let (uri, url) = (hop.request.uri(), hop.url());
    assert_eq!(Key::of(uri).as_ref(), Ok(&hop.key), "{url}");
    assert!(uri.authority().is_some_and(|authority| !authority.as_str().contains('@')), "{url}");
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
    sendable(&hop.request, hop.body);
    let before = Key::of(from.uri()).expect("it was sent");
    assert_eq!(hop.cross_origin, before != hop.key || dropped(from, hop), "{url}");
    assert!(!policy.https_only || hop.key.scheme() == Scheme::Https, "{url}");
    assert!(!policy.same_host || before == hop.key, "{url}");
    let downgrade = before.scheme() == Scheme::Https && hop.key.scheme() != Scheme::Https;
    assert!(!downgrade || !policy.referer || !hop.request.headers().contains_key("referer"), "{url}");
    // To be led there once more is to stay.
    let again = Previous { request: &hop.request, body: BodyPlan::empty(), fragment: None, followed: 0 };
    match follow(again, StatusCode::SEE_OTHER, [url.as_bytes()], &Redirects::default()) {
        Verdict::Follow(same) => {
            assert_eq!(same.url(), url);
            // A full URL leaves the site that a `Host` field names.
            assert!(!same.cross_origin || hop.request.headers().contains_key("host"), "{url}");
        }
        other @ (Verdict::Answer(_) | Verdict::Refuse(_)) => panic!("{url} leads nowhere: {other:?}"),
    }
}

/// The request leaves the site that its `Host` field named, if not the origin.
fn dropped(from: &Request<()>, hop: &FollowUp) -> bool {
    hop.cross_origin && from.headers().contains_key("host") && !hop.request.headers().contains_key("host")
}

fn sendable(request: &Request<()>, body: BodyPlan) {
    let call = Call::new(request.clone(), body, &Arc::new(Config::default()), Instant::ZERO);
    assert!(call.is_ok(), "{call:?}");
}

fn has_secret(request: &Request<()>, policy: &Redirects) -> bool {
    let listed = policy.sensitive.iter().any(|name| request.headers().contains_key(name));
    listed || request.headers().iter().any(|(name, value)| name != "x-listed" && value == SECRET)
}

fn policy(choices: &mut Bytes<'_>) -> Redirects {
    Redirects {
        limit: choices.pick(&[10, 10, 10, 0, 1, 3]),
        keep_method: choices.one_in(2),
        https_only: choices.one_in(8),
        same_host: choices.one_in(8),
        referer: choices.one_in(3),
        sensitive: if choices.one_in(2) { vec![HeaderName::from_static("x-listed")] } else { Vec::new() },
    }
}

/// A request that a call takes, and its body.
fn request(choices: &mut Bytes<'_>) -> (Request<()>, BodyPlan) {
    let method = choices.pick(&[Method::GET, Method::POST, Method::PUT, Method::HEAD, Method::DELETE]);
    let own = choices.text();
    let url = match Request::get(own).body(()) {
        Ok(request) if request.uri().scheme().is_some() && Key::of(request.uri()).is_ok() => {
            request.uri().clone()
        }
        Ok(_) | Err(_) => choices.pick(&URLS).parse().expect("a URL"),
    };
    let body = choices.pick(&[
        BodyPlan::empty(),
        BodyPlan::sized(4),
        BodyPlan { size: None, replayable: false, trailers: true },
    ]);
    let mut request = Request::builder().method(method).uri(url).body(()).expect("a request");
    let fields = request.headers_mut();
    let secrets = choices.byte();
    for (bit, name) in
        ["authorization", "cookie", "proxy-authorization", "x-marked", "x-listed"].iter().enumerate()
    {
        if secrets & (1 << bit) != 0 {
            let mut value = HeaderValue::from_static(SECRET);
            value.set_sensitive(*name == "x-marked");
            fields.insert(HeaderName::from_static(name), value);
        }
    }
    if secrets & 0x20 != 0 {
        fields.insert("host", HeaderValue::from_static("site.example"));
    }
    if secrets & 0x40 != 0 {
        fields.insert("referer", HeaderValue::from_static("https://of.the.user/"));
    }
    if body != BodyPlan::empty() {
        fields.insert("content-type", HeaderValue::from_static("open"));
    }
    (request, body)
}

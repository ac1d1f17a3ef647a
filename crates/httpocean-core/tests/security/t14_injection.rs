//! T14: no byte of a request that its caller controls makes a second line, field or request of it. It is refused before a
//! connection is asked for, or it is escaped, or it stands where it belongs.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use httpocean_core::pool::Facts;
use httpocean_core::proxy::Rules;
use httpocean_core::{BodyPlan, Call, Config, Instant, call};

use crate::common::{Said, Scenario};

/// Where a caller's byte goes, and the request that has it there; none if it can't even be said.
type Place = fn(u8) -> Option<Request<()>>;

const PLACES: [(&str, Place); 11] = [
    ("method", |byte| build(with("GE", byte, "T"), b"http://a.test/".to_vec(), &[])),
    ("path", |byte| build(b"GET".to_vec(), with("http://a.test/b", byte, "c"), &[])),
    ("query", |byte| build(b"GET".to_vec(), with("http://a.test/b?c", byte, "d"), &[])),
    ("query at the root", |byte| build(b"GET".to_vec(), with("http://a.test?", byte, "d"), &[])),
    ("host", |byte| build(b"GET".to_vec(), with("http://a", byte, ".test/"), &[])),
    ("port", |byte| build(b"GET".to_vec(), with("http://a.test:8", byte, "/"), &[])),
    ("field name", |byte| build(b"GET".to_vec(), root(), &[(with("x-", byte, "y"), b"z".to_vec())])),
    ("field value", |byte| build(b"GET".to_vec(), root(), &[(b"x-y".to_vec(), with("z", byte, "z"))])),
    ("host field", |byte| build(b"GET".to_vec(), root(), &[(b"host".to_vec(), with("b", byte, ".test"))])),
    ("upgrade", |byte| build(b"GET".to_vec(), root(), &[(b"upgrade".to_vec(), with("web", byte, "socket"))])),
    ("content-type", |byte| {
        build(b"PUT".to_vec(), root(), &[(b"content-type".to_vec(), with("a/b", byte, ""))])
    }),
];

fn root() -> Vec<u8> {
    b"http://a.test/".to_vec()
}

fn with(before: &str, byte: u8, after: &str) -> Vec<u8> {
    [before.as_bytes(), &[byte], after.as_bytes()].concat()
}

/// A request of these parts, taken literally; none where the types of `http` can't hold them.
fn build(method: Vec<u8>, uri: Vec<u8>, fields: &[(Vec<u8>, Vec<u8>)]) -> Option<Request<()>> {
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(&method).ok()?;
    *request.uri_mut() = http::Uri::try_from(uri).ok()?;
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(request)
}

fn quiet() -> Config {
    Config { call: call::Options { user_agent: None, ..call::Options::default() }, ..Config::default() }
}

/// What is written of a request; none if it is refused.
fn written(request: Request<()>, config: Config) -> Option<Vec<u8>> {
    Call::new(request.clone(), BodyPlan::empty(), &Arc::new(config.clone()), Instant::ZERO).ok()?;
    let mut it = Scenario::start(request, BodyPlan::empty(), config);
    it.acquire(Facts::default());
    let _ = it.wait();
    Some(it.io.tx.pending().to_vec())
}

/// One request line of three words, so many fields, an empty line, nothing behind it, and no control byte but tab.
#[track_caller]
fn is_one_request(bytes: &[u8], fields: usize, what: &str) {
    let shown = bytes.escape_ascii();
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let head = text.strip_suffix("\r\n\r\n").unwrap_or_else(|| panic!("{what}: {shown}"));
    let lines: Vec<_> = head.split("\r\n").collect();
    assert_eq!(lines.len(), 1 + fields, "{what}: {shown}");
    assert!(
        lines.iter().all(|line| !line.chars().any(|c| c.is_ascii_control() && c != '\t')),
        "{what}: {shown}"
    );
    let words: Vec<_> = lines[0].split(' ').collect();
    assert!(words.len() == 3 && words[2] == "HTTP/1.1", "{what}: {shown}");
    assert!(words[1].bytes().all(|byte| byte.is_ascii_graphic()), "{what}: {shown}");
    for field in &lines[1..] {
        let (name, _) = field.split_once(": ").unwrap_or_else(|| panic!("{what}: {shown}"));
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert!(!name.is_empty() && name.bytes().all(is_token), "{what}: {shown}");
    }
}

#[test]
fn t14_no_byte_in_any_place_makes_more_than_one_request_of_it() {
    let proxy = Rules::all("http://proxy.test".parse().unwrap());
    // A proxy is sent the whole URL.
    for config in [quiet(), Config { proxy, ..quiet() }] {
        for (what, place) in PLACES {
            let sent = (0..=255).filter(|byte| is_sent_as_one(what, place, *byte, &config)).count();
            assert!(sent > 0, "{what}: nothing can be sent");
        }
    }
}

/// Whether it is sent at all; if so, as one request.
fn is_sent_as_one(what: &str, place: Place, byte: u8, config: &Config) -> bool {
    let Some(request) = place(byte) else { return false };
    let ours = [
        !request.headers().contains_key("host"),
        // `Connection` names it.
        request.headers().contains_key("upgrade"),
        // `Content-Length: 0`.
        request.method() != Method::GET,
    ];
    let fields = request.headers().len() + ours.into_iter().filter(|it| *it).count();
    let Some(bytes) = written(request, config.clone()) else { return false };
    is_one_request(&bytes, fields, &format!("{what}, byte {byte}"));
    true
}

/// `http` refuses some of these and lets others by; what decides is that none is ever written.
#[test]
fn t14_what_ends_a_line_or_a_word_is_refused_or_escaped_everywhere() {
    for (what, place) in PLACES {
        for byte in [b'\r', b'\n', 0, b' ', 0x7F, 0x0B] {
            let is_text = what == "field value" || what == "content-type" || what == "upgrade";
            if is_text && byte == b' ' {
                continue;
            }
            let bytes = place(byte).and_then(|request| written(request, quiet()));
            assert_eq!(bytes, None, "{what}, byte {byte}");
        }
    }
}

#[test]
fn t14_the_options_own_field_can_hold_no_line_either() {
    for byte in 0..=255 {
        let Ok(agent) = HeaderValue::from_bytes(&with("a", byte, "b")) else { continue };
        let call = call::Options { user_agent: Some(agent), ..call::Options::default() };
        let request = Request::get("http://a.test/").body(()).unwrap();
        let bytes = written(request, Config { call, ..Config::default() }).unwrap();
        is_one_request(&bytes, 2, &format!("user agent, byte {byte}"));
    }
}

#[test]
fn t14_no_byte_of_a_trailer_makes_more_of_it() {
    for byte in 0..=255 {
        let names = [HeaderName::from_bytes(&with("x-", byte, "")), HeaderName::from_bytes(b"x-y")];
        let values = [HeaderValue::from_bytes(b"z"), HeaderValue::from_bytes(&with("z", byte, "z"))];
        for (name, value) in names.into_iter().zip(values) {
            let (Ok(name), Ok(value)) = (name, value) else { continue };
            let plan = BodyPlan { size: None, replayable: true, trailers: true };
            let mut it = Scenario::upload("PUT", &[], plan, quiet());
            assert_eq!(it.step(), Said::NeedBody { from: 0 });
            it.flush();
            it.call.finish_body(Some(&HeaderMap::from_iter([(name, value)])), &mut it.io);
            let _ = it.step();
            let bytes = it.io.tx.pending().to_vec();
            let Some(section) = bytes.strip_prefix(b"0\r\n") else { panic!("{}", bytes.escape_ascii()) };
            is_one_request(&[b"x y HTTP/1.1\r\n", section].concat(), 1, &format!("trailer, byte {byte}"));
        }
    }
}

#[test]
fn t14_a_location_injects_nothing() {
    use httpocean_core::policy::redirect::{Previous, Redirects, Verdict, follow};
    let request = Request::get("http://a.test/").body(()).unwrap();
    let previous = Previous { request: &request, body: BodyPlan::empty(), fragment: None, followed: 0 };
    for byte in 0..=255 {
        for (before, after) in [("/b", "c"), ("http://b", ".test/"), ("/?", "d"), ("//b.test:8", "/")] {
            let location = with(before, byte, after);
            let verdict = follow(previous, http::StatusCode::FOUND, [&location[..]], &Redirects::default());
            if let Verdict::Follow(hop) = verdict {
                let bytes = written(hop.request, quiet()).expect("what is followed can be sent");
                is_one_request(&bytes, 1, &format!("{before:?}, byte {byte}"));
            }
        }
    }
}

//! Whatever a user asks for is refused, or sent as one request that a strict reader of the RFCs finds to be just that.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod common;
mod strict;
mod support;

use std::sync::Arc;

use common::*;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, CallStep, Config, ErrorKind, Instant, Io, call};
use proptest::prelude::*;
use support::random::cases;

/// What a user might ask for, before any type has refused it.
#[derive(Clone, Debug)]
struct Wish {
    method: Vec<u8>,
    uri: Vec<u8>,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// In pieces, and whether their length is announced.
    body: Vec<Vec<u8>>,
    sized: bool,
    trailers: Vec<(Vec<u8>, Vec<u8>)>,
    expects: bool,
}

fn texts(all: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(all).prop_map(|text| text.as_bytes().to_vec())
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

/// Good words, a bad one now and then, and something wild.
fn mixed(good: &'static [&'static str], bad: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        40 => texts(good),
        3 => texts(bad),
        1 => (texts(good), bytes(4), texts(good)).prop_map(|(a, b, c)| [a, b, c].concat()),
        1 => bytes(8),
    ]
}

fn fields() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
    const NAMES: &[&str] =
        &["accept", "x-a", "X-A", "te", "connection", "upgrade", "cookie", "keep-alive", "!#~"];
    const OURS: &[&str] = &[
        "host",
        "content-length",
        "transfer-encoding",
        "expect",
        "trailer",
        "authorization",
        "referer",
        "content-type",
        "user-agent",
    ];
    const VALUES: &[&str] =
        &["", "v", " v ", "a, b", "5", "0", "trailers", "close", "keep-alive, te", "tea", "h:1", "\u{fc}\t!"];
    const BAD: &[&str] = &[
        "chunked",
        "Chunked",
        "gzip, chunked",
        "trailers, chunked;q=1",
        "100-continue",
        "a\r\nx: y",
        "a\0b",
        "a\r\n b",
        "a\n\nGET / HTTP/1.1",
    ];
    prop::collection::vec((mixed(NAMES, OURS), mixed(VALUES, BAD)), 0..5)
}

/// Framing fields that may agree with the body.
fn framing() -> impl Strategy<Value = Vec<(Vec<u8>, Vec<u8>)>> {
    let field = |name: &str, value: &str| vec![(name.as_bytes().to_vec(), value.as_bytes().to_vec())];
    prop_oneof![
        8 => Just(Vec::new()),
        1 => prop::sample::select(vec!["0", "5", "007", "+5"]).prop_map(move |length| field("Content-Length", length)),
        1 => Just(field("transfer-encoding", "Chunked")),
        1 => Just(field("content-type", "text/plain")),
        1 => Just(field("expect", "100-continue")),
    ]
}

fn uris() -> impl Strategy<Value = Vec<u8>> {
    const FRONTS: &[&str] =
        &["http://h", "http://h:81", "http://[::1]:8080", "http://H.example.", "https://h", "http://h:"];
    const BAD_FRONTS: &[&str] = &["http://u%3a:p@h", "h:443", "http://", "", "ftp://h", "http://127.1"];
    const PATHS: &[&str] =
        &["", "/", "/a?b=c", "?q", "/*", "/\"{}|\\^`", "/%41%zz%", "//x/../y", "/a#f", "/\u{fc}?\u{fc}"];
    const BAD_PATHS: &[&str] = &["*", "/a b", "/a\r\nx: y", "/ HTTP/1.1\r\n\r\n"];
    (mixed(FRONTS, BAD_FRONTS), mixed(PATHS, BAD_PATHS)).prop_map(|(front, path)| [front, path].concat())
}

fn wishes() -> impl Strategy<Value = Wish> {
    const METHODS: &[&str] =
        &["GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", "M-SEARCH"];
    let trailer = (
        mixed(&["x-sum", "digest"], &["content-length", "x y", "a\r\nb"]),
        mixed(&["1", ""], &["a\r\nb: c"]),
    );
    let trailers = prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(trailer, 0..3)];
    let body = prop_oneof![
        2 => Just(Vec::new()),
        1 => Just(vec![b"he".to_vec(), b"llo".to_vec()]),
        1 => prop::collection::vec(bytes(20), 1..4),
    ];
    let head = (mixed(METHODS, &["GET /x", "A\r\nB"]), uris(), fields(), framing());
    (head, body, any::<bool>(), trailers, any::<bool>()).prop_map(
        |((method, uri, fields, framing), body, sized, trailers, expects)| {
            let fields = [fields, framing].concat();
            Wish { method, uri, fields, body, sized, trailers, expects }
        },
    )
}

/// A wish as far as the types of `http` let it through.
struct Asked {
    request: Request<()>,
    body: Vec<u8>,
    plan: BodyPlan,
    trailers: HeaderMap,
}

fn map(fields: &[(Vec<u8>, Vec<u8>)]) -> Option<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        map.append(HeaderName::from_bytes(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(map)
}

fn asked(wish: &Wish) -> Option<Asked> {
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(&wish.method).ok()?;
    *request.uri_mut() = Uri::try_from(&wish.uri[..]).ok()?;
    *request.headers_mut() = map(&wish.fields)?;
    let trailers = map(&wish.trailers)?;
    let body = wish.body.concat();
    let size = wish.sized.then_some(body.len() as u64);
    let plan = BodyPlan { size, replayable: true, trailers: !trailers.is_empty() };
    Some(Asked { request, body, plan, trailers })
}

/// All that goes onto the wire until the request is whole, or why it does not.
fn sent(wish: &Wish, asked: &Asked) -> Result<Vec<u8>, ErrorKind> {
    let options = call::Options { expect_continue: wish.expects, ..call::Options::default() };
    let config = Arc::new(Config { call: options, ..Config::default() });
    let call = Call::new(asked.request.clone(), asked.plan, &config, Instant::ZERO);
    let mut call = call.map_err(|error| error.kind().clone())?;
    let (mut io, mut wire, mut now) = (Io::default(), Vec::new(), Instant::ZERO);
    let mut pieces = wish.body.iter().filter(|piece| !piece.is_empty());
    loop {
        match call.step(&mut io, now) {
            CallStep::Acquire(_) => call.attach(conn(), Facts::default(), now),
            CallStep::NeedBody { .. } => match pieces.next() {
                Some(piece) => call.send_body(piece, &mut io),
                None => call.finish_body(Some(&asked.trailers), &mut io),
            },
            CallStep::Wait(want) if want.write => {
                wire.extend_from_slice(io.tx.pending());
                io.tx.sent(io.tx.pending().len());
            }
            // Nobody says 100 Continue: the body goes without.
            CallStep::Wait(want) => match want.until {
                Some(until) => now = until,
                None => return Ok(wire),
            },
            CallStep::Release(_) => drop(call.detach()),
            CallStep::Failed(error) => return Err(error.kind().clone()),
            other => panic!("{other:?}"),
        }
    }
}

/// Bytes with every escape undone; a `%` that begins none means itself.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let digits = (text.get(at + 1).copied().and_then(hex), text.get(at + 2).copied().and_then(hex));
        match (byte, digits) {
            (b'%', (Some(high), Some(low))) => {
                out.push(high * 16 + low);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

fn check_target(asked: &Request<()>, sent: &strict::Sent) {
    if asked.method() == Method::CONNECT {
        let default = if asked.uri().scheme_str() == Some("https") { 443 } else { 80 };
        let port = asked.uri().port_u16().unwrap_or(default);
        assert!(sent.target.ends_with(&format!(":{port}")), "{sent:?}");
        return;
    }
    let wanted = asked.uri().path_and_query().map_or("/", |target| target.as_str());
    let wanted = match (asked.method(), wanted) {
        (&Method::OPTIONS, "*" | "/*") => "*".to_owned(),
        (_, wanted) if wanted.starts_with('/') => wanted.to_owned(),
        (_, wanted) => format!("/{wanted}"),
    };
    assert_eq!(unescaped(sent.target.as_bytes()), unescaped(wanted.as_bytes()), "{sent:?}");
}

/// The user's fields in the user's order, and nothing else but what follows from the request.
fn check_fields(asked: &HeaderMap, sent: &strict::Sent) {
    let framing = |name: &str| ["host", "content-length", "transfer-encoding"].contains(&name);
    let mut theirs: Vec<(&str, Vec<u8>)> = Vec::new();
    for (name, value) in asked.iter().filter(|(name, _)| !framing(name.as_str())) {
        match theirs.last_mut() {
            Some((last, cookies)) if *last == "cookie" && name == "cookie" => {
                cookies.extend([b"; ", value.as_bytes()].concat());
            }
            _ => theirs.push((name.as_str(), value.as_bytes().to_vec())),
        }
    }
    let theirs = theirs.iter().map(|(name, value)| (*name, value.trim_ascii()));
    let mut theirs = theirs.peekable();
    for (name, value) in &sent.fields {
        if theirs.next_if_eq(&(name.as_str(), &value[..])).is_some() {
            continue;
        }
        let ours = match name.as_str() {
            "expect" => value == b"100-continue" && !asked.contains_key("expect"),
            "connection" => core::str::from_utf8(value).is_ok_and(|field| asked.contains_key(field)),
            "user-agent" => !asked.contains_key("user-agent"),
            name => framing(name),
        };
        assert!(ours, "{name} is nobody's in {sent:?}");
    }
    assert_eq!(theirs.next(), None, "not in {sent:?}");
}

/// Whether it was sent.
fn check(wish: &Wish) -> bool {
    let Some(asked) = asked(wish) else { return false };
    let wire = match sent(wish, &asked) {
        Ok(wire) => wire,
        Err(ErrorKind::Request(_) | ErrorKind::Body(_) | ErrorKind::Unsupported(_)) => return false,
        Err(other) => panic!("{other:?}"),
    };
    let seen = String::from_utf8_lossy(&wire);
    let sent = strict::Sent::read(&wire).unwrap_or_else(|what| panic!("{what}: {seen:?}"));
    assert_eq!(sent.method, asked.request.method().as_str(), "{seen:?}");
    check_target(&asked.request, &sent);
    check_fields(asked.request.headers(), &sent);
    // Of a body whose end nobody knows no more is asked for than the user announced.
    let body = match sent.framing {
        strict::Framing::Length(length) if !wish.sized => &asked.body[..length as usize],
        strict::Framing::None | strict::Framing::Length(_) | strict::Framing::Chunked => &asked.body,
    };
    assert_eq!(sent.body, body, "{seen:?}");
    let trailers = asked.trailers.iter();
    let trailers = trailers.map(|(name, value)| (name.to_string(), value.as_bytes().trim_ascii().to_vec()));
    assert_eq!(sent.trailers, trailers.collect::<strict::Fields>(), "{seen:?}");
    true
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn what_is_sent_is_what_was_asked_for(wish in wishes()) {
        check(&wish);
    }
}

/// The property above would hold for a client that refuses everything.
#[test]
fn a_good_part_of_all_wishes_is_sent() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let wishes = wishes();
    let sent = (0..2000).filter(|_| check(&wishes.new_tree(&mut runner).unwrap().current())).count();
    assert!(sent > 200, "{sent} of 2000");
}

#[test]
fn the_reader_is_strict() {
    let rest = "host: h\r\n\r\n";
    for (text, what) in [
        ("\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n", "an empty line in front"),
        ("GET / HTTP/1.1\r\nhost: h\r\n\r\n\r\n", "an empty line behind"),
        ("GET / HTTP/1.1\r\n x: y\r\nhost: h\r\n\r\n", "white space in front of the first field"),
        ("GET / HTTP/1.1\r\nhost: h\r\nx: a\r\n b\r\n\r\n", "a folded line"),
        ("GET / HTTP/1.1\r\nhost: h\r\nx: a\nb: c\r\n\r\n", "a bare LF"),
        ("GET / HTTP/1.1\r\nhost: h\r\nx: a\rb\r\n\r\n", "a bare CR"),
        ("GET / HTTP/1.1\r\nhost: h\r\nx : a\r\n\r\n", "white space in front of a colon"),
        ("GET  / HTTP/1.1\r\nhost: h\r\n\r\n", "two spaces"),
        ("GET / HTTP/1.0\r\nhost: h\r\n\r\n", "another version"),
        ("G(T / HTTP/1.1\r\nhost: h\r\n\r\n", "a method that is no token"),
        ("GET http://h/ HTTP/1.1\r\nhost: h\r\n\r\n", "absolute-form"),
        ("GET /%zz HTTP/1.1\r\nhost: h\r\n\r\n", "an escape that is none"),
        ("GET * HTTP/1.1\r\nhost: h\r\n\r\n", "a star"),
        ("CONNECT h HTTP/1.1\r\nhost: h\r\n\r\n", "a tunnel without a port"),
        ("GET / HTTP/1.1\r\n\r\n", "no Host"),
        ("GET / HTTP/1.1\r\nhost: h\r\nhost: h\r\n\r\n", "two Hosts"),
        ("GET / HTTP/1.1\r\nx: y\r\nhost: h\r\n\r\n", "Host behind others"),
        ("GET / HTTP/1.1\r\nhost: u@h\r\n\r\n", "userinfo"),
        ("GET / HTTP/1.1\r\nhost: h\r\ncookie: a\r\ncookie: b\r\n\r\n", "a repeated single"),
        ("GET / HTTP/1.1\r\nhost: h\r\nte: trailers\r\n\r\n", "a hop-by-hop field that is not named"),
        ("GET / HTTP/1.1\r\nhost: h\r\nte: chunked;q=1\r\nconnection: te\r\n\r\n", "chunked in TE"),
        ("GET / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\n\r\n", "an expectation"),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: +1\r\n\r\nx", "a sign"),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\nxy", "too long a body"),
        (
            "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "both",
        ),
        (
            "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "twice",
        ),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "another coding"),
        (
            "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n",
            "an extension",
        ),
        (
            "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx0\r\n\r\n",
            "no CRLF behind a chunk",
        ),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "no end"),
        ("TRACE / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\nx", "a TRACE with content"),
        ("OPTIONS / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\nx", "content without a type"),
    ] {
        assert!(strict::Sent::read(text.as_bytes()).is_err(), "{what}");
    }
    let fine = strict::Sent::read(format!("GET /%7e?x HTTP/1.1\r\n{rest}").as_bytes()).unwrap();
    assert_eq!(
        (fine.method.as_str(), fine.target.as_str(), fine.framing),
        ("GET", "/%7e?x", strict::Framing::None)
    );
}

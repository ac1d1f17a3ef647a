//! What goes with which attempt of a call.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderValue};
use http::{HeaderMap, HeaderName, Request};
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, CallStep, Config, Conn, Instant, Io};
use httpocean_session::{Credentials, Session};

fn request(method: &str, url: &str) -> Request<()> {
    Request::builder().method(method).uri(url).body(()).unwrap()
}

fn call(request: Request<()>) -> Call {
    Call::new(request, BodyPlan::empty(), &Arc::new(Config::default()), Instant::ZERO).unwrap()
}

/// Leads a call to another URL.
fn redirect(call: &mut Call, location: &str) {
    let mut io = Io::default();
    loop {
        match call.step(&mut io, Instant::ZERO) {
            CallStep::Acquire(_) => call.attach(Conn::default(), Facts::default(), Instant::ZERO),
            CallStep::Wait(_) => {
                io.tx.sent(io.tx.pending().len());
                let answer =
                    format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
                io.rx.append(answer.as_bytes());
            }
            CallStep::Release(_) => _ = call.detach(),
            CallStep::Hop(_) => return,
            other @ (CallStep::NeedBody { .. }
            | CallStep::Interim(_)
            | CallStep::Passing(_)
            | CallStep::Head(_)
            | CallStep::Data(_)
            | CallStep::End
            | CallStep::Upgraded(_)
            | CallStep::Failed(_)) => panic!("{other:?}"),
        }
    }
}

fn told(session: &Session, call: &Call) -> Option<String> {
    let fields = session.fields_for(call, 0);
    let value = fields.get(AUTHORIZATION)?;
    assert!(value.is_sensitive());
    Some(value.to_str().unwrap().to_owned())
}

#[test]
fn credentials_are_of_one_origin_however_it_is_spelt() {
    let credentials = Credentials::new().bearer("https://Api.Example:443/any/path?x", "t").unwrap();
    let session = Session::new().credentials(credentials);
    for (url, goes) in [
        ("https://api.example/", true),
        ("https://API.example.:443/x", true),
        ("https://api.example:444/", false),
        ("http://api.example/", false),
        ("http://api.example:443/", false),
        ("https://x.api.example/", false),
        ("https://example/", false),
        ("https://api.example.evil/", false),
    ] {
        assert_eq!(told(&session, &call(request("GET", url))).is_some(), goes, "{url}");
    }
}

#[test]
fn what_can_not_be_sent_is_refused_with_a_reason() {
    let refused = |made: Result<Credentials, &'static str>| made.err().unwrap();
    for (origin, why) in
        [("a.example", "scheme"), ("/path", "scheme"), ("ftp://a.example", "scheme"), ("a b", "URL")]
    {
        assert!(refused(Credentials::new().basic(origin, "u", "p")).contains(why), "{origin}");
    }
    assert!(refused(Credentials::new().basic("http://h", "u:v", "p")).contains("colon"));
    assert!(refused(Credentials::new().basic("http://h", "u", "p\n")).contains("control"));
    assert!(refused(Credentials::new().bearer("http://h", "a b")).contains("token"));
}

/// A host that is in a netrc is told nothing in plain text once https led there.
#[test]
fn a_netrc_is_not_told_in_plain_text_after_https() {
    let netrc = "machine a.example login u password p machine b.example login u password p".parse().unwrap();
    let session = Session::new().credentials(Credentials::new().netrc(netrc));
    let mut it = call(request("GET", "https://a.example/"));
    assert!(told(&session, &it).is_some());
    redirect(&mut it, "http://b.example/");
    assert_eq!((it.uri().to_string().as_str(), told(&session, &it)), ("http://b.example/", None));
    redirect(&mut it, "https://b.example/");
    assert_eq!(told(&session, &it), None, "another origin than the first of its host");
    let mut it = call(request("GET", "http://a.example/"));
    assert!(told(&session, &it).is_some());
    redirect(&mut it, "https://b.example/");
    assert!(told(&session, &it).is_some());
    // What the user bound to an origin is told there.
    let credentials = Credentials::new().basic("http://b.example", "u", "p").unwrap();
    let session = Session::new().credentials(credentials);
    let mut it = call(request("GET", "https://a.example/"));
    redirect(&mut it, "http://b.example/");
    assert!(told(&session, &it).is_some());
}

#[test]
fn an_entry_without_a_login_is_nobody() {
    let netrc = "machine a.example password p machine b.example login u".parse().unwrap();
    let session = Session::new().credentials(Credentials::new().netrc(netrc));
    assert_eq!(told(&session, &call(request("GET", "http://a.example/"))), None);
    assert!(told(&session, &call(request("GET", "http://b.example/"))).is_some());
}

#[test]
fn an_origin_goes_before_a_netrc() {
    let netrc = "machine a.example login net password rc".parse().unwrap();
    let credentials = Credentials::new().netrc(netrc).bearer("http://a.example", "mine").unwrap();
    let session = Session::new().credentials(credentials);
    assert_eq!(told(&session, &call(request("GET", "http://a.example/"))).as_deref(), Some("Bearer mine"));
    assert!(told(&session, &call(request("GET", "http://a.example:81/"))).unwrap().starts_with("Basic "));
}

#[test]
fn what_comes_back_and_what_becomes_a_stream_has_nothing_added() {
    let credentials = Credentials::new().basic("http://a.example", "u", "p").unwrap();
    let session = Session::new().credentials(credentials);
    assert!(session.fields_for(&call(request("TRACE", "http://a.example/")), 0).is_empty());
    assert!(session.fields_for(&call(request("CONNECT", "a.example:80")), 0).is_empty());
    assert!(!session.fields_for(&call(request("OPTIONS", "http://a.example/")), 0).is_empty());
}

#[test]
fn default_fields_are_those_that_a_request_has_not() {
    let mut fields = HeaderMap::new();
    for (name, value) in [("accept", "a"), ("accept", "b"), ("x-one", "1"), ("x-one", "2")] {
        fields.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let session = Session::new().default_fields(fields);
    let mut asked = request("GET", "http://a.example/");
    asked.headers_mut().insert("accept", HeaderValue::from_static("mine"));
    session.begin(&mut asked);
    let all = |name: &str| asked.headers().get_all(name).iter().cloned().collect::<Vec<_>>();
    assert_eq!(
        (all("accept"), all("x-one")),
        (vec!["mine".parse().unwrap()], vec!["1".parse().unwrap(), "2".parse().unwrap()])
    );
    assert!(!session.is_empty() && !session.looks_at_attempts());
    assert!(Session::new().is_empty());
}

#[test]
fn nothing_prints_a_secret() {
    let netrc = "machine s3cret.example login s3cret password s3cret".parse().unwrap();
    let credentials = Credentials::new().netrc(netrc).basic("http://a.example", "s3cret", "s3cret").unwrap();
    let mut value = HeaderValue::from_static("s3cret");
    value.set_sensitive(true);
    let fields = [
        (HeaderName::from_static("x-token"), value),
        (AUTHORIZATION, HeaderValue::from_static("s3cret")),
        (HeaderName::from_static("cookie"), HeaderValue::from_static("s3cret")),
    ];
    let fields = fields.into_iter().collect();
    let session = Session::new().credentials(credentials).default_fields(fields);
    let printed = format!("{session:?} {:?}", call(request("GET", "http://a.example/")));
    assert!(!printed.contains("s3cret"), "{printed}");
}

//! What prints a machine, its buffers or what they say prints no secret (T26).
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use http::{HeaderValue, Request, StatusCode};
use httpocean_core::policy::redirect::{Previous, Redirects, Verdict, follow};
use httpocean_core::{BodyPlan, Call, CallStep, Config, Engine, Instant, Io, pool};

/// Every secret of [`request`] holds it.
const SECRET: &str = "hunter2";

/// As [`SECRET`] looks where bytes are printed as numbers.
fn in_numbers() -> String {
    let numbers = format!("{:?}", SECRET.as_bytes());
    numbers.trim_matches(['[', ']']).to_owned()
}

fn config() -> Arc<Config> {
    let redirects = Redirects { sensitive: vec!["x-api-key".parse().unwrap()], ..Redirects::default() };
    Arc::new(Config { redirects, ..Config::default() })
}

fn request() -> Request<()> {
    let mut request = Request::get("http://a.test/").header("x-public", "shown").body(()).unwrap();
    for name in [
        "authorization",
        "cookie",
        "cookie2",
        "proxy-authorization",
        "proxy-authenticate",
        "www-authenticate",
        "x-api-key",
        "x-marked",
    ] {
        let mut value = HeaderValue::from_static(SECRET);
        value.set_sensitive(name == "x-marked");
        let name = name.parse::<http::HeaderName>().unwrap();
        request.headers_mut().append(&name, value.clone());
        // Credentials may stand only once.
        if !name.as_str().ends_with("authorization") {
            request.headers_mut().append(&name, value);
        }
    }
    request
}

#[track_caller]
fn is_unseen(printed: &str) {
    assert!(!printed.contains(SECRET) && !printed.contains(&in_numbers()), "{printed}");
}

/// Steps until something is waited for, and prints the call and what it says each time.
#[track_caller]
fn steps(call: &mut Call, io: &mut Io) -> String {
    let mut printed = String::new();
    loop {
        let step = call.step(io, Instant::ZERO);
        printed += &format!("{call:?} {io:?} {step:?}\n");
        match step {
            CallStep::Acquire(_) => call.attach(Default::default(), pool::Facts::default(), Instant::ZERO),
            CallStep::Release(_) => _ = call.detach(),
            CallStep::Hop(_) => {}
            _ => return printed,
        }
    }
}

#[test]
fn by_a_call_and_its_buffers() {
    let (mut io, config) = (Io::default(), config());
    let mut call = Call::new(request(), BodyPlan::empty(), &config, Instant::ZERO).unwrap();
    for location in ["/same", "/once-more", "http://b.test/"] {
        let printed = steps(&mut call, &mut io);
        assert!(printed.contains("shown") && printed.contains("x-api-key"), "{printed}");
        is_unseen(&printed);
        let head = io.tx.pending().to_vec();
        assert!(String::from_utf8_lossy(&head).matches(SECRET).count() == 14, "it was sent: {location}");
        io.tx.sent(head.len());
        let cookie = format!("set-cookie: {SECRET}");
        let answer =
            format!("HTTP/1.1 302 F\r\nlocation: {location}\r\n{cookie}\r\ncontent-length: 0\r\n\r\n");
        io.rx.append(answer.as_bytes());
        is_unseen(&format!("{io:?}"));
    }
    is_unseen(&steps(&mut call, &mut io));
    assert!(!String::from_utf8_lossy(io.tx.pending()).contains(SECRET));
}

#[test]
fn by_an_engine() {
    let mut engine = Engine::new(pool::Options::default(), config());
    engine.start(request(), BodyPlan::empty(), Instant::ZERO).unwrap();
    let printed = format!("{engine:?}");
    assert!(printed.contains("a.test"), "{printed}");
    is_unseen(&printed);
}

#[test]
fn by_the_follow_up_of_a_redirect() {
    let request = request();
    let previous = Previous { request: &request, body: BodyPlan::empty(), fragment: None, followed: 0 };
    for (location, values) in [("/same", 15), ("http://b.test/", 1)] {
        let verdict = follow(previous, StatusCode::FOUND, [location.as_bytes()], &config().redirects);
        let Verdict::Follow(hop) = &verdict else { panic!("{verdict:?}") };
        assert_eq!(hop.request.headers().len(), values, "{location}");
        is_unseen(&format!("{verdict:?}"));
    }
}

#[test]
fn what_is_marked_is_equal_and_sent_as_it_was() {
    let call = Call::new(request(), BodyPlan::empty(), &config(), Instant::ZERO).unwrap();
    assert_eq!(call.request().headers(), request().headers());
    let shown = call.request().headers().iter().filter(|(_, value)| !value.is_sensitive());
    assert_eq!(shown.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["x-public"]);
}

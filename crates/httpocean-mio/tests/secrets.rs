//! A request that is started without any builder loses its secrets on the way to another origin, and what prints a
//! client or what it says prints none (T16, T17, T26).
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;

use httpocean_mio::http::{HeaderName, HeaderValue, Request};
use httpocean_mio::{BodyPlan, Config, Loop, Options};
use httpocean_testkit::server::{Received, Reply, Request as Asked, Server};
use support::Outcome;

const SECRETS: [&str; 5] = ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-marked"];

const SECRET: &str = "hunter2";

fn request(url: &str) -> Request<()> {
    let mut request = Request::get(url).header("accept", "*/*").body(()).unwrap();
    for name in SECRETS {
        let mut value = HeaderValue::from_static(SECRET);
        value.set_sensitive(name == "x-marked");
        request.headers_mut().append(HeaderName::from_static(name), value.clone());
        // Credentials may stand only once.
        if !name.ends_with("authorization") {
            request.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    request
}

fn listing() -> Config {
    let mut config = Config::default();
    config.redirects.sensitive = vec![HeaderName::from_static("x-api-key")];
    config
}

/// How many fields told the server a secret, by request, and that nothing else was lost. Cookies are on one line.
fn told(server: &Server) -> Vec<usize> {
    let count = |received: Received| {
        assert_eq!(received.request.header("accept"), Some(&b"*/*"[..]));
        SECRETS.iter().map(|name| received.request.header_count(name)).sum()
    };
    server.requests().into_iter().map(count).collect()
}

#[test]
fn a_call_from_one_origin_to_another_and_back() {
    for per_request in [false, true] {
        let away = Server::start(|asked: &Asked| {
            let home = String::from_utf8(asked.header("x-home").unwrap().to_vec()).unwrap();
            match asked.target.as_str() {
                "/there" => Reply::status(308, "Elsewhere").header("location", "/still-there"),
                _ => Reply::status(308, "Elsewhere").header("location", format!("{home}/back")),
            }
        });
        let there = away.url("/there");
        let home = Server::start(move |asked: &Asked| match asked.target.as_str() {
            "/" => Reply::status(302, "Elsewhere").header("location", "/still-here"),
            "/still-here" => Reply::status(302, "Elsewhere").header("location", there.as_bytes()),
            _ => Reply::ok("home"),
        });

        let (client, own) =
            if per_request { (Config::default(), listing()) } else { (listing(), Config::default()) };
        let mut looped = Loop::new(Options { config: Arc::new(client), ..Options::default() }).unwrap();
        let mut request = request(&home.url("/"));
        request.headers_mut().append("x-home", home.url("").parse().unwrap());
        if per_request {
            request.extensions_mut().insert(Arc::new(own));
        }
        looped.client().start(request, BodyPlan::empty()).unwrap();
        let (mut outcome, mut printed) = (Outcome::default(), String::new());
        while let Some((_, event)) = looped.next_event().unwrap() {
            printed += &format!("{event:?}\n");
            outcome.note(event);
            printed += &format!("{looped:?}\n");
        }
        assert_eq!((outcome.text(), outcome.hops.len()), ("home", 4));
        assert_eq!((told(&home), told(&away)), (vec![7, 7, 0], vec![0, 0]), "{per_request}");
        assert!(printed.contains("Hop") && !printed.contains(SECRET), "{printed}");
    }
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    for (url, starts) in
        [("http://user:hunter2@127.0.0.1:1/", true), ("http://user:hunter2%0a@127.0.0.1:1/", false)]
    {
        let mut looped = Loop::new(Options::default()).unwrap();
        let error = match looped.client().start(request(url), BodyPlan::empty()) {
            Ok(call) => {
                assert!(starts && !looped.client().url(call).unwrap().contains('@'));
                let mut outcome = Outcome::default();
                while let Some((_, event)) = looped.next_event().unwrap() {
                    outcome.note(event);
                }
                outcome.error.expect("nobody listens there")
            }
            Err(error) => {
                assert!(!starts, "{error}");
                error
            }
        };
        let told = format!("{error} {error:?}");
        assert!(!told.contains(SECRET) && told.starts_with("http://127.0.0.1:1/: "), "{told}");
    }
}

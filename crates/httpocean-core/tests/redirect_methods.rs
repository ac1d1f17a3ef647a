//! Which method and which body a hop has (RFC 9110 section 15.4), and what goes with a body.
#![allow(clippy::unwrap_used)]

mod redirecting;

use http::{Method, StatusCode};
use httpocean_core::BodyPlan;
use httpocean_core::policy::redirect::{NoRedirect, Previous, Redirects, Verdict, follow};
use redirecting::*;

const BODY: BodyPlan = BodyPlan::sized(4);
/// Nothing but trailers.
const TRAILERS: BodyPlan = BodyPlan { size: Some(0), replayable: true, trailers: true };
const STREAM: BodyPlan = BodyPlan { size: None, replayable: false, trailers: true };

fn verdict(method: &str, body: BodyPlan, status: u16, policy: &Redirects) -> Verdict {
    let request = request(method.parse().unwrap(), "http://h/", &[("content-type", "text/plain")]);
    let previous = Previous { request: &request, body, fragment: None, followed: 0 };
    follow(previous, StatusCode::from_u16(status).unwrap(), [&b"/next"[..]], policy)
}

/// The method of the hop, and whether it has the body; the field that describes the body goes with it.
#[track_caller]
fn becomes(method: &str, body: BodyPlan, status: u16, policy: &Redirects) -> (String, bool) {
    let Verdict::Follow(hop) = verdict(method, body, status, policy) else { panic!("{method} {status}") };
    assert!(hop.body == body || hop.body == BodyPlan::empty());
    let changed = hop.request.method().as_str() != method || hop.body != body;
    assert_eq!(hop.request.headers().contains_key("content-type"), !changed, "{method} {status}");
    (hop.request.method().as_str().to_owned(), hop.body == body)
}

#[test]
fn the_table() {
    // For 301 and 302, for 303, for 307 and 308; `+` with the body, if it has one.
    let table = [
        ("GET", ["GET+", "GET", "GET+"]),
        ("HEAD", ["HEAD+", "HEAD", "HEAD+"]),
        ("POST", ["GET", "GET", "POST+"]),
        ("PUT", ["PUT+", "GET", "PUT+"]),
        ("PATCH", ["PATCH+", "GET", "PATCH+"]),
        ("DELETE", ["DELETE+", "GET", "DELETE+"]),
        ("OPTIONS", ["OPTIONS+", "GET", "OPTIONS+"]),
        ("TRACE", ["TRACE+", "GET", "TRACE+"]),
        ("PROPFIND", ["PROPFIND+", "GET", "PROPFIND+"]),
        ("post", ["post+", "GET", "post+"]),
    ];
    let statuses: [&[u16]; 3] = [&[301, 302], &[303], &[307, 308]];
    for (method, becoming) in table {
        for (statuses, wanted) in statuses.into_iter().zip(becoming) {
            for &status in statuses {
                for body in [BODY, TRAILERS, STREAM] {
                    let (to, kept) = becomes(method, body, status, &Redirects::default());
                    let said = format!("{to}{}", if kept { "+" } else { "" });
                    assert_eq!(said, wanted, "{method} {status}");
                }
                let (to, kept) = becomes(method, BodyPlan::empty(), status, &Redirects::default());
                assert!(kept && to == wanted.trim_end_matches('+'), "{method} {status} without a body");
            }
        }
    }
}

#[test]
fn a_post_can_stay_a_post_but_not_after_303() {
    let policy = Redirects { keep_method: true, ..Redirects::default() };
    for status in [301, 302, 307, 308] {
        assert_eq!(becomes("POST", BODY, status, &policy), ("POST".to_owned(), true), "{status}");
    }
    assert_eq!(becomes("POST", BODY, 303, &policy), ("GET".to_owned(), false));
}

#[test]
fn no_other_status_is_followed() {
    for status in 100..1000 {
        let followed =
            matches!(verdict("GET", BodyPlan::empty(), status, &Redirects::default()), Verdict::Follow(_));
        assert_eq!(followed, [301, 302, 303, 307, 308].contains(&status), "{status}");
    }
    let why = verdict("GET", BodyPlan::empty(), 304, &Redirects::default());
    assert!(matches!(why, Verdict::Answer(NoRedirect::Status)), "{why:?}");
}

#[test]
fn what_describes_a_body_goes_with_it() {
    let fields = [
        ("content-type", "text/plain"),
        ("content-encoding", "gzip"),
        ("content-language", "en"),
        ("content-location", "/here"),
        ("content-length", "4"),
        ("content-digest", "x"),
        ("content-encoding", "br"),
        ("transfer-encoding", "chunked"),
        ("trailer", "x-sum"),
        ("expect", "100-continue"),
        ("digest", "x"),
        ("repr-digest", "x"),
        ("last-modified", "x"),
        ("accept", "*/*"),
        ("authorization", "secret"),
        ("if-none-match", "x"),
        ("te", "trailers"),
        ("x-content-type", "mine"),
    ];
    let request = request(Method::POST, "http://h/", &fields);
    let previous = Previous { body: BODY, ..previous(&request) };
    for (status, left) in [
        (StatusCode::SEE_OTHER, &["accept", "authorization", "if-none-match", "te", "x-content-type"][..]),
        (StatusCode::TEMPORARY_REDIRECT, &names(&request)),
    ] {
        let verdict = follow(previous, status, [&b"/next"[..]], &Redirects::default());
        let Verdict::Follow(hop) = verdict else { panic!("{verdict:?}") };
        assert_eq!(names(&hop.request), left, "{status}");
    }
}

#[test]
fn a_connect_is_not_redirected() {
    let request = request(Method::CONNECT, "h:443", &[]);
    let verdict = found(&request, "http://elsewhere/", &Redirects::default());
    assert!(matches!(verdict, Verdict::Answer(NoRedirect::Connect)), "{verdict:?}");
}

#[test]
fn what_the_user_put_beside_the_request_stays() {
    #[derive(Clone, Debug, PartialEq)]
    struct Mine(u8);

    let mut request = get("http://h/", &[]);
    request.extensions_mut().insert(Mine(7));
    assert_eq!(hop(&request, "http://elsewhere/").request.extensions().get(), Some(&Mine(7)));
}

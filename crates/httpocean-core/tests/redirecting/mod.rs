//! What the tests of redirects share: a request, hops from it, and what is left of its fields.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use http::{HeaderName, Method, Request, StatusCode};
use httpocean_core::BodyPlan;
use httpocean_core::policy::redirect::{FollowUp, NotFollowed, Previous, Redirects, Verdict, follow};

pub fn request(method: Method, url: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder().method(method).uri(url).body(()).unwrap();
    for (name, value) in fields {
        request.headers_mut().append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    request
}

pub fn get(url: &str, fields: &[(&str, &str)]) -> Request<()> {
    request(Method::GET, url, fields)
}

pub fn previous(request: &Request<()>) -> Previous<'_> {
    Previous { request, body: BodyPlan::empty(), fragment: None, followed: 0 }
}

/// The verdict on a 302 to `location`.
pub fn found(request: &Request<()>, location: &str, policy: &Redirects) -> Verdict {
    follow(previous(request), StatusCode::FOUND, [location.as_bytes()], policy)
}

/// The hop that a 302 leads to, by the usual policy.
#[track_caller]
pub fn hop(request: &Request<()>, location: &str) -> FollowUp {
    hop_by(request, location, &Redirects::default())
}

#[track_caller]
pub fn hop_by(request: &Request<()>, location: &str, policy: &Redirects) -> FollowUp {
    match found(request, location, policy) {
        Verdict::Follow(hop) => *hop,
        other @ (Verdict::Answer(_) | Verdict::Refuse(_)) => panic!("{location}: {other:?}"),
    }
}

#[track_caller]
pub fn refused(verdict: Verdict) -> NotFollowed {
    match verdict {
        Verdict::Refuse(why) => why,
        other @ (Verdict::Answer(_) | Verdict::Follow(_)) => panic!("{other:?}"),
    }
}

/// The names of the fields that a request has, in order of the alphabet.
pub fn names(request: &Request<()>) -> Vec<&str> {
    let mut names: Vec<_> = request.headers().keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

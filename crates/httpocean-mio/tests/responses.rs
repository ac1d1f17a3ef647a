//! Responses of every shape.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use httpocean_mio::BodyPlan;
use httpocean_mio::http::Request as HttpRequest;
use httpocean_testkit::server::{Reply, Server};
use support::{fetch, loop_of, run};

#[test]
fn chunks_and_trailers() {
    let server = Server::start(|_| Reply::ok("").chunked(["one ", "two ", "three"], [("x-sum", "3")]));
    let mut looped = loop_of(1);
    let outcome = fetch(&mut looped, &server.url("/"));
    assert_eq!(outcome.text(), "one two three");
    assert_eq!(outcome.trailers.as_ref().unwrap()["x-sum"], "3");
    assert_eq!(outcome.parked, Some(true));
}

#[test]
fn a_head_has_a_length_and_no_body() {
    let server = Server::start(|_| Reply::ok("hello"));
    let mut looped = loop_of(1);
    let request = HttpRequest::head(server.url("/")).body(()).unwrap();
    let call = looped.client().start(request, BodyPlan::empty()).unwrap();
    let outcome = run(&mut looped).remove(&call).unwrap();
    assert_eq!((outcome.status, outcome.body_len), (Some(200), 0));
    assert_eq!(outcome.fields["content-length"], "5");
    assert_eq!(fetch(&mut looped, &server.url("/")).connection.unwrap().number, 1);
}

#[test]
fn interim_responses_are_told() {
    let server = Server::start(|_| Reply::ok("done").interim(103, "Early Hints", [("link", "</a>")]));
    let outcome = fetch(&mut loop_of(1), &server.url("/"));
    assert_eq!((outcome.interims.as_slice(), outcome.text()), (&[103][..], "done"));
}

#[test]
fn a_body_that_ends_with_its_connection() {
    let server = Server::start(|_| Reply::ok("").until_close("all of it"));
    let outcome = fetch(&mut loop_of(1), &server.url("/"));
    assert_eq!((outcome.text(), outcome.parked), ("all of it", Some(false)));
}

#[test]
fn a_large_body_in_many_turns() {
    let server = Server::start(|_| Reply::generated(8 << 20));
    let outcome = fetch(&mut loop_of(1), &server.url("/"));
    assert_eq!((outcome.body_len, outcome.parked), (8 << 20, Some(true)));
    assert!(httpocean_testkit::is_pattern(0, &outcome.body));
}

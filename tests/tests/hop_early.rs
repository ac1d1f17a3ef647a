//! A redirect or a busy server that answers before it has read the body: what is sent of the body there is never taken
//! for the whole one, and a body that nobody has asked for yet can go elsewhere.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Response};
use httpocean_core::policy::redirect::NotFollowed;
use httpocean_core::policy::{Backoff, Exhausted, Methods, Retries};
use httpocean_std::{ErrorKind, NotRetried, Sent, call};
use httpocean_testkit::server::{Act, End, Reply, Server};
use httpocean_tests::{Body, Client, Error, On, Upload, at_rest, on_both_adapters, uploads_to, whole};

on_both_adapters!(
    "load":
    a_redirect_before_the_body_was_read,
    a_redirect_to_a_get_before_the_body_was_read,
    a_busy_server_that_has_not_read_the_body,
    a_body_that_was_not_asked_for_goes_elsewhere,
    a_body_that_was_asked_for_and_then_redirected,
    trailers_of_a_body_that_was_cut_short_are_not_sent,
);

/// An answer at once, and what a server may do after it.
fn early(status: u16) -> [(&'static str, Reply); 6] {
    let reply = Reply::status(status, "Early").header("Location", "/end").header("Retry-After", "0").early();
    let while_ = Duration::from_millis(20);
    [
        ("reads on", reply.clone()),
        ("reads on and closes", reply.clone().act(Act::ReadBody).then(End::Close)),
        ("closes", reply.clone().then(End::CloseNow)),
        ("closes in a while", reply.clone().then(End::CloseNow.after(while_))),
        ("resets in a while", reply.clone().then(End::Reset.after(while_))),
        ("closes its half", reply.then(End::HalfClose)),
    ]
}

fn client(on: On, expect_continue: bool) -> Client {
    let backoff = Backoff { base: Duration::from_millis(1), ..Backoff::default() };
    let retries = Retries { methods: Methods::Any, backoff, exhausted: Exhausted::Error, ..Retries::new(3) };
    // An answer comes before the client loses patience.
    let await_continue = Duration::from_secs(20);
    let options = call::Options { expect_continue, await_continue, ..call::Options::default() };
    on.builder().retries(retries).call(options).build()
}

fn send(
    client: &Client,
    server: &Server,
    method: &Method,
    body: impl Into<Body>,
) -> Result<Response<Body>, Error> {
    client.request(method.clone(), server.url("/start")).body(body).send()
}

fn reached_the_end(answer: Result<Response<Body>, Error>) {
    let mut body = answer.unwrap_or_else(|error| panic!("{error}")).into_body();
    assert_eq!((body.hops().len(), body.read_to_string(100).unwrap().as_str()), (1, "end"));
}

fn a_redirect_before_the_body_was_read(on: On) {
    for method in [Method::POST, Method::PUT] {
        for (what, reply) in early(307) {
            for source in Upload::ALL {
                let (server, client) = (uploads_to(on, reply.clone()), client(on, false));
                let answer = send(&client, &server, &method, source.body());
                if source.is_replayable() {
                    reached_the_end(answer);
                } else {
                    let error = answer.expect_err(what);
                    let why = ErrorKind::Redirect(NotFollowed::BodyNotReplayable);
                    assert_eq!(error.kind(), &why, "{what} {source:?}");
                    assert_eq!((error.status().unwrap().as_u16(), error.hops().len()), (307, 0));
                    assert_eq!(error.sent(), Sent::Part, "{what} {source:?}: {error}");
                }
                let wanted = source.is_replayable().then(|| format!("{method} /end"));
                assert_eq!(whole(&server), Vec::from_iter(wanted), "{what} {source:?}");
                at_rest(&client);
            }
        }
    }
}

fn a_redirect_to_a_get_before_the_body_was_read(on: On) {
    for (what, reply) in early(303) {
        for source in Upload::ALL {
            let (server, client) = (uploads_to(on, reply.clone()), client(on, false));
            reached_the_end(send(&client, &server, &Method::POST, source.body()));
            assert!(whole(&server).is_empty(), "{what} {source:?}");
            let last = server.requests().pop().unwrap();
            assert_eq!((&*last.request.method, &*last.request.target, last.body_len), ("GET", "/end", 0));
            assert_eq!(server.stats().accepted, 2, "{what}: a connection that was not written to its end");
            at_rest(&client);
        }
    }
}

fn a_busy_server_that_has_not_read_the_body(on: On) {
    for (what, reply) in early(503) {
        for source in Upload::ALL {
            let (server, client) = (uploads_to(on, reply.clone()), client(on, false));
            let answer = send(&client, &server, &Method::POST, source.body());
            if source.is_replayable() {
                reached_the_end(answer);
            } else {
                let error = answer.expect_err(what);
                assert_eq!(error.not_retried(), Some(NotRetried::BodyNotReplayable), "{what}: {error}");
            }
            let wanted = source.is_replayable().then(|| "POST /start".to_owned());
            assert_eq!(whole(&server), Vec::from_iter(wanted), "{what} {source:?}");
            at_rest(&client);
        }
    }
}

fn a_body_that_was_not_asked_for_goes_elsewhere(on: On) {
    for status in [307, 308, 503, 303] {
        for (what, reply) in early(status) {
            for source in Upload::ALL {
                let (server, client) = (uploads_to(on, reply.clone()), client(on, true));
                reached_the_end(send(&client, &server, &Method::POST, source.body()));
                let first = server.requests().remove(0);
                assert_eq!((first.body_len, first.body_complete), (0, false), "{what} {source:?}");
                let wanted: &[&str] = match status {
                    303 => &[],
                    503 => &["POST /start"],
                    _ => &["POST /end"],
                };
                assert_eq!(whole(&server), wanted, "{status} {what} {source:?}");
                at_rest(&client);
            }
        }
    }
}

fn a_body_that_was_asked_for_and_then_redirected(on: On) {
    for source in Upload::ALL {
        let reply = Reply::status(307, "Late").header("Location", "/end").continues();
        let (server, client) = (uploads_to(on, reply), client(on, true));
        let answer = send(&client, &server, &Method::PUT, source.body());
        if source.is_replayable() {
            reached_the_end(answer);
            assert_eq!(whole(&server), ["PUT /start", "PUT /end"]);
        } else {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::Redirect(NotFollowed::BodyNotReplayable));
            assert_eq!(whole(&server), ["PUT /start"]);
        }
        at_rest(&client);
    }
}

fn trailers_of_a_body_that_was_cut_short_are_not_sent(on: On) {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", HeaderValue::from_static("right"));
    for (what, reply) in early(307) {
        for source in [Upload::File, Upload::Reader] {
            let (server, client) = (uploads_to(on, reply.clone()), client(on, false));
            let body = source.body().with_trailers(trailers.clone());
            let answer = send(&client, &server, &Method::POST, body);
            assert_eq!(answer.is_ok(), source.is_replayable(), "{what}");
            for received in server.requests() {
                let (complete, trailers) = (received.body_complete, received.trailers.len());
                assert_eq!((complete, trailers), (complete, usize::from(complete)), "{what} {source:?}");
            }
            assert_eq!(whole(&server).len(), usize::from(source.is_replayable()), "{what} {source:?}");
        }
    }
}

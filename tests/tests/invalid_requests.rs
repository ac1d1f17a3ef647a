//! A request that can't be sent fails before anything is done for it: no connection is made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};
use httpocean_std::{ErrorKind, Fault, Phase, Sent};
use httpocean_testkit::server::Reply;
use httpocean_tests::{Body, Client, Error, On, RequestBuilder, get, on_both_adapters};

on_both_adapters!(
    "nothing":
    fields_that_contradict_the_body,
    fields_given_twice,
    bodies_where_none_may_be,
    urls_that_cannot_be_connected_to,
    requests_made_elsewhere_are_judged_alike,
    trailers_that_may_not_be_trailers_are_never_sent,
);

fn is_refused(what: &str, result: Result<(), Error>) {
    let error = result.err().unwrap_or_else(|| panic!("{what} was sent"));
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{what}: {error}");
    let facts = (error.fault(), error.phase(), error.sent());
    assert_eq!(facts, (Fault::Local, Phase::Start, Sent::Nothing), "{what}");
}

/// A server, a client; and after `act` a check that they never met.
fn without_a_connection(on: On, act: impl FnOnce(&Client, &str)) {
    let server = on.serve(|_| Reply::ok("fine"));
    let client = on.client();
    act(&client, &server.url("/"));
    assert_eq!(server.stats().accepted, 0);
    assert_eq!((client.stats().connections_opened, client.stats().requests_sent), (0, 0));
    assert_eq!(get(&client, &server.url("/")), "fine");
}

fn sent(request: RequestBuilder) -> Result<(), Error> {
    request.send().map(drop)
}

fn fields_that_contradict_the_body(on: On) {
    without_a_connection(on, |client, url| {
        for (name, value, body) in [
            ("content-length", "4", "hello"),
            ("content-length", "6", "hello"),
            ("content-length", "+5", "hello"),
            ("content-length", "5, 5", "hello"),
            ("content-length", "-1", "hello"),
            ("content-length", "", "hello"),
            ("content-length", "99999999999999999999", "hello"),
            ("content-length", "5", ""),
            ("transfer-encoding", "gzip", "hello"),
            ("transfer-encoding", "gzip, chunked", "hello"),
            ("transfer-encoding", "identity", "hello"),
            ("transfer-encoding", "chunked, chunked", "hello"),
            ("expect", "100-continue", ""),
            ("trailer", "x-sum", "hello"),
            ("te", "chunked", "hello"),
            ("host", "a b", "hello"),
            ("host", "user@host", "hello"),
            ("host", "", "hello"),
        ] {
            let request = client.post(url).header(name, value).body(body);
            is_refused(&format!("{name}: {value} with {body:?}"), sent(request));
        }
    });
}

fn fields_given_twice(on: On) {
    without_a_connection(on, |client, url| {
        for (name, values) in [
            ("content-length", ["5", "5"]),
            ("content-length", ["5", "6"]),
            ("transfer-encoding", ["chunked", "chunked"]),
            ("host", ["a", "b"]),
            ("expect", ["100-continue", "100-continue"]),
        ] {
            let request = client.post(url).header(name, values[0]).header(name, values[1]);
            is_refused(name, sent(request.body("hello")));
        }
        let both = client.post(url).header("content-length", "5").header("transfer-encoding", "chunked");
        is_refused("both", sent(both.body("hello")));
    });
}

fn bodies_where_none_may_be(on: On) {
    without_a_connection(on, |client, url| {
        for method in [Method::TRACE, Method::CONNECT, Method::OPTIONS] {
            is_refused(method.as_str(), sent(client.request(method.clone(), url).body("hello")));
        }
    });
}

fn urls_that_cannot_be_connected_to(on: On) {
    without_a_connection(on, |client, _| {
        for url in [
            "/",
            "127.0.0.1",
            "ftp://127.0.0.1/",
            "http://@127.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1:0/",
            "http://[::1%25lo]/",
        ] {
            is_refused(url, sent(client.get(url)));
        }
    });
}

fn requests_made_elsewhere_are_judged_alike(on: On) {
    without_a_connection(on, |client, url| {
        let mut old = Request::get(url).body(Body::empty()).unwrap();
        *old.version_mut() = Version::HTTP_10;
        is_refused("another version", client.send(old).map(drop));
        let relative = Request::get("/path").body(Body::empty()).unwrap();
        is_refused("no host", client.send(relative).map(drop));
        let large = Request::get(url).header("x-large", vec![b'x'; 200_000]).body(()).unwrap();
        is_refused("a huge head", client.send(large).map(drop));
    });
}

fn trailers_that_may_not_be_trailers_are_never_sent(on: On) {
    let server = on.serve(|_| Reply::ok("fine"));
    let client = on.client();
    for name in ["content-length", "transfer-encoding", "host", "connection", "trailer"] {
        let mut trailers = HeaderMap::new();
        trailers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
        let body = Body::from("hello").with_trailers(trailers);
        let error = client.post(server.url("/")).body(body).send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Body(_) | ErrorKind::Request(_)), "{name}: {error}");
        assert_eq!(error.fault(), Fault::Local);
    }
    assert!(server.requests().iter().all(|received| !received.body_complete));
}

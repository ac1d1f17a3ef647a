//! A request that can't be sent fails before anything is done for it: no connection is made.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version};
use httpocean_std::{Body, Client, Error, ErrorKind, Fault, Phase, RequestBuilder, Sent};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::get;

const EVIL: [char; 3] = ['\r', '\n', '\0'];

fn is_refused(what: &str, result: Result<(), Error>) {
    let error = result.err().unwrap_or_else(|| panic!("{what} was sent"));
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{what}: {error}");
    let facts = (error.fault(), error.phase(), error.sent());
    assert_eq!(facts, (Fault::Local, Phase::Start, Sent::Nothing), "{what}");
}

/// A server, a client; and after `act` a check that they never met.
fn without_a_connection(act: impl FnOnce(&Client, &str)) {
    let server = Server::start(|_| Reply::ok("fine"));
    let client = Client::new();
    act(&client, &server.url("/"));
    assert_eq!(server.stats().accepted, 0);
    assert_eq!((client.stats().connections_opened, client.stats().requests_sent), (0, 0));
    assert_eq!(get(&client, &server.url("/")), "fine");
}

fn sent(request: Result<RequestBuilder, Error>) -> Result<(), Error> {
    request?.send().map(drop)
}

#[test]
fn control_bytes_in_a_target() {
    without_a_connection(|client, url| {
        for evil in EVIL {
            for text in [format!("{url}a{evil}b"), format!("{url}?q={evil}"), format!("{url}{evil}")] {
                is_refused(&format!("{text:?}"), sent(client.get(text)));
            }
            let host = url.replace("127.0.0.1", &format!("127.0.0.1{evil}"));
            is_refused(&format!("{host:?}"), sent(client.get(host)));
        }
        is_refused("a space", sent(client.get(format!("{url}a b HTTP/1.1"))));
    });
}

#[test]
fn control_bytes_in_a_method() {
    for evil in EVIL {
        assert!(Method::from_bytes(format!("GE{evil}T").as_bytes()).is_err());
    }
    assert!(Method::from_bytes(b"GET / HTTP/1.1").is_err());
    assert!(Method::from_bytes(b"").is_err());
}

#[test]
fn control_bytes_in_a_field() {
    without_a_connection(|client, url| {
        for evil in EVIL {
            let request = client.get(url).unwrap().header(format!("x-{evil}"), "v");
            is_refused("a name", sent(Ok(request)));
            let request = client.get(url).unwrap().header("x-name", format!("v{evil}w"));
            is_refused("a value", sent(Ok(request)));
            let request = client.get(url).unwrap().header("x-name", format!("v\r\nx-other:{evil}"));
            is_refused("a value", sent(Ok(request)));
        }
        for name in ["", "a b", "a:b", "ä"] {
            is_refused(name, sent(Ok(client.get(url).unwrap().header(name, "v"))));
        }
    });
}

#[test]
fn fields_that_contradict_the_body() {
    without_a_connection(|client, url| {
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
            let request = client.post(url).unwrap().header(name, value).body(body);
            is_refused(&format!("{name}: {value} with {body:?}"), sent(Ok(request)));
        }
    });
}

#[test]
fn fields_given_twice() {
    without_a_connection(|client, url| {
        for (name, values) in [
            ("content-length", ["5", "5"]),
            ("content-length", ["5", "6"]),
            ("transfer-encoding", ["chunked", "chunked"]),
            ("host", ["a", "b"]),
            ("expect", ["100-continue", "100-continue"]),
        ] {
            let request = client.post(url).unwrap().header(name, values[0]).header(name, values[1]);
            is_refused(name, sent(Ok(request.body("hello"))));
        }
        let both =
            client.post(url).unwrap().header("content-length", "5").header("transfer-encoding", "chunked");
        is_refused("both", sent(Ok(both.body("hello"))));
    });
}

#[test]
fn bodies_where_none_may_be() {
    without_a_connection(|client, url| {
        for method in [Method::TRACE, Method::CONNECT, Method::OPTIONS] {
            is_refused(method.as_str(), sent(client.request(method.clone(), url).map(|r| r.body("hello"))));
        }
    });
}

#[test]
fn urls_that_cannot_be_connected_to() {
    without_a_connection(|client, _| {
        for url in [
            "",
            "/",
            "127.0.0.1",
            "ftp://127.0.0.1/",
            "http:///",
            "http://user:password@127.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:65536/",
            "http://[::1/",
            "http://[::1%25lo]/",
        ] {
            is_refused(url, sent(client.get(url)));
        }
    });
}

#[test]
fn requests_made_elsewhere_are_judged_alike() {
    without_a_connection(|client, url| {
        let mut old = Request::get(url).body(Body::empty()).unwrap();
        *old.version_mut() = Version::HTTP_10;
        is_refused("another version", client.send(old).map(drop));
        let relative = Request::get("/path").body(Body::empty()).unwrap();
        is_refused("no host", client.send(relative).map(drop));
        let large = Request::get(url).header("x-large", vec![b'x'; 200_000]).body(()).unwrap();
        is_refused("a huge head", client.send(large).map(drop));
    });
}

#[test]
fn trailers_that_may_not_be_trailers_are_never_sent() {
    let server = Server::start(|_| Reply::ok("fine"));
    let client = Client::new();
    for name in ["content-length", "transfer-encoding", "host", "connection", "trailer"] {
        let mut trailers = HeaderMap::new();
        trailers.insert(HeaderName::from_static(name), HeaderValue::from_static("1"));
        let body = Body::from("hello").with_trailers(trailers);
        let error = client.post(server.url("/")).unwrap().body(body).send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Body(_) | ErrorKind::Request(_)), "{name}: {error}");
        assert_eq!(error.fault(), Fault::Local);
    }
    assert!(server.requests().iter().all(|received| !received.body_complete));
}

//! Texts that are no URL and no field: the request builder of httpocean-std says so, and no connection is made.
//!
//! Alone with that adapter: the other one takes a request of the `http` crate, which can't hold such texts.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::{Client, Error, ErrorKind, Fault, Phase, RequestBuilder, Sent};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::std_alone::get;

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
fn urls_that_are_none() {
    without_a_connection(|client, _| {
        for url in ["", "http:///", "http://127.0.0.1:65536/", "http://[::1/"] {
            is_refused(url, sent(client.get(url)));
        }
    });
}

//! Connectors of one's own that are broken, and how often connections are looked at.
//!
//! Alone with httpocean-std: the other adapter takes no connector from its user, and is told by the poll when a
//! connection dies, so that it asks none for signs of life.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io;
use std::time::Duration;

use httpocean_std::{Client, Connect, ErrorKind, Key, Transport, core::dial::Route};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::std_alone::{at_rest, get};

fn silence_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.to_string().contains("panics") {
            usual(info);
        }
    }));
}

/// A connector that panics, and one that gives no address.
struct Broken {
    panics: bool,
}

impl Connect for Broken {
    fn resolve(&self, _: &Key, _: Option<std::time::Instant>) -> io::Result<Route> {
        if self.panics {
            panic!("this connector panics")
        } else {
            Ok(Route::Addresses([].into_iter().collect()))
        }
    }

    fn connect(
        &self,
        _: &Key,
        _: Option<std::net::SocketAddr>,
        _: Option<std::time::Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn a_broken_connector_fails_its_requests_and_nothing_else() {
    silence_panics();
    for panics in [true, false] {
        let client = Client::builder().connector(Broken { panics }).build();
        for _ in 0..3 {
            let error = client.get("http://example.com/").unwrap().send().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Resolve(_)), "{error}");
        }
        assert_eq!(at_rest(&client).open, 0);
    }
}

#[test]
fn a_connection_is_not_asked_for_signs_of_life_if_not_wished() {
    let server = Server::start(|_| Reply::ok("fine"));
    let client = Client::builder().probe_after(Duration::from_secs(3600)).build();
    for _ in 0..3 {
        assert_eq!(get(&client, &server.url("/")), "fine");
    }
    assert_eq!(client.stats().connections_opened, 1);
}

//! No panic of the user's code costs a place in the pool, or the process.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use httpocean_std::{Client, Observed, Observer, pool};
use httpocean_testkit::server::{End, Reply, Request, Server};
use support::{Wrap, comes_back};

/// Panics at the first event of that name.
struct PanicsOn(&'static str, AtomicBool);

impl Observer for PanicsOn {
    fn observe(&self, event: &Observed<'_>) {
        if format!("{event:?}").starts_with(self.0) && !self.1.swap(true, SeqCst) {
            panic!("as the test wants it");
        }
    }
}

fn reply(request: &Request) -> Reply {
    let reply = Reply::ok("hello");
    if request.target == "/gone" { reply.then(End::CloseNow) } else { reply }
}

/// Two requests with room for one connection, the second after the first's connection died.
fn two_requests(client: &Client, server: &Server) -> Option<[String; 2]> {
    let (client, urls) = (client.clone(), [server.url("/gone"), server.url("/")]);
    comes_back(move || {
        urls.map(|url| {
            let body = client.get(url).unwrap().send().unwrap().body_mut().read_to_string(10).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(50));
            body
        })
    })
}

fn one_place() -> pool::Options {
    pool::Options { max_per_key: 1, ..pool::Options::default() }
}

#[test]
fn an_observer_that_panics_loses_no_connection_and_no_request() {
    for event in ["Dialing", "Dialed", "Granted", "Response", "Parked", "Stale", "Closed"] {
        let server = Server::start(reply);
        let observer = PanicsOn(event, AtomicBool::new(false));
        let client = Client::builder().pool(one_place()).observer(observer).build();
        assert_eq!(two_requests(&client, &server), Some(["hello".into(), "hello".into()]), "{event}");
    }
}

#[test]
fn a_transport_that_panics_when_asked_for_its_address_loses_no_slot() {
    let server = Server::start(reply);
    let connector = Wrap { local_addr: |_| panic!("as the test wants it"), ..Wrap::default() };
    let client = Client::builder().pool(one_place()).connector(connector).build();
    assert_eq!(two_requests(&client, &server), Some(["hello".into(), "hello".into()]));
}

#[test]
fn a_transport_that_panics_twice_does_not_end_the_process() {
    let server = Server::start(|_| Reply::ok(vec![b'x'; 30_000]));
    let connector = Wrap {
        read: |tcp, buf, until| {
            assert_eq!(tcp.reads, 0, "as the test wants it");
            tcp.read_inner(buf, until)
        },
        ..Wrap::default()
    };
    let client = Client::builder().connector(connector).build();
    let response = client.get(server.url("/")).unwrap().send().unwrap();
    let result = catch_unwind(AssertUnwindSafe(|| response.into_body().read_to_vec(1_000_000).map(drop)));
    assert!(result.is_err());
    assert_eq!(client.stats().open, 0);
}

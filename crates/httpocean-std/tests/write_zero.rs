//! A transport that takes nothing and gives no reason is broken: nobody turns in circles around it.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]

mod support;

use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use httpocean_std::Client;
use httpocean_testkit::server::{Reply, Server};
use support::Wrap;

#[test]
fn a_write_of_nothing_is_asked_for_once() {
    let server = Server::start(|_| Reply::ok("hello"));
    let connector = Wrap { write: |_, _| Ok(0), ..Wrap::default() };
    let calls = connector.calls.clone();
    let client = Client::builder().connector(connector).build();
    let request = client.get(server.url("/")).unwrap().timeout(Duration::from_millis(300));
    request.send().unwrap_err();
    let calls = calls.load(SeqCst);
    assert!(calls < 10, "{calls} calls of the transport");
}

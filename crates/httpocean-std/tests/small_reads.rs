//! Who reads a body byte by byte does not pay a system call for each.
#![allow(clippy::unwrap_used, clippy::unbuffered_bytes)]

mod support;

use std::io::Read;
use std::sync::atomic::Ordering::SeqCst;

use httpocean_std::Client;
use httpocean_testkit::server::{Reply, Server};
use support::Wrap;

#[test]
fn small_reads_are_served_from_a_buffer() {
    let server = Server::start(|_| Reply::ok(vec![b'x'; 100_000]));
    let connector = Wrap::default();
    let calls = connector.calls.clone();
    let client = Client::builder().connector(connector).build();
    let response = client.get(server.url("/")).unwrap().send().unwrap();
    assert_eq!(response.into_body().bytes().map(Result::unwrap).count(), 100_000);
    let calls = calls.load(SeqCst);
    assert!(calls < 1000, "{calls} calls of the transport");
}

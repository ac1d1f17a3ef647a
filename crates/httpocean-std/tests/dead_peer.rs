//! A connection that the system gave up is broken, not ended.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]

mod support;

use std::io;
use std::time::Instant;

use httpocean_std::{Client, ErrorKind, TransportError};
use httpocean_testkit::server::{Reply, Server};
use support::{Wrap, Wrapped};

/// What a read says after the keep-alive probes of a peer went unanswered: once `ETIMEDOUT`, then an end.
fn dies_after_the_first_read(tcp: &mut Wrapped, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
    match tcp.reads {
        0 => tcp.read_inner(buf, until),
        1 => Err(io::Error::from_raw_os_error(rustix::io::Errno::TIMEDOUT.raw_os_error())),
        _ => Ok(0),
    }
}

#[test]
fn a_body_that_ends_with_the_connection_is_not_whole_when_the_peer_died() {
    let server = Server::start(|_| Reply::status(200, "OK").until_close("half of i"));
    let connector = Wrap { read: dies_after_the_first_read, ..Wrap::default() };
    let client = Client::builder().connector(connector).build();
    let mut response = client.get(server.url("/")).unwrap().send().unwrap();
    let error = response.body_mut().read_to_vec(1000).unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Reset(TransportError::TimedOut));
}

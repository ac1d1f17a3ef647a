//! A Unix server that accepts nobody is no reason to wait past a deadline.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]

mod support;

use std::os::unix::net::UnixStream;
use std::time::Duration;

use httpocean_std::{Client, ErrorKind, UnixConnector, dial};
use socket2::{Domain, SockAddr, Socket, Type};
use support::comes_back;

#[test]
fn connecting_to_a_full_queue_ends_at_the_deadline() {
    let path = std::env::temp_dir().join(format!("httpocean-backlog-{}", std::process::id()));
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::unix(&path).unwrap()).unwrap();
    listener.listen(0).unwrap();
    let _in_the_queue = UnixStream::connect(&path).unwrap();

    let limits = dial::Options { connect: Some(Duration::from_millis(100)), ..dial::Options::default() };
    let client = Client::builder().connector(UnixConnector::new(&path)).dial(limits).build();
    let kind = comes_back(move || {
        let error = client.get("http://anywhere/").unwrap().send().unwrap_err();
        error.kind().clone()
    });
    std::fs::remove_file(path).unwrap();
    assert_eq!(kind, Some(ErrorKind::Timeout));
}

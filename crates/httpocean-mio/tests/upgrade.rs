//! A connection that becomes another protocol is handed to the user.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::io::{Read, Write};

use httpocean_mio::http::Request as HttpRequest;
use httpocean_mio::mio::{Events, Interest, Poll, Token};
use httpocean_mio::{BodyPlan, Upgraded};
use httpocean_testkit::server::{End, Reply, Server};
use support::{loop_of, run};

#[test]
fn an_upgraded_connection_echoes() {
    let early = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nearly";
    let server = Server::start(move |_| Reply::raw(early).then(End::Upgrade));
    let mut looped = loop_of(1);
    let request = HttpRequest::get(server.url("/"))
        .header("upgrade", "echo")
        .header("connection", "upgrade")
        .body(())
        .unwrap();
    let call = looped.client().start(request, BodyPlan::empty()).unwrap();
    let outcome = run(&mut looped).remove(&call).unwrap();
    let Upgraded { mut stream, mut channel } = outcome.upgraded.expect("upgraded");
    let stats = looped.client().stats();
    assert_eq!((stats.open, stats.idle), (0, 0));
    assert!(stats.closed.is_empty(), "it was not closed: {stats:?}");

    let mut poll = Poll::new().unwrap();
    let mut events = Events::with_capacity(4);
    poll.registry().register(&mut stream, Token(0), Interest::READABLE).unwrap();
    stream.write_all(b"hello").unwrap();
    let mut received = channel.take();
    while received.len() < 10 {
        poll.poll(&mut events, Some(support::PATIENCE)).unwrap();
        let mut buf = [0; 64];
        while let Ok(n) = stream.read(&mut buf) {
            assert_ne!(n, 0, "it stays open");
            received.extend_from_slice(&buf[..n]);
        }
    }
    assert_eq!(received, b"earlyhello");
}

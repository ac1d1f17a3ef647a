//! The observer hears of each decision, in order.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use httpocean_mio::{BodyPlan, CloseReason, Key, Loop, Observed, Observer, Options, Resolve, pool};
use httpocean_testkit::server::{End, Reply, Server};
use support::{fetch, get, turn_until};

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn observe(&self, event: &Observed<'_>) {
        self.0.lock().unwrap().push(match event {
            Observed::Dialing { .. } => "dialing".into(),
            Observed::Dialed { peer, .. } => format!("dialed {}", peer.is_some()),
            Observed::DialFailed { error, .. } => format!("dial failed: {}", error.kind()),
            Observed::Granted { connection, idle_for, .. } => {
                format!("granted {} {} {}", connection.number, connection.reused, idle_for.is_some())
            }
            Observed::Response { status, connection, .. } => format!("{status} on {}", connection.number),
            Observed::Parked { connection, .. } => format!("parked {}", connection.number),
            Observed::Failed { error, .. } => format!("failed: {}", error.kind()),
            Observed::Hop { hop, .. } => hop.why.explain().into(),
            Observed::Closed { number, why, .. } => format!("closed {number}: {}", why.word()),
            // What is waited for, and the like, is another story.
            _ => return,
        });
        panic!("a panic goes no further");
    }
}

#[test]
fn a_story_of_two_requests() {
    let server = Server::start(|request: &httpocean_testkit::server::Request| match request.index {
        0 => Reply::ok("one"),
        _ => Reply::ok("two").then(End::Close.after(Duration::from_millis(10))),
    });
    let notes = Arc::new(Notes::default());
    let mut looped = Loop::new(Options { observer: Some(notes.clone()), ..Options::default() }).unwrap();
    fetch(&mut looped, &server.url("/"));
    fetch(&mut looped, &server.url("/"));
    assert!(turn_until(&mut looped, |looped| looped.client().stats().open == 0));
    server.stop();
    fetch(&mut looped, &server.url("/"));
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            "dialing",
            "dialed true",
            "granted 1 0 false",
            "200 OK on 1",
            "parked 1",
            "granted 1 1 true",
            "200 OK on 1",
            "parked 1",
            &format!("closed 1: {}", CloseReason::PeerClosed.word()),
            "dialing",
            "dial failed: no connection could be made: connection refused",
            "failed: no connection could be made: connection refused",
        ]
    );
}

/// Answers when it is told what.
struct Told(Mutex<Receiver<SocketAddr>>);

impl Resolve for Told {
    fn resolve(&self, _: &Key) -> std::io::Result<Vec<SocketAddr>> {
        Ok(self.0.lock().unwrap().recv().into_iter().collect())
    }
}

/// Its request was cancelled, and nothing may be idle: it is made, and closed at once.
#[test]
fn a_connection_that_there_is_no_room_for_was_made_all_the_same() {
    let server = Server::start(|_| Reply::ok("never asked for"));
    let (tell, told) = channel();
    let notes = Arc::new(Notes::default());
    let mut looped = Loop::new(Options {
        pool: pool::Options { max_idle_per_key: 0, surplus: pool::Surplus::Keep, ..pool::Options::default() },
        resolver: Arc::new(Told(Mutex::new(told))),
        observer: Some(notes.clone()),
        ..Options::default()
    })
    .unwrap();
    let call = looped.client().start(get("http://example.test/"), BodyPlan::empty()).unwrap();
    assert!(looped.client().next_event().is_none());
    looped.client().cancel(call);
    tell.send(server.addr()).unwrap();
    assert!(turn_until(&mut looped, |looped| looped.client().stats().open == 0));
    let no_room = format!("closed 0: {}", CloseReason::Unwanted.word());
    assert_eq!(
        *notes.0.lock().unwrap(),
        ["dialing", "failed: the request was cancelled", "dialed true", &no_room]
    );
    let stats = looped.client().stats();
    assert_eq!((stats.connections_opened, stats.closed.values().sum()), (1, 1));
}

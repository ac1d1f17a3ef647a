//! A call that is cancelled ends with `Failed`, and leaves nothing behind, whatever it was doing.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use httpocean_mio::http::Request as HttpRequest;
use httpocean_mio::{BodyPlan, CallId, ErrorKind, Event, Key, Loop, Options, Phase, Resolve, pool};
use httpocean_testkit::server::{Act, End, Reply, Request, Server};
use support::{Outcome, fetch, get, loop_of, turn_until, until};

fn cancelled(looped: &mut Loop, call: CallId) -> Outcome {
    looped.client().cancel(call);
    looped.client().cancel(call);
    let mut outcome = Outcome::default();
    loop {
        let (of, event) = looped.next_event().unwrap().expect("a cancelled call still ends");
        if of == call && outcome.note(event) {
            break;
        }
    }
    let error = outcome.error.as_ref().expect("it failed");
    assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
    assert_eq!(outcome.body_len, 0, "nothing more is said of a cancelled call");
    outcome
}

fn clean(looped: &mut Loop) {
    let clean = turn_until(looped, |looped| {
        let stats = looped.client().stats();
        (stats.open - stats.idle, stats.waiting, stats.dialing, looped.client().calls()) == (0, 0, 0, 0)
    });
    assert!(clean, "{:?}", looped.client().stats());
}

fn hanging() -> Server {
    Server::start(|request: &Request| match &*request.target {
        "/silent" => Reply::script([]).then(End::Hold(Duration::from_secs(60))),
        "/half" => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .then(End::Hold(Duration::from_secs(60))),
        "/unread" => Reply::script([Act::Pause(Duration::from_secs(60))]).early(),
        _ => Reply::ok("fine"),
    })
}

#[test]
fn before_anything_was_done() {
    let server = hanging();
    let mut looped = loop_of(1);
    let call = looped.client().start(get(&server.url("/")), BodyPlan::empty()).unwrap();
    cancelled(&mut looped, call);
    clean(&mut looped);
    assert_eq!(fetch(&mut looped, &server.url("/")).text(), "fine");
}

#[test]
fn while_it_waits_for_a_connection() {
    let server = hanging();
    let mut looped = loop_of(1);
    let first = looped.client().start(get(&server.url("/silent")), BodyPlan::empty()).unwrap();
    assert!(turn_until(&mut looped, |_| server.stats().requests == 1));
    let second = looped.client().start(get(&server.url("/")), BodyPlan::empty()).unwrap();
    assert!(turn_until(&mut looped, |looped| looped.client().stats().waiting == 1));
    cancelled(&mut looped, second);
    assert_eq!(looped.client().stats().waiting, 0);
    cancelled(&mut looped, first);
    clean(&mut looped);
}

/// Answers when it is told to.
struct Gated(Sender<()>, Mutex<Receiver<()>>);

impl Resolve for Gated {
    fn resolve(&self, _: &Key) -> std::io::Result<Vec<std::net::SocketAddr>> {
        self.0.send(()).unwrap();
        let _ = self.1.lock().unwrap().recv();
        Ok(vec!["127.0.0.1:9".parse().unwrap()])
    }
}

fn gated() -> (Receiver<()>, Sender<()>, Loop) {
    let ((begun, begins), (go, gate)) = (channel(), channel());
    let pool = pool::Options { surplus: pool::Surplus::Cancel, ..pool::Options::default() };
    let resolver = Arc::new(Gated(begun, Mutex::new(gate)));
    (begins, go, Loop::new(Options { pool, resolver, resolver_threads: 1, ..Options::default() }).unwrap())
}

#[test]
fn while_its_name_is_looked_up() {
    let (begins, go, mut looped) = gated();
    let call = looped.client().start(get("http://example.test/"), BodyPlan::empty()).unwrap();
    let other = looped.client().start(get("http://other.test/"), BodyPlan::empty()).unwrap();
    assert!(looped.client().next_event().is_none());
    begins.recv().unwrap();
    cancelled(&mut looped, call);
    cancelled(&mut looped, other);
    clean(&mut looped);
    // The answer comes too late, and the poll wakes for nothing.
    go.send(()).unwrap();
    looped.turn(Some(support::PATIENCE)).unwrap();
    assert!(looped.client().next_event().is_none());
    clean(&mut looped);
}

#[test]
fn while_it_connects() {
    let (_full, addr) = support::full_listener();
    let pool = pool::Options { surplus: pool::Surplus::Cancel, ..pool::Options::default() };
    let mut looped = Loop::new(Options { pool, ..Options::default() }).unwrap();
    let call = looped.client().start(get(&format!("http://{addr}/")), BodyPlan::empty()).unwrap();
    assert!(looped.client().next_event().is_none());
    assert_eq!(looped.client().stats().dialing, 1);
    cancelled(&mut looped, call);
    clean(&mut looped);
    assert_eq!(looped.client().stats().dials_failed, 1);
}

#[test]
fn while_it_waits_for_the_head() {
    let server = hanging();
    let mut looped = loop_of(1);
    let call = looped.client().start(get(&server.url("/silent")), BodyPlan::empty()).unwrap();
    assert!(turn_until(&mut looped, |_| server.stats().requests == 1));
    let error = cancelled(&mut looped, call).error.unwrap();
    assert_eq!(error.phase(), Phase::RecvHead);
    clean(&mut looped);
    assert_eq!(looped.client().stats().open, 0);
}

#[test]
fn in_the_middle_of_the_body_and_after_a_pause() {
    let server = hanging();
    let mut looped = loop_of(1);
    for paused in [false, true] {
        let call = looped.client().start(get(&server.url("/half")), BodyPlan::empty()).unwrap();
        until(&mut looped, |_, event| matches!(event, Event::Data(b"half")));
        if paused {
            looped.client().pause(call);
            assert!(looped.client().next_event().is_none());
        }
        assert_eq!(cancelled(&mut looped, call).error.unwrap().phase(), Phase::RecvBody);
        clean(&mut looped);
    }
    assert_eq!(fetch(&mut looped, &server.url("/")).text(), "fine");
}

#[test]
fn with_bytes_in_hand() {
    let server = Server::start(|_| Reply::ok("all of it at once"));
    let mut looped = loop_of(1);
    let call = looped.client().start(get(&server.url("/")), BodyPlan::empty()).unwrap();
    until(&mut looped, |_, event| matches!(event, Event::Head(_)));
    cancelled(&mut looped, call);
    clean(&mut looped);
}

#[test]
fn while_its_body_is_asked_for() {
    let server = hanging();
    let mut looped = loop_of(1);
    let request = HttpRequest::post(server.url("/unread")).body(()).unwrap();
    let call = looped.client().start(request, BodyPlan::sized(10)).unwrap();
    until(&mut looped, |_, event| matches!(event, Event::NeedBody { from: 0 }));
    cancelled(&mut looped, call);
    assert!(!looped.client().send_body(call, b"too late"), "an id of something that is gone does nothing");
    clean(&mut looped);
}

#[test]
fn after_its_end() {
    let server = hanging();
    let mut looped = loop_of(1);
    let call = looped.client().start(get(&server.url("/")), BodyPlan::empty()).unwrap();
    until(&mut looped, |_, event| matches!(event, Event::End { .. }));
    looped.client().cancel(call);
    looped.client().discard(call);
    looped.client().pause(call);
    looped.client().resume(call);
    assert!(looped.next_event().unwrap().is_none());
    assert_eq!(looped.client().stats().idle, 1);
}

#[test]
fn discarding_saves_the_connection() {
    let server = Server::start(|_| Reply::generated(20_000));
    let mut looped = loop_of(1);
    for n in 0..3 {
        let call = looped.client().start(get(&server.url("/")), BodyPlan::empty()).unwrap();
        until(&mut looped, |_, event| matches!(event, Event::Head(_)));
        assert_eq!(looped.client().connection(call).unwrap().reused, n);
        looped.client().discard(call);
        let (_, event) = looped.next_event().unwrap().unwrap();
        assert!(matches!(event, Event::End { parked: true, .. }), "{event:?}");
    }
}

//! The fields of an attempt, and responses in passing, by way of an engine.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use http::header::{COOKIE, HeaderValue, TE};
use http::{HeaderMap, HeaderName, Request};
use httpocean_core::dial::Route;
use httpocean_core::policy::Common;
use httpocean_core::pool::Options;
use httpocean_core::{
    BodyPlan, CallId, Config, ConnId, Driven, Engine, ErrorKind, Event, Instant, Io, Sent, Task,
};

const NOW: Instant = Instant::ZERO;
const REDIRECT: &str = "HTTP/1.1 302 Found\r\nlocation: /1\r\nset-cookie: a=1\r\ncontent-length: 0\r\n\r\n";

fn one(name: HeaderName, value: &'static str) -> HeaderMap {
    [(name, HeaderValue::from_static(value))].into_iter().collect()
}

/// An engine with one connection, that is made at once.
struct World {
    engine: Engine,
    io: Io,
    written: String,
}

impl World {
    fn new(max_total: usize) -> Self {
        let options = Options { max_total, ..Options::default() };
        let common = Common { shows_passing: true, ..Common::default() };
        let engine = Engine::new(options, Arc::new(Config::default())).sharing(common);
        Self { engine, io: Io::default(), written: String::new() }
    }

    fn start(&mut self, url: &str) -> CallId {
        self.engine.start(Request::get(url).body(()).unwrap(), BodyPlan::empty(), NOW).unwrap()
    }

    /// The next event, and of which call; `None` when it waits for its peer.
    fn next(&mut self) -> Option<(CallId, Event)> {
        while let Some(task) = self.engine.next_task(NOW) {
            match task {
                Task::Resolve(conn) => self.engine.resolved(conn, Ok(Route::Direct), NOW),
                Task::Connect { conn, attempt, .. } => self.engine.connected(conn, attempt, Ok(()), NOW),
                Task::Drive(conn) => {
                    if let Some(event) = self.drive(conn) {
                        return Some(event);
                    }
                }
                Task::Event { call, event } => return Some((call, event)),
                Task::Dial { .. } | Task::Abandon { .. } | Task::Close { .. } => {}
            }
        }
        None
    }

    fn drive(&mut self, conn: ConnId) -> Option<(CallId, Event)> {
        match self.engine.drive(conn, &mut self.io, NOW) {
            Driven::Event { call, event } => {
                if let Event::Passing(len) = event {
                    assert_eq!(self.io.head(len).field("set-cookie"), Some(&b"a=1"[..]));
                }
                if self.engine.call(call).is_some() {
                    self.engine.ready(conn, NOW);
                }
                Some((call, event))
            }
            Driven::Wait(_) => {
                self.written += core::str::from_utf8(self.io.tx.pending()).unwrap();
                self.io.tx.sent(self.io.tx.pending().len());
                None
            }
            Driven::Free => None,
        }
    }

    fn answers(&mut self, call: CallId, response: &str) {
        self.io.rx.append(response.as_bytes());
        let (conn, _) = self.engine.connection(call).unwrap();
        self.engine.ready(conn, NOW);
    }
}

#[test]
fn each_attempt_is_sent_what_was_given_for_it() {
    let mut world = World::new(1);
    let call = world.start("http://a.test/0");
    world.engine.set_attempt_fields(call, &one(COOKIE, "of=first"));
    assert!(world.next().is_none());
    assert!(std::mem::take(&mut world.written).contains("cookie: of=first\r\n"));
    world.answers(call, REDIRECT);
    assert!(matches!(world.next(), Some((of, Event::Passing(_))) if of == call));
    assert!(matches!(world.next(), Some((_, Event::Hop(_)))));
    world.engine.set_attempt_fields(call, &one(COOKIE, "of=second"));
    assert!(world.next().is_none());
    let second = std::mem::take(&mut world.written);
    assert!(second.starts_with("GET /1 ") && second.contains("cookie: of=second\r\n"), "{second}");
    world.answers(call, REDIRECT);
    assert!(matches!(world.next(), Some((_, Event::Passing(_)))));
    assert!(matches!(world.next(), Some((_, Event::Hop(_)))));
    assert!(world.next().is_none());
    assert!(!world.written.contains("cookie"), "{}", world.written);
}

/// While it dials, waits for others, has a connection, or is about to hop: it fails, and nothing is lost.
#[test]
fn what_may_not_be_added_fails_the_call_wherever_it_is() {
    for place in ["dials", "waits", "has one", "hops"] {
        let mut world = World::new(1);
        let other = (place == "waits" || place == "has one").then(|| world.start("http://a.test/other"));
        if place == "has one" {
            assert!(world.next().is_none());
            world.answers(other.unwrap(), "HTTP/1.1 204 No Content\r\n\r\n");
            while let Some((of, event)) = world.next() {
                if matches!(event, Event::End { .. }) {
                    assert_eq!(Some(of), other);
                    break;
                }
            }
            world.written.clear();
        }
        let call = world.start("http://a.test/0");
        if place == "hops" {
            assert!(world.next().is_none());
            world.answers(call, REDIRECT);
            assert!(matches!(world.next(), Some((_, Event::Passing(_)))));
            assert!(matches!(world.next(), Some((_, Event::Hop(_)))));
            world.written.clear();
        }
        world.engine.set_attempt_fields(call, &one(TE, "x"));
        let Some((of, Event::Failed(error))) = world.next() else { panic!("{place}: it goes on") };
        assert_eq!(of, call);
        assert!(matches!(error.kind(), ErrorKind::Request(_)), "{place}: {error}");
        assert_eq!(error.sent() == Sent::Nothing, place != "hops", "{place}");
        assert!(!world.written.contains("/0"), "{place}: {}", world.written);
        assert!(world.next().is_none());
        let counts = world.engine.counts();
        assert_eq!((counts.waiting, world.engine.calls()), (0, usize::from(place == "waits")), "{place}");
    }
}

#[test]
fn a_call_that_is_gone_is_given_nothing() {
    let mut world = World::new(1);
    let call = world.start("http://a.test/0");
    world.engine.cancel(call, NOW);
    assert!(matches!(world.next(), Some((_, Event::Failed(_)))));
    let before = world.engine.counts().stale_inputs;
    world.engine.set_attempt_fields(call, &one(COOKIE, "a=b"));
    assert_eq!(world.engine.counts().stale_inputs, before + 1);
}

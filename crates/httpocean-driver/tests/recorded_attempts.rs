//! What is added to attempts, and responses in passing, are recorded without what is secret, and say the same again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use httpocean_core::dial::Route;
use httpocean_core::policy::Common;
use httpocean_core::{BodyPlan, CallId, Config, ConnId, Driven, Event, Instant, Io, Task, pool};
use httpocean_driver::record::{Recorder, Recording, replay};

const NOW: Instant = Instant::ZERO;
const REDIRECT: &str =
    "HTTP/1.1 302 Found\r\nlocation: /1\r\nset-cookie: id=hunter2\r\ncontent-length: 0\r\n\r\n";

struct World {
    engine: Recorder,
    file: Arc<Mutex<Vec<u8>>>,
    io: Io,
    heard: Vec<&'static str>,
}

impl World {
    fn new(whole: bool) -> Self {
        let file = Arc::new(Mutex::new(Vec::new()));
        let copy = file.clone();
        let recording = Recording::new(move |lines| copy.lock().unwrap().extend_from_slice(lines));
        let recording = if whole { recording.whole() } else { recording };
        let common = Common { shows_passing: true, ..Common::default() };
        let (pool, config) = (pool::Options::default(), Arc::new(Config::default()));
        let engine = Recorder::new(pool, config, common, Some(recording));
        Self { engine, file, io: Io::default(), heard: Vec::new() }
    }

    fn start(&mut self, url: &str) -> CallId {
        self.engine.start(Request::get(url).body(()).unwrap(), BodyPlan::empty(), NOW).unwrap()
    }

    fn add(&mut self, call: CallId, name: &'static str, value: &'static str) {
        let fields = [(HeaderName::from_static(name), HeaderValue::from_static(value))];
        self.engine.set_attempt_fields(call, &fields.into_iter().collect::<HeaderMap>());
    }

    /// Until there is nothing to do; what is pending is written.
    fn turn(&mut self, hop: impl Fn(&mut Self, CallId)) {
        while let Some(task) = self.engine.next_task(NOW) {
            match task {
                Task::Resolve(conn) => self.engine.resolved(conn, Ok(Route::Direct), NOW),
                Task::Connect { conn, attempt, .. } => self.engine.connected(conn, attempt, Ok(()), NOW),
                Task::Drive(conn) => self.drive(conn),
                Task::Event { call, event: Event::Hop(_) } => {
                    self.heard.push("hop");
                    hop(self, call);
                }
                Task::Event { .. } | Task::Dial { .. } | Task::Abandon { .. } | Task::Close { .. } => {}
            }
        }
    }

    fn drive(&mut self, conn: ConnId) {
        loop {
            match self.engine.drive(conn, &mut self.io, NOW) {
                Driven::Event { event: Event::Passing(_), .. } => self.heard.push("passing"),
                Driven::Event { event: Event::End { .. }, .. } | Driven::Free => return,
                Driven::Event { .. } => {}
                Driven::Wait(want) if want.write => self.io.tx.sent(usize::MAX),
                Driven::Wait(_) => return,
            }
        }
    }

    fn answered(&mut self, call: CallId, response: &str) {
        self.io.rx.append(response.as_bytes());
        let (conn, _) = self.engine.connection(call).unwrap();
        self.engine.ready(conn, NOW);
    }
}

#[test]
fn they_say_the_same_again_without_a_secret() {
    for whole in [false, true] {
        let mut world = World::new(whole);
        // Of another length than what it stands for.
        let call = world.start("http://us%65r:hunter%32@a.test/0?q");
        world.add(call, "cookie", "id=hunter2");
        world.turn(|_, _| ());
        world.answered(call, REDIRECT);
        world.turn(|world, call| world.add(call, "cookie", "id=hunter2; more=1"));
        world.answered(call, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        world.turn(|_, _| ());
        // What may not be added fails again, too.
        let call = world.start("http://a.test/1");
        world.add(call, "te", "trailers");
        world.turn(|_, _| ());
        assert_eq!((world.heard.as_slice(), world.engine.calls()), (&["passing", "hop"][..], 0));
        drop(world.engine);

        let file = world.file.lock().unwrap().clone();
        let replayed = replay(&file).unwrap();
        assert!(replayed.difference.is_none(), "{}", replayed.difference.unwrap());
        let text = String::from_utf8(file).unwrap();
        assert_eq!(text.matches(" attempt-fields ").count(), 3, "{text}");
        assert!(text.contains(" passing ") && text.contains("frames\\sor\\sroutes"), "{text}");
        for secret in ["hunter", "us%65r", "dXNlcj"] {
            assert!(whole || !text.contains(secret), "{secret}: {text}");
        }
        assert_eq!(text.contains("id=hunter2"), whole);
    }
}

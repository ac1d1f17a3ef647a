//! Every kind of input is recorded, and the recording says the same again.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use httpocean_core::dial::{AddressFilter, Route};
use httpocean_core::policy::Common;
use httpocean_core::proxy::Rules;
use httpocean_core::{BodyPlan, Config, ConnId, Driven, Instant, Io, Task, TransportError, call, dial, pool};
use httpocean_driver::record::{Recorder, Recording, replay};

const SECRET: &str = "hunter2";

const NOW: Instant = Instant::ZERO;

struct World {
    engine: Recorder,
    file: Arc<Mutex<Vec<u8>>>,
}

impl World {
    fn new(config: Config) -> Self {
        let file = Arc::new(Mutex::new(Vec::new()));
        let copy = file.clone();
        let recording = Recording::new(move |lines| copy.lock().unwrap().extend_from_slice(lines));
        let (pool, config) = (pool::Options::default(), Arc::new(config));
        Self { engine: Recorder::new(pool, config, Common::default(), Some(recording)), file }
    }

    /// Tasks until there are none; the connection of the first look-up.
    fn dialed(&mut self) -> ConnId {
        let mut found = None;
        while let Some(task) = self.engine.next_task(NOW) {
            if let Task::Resolve(conn) = task {
                found = Some(conn);
            }
        }
        found.expect("a look-up")
    }

    fn connected(&mut self) -> ConnId {
        let conn = self.dialed();
        self.engine.resolved(conn, Ok(Route::Direct), NOW);
        while self.engine.next_task(NOW).is_some() {}
        self.engine.connected(conn, 0, Ok(()), NOW);
        while self.engine.next_task(NOW).is_some() {}
        conn
    }

    /// A GET whose response comes in these pieces; each is looked at.
    fn answered(&mut self, pieces: &[&str]) {
        self.engine.start(Request::get("http://a.test/").body(()).unwrap(), BodyPlan::empty(), NOW).unwrap();
        let (conn, mut io) = (self.connected(), Io::default());
        while let Driven::Event { .. } = self.engine.drive(conn, &mut io, NOW) {}
        io.tx.sent(usize::MAX);
        for piece in pieces {
            io.rx.append(piece.as_bytes());
            while let Driven::Event { .. } = self.engine.drive(conn, &mut io, NOW) {}
        }
    }

    /// The file, when it has been found to say the same again, and no secret.
    fn checked(self) -> String {
        let Self { mut engine, file } = self;
        while engine.next_task(NOW).is_some() {}
        drop(engine);
        let file = file.lock().unwrap();
        let text = String::from_utf8(file.clone()).unwrap();
        assert!(!text.contains(SECRET), "{text}");
        let again = replay(&file).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(again.difference, None, "{text}");
        text
    }
}

fn upload() -> Request<()> {
    Request::put("http://a.test/?hunter2").header("x-key", SECRET).body(()).unwrap()
}

#[test]
fn an_address_filter_of_the_user_s() {
    let filter = AddressFilter::new(|addr| addr.port() != 1);
    let dial = dial::Options { filter, ..dial::Options::default() };
    let mut world = World::new(Config { dial, ..Config::default() });
    world.engine.start(upload(), BodyPlan::empty(), NOW).unwrap();
    let conn = world.dialed();
    let addrs: Vec<SocketAddr> = vec![([10, 0, 0, 1], 1).into(), ([10, 0, 0, 2], 2).into()];
    world.engine.resolved(conn, Ok(Route::Addresses(addrs.into_iter().collect())), NOW);
    let text = world.checked();
    assert!(text.contains("resolved 0.0 at !10.0.0.1:1 10.0.0.2:2"), "{text}");
    assert!(text.contains("< connect 0.0 0 10.0.0.2:2"), "{text}");
}

#[test]
fn bodies_both_ways() {
    let mut world = World::new(Config::default());
    let plan = BodyPlan { size: None, replayable: true, trailers: true };
    let call = world.engine.start(upload(), plan, NOW).unwrap();
    let (conn, mut io) = (world.connected(), Io::default());
    while let Driven::Event { .. } = world.engine.drive(conn, &mut io, NOW) {}
    world.engine.send_body(call, SECRET.as_bytes(), &mut io);
    while let Driven::Event { .. } = world.engine.drive(conn, &mut io, NOW) {}
    let trailers =
        HeaderMap::from_iter([(HeaderName::from_static("x-sum"), HeaderValue::from_static(SECRET))]);
    world.engine.finish_body(call, Some(&trailers), &mut io);
    io.tx.sent(usize::MAX);
    io.rx.append(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhunter2 hunter2 12345");
    let Driven::Event { .. } = world.engine.drive(conn, &mut io, NOW) else { panic!("a head") };
    let mut out = [0; 7];
    assert_eq!(world.engine.read_body(call, &mut io, &mut out), 7);
    assert_eq!(&out, b"hunter2");
    while let Driven::Event { .. } = world.engine.drive(conn, &mut io, NOW) {}
    let text = world.checked();
    assert!(text.contains("send-body 0.0 xxxxxxx"), "{text}");
    assert!(text.contains("finish-body 0.0 trailers x-sum xxxxxxx"), "{text}");
    assert!(text.contains("< read 7 "), "{text}");
}

#[test]
fn what_fails_and_what_is_given_up() {
    let mut world = World::new(Config::default());
    let plan = BodyPlan { size: None, ..BodyPlan::empty() };
    let call = world.engine.start(upload(), plan, NOW).unwrap();
    let (conn, mut io) = (world.connected(), Io::default());
    while let Driven::Event { .. } = world.engine.drive(conn, &mut io, NOW) {}
    world.engine.body_failed(call, "a disk is gone");
    let _ = world.engine.drive(conn, &mut io, NOW);
    let other = world.engine.start(upload(), plan, NOW).unwrap();
    let conn = world.connected();
    io = Io::default();
    io.tx.fail(TransportError::Reset);
    io.rx.fail(TransportError::Other(104));
    io.rx.set_eof();
    let _ = world.engine.drive(conn, &mut io, NOW);
    world.engine.cancel(other, NOW);
    world.engine.discard(other, NOW);
    world.engine.evict(|key| key.host() == "a.test", NOW);
    world.engine.shut_down(NOW);
    assert!(world.engine.start(Request::new(()), plan, NOW).is_err());
    let text = world.checked();
    for told in
        ["a\\sdisk\\sis\\sgone", "write-failed", "read-failed 0.1 other:104", "eof", "shut-down", "< refused"]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[test]
fn options_of_a_request_s_own() {
    let mut world = World::new(Config::default());
    let call = call::Options { total: Some(Duration::from_millis(7)), ..call::Options::default() };
    for _ in 0..2 {
        let mut request = upload();
        request.extensions_mut().insert(Arc::new(Config { call: call.clone(), ..Config::default() }));
        world.engine.start(request, BodyPlan::empty(), NOW).unwrap();
    }
    let text = world.checked();
    assert_eq!(text.lines().filter(|line| line.starts_with("config ")).count(), 2, "each once: {text}");
    assert!(text.contains("< nothing-until 7000"), "{text}");
}

#[test]
fn a_recorder_without_a_recording_is_an_engine() {
    let mut engine =
        Recorder::new(pool::Options::default(), Arc::new(Config::default()), Common::default(), None);
    engine.start(upload(), BodyPlan::empty(), NOW).unwrap();
    assert!(matches!(engine.next_task(NOW), Some(Task::Dial { .. })));
    assert_eq!(engine.calls(), 1);
}

const FOUND: &str = "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: ";

#[test]
fn a_location_in_pieces_keeps_its_host_and_nobody_s_name() {
    for (location, kept, said) in [
        ("http://b.test/p", "http://b.test/p", "< dial 1.0 http://b.test"),
        (
            "http://me:hunter2@b.test/p?hunter2",
            "http://xx:xxxxxxx@b.test/p?xxxxxxx",
            "holds\\sa\\suser\\sname",
        ),
    ] {
        let pieces: Vec<_> = (0..location.len()).map(|at| &location[at..=at]).collect();
        let mut world = World::new(Config::default());
        world.answered(&[&[FOUND], pieces.as_slice(), &["\r\n\r\n"]].concat());
        let text = world.checked();
        let received = text.lines().filter_map(|line| line.strip_prefix("> - received 0.0 "));
        assert!(received.collect::<String>().contains(kept), "{text}");
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn what_is_not_decided_at_the_end_is_hidden() {
    let mut world = World::new(Config::default());
    world.answered(&[FOUND, "http://hunt", "er2"]);
    assert!(!String::from_utf8_lossy(&world.file.lock().unwrap()).contains("hunt"), "it is not written yet");
    let text = world.checked();
    assert!(
        text.contains("> - received 0.0 http://xxxx\n") && text.contains("> - received 0.0 xxx\n"),
        "{text}"
    );
}

#[test]
fn no_more_than_so_much_waits_to_be_decided() {
    let mut world = World::new(Config::default());
    world.answered(&[FOUND, "http://hunt", &"er2".repeat(20_000)]);
    assert!(
        !String::from_utf8_lossy(&world.file.lock().unwrap()).contains("received 0.0 http:"),
        "60,000 bytes wait"
    );
    world.answered(&[FOUND, "http://hunt", &"er2".repeat(20_000)]);
    assert!(String::from_utf8_lossy(&world.file.lock().unwrap()).contains("http://xxxx\n"), "120,000 do not");
    world.checked();
}

/// A handshake is told like all else that is read and sent, but for the password.
#[test]
fn a_handshake_with_a_proxy() {
    for (bound, end) in [(&[5, 0, 0, 1, 9, 9, 9, 9, 0, 80][..], "ready"), (&[5, 5], "failed")] {
        let proxy = format!("socks5h://ann:{SECRET}@proxy.test").parse().unwrap();
        let mut world = World::new(Config { proxy: Rules::all(proxy), ..Config::default() });
        world.engine.start(Request::get("http://a.test/").body(()).unwrap(), BodyPlan::empty(), NOW).unwrap();
        let (conn, mut io) = (world.connected(), Io::default());
        for answer in [&[][..], &[5, 2], &[1, 0], bound] {
            io.rx.append(answer);
            let _ = world.engine.drive(conn, &mut io, NOW);
            io.tx.sent(usize::MAX);
        }
        let serves = world.engine.serves(conn).is_some();
        assert_eq!(serves, end == "ready", "{end}");
        let text = world.checked();
        assert!(text.contains("proxy.test") && !text.contains("ann:"), "{text}");
    }
}

/// Where nobody can secure a connection none is made, and that is the same once more.
#[test]
fn what_is_refused_for_want_of_tls_says_the_same_again() {
    let mut world = World::new(Config::default());
    world.engine.start(Request::get("https://a.test/").body(()).unwrap(), BodyPlan::empty(), NOW).unwrap();
    while world.engine.next_task(NOW).is_some() {}
    let file = world.checked();
    assert!(file.contains("dial 0.0 https://a.test") && !file.contains("secured"), "{file}");
}

#[test]
fn a_wish_for_connections_is_recorded_by_its_host() {
    let mut world = World::new(Config::default());
    world.engine.preconnect(&"http://a.test/hunter2?hunter2".parse().unwrap(), 1, NOW).unwrap();
    world.connected();
    assert_eq!(world.engine.counts().idle, 1);
    assert!(world.checked().contains("preconnect http a.test 1"));
}

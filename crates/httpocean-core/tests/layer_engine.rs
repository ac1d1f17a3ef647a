//! An engine asks its driver to move the bytes of a handshake as it asks for those of a request, and the connection
//! is nobody's before that is over.
#![allow(clippy::unwrap_used)]

mod layered;

use std::sync::Arc;
use std::time::Duration;

use httpocean_core::dial::{self, Route};
use httpocean_core::layer::Security;
use httpocean_core::{
    BodyPlan, CallId, CloseReason, Config, ConnId, Driven, Engine, ErrorKind, Event, Instant, Io, Phase,
    Task, pool,
};
use httpocean_testkit::toy::{Toy, ToyPeer};

const LIMIT: Duration = Duration::from_secs(2);
const NOW: Instant = Instant::ZERO;

struct World {
    engine: Engine,
    io: Io,
    peer: ToyPeer,
    call: CallId,
    conn: ConnId,
}

impl World {
    /// With a call whose connection is connected, and no more than that.
    fn connected(toy: Toy) -> Self {
        let dial = dial::Options { tls: Some(LIMIT), ..dial::Options::default() };
        let config = Config { tls: Some(Security::new(toy)), dial, ..Config::default() };
        let mut engine = Engine::new(pool::Options::default(), Arc::new(config));
        let request = http::Request::get(layered::URL).body(()).unwrap();
        let call = engine.start(request, BodyPlan::empty(), NOW).unwrap();
        let Some(Task::Dial { conn, .. }) = engine.next_task(NOW) else { panic!("no dial") };
        let Some(Task::Resolve(_)) = engine.next_task(NOW) else { panic!("no resolve") };
        engine.resolved(conn, Ok(Route::Direct), NOW);
        let Some(Task::Connect { attempt, .. }) = engine.next_task(NOW) else { panic!("no connect") };
        engine.ready(conn, NOW);
        assert!(engine.next_task(NOW).is_none(), "there are no bytes to drive it with");
        engine.connected(conn, attempt, Ok(()), NOW);
        Self { engine, io: Io::default(), peer: ToyPeer::new(9), call, conn }
    }

    fn drives(&mut self, now: Instant) {
        let task = self.engine.next_task(now);
        assert!(matches!(task, Some(Task::Drive(conn)) if conn == self.conn), "{task:?}");
    }

    fn drive(&mut self, now: Instant) -> Driven {
        self.engine.drive(self.conn, &mut self.io, now)
    }

    fn exchange(&mut self) {
        layered::flush(&mut self.io, &mut self.peer);
        self.io.rx.append(&self.peer.take_wire());
    }
}

#[test]
fn from_the_handshake_to_the_answer() {
    let mut it = World::connected(Toy::default());
    it.drives(NOW);
    let Driven::Wait(want) = it.drive(NOW) else { panic!("it does not wait") };
    assert_eq!((want.write, want.phase, want.until), (true, Phase::Tls, Some(NOW + LIMIT)));
    assert!(it.engine.is_dialing(it.conn));
    assert_eq!(it.engine.serves(it.conn), None, "half-made, and handed out");
    assert_eq!(it.engine.next_timeout(), Some(NOW + LIMIT));
    it.exchange();
    it.engine.ready(it.conn, NOW);
    it.drives(NOW);
    let Driven::Wait(_) = it.drive(NOW) else { panic!("it has a last word") };
    it.exchange();
    let Driven::Free = it.drive(NOW) else { panic!("it is ready") };
    assert!(it.io.rx.is_quiet() && it.io.tx.pending().is_empty() && !it.engine.is_dialing(it.conn));
    assert_eq!(it.engine.serves(it.conn), Some(it.call));
    it.drives(NOW);
    let Driven::Wait(_) = it.drive(NOW) else { panic!("it is to be written") };
    it.exchange();
    assert!(it.peer.take_plain().starts_with(b"GET / "));
    it.peer.send(b"HTTP/1.1 204 No Content\r\n\r\n");
    it.exchange();
    let Driven::Event { event: Event::Head(len), .. } = it.drive(NOW) else { panic!("no head") };
    assert_eq!(it.io.head(len).status(), 204);
    let Driven::Event { event: Event::End { .. }, .. } = it.drive(NOW) else { panic!("no end") };
    it.engine.shut_down(NOW);
    let Some(Task::Close { why: CloseReason::ShutDown, .. }) = it.engine.next_task(NOW) else {
        panic!("no close")
    };
    it.peer.receive(&it.engine.goodbye(it.conn));
    assert!(it.peer.is_closed());
    assert!(it.engine.goodbye(it.conn).is_empty());
}

#[test]
fn a_handshake_that_takes_too_long_ends_by_its_timer() {
    let mut it = World::connected(Toy::default());
    it.drives(NOW);
    let Driven::Wait(_) = it.drive(NOW) else { panic!("it does not wait") };
    assert!(it.engine.next_task(NOW).is_none());
    let late = it.engine.next_timeout().unwrap();
    it.drives(late);
    let Driven::Free = it.drive(late) else { panic!("it goes on") };
    let Some(Task::Close { why: CloseReason::NotMade, error: Some(error), .. }) = it.engine.next_task(late)
    else {
        panic!("no close")
    };
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Timeout, Phase::Tls));
    let Some(Task::Event { event: Event::Failed(_), .. }) = it.engine.next_task(late) else {
        panic!("nobody was told")
    };
}

#[test]
fn who_is_not_trusted_hears_why_with_the_close() {
    let mut it = World::connected(Toy { distrusts: Some(9), ..Toy::default() });
    it.drives(NOW);
    let Driven::Wait(_) = it.drive(NOW) else { panic!("it does not wait") };
    it.exchange();
    let Driven::Free = it.drive(NOW) else { panic!("it goes on") };
    let Some(Task::Close { error: Some(error), .. }) = it.engine.next_task(NOW) else { panic!("no close") };
    assert!(matches!(error.kind(), ErrorKind::Tls(_)));
    it.peer.receive(&it.engine.goodbye(it.conn));
    assert!(it.peer.alert().is_some());
}

#[test]
fn a_goodbye_that_nobody_asks_for_is_forgotten() {
    let mut it = World::connected(Toy { distrusts: Some(9), ..Toy::default() });
    it.drives(NOW);
    let Driven::Wait(_) = it.drive(NOW) else { panic!("it does not wait") };
    it.exchange();
    let Driven::Free = it.drive(NOW) else { panic!("it goes on") };
    let Some(Task::Close { .. }) = it.engine.next_task(NOW) else { panic!("no close") };
    while it.engine.next_task(NOW).is_some() {}
    assert!(it.engine.goodbye(it.conn).is_empty());
}

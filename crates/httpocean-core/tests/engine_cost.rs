//! What a hundred thousand idle connections cost: nothing, but for their memory.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use httpocean_core::dial::Route;
use httpocean_core::pool::Options;
use httpocean_core::{BodyPlan, Config, ConnId, Driven, Engine, Event, Instant, Io, Task};

const MANY: usize = 100_000;

fn engine() -> Engine {
    let options = Options {
        max_per_key: MANY,
        max_total: MANY,
        max_idle_per_key: MANY,
        max_idle_total: MANY,
        max_waiters: MANY,
        max_dials: MANY,
        max_dials_per_key: MANY,
        ..Options::default()
    };
    Engine::new(options, Arc::default())
}

fn start(engine: &mut Engine, now: Instant) {
    let request = http::Request::get("http://a.test/").body(()).unwrap();
    engine.start(request, BodyPlan::empty(), now).unwrap();
}

fn serve(engine: &mut Engine, conn: ConnId, io: &mut Io, now: Instant) {
    let Driven::Wait(_) = engine.drive(conn, io, now) else { panic!("the head is to be sent") };
    io.tx.sent(io.tx.pending().len());
    io.rx.append(b"HTTP/1.1 204 No Content\r\n\r\n");
    let Driven::Event { event: Event::Head(_), .. } = engine.drive(conn, io, now) else { panic!("a head") };
    let Driven::Event { event: Event::End { .. }, .. } = engine.drive(conn, io, now) else {
        panic!("an end")
    };
}

fn idle(many: usize, now: Instant) -> Engine {
    let mut engine = engine();
    for _ in 0..many {
        start(&mut engine, now);
    }
    let (mut io, mut driven) = (Io::default(), Vec::new());
    while let Some(task) = engine.next_task(now) {
        match task {
            Task::Dial { .. } => {}
            Task::Resolve(conn) => engine.resolved(conn, Ok(Route::Direct), now),
            Task::Connect { conn, attempt, .. } => engine.connected(conn, attempt, Ok(()), now),
            Task::Drive(conn) => driven.push(conn),
            Task::Abandon { .. } | Task::Close { .. } | Task::Event { .. } => panic!("{task:?}"),
        }
    }
    for conn in driven {
        serve(&mut engine, conn, &mut io, now);
    }
    assert_eq!((engine.counts().idle, engine.calls()), (many, 0));
    engine
}

#[test]
fn i41_to_ask_for_nothing_costs_nothing() {
    let now = Instant::ZERO + Duration::from_secs(11);
    let mut engine = idle(MANY, now);
    let before = engine.counts();
    for micros in 1..1000 {
        let now = now + Duration::from_micros(micros);
        assert!(engine.next_task(now).is_none());
        assert!(engine.next_timeout().is_some_and(|at| at > now));
    }
    assert_eq!(engine.counts().work, before.work, "not one turn of a loop");
    // A connection has one timer, its dial's went with the dial.
    assert_eq!(engine.counts().timers, MANY);
}

#[test]
fn i41_a_request_among_many_idle_ones_costs_what_it_costs_among_few() {
    let now = Instant::ZERO;
    let mut costs = Vec::new();
    for many in [10, 10_000] {
        let mut engine = idle(many, now);
        let before = engine.counts().work;
        let mut io = Io::default();
        start(&mut engine, now);
        let Some(Task::Drive(conn)) = engine.next_task(now) else { panic!("a warm connection") };
        serve(&mut engine, conn, &mut io, now);
        assert!(engine.next_task(now).is_none());
        costs.push(engine.counts().work - before);
    }
    assert_eq!(costs[0], costs[1]);
}

#[test]
fn all_that_is_idle_ends_at_its_deadline_and_leaves_nothing() {
    let mut engine = idle(1_000, Instant::ZERO);
    let mut closed = 0;
    while let Some(at) = engine.next_timeout() {
        while let Some(task) = engine.next_task(at) {
            assert!(matches!(task, Task::Close { .. }), "{task:?}");
            closed += 1;
        }
    }
    let counts = engine.counts();
    assert_eq!((closed, counts.open, counts.timers, counts.keys), (1_000, 0, 0, 0));
}

#[test]
fn a_config_of_its_own_needs_no_engine_of_its_own() {
    let mut engine = engine();
    let own = Config { partition: 7, ..Config::default() };
    let mut request = http::Request::get("http://a.test/").body(()).unwrap();
    request.extensions_mut().insert(Arc::new(own));
    start(&mut engine, Instant::ZERO);
    engine.start(request, BodyPlan::empty(), Instant::ZERO).unwrap();
    assert_eq!(engine.counts().keys, 2);
}

#[test]
fn a_deadline_that_was_put_off_wakes_nobody_early() {
    let mut engine = idle(1, Instant::ZERO);
    start(&mut engine, Instant::ZERO);
    let Some(Task::Drive(conn)) = engine.next_task(Instant::ZERO) else { panic!("a warm connection") };
    let mut io = Io::default();
    let Driven::Wait(_) = engine.drive(conn, &mut io, Instant::ZERO) else {
        panic!("the head is to be sent")
    };
    io.tx.sent(io.tx.pending().len());
    io.rx.append(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n");
    let Driven::Event { event: Event::Head(_), .. } = engine.drive(conn, &mut io, Instant::ZERO) else {
        panic!("a head")
    };
    for second in 0..5 {
        let now = Instant::ZERO + Duration::from_secs(second);
        let Driven::Wait(want) = engine.drive(conn, &mut io, now) else { panic!("it waits for the body") };
        assert!(engine.next_task(now).is_none());
        assert_eq!(engine.next_timeout(), want.until, "the between-bytes clock, from now");
        io.rx.append(b"x");
        let Driven::Event { event: Event::Data(1), .. } = engine.drive(conn, &mut io, now) else {
            panic!("a byte")
        };
    }
}

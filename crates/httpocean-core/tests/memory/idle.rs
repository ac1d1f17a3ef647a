//! An idle connection is small, whether its key is its own or one of many have it.

use core::ops::Range;
use std::sync::Arc;

use httpocean_core::dial::Route;
use httpocean_core::pool::{self, Demand, Fate};
use httpocean_core::{
    BodyPlan, CallId, Config, Conn, ConnId, Driven, Engine, Error, Event, Instant, Io, Key, Pool,
    PoolCommand, Task,
};

use crate::{alone, held};

const NOW: Instant = Instant::ZERO;
const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// With the key, its place in the pool and among the keys that are remembered, and what the tables have room for.
const OF_A_KEY_OF_ITS_OWN: usize = 560;
/// What the pool alone has of it.
const OF_A_KEY_OF_MANY: usize = 176;

fn roomy() -> pool::Options {
    let most = 1_000_000;
    pool::Options {
        max_per_key: most,
        max_total: most,
        max_idle_per_key: most,
        max_idle_total: most,
        max_waiters: most,
        ..pool::Options::default()
    }
}

/// One request, and the connection that it leaves idle.
fn serve(engine: &mut Engine, host: &str, io: &mut Io) {
    let request = http::Request::get(format!("http://{host}/")).body(()).unwrap();
    let call = engine.start(request, BodyPlan::empty(), NOW).unwrap();
    let conn = connected(engine);
    answer(engine, call, conn, io);
}

fn connected(engine: &mut Engine) -> ConnId {
    loop {
        match engine.next_task(NOW).unwrap() {
            Task::Dial { .. } => {}
            Task::Resolve(conn) => engine.resolved(conn, Ok(Route::Direct), NOW),
            Task::Connect { conn, attempt, .. } => engine.connected(conn, attempt, Ok(()), NOW),
            Task::Drive(conn) => return conn,
            other => panic!("{other:?}"),
        }
    }
}

fn answer(engine: &mut Engine, of: CallId, conn: ConnId, io: &mut Io) {
    loop {
        match engine.drive(conn, io, NOW) {
            Driven::Wait(want) if want.write => io.tx.sent(io.tx.pending().len()),
            Driven::Wait(_) => io.rx.append(ANSWER),
            Driven::Event { event: Event::Head(_), .. } => {}
            Driven::Event { call, event: Event::End { .. } } => {
                assert_eq!(call, of);
                return;
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn with_a_key_of_its_own() {
    let each = alone(|| {
        let mut engine = Engine::new(roomy(), Arc::new(Config::default()));
        let mut io = Io::default();
        let mut open = |engine: &mut Engine, hosts: Range<usize>| {
            for n in hosts {
                serve(engine, &format!("10.{}.{}.{}:8091", n / 62_500, n / 250 % 250, n % 250), &mut io);
            }
        };
        open(&mut engine, 0..1_000);
        let before = held();
        open(&mut engine, 1_000..9_000);
        assert_eq!(engine.counts().idle, 9_000);
        (held() - before) / 8_000
    });
    assert!(each <= OF_A_KEY_OF_ITS_OWN, "{each} bytes");
}

#[test]
fn with_a_key_that_many_have() {
    let each = alone(|| {
        let mut pool: Pool<Conn, Error> = Pool::new(roomy());
        let key = Key::of(&"http://10.0.0.1/".parse().unwrap()).unwrap();
        fill(&mut pool, &key, 1_000);
        let before = held();
        fill(&mut pool, &key, 9_000);
        (held() - before) / 8_000
    });
    assert!(each <= OF_A_KEY_OF_MANY, "{each} bytes");
}

/// Uses so many connections at once, and gives them back.
fn fill(pool: &mut Pool<Conn, Error>, key: &Key, connections: usize) {
    let mut busy = Vec::new();
    while busy.len() < connections {
        let _ = pool.acquire(key, Demand::default(), NOW);
        while let Some(command) = pool.poll(NOW) {
            match command {
                PoolCommand::Dial { lease } => pool.dialed(lease, Conn::default(), NOW),
                PoolCommand::Grant { lease, parked, .. } => busy.push((lease, parked)),
                other => panic!("{other:?}"),
            }
        }
    }
    for (lease, parked) in busy {
        assert!(pool.release(lease, parked, Fate::REUSABLE, NOW));
    }
    assert_eq!(pool.counts().idle, connections);
}

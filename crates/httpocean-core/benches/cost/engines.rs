//! One request through an engine that holds much.

use std::hint::black_box;
use std::sync::Arc;

use http::Uri;
use httpocean_core::dial::Route;
use httpocean_core::{BodyPlan, CallId, Config, ConnId, Driven, Engine, Event, Io, Task};

use crate::Operation;
use crate::calls::{FOUR_FIELDS, NOW, request};
use crate::pools::roomy;

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation { name: "engine: call, 1 idle", make: || calls(1, 0) },
        Operation { name: "engine: call, 1,000 idle", make: || calls(1_000, 0) },
        Operation { name: "engine: call, 100,000 idle", make: || calls(100_000, 0) },
        Operation { name: "engine: call, 100,000 waiting", make: || calls(1, 100_000) },
    ]
}

fn host(n: usize) -> Uri {
    format!("http://10.{}.{}.{}:8091/small", n / 62_500, n / 250 % 250, n % 250).parse().unwrap()
}

/// So many idle connections, each of another host, and so many calls that wait for one that is in use.
fn calls(idle: usize, waiting: usize) -> Box<dyn FnMut()> {
    let mut options = roomy();
    options.max_per_key = 1;
    let mut engine = Engine::new(options, Arc::new(Config::default()));
    let mut io = Io::default();
    for n in 0..idle {
        serve(&mut engine, &host(n), &mut io);
    }
    assert_eq!(engine.counts().idle, idle);
    let busy = host(200_000);
    for _ in 0..=waiting {
        engine.start(request(&busy), BodyPlan::empty(), NOW).unwrap();
        let _ = next_drive(&mut engine);
    }
    assert_eq!(engine.counts().waiting, waiting);
    let mut at = 0;
    let hosts: Vec<Uri> = (0..idle).map(host).collect();
    Box::new(move || {
        at = (at + 7_919) % hosts.len();
        serve(&mut engine, &hosts[at], &mut io);
    })
}

fn serve(engine: &mut Engine, uri: &Uri, io: &mut Io) {
    let call = engine.start(request(uri), BodyPlan::empty(), NOW).unwrap();
    let conn = next_drive(engine).unwrap();
    exchange(engine, call, conn, io);
}

/// Dials succeed at once.
fn next_drive(engine: &mut Engine) -> Option<ConnId> {
    loop {
        match engine.next_task(NOW)? {
            Task::Dial { .. } => {}
            Task::Resolve(conn) => engine.resolved(conn, Ok(Route::Direct), NOW),
            Task::Connect { conn, attempt, .. } => engine.connected(conn, attempt, Ok(()), NOW),
            Task::Drive(conn) => return Some(conn),
            other => panic!("{other:?}"),
        }
    }
}

fn exchange(engine: &mut Engine, of: CallId, conn: ConnId, io: &mut Io) {
    loop {
        match engine.drive(conn, io, NOW) {
            Driven::Wait(want) if want.write => io.tx.sent(io.tx.pending().len()),
            Driven::Wait(_) => io.rx.append(FOUR_FIELDS),
            Driven::Event { event: Event::Head(len), .. } => {
                assert_eq!(black_box(io.head(len)).status(), 200)
            }
            Driven::Event { event: Event::Data(len), .. } => assert_eq!(black_box(io.data(len)).len(), 13),
            Driven::Event { call, event: Event::End { .. } } => {
                assert_eq!(call, of);
                assert!(engine.next_task(NOW).is_none());
                return;
            }
            other => panic!("{other:?}"),
        }
    }
}

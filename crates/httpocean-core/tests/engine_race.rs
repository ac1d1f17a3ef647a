//! Answers that a reactor tells in one turn: what the later one makes needless is not asked for.
#![allow(clippy::unwrap_used)]

use core::time::Duration;
use std::sync::Arc;

use httpocean_core::dial::Route;
use httpocean_core::{BodyPlan, Config, ConnId, Engine, Instant, Task, TransportError, pool};

const START: Instant = Instant::from_micros(1_000);

/// An engine with one request whose host has three addresses, and of these two attempts under way.
fn racing() -> (Engine, ConnId, Instant) {
    let mut engine = Engine::new(pool::Options::default(), Arc::new(Config::default()));
    let request = http::Request::get("http://site.example/").body(()).unwrap();
    engine.start(request, BodyPlan::empty(), START).unwrap();
    let Some(Task::Dial { conn, .. }) = engine.next_task(START) else { panic!("no dial") };
    assert!(matches!(engine.next_task(START), Some(Task::Resolve(_))));
    let address = |n: u8| std::net::SocketAddr::from(([192, 0, 2, n], 80));
    engine.resolved(conn, Ok(Route::Addresses((1..=3).map(address).collect())), START);
    assert!(matches!(engine.next_task(START), Some(Task::Connect { attempt: 0, .. })));
    let later = START + Duration::from_millis(300);
    assert!(matches!(engine.next_task(later), Some(Task::Connect { attempt: 1, .. })));
    assert!(engine.next_task(later).is_none());
    (engine, conn, later)
}

#[test]
fn a_failure_and_a_success_in_one_turn_start_no_third_attempt() {
    let (mut engine, conn, now) = racing();
    engine.connected(conn, 1, Err(TransportError::Refused), now);
    engine.connected(conn, 0, Ok(()), now);
    assert!(matches!(engine.next_task(now), Some(Task::Drive(driven)) if driven == conn));
    assert!(engine.next_task(now).is_none());
}

#[test]
fn an_attempt_that_was_asked_for_is_abandoned() {
    let (mut engine, conn, now) = racing();
    engine.connected(conn, 1, Err(TransportError::Refused), now);
    assert!(matches!(engine.next_task(now), Some(Task::Connect { attempt: 2, .. })));
    engine.connected(conn, 0, Ok(()), now);
    assert!(matches!(engine.next_task(now), Some(Task::Abandon { attempt: 2, .. })));
    assert!(matches!(engine.next_task(now), Some(Task::Drive(_))));
    assert!(engine.next_task(now).is_none());
}

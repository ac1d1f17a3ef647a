//! Deadlines end calls, and say in which phase.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use httpocean_mio::{BodyPlan, Config, ErrorKind, Loop, Options, Phase, call, dial, pool};
use httpocean_testkit::server::{End, Reply, Request, Server};
use support::{fetch, get, run};

const SOON: Duration = Duration::from_millis(30);

fn with(config: Config) -> Loop {
    let pool = pool::Options { max_per_key: 1, ..pool::Options::default() };
    Loop::new(Options { pool, config: Arc::new(config), ..Options::default() }).unwrap()
}

fn with_call(options: call::Options) -> Loop {
    with(Config { call: options, ..Config::default() })
}

fn silent() -> Server {
    Server::start(|request: &Request| match &*request.target {
        "/half" => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .then(End::Hold(Duration::from_secs(60))),
        _ => Reply::script([]).then(End::Hold(Duration::from_secs(60))),
    })
}

fn timed_out_in(looped: &mut Loop, url: &str, phase: Phase) {
    let error = fetch(looped, url).error.expect("a deadline");
    assert!(matches!(error.kind(), ErrorKind::Timeout), "{error}");
    assert_eq!(error.phase(), phase, "{error}");
}

#[test]
fn total() {
    let server = silent();
    let mut looped = with_call(call::Options { total: Some(SOON), ..call::Options::default() });
    timed_out_in(&mut looped, &server.url("/"), Phase::RecvHead);
    timed_out_in(&mut looped, &server.url("/half"), Phase::RecvBody);
    assert_eq!(looped.client().stats().open, 0);
}

#[test]
fn first_byte() {
    let server = silent();
    let mut looped = with_call(call::Options { first_byte: Some(SOON), ..call::Options::default() });
    timed_out_in(&mut looped, &server.url("/"), Phase::RecvHead);
}

#[test]
fn between_bytes() {
    let server = silent();
    let mut looped = with_call(call::Options { idle: Some(SOON), ..call::Options::default() });
    timed_out_in(&mut looped, &server.url("/half"), Phase::RecvBody);
}

#[test]
fn waiting_in_the_pool() {
    let server = silent();
    let mut looped = with_call(call::Options { pool_wait: Some(SOON), ..call::Options::default() });
    let first = looped.client().start(get(&server.url("/")), BodyPlan::empty()).unwrap();
    let second = looped.client().start(get(&server.url("/")), BodyPlan::empty()).unwrap();
    support::until(&mut looped, |call, event| {
        if let httpocean_mio::Event::Failed(error) = event {
            assert_eq!(error.phase(), Phase::PoolWait, "{error}");
        }
        call == second
    });
    looped.client().cancel(first);
    assert_eq!(run(&mut looped).len(), 1);
}

#[test]
fn connecting() {
    let (_full, addr) = support::full_listener();
    let dial = dial::Options { connect: Some(SOON), ..dial::Options::default() };
    let mut looped = with(Config { dial, ..Config::default() });
    timed_out_in(&mut looped, &format!("http://{addr}/"), Phase::Connect);
    assert_eq!(looped.client().stats().open, 0);
}

#[test]
fn a_late_user_does_not_time_out_the_peer() {
    let server = Server::start(|_| Reply::ok("in time").pause(SOON));
    let mut looped = with_call(call::Options { first_byte: Some(SOON * 4), ..call::Options::default() });
    let call = looped.client().start(get(&server.url("/")), BodyPlan::empty()).unwrap();
    assert!(support::turn_until(&mut looped, |_| server.stats().requests == 1));
    // No poll meanwhile: when the client looks at its clocks, the bytes are there.
    std::thread::sleep(SOON * 6);
    let outcome = run(&mut looped).remove(&call).unwrap();
    assert_eq!(outcome.text(), "in time");
}

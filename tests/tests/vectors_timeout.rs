//! urllib3's `Timeout(total, connect, read)` in our terms: the deadlines that come of it are the same.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use httpocean_core::dial::{self, DialStep, Route};
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, CallStep, Config, Conn, Dial, ErrorKind, Instant, Io, call};
use httpocean_tests::vectors::{Tally, vectors};
use serde_json::Value;

const FILE: &str = "urllib3/timeout.json";
const START: Instant = Instant::from_micros(1_000_000);

#[test]
fn what_is_left_for_connecting_and_for_the_response() {
    let Some(all) = vectors(FILE) else { return };
    let mut tally = Tally::new(FILE);
    for vector in all["vectors"].as_array().unwrap() {
        let expected = (limit(&vector["connect_timeout"]), limit(&vector["read_timeout"]));
        let elapsed = limit(&vector["connect_elapsed"]).unwrap();
        tally.compare(vector["id"].as_str().unwrap(), &expected, &left(&config(vector), elapsed));
    }
    // Of what may be a timeout at all, numbers: the rest our types refuse.
    for (index, case) in all["validation"].as_array().unwrap().iter().enumerate() {
        let Ok(number) = case["value"].as_str().unwrap().parse() else { continue };
        let accepted = Duration::try_from_secs_f64(number).is_ok();
        tally.compare(&format!("validation-{index}"), &(case["result"] == "ok"), &accepted);
    }
    tally.finish();
}

/// No timeout: `null`, and `"default"`, as Python's sockets have none unless told so.
fn limit(value: &Value) -> Option<Duration> {
    value.as_f64().map(|seconds| Duration::try_from_secs_f64(seconds).unwrap())
}

fn config(vector: &Value) -> Arc<Config> {
    let read = limit(&vector["read"]);
    Arc::new(Config {
        call: call::Options {
            total: limit(&vector["total"]),
            first_byte: read,
            idle: read,
            ..call::Options::default()
        },
        dial: dial::Options { connect: limit(&vector["connect"]), ..dial::Options::default() },
        ..Config::default()
    })
}

/// How long connecting may take, and how long the first byte of the response, when the request was sent `elapsed`
/// after the start.
fn left(config: &Arc<Config>, elapsed: Duration) -> (Option<Duration>, Option<Duration>) {
    let request = Request::get("http://example.com/").body(()).unwrap();
    let mut call = Call::new(request, BodyPlan::empty(), config, START).unwrap();
    let mut io = Io::default();
    let CallStep::Acquire(demand) = call.step(&mut io, START) else { panic!("no acquire") };
    let (connecting, conn) = dial(&call, config);
    let until = Instant::earliest(connecting, demand.deadline);

    let sent = START + elapsed;
    call.attach(conn, Facts::default(), sent);
    let mut step = call.step(&mut io, sent);
    if let CallStep::Wait(_) = step {
        io.tx.sent(io.tx.pending().len());
        step = call.step(&mut io, sent);
    }
    let read = if let CallStep::Wait(want) = step {
        want.until.map(|until| until - sent)
    } else {
        let _conn = call.detach();
        let CallStep::Failed(error) = call.step(&mut io, sent) else { panic!("no failure after {step:?}") };
        assert_eq!(*error.kind(), ErrorKind::Timeout);
        Some(Duration::ZERO)
    };
    (until.map(|until| until - START), read)
}

/// Until when a dial connects, and the connection that it makes.
fn dial(call: &Call, config: &Arc<Config>) -> (Option<Instant>, Conn) {
    let mut dial = Dial::new(call.key(), config, START);
    let DialStep::Resolve = dial.step(&mut Io::default(), START) else { panic!("no resolve") };
    dial.resolved(Ok(Route::Addresses(vec!["192.0.2.1:80".parse().unwrap()].into())), START);
    let DialStep::Connect { attempt, .. } = dial.step(&mut Io::default(), START) else {
        panic!("no connect")
    };
    let DialStep::Wait(want) = dial.step(&mut Io::default(), START) else { panic!("no wait") };
    dial.connected(attempt, Ok(()), START);
    let DialStep::Ready(conn) = dial.step(&mut Io::default(), START) else { panic!("not ready") };
    (want.until, conn)
}

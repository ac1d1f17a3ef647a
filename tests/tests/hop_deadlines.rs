//! One deadline over all attempts: whatever a server does, a request that may be redirected and retried any number of
//! times ends when its time is over, not before, and says what was going on.
//!
//! `HTTPOCEAN_TIMES` makes the deadline two seconds, and then the median has to be within 100 ms of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use http::StatusCode;
use httpocean_core::policy::redirect::Redirects;
use httpocean_core::policy::{Backoff, Exhausted, Methods, Retries};
use httpocean_std::{ErrorKind, Fault, NotRetried, Phase, Sent, call, dial};
use httpocean_testkit::server::{Act, End, Reply, Request};
use httpocean_tests::{BOUND, Client, Error, Hanging, On, at_rest, on_both_adapters};

on_both_adapters!(
    a_wait_that_would_pass_it_is_not_begun,
    a_backoff_that_would_pass_it_is_not_begun,
    redirects_for_ever,
    redirects_for_ever_by_a_slow_server,
    redirects_for_ever_with_bodies_that_never_end,
    a_head_a_byte_at_a_time,
    a_body_a_byte_at_a_time,
    a_server_that_never_answers,
    a_server_that_leads_to_one_that_never_answers,
    a_server_that_is_busy_and_then_never_answers,
);
on_both_adapters!("dials": a_backlog_that_is_full);

const ROUNDS: usize = 5;
const FOREVER: Duration = Duration::from_secs(3600);

fn is_thorough() -> bool {
    std::env::var_os("HTTPOCEAN_TIMES").is_some()
}

fn limit() -> Duration {
    Duration::from_millis(if is_thorough() { 2_000 } else { 500 })
}

/// A client that gives up for no other reason than the time.
fn patient(on: On, exhausted: Exhausted) -> Client {
    let backoff = Backoff { base: Duration::from_millis(1), ..Backoff::default() };
    let statuses = vec![StatusCode::BAD_GATEWAY];
    let retries =
        Retries { total: None, methods: Methods::Any, statuses, backoff, exhausted, ..Retries::default() };
    let options = call::Options { total: Some(limit()), ..call::Options::default() };
    // A dial goes on for others when its request has ended.
    let dial = dial::Options { connect: Some(limit() * 2), ..dial::Options::default() };
    on.builder()
        .call(options)
        .dial(dial)
        .retries(retries)
        .redirects(Redirects { limit: u32::MAX, ..Redirects::default() })
        .build()
}

fn attempt(client: &Client, url: &str) -> Result<Vec<u8>, Error> {
    client.get(url).send()?.into_body().read_to_vec(1 << 20)
}

/// All at once, so that it takes no longer than one: each ends with a timeout in one of these phases, none of them
/// early; the errors.
fn on_time(what: &str, client: &Client, url: &str, phases: &[Phase]) -> Vec<Error> {
    let round = || {
        let start = Instant::now();
        let error = attempt(client, url).unwrap_err();
        (start.elapsed(), error)
    };
    let ended = std::thread::scope(|scope| {
        let rounds: Vec<_> = (0..ROUNDS).map(|_| scope.spawn(round)).collect();
        rounds.into_iter().map(|round| round.join().unwrap()).collect::<Vec<_>>()
    });
    let (mut took, errors): (Vec<_>, Vec<_>) = ended.into_iter().unzip();
    for error in &errors {
        assert!(matches!(error.kind(), ErrorKind::Timeout), "{what}: {error}");
        let is_in_the_pool = error.phase() == Phase::PoolWait;
        assert!(is_in_the_pool || error.fault() == Fault::Network, "{what}: {error}");
        assert!(phases.contains(&error.phase()), "{what}: {error}, after {:?}", error.hops().last());
    }
    took.sort();
    let late = took[ROUNDS / 2].checked_sub(limit());
    assert!(took[0] >= limit(), "{what}: over after {:?}", took[0]);
    println!("{what}: {late:.1?} after a deadline of {:?}", limit());
    let bound = Duration::from_millis(if is_thorough() { 100 } else { 1_000 });
    assert!(late.unwrap() < bound, "{what}: {took:?}");
    at_rest(client);
    errors
}

fn busy(seconds: u32) -> Reply {
    Reply::status(503, "Busy").header("Retry-After", seconds.to_string()).body("not now")
}

fn leading_to(path: &str) -> Reply {
    Reply::status(302, "Found").header("Location", path)
}

fn a_wait_that_would_pass_it_is_not_begun(on: On) {
    for seconds in [3600, 2] {
        let server = on.serve(move |_| busy(seconds));
        let start = Instant::now();
        let client = patient(on, Exhausted::Response);
        let response = client.get(server.url("/")).send().unwrap();
        assert_eq!((response.status().as_u16(), response.body().hops().len()), (503, 0));
        assert_eq!(response.into_body().read_to_string(100).unwrap(), "not now");

        let error = attempt(&patient(on, Exhausted::Error), &server.url("/")).unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Status(StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(error.not_retried(), Some(NotRetried::WouldPassDeadline));
        assert_eq!((error.phase(), error.sent()), (Phase::RecvHead, Sent::All));
        assert!(start.elapsed() < BOUND && server.stats().requests == 2);
    }
}

fn a_backoff_that_would_pass_it_is_not_begun(on: On) {
    let server = on.serve(|_| Reply::status(502, "Bad Gateway").body("down"));
    let backoff = Backoff { base: limit() / 4, jitter_percent: 0, ..Backoff::default() };
    let retries = Retries { statuses: vec![StatusCode::BAD_GATEWAY], backoff, ..Retries::new(99) };
    let options = call::Options { total: Some(limit()), ..call::Options::default() };
    let client = on.builder().call(options).retries(retries).build();
    let start = Instant::now();
    let response = client.get(server.url("/")).send().unwrap();
    // A quarter; then a half; another whole one would be too much.
    assert!(start.elapsed() >= limit() / 4);
    let hops = response.body().hops().len();
    assert!(response.status() == 502 && (1..=2).contains(&hops), "{hops}");
    assert_eq!(server.stats().requests, 1 + hops as u64);
    assert_eq!(response.into_body().read_to_string(100).unwrap(), "down");
}

const ANY_ON_THE_WAY: [Phase; 7] = [
    Phase::PoolWait,
    Phase::Connect,
    Phase::Proxy,
    Phase::Tls,
    Phase::SendHead,
    Phase::RecvHead,
    Phase::Drain,
];

fn redirects_for_ever(on: On) {
    let server = on.server().record_requests(10).start(|_| leading_to("/again")).unwrap();
    let client = patient(on, Exhausted::Error);
    let errors = on_time("redirects for ever", &client, &server.url("/"), &ANY_ON_THE_WAY);
    assert!(client.stats().redirects >= 10 * ROUNDS as u64, "{:?}", client.stats());
    // How a long way began and ended is worth keeping; all of it is not.
    assert!(errors.iter().all(|error| error.hops().len() <= 64), "{}", errors[0].hops().len());
}

fn redirects_for_ever_by_a_slow_server(on: On) {
    let server = on.serve(|_| leading_to("/again").pause(limit() / 10));
    let client = patient(on, Exhausted::Error);
    let errors = on_time("slow redirects", &client, &server.url("/"), &ANY_ON_THE_WAY);
    assert!(errors.iter().all(|error| (1..=10).contains(&error.hops().len())), "{}", errors[0].hops().len());
}

fn redirects_for_ever_with_bodies_that_never_end(on: On) {
    let server = on.serve(|_| {
        let head = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nTransfer-Encoding: chunked\r\n\r\n";
        let chunk = Act::Send(b"4\r\nmore\r\n".to_vec());
        Reply::script([Act::Send(head.to_vec()), chunk]).then(End::Hold(FOREVER))
    });
    let client = patient(on, Exhausted::Error);
    let errors = on_time("redirects with endless bodies", &client, &server.url("/"), &ANY_ON_THE_WAY);
    // Each body is waited for within the limits, and no longer.
    assert!(errors.iter().all(|error| error.hops().len() >= 2), "{}", errors[0].hops().len());
}

fn dripping(bytes: &[u8]) -> Act {
    let pause = if is_thorough() { Duration::from_secs(1) } else { limit() / 4 };
    Act::SendInPieces { bytes: bytes.to_vec(), piece: 1, pause }
}

fn a_head_a_byte_at_a_time(on: On) {
    let server = on.serve(|_| Reply::script([dripping(b"HTTP/1.1 200 OK\r\n\r\n")]));
    let client = patient(on, Exhausted::Error);
    let errors = on_time("a head a byte at a time", &client, &server.url("/"), &[Phase::RecvHead]);
    assert!(errors.iter().all(|error| error.hops().is_empty() && error.sent() == Sent::All));
}

fn a_body_a_byte_at_a_time(on: On) {
    let server = on.serve(|_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
        Reply::script([Act::Send(head.to_vec()), dripping(&[b'x'; 100])])
    });
    let client = patient(on, Exhausted::Error);
    let errors = on_time("a body a byte at a time", &client, &server.url("/"), &[Phase::RecvBody]);
    assert!(errors.iter().all(|error| error.status() == Some(StatusCode::OK)));
}

fn a_backlog_that_is_full(on: On) {
    let hanging = Hanging::new();
    let client = patient(on, Exhausted::Error);
    let errors = on_time("a full backlog", &client, &hanging.url("/"), &[Phase::Connect]);
    assert!(errors.iter().all(|error| error.sent() == Sent::Nothing && error.hops().is_empty()));
}

fn a_server_that_never_answers(on: On) {
    let server = on.serve(|_| Reply::script([]).then(End::Hold(FOREVER)));
    let client = patient(on, Exhausted::Error);
    let errors = on_time("no answer", &client, &server.url("/"), &[Phase::RecvHead]);
    assert_eq!(server.stats().requests, ROUNDS as u64);
    assert!(errors.iter().all(|error| error.sent() == Sent::All && error.hops().is_empty()));
}

fn a_server_that_leads_to_one_that_never_answers(on: On) {
    let server = on.serve(|request: &Request| match request.target.as_str() {
        "/silent" => Reply::script([]).then(End::Hold(FOREVER)),
        _ => leading_to("/silent"),
    });
    let client = patient(on, Exhausted::Error);
    let errors = on_time("a redirect to no answer", &client, &server.url("/"), &[Phase::RecvHead]);
    for error in errors {
        assert_eq!((error.hops().len(), error.uri().path(), error.status()), (1, "/silent", None), "{error}");
    }
}

fn a_server_that_is_busy_and_then_never_answers(on: On) {
    let count = AtomicUsize::new(0);
    let server = on.serve(move |_| match count.fetch_add(1, SeqCst) {
        0..ROUNDS => Reply::status(502, "Bad Gateway").body("down"),
        _ => Reply::script([]).then(End::Hold(FOREVER)),
    });
    let client = patient(on, Exhausted::Error);
    let errors = on_time("a retry without an answer", &client, &server.url("/"), &[Phase::RecvHead]);
    assert_eq!(errors.iter().map(|error| error.hops().len()).sum::<usize>(), ROUNDS);
    assert_eq!(client.stats().retries, ROUNDS as u64);
}

//! What one adapter does, the other does: the same requests to the same servers, one after the other, are told of by
//! the same events in the same order, and come to the same.
//!
//! The requests and what becomes of them are made of the bytes that the pool's own tests are made of. With
//! `HTTPOCEAN_TIMES` there are more of them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use httpocean_core::pool::Fate;
use httpocean_std::http::Method;
use httpocean_std::policy::{Backoff, Retries};
use httpocean_std::{Config, pool};
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_testkit::steps::{KEYS, Step, from_bytes};
use httpocean_testkit::times;
use httpocean_tests::{By, Client, Dice, On, Recorder, Way, at_rest, refusing_url};

/// Scripts that are tried.
const SCRIPTS: usize = 40;

#[test]
fn the_same_requests_are_told_of_by_the_same_events() {
    let mut dice = Dice::new(11);
    let (mut told, mut hops) = (0, 0);
    for number in 0..times(SCRIPTS) {
        let bytes: Vec<u8> = (0..60).map(|_| dice.roll(256) as u8).collect();
        let (by_std, by_mio) =
            (play(On::new(By::Std, Way::Plain), &bytes), play(On::new(By::Mio, Way::Plain), &bytes));
        assert_eq!(by_std, by_mio, "script {number}: {bytes:?}");
        told += by_std.len();
        hops += by_std.iter().filter(|line| line.starts_with("hop")).count();
    }
    assert!(told > 10 * SCRIPTS && hops > SCRIPTS / 4, "{told} events, {hops} hops");
}

/// All that is told of a script, with what came of each of its requests.
fn play(on: On, bytes: &[u8]) -> Vec<String> {
    let (options, steps) = from_bytes(bytes);
    // Only what no clock decides, nor a place that somebody else holds.
    let options = pool::Options {
        max_idle_per_key: options.max_idle_per_key,
        max_idle_total: options.max_idle_total,
        max_uses: options.max_uses,
        order: options.order,
        ..pool::Options::default()
    };
    let backoff = Backoff { base: Duration::ZERO, ..Backoff::default() };
    let config = Config { retries: Retries { backoff, ..Retries::new(1) }, ..Config::default() };
    let recorder = Recorder::default();
    let client = on.builder().pool(options).config(config).observer(recorder.clone()).build();
    let servers: Vec<Server> = (0..KEYS).map(|_| Server::start(answer)).collect();
    let mut story = Vec::new();
    let mut server = 0;
    for step in steps {
        let Some((method, target)) = request(step, &mut server) else { continue };
        match target {
            Some(path) => story.push(send(&client, method, &servers[server].url(path))),
            None => story.push(send(&client, method, &refusing_url("/"))),
        }
        // Only then is all told that this request leads to.
        at_rest(&client);
        if matches!(step, Step::Evict(_)) {
            client.clear_idle();
        }
    }
    story.extend(in_order(recorder.lines()));
    story
}

/// A close is told before or behind what the same step did to a request or to another connection: that order is not
/// defined. Both are told before anything else happens.
fn in_order(mut lines: Vec<String>) -> Vec<String> {
    for at in (1..lines.len()).rev() {
        let consequence =
            ["hop", "failed", "parked", "ended"].iter().any(|word| lines[at - 1].starts_with(word));
        if consequence && lines[at].starts_with("closed") {
            lines.swap(at - 1, at);
        }
    }
    lines
}

/// The request that a step stands for: to which server, and what is to become of it. `None`: nobody listens.
fn request(step: Step, server: &mut usize) -> Option<(Method, Option<&'static str>)> {
    Some(match step {
        Step::Acquire { key, wish } => {
            *server = usize::from(key);
            (if wish.fresh { Method::POST } else { Method::GET }, Some("/ok"))
        }
        Step::Release(_, Fate::Untouched) => (Method::HEAD, Some("/ok")),
        Step::Release(_, Fate::Spent(_)) => (Method::GET, Some("/close")),
        Step::Release(_, Fate::Reusable { hint: Some(_), .. }) => (Method::GET, Some("/chunked")),
        Step::Release(_, Fate::Reusable { uses_left: Some(_), .. }) => (Method::GET, Some("/last")),
        Step::Release(_, Fate::Reusable { .. }) => (Method::PUT, Some("/ok")),
        Step::Dialed(_) => (Method::GET, Some("/until-close")),
        Step::Retake(..) => (Method::GET, Some("/elsewhere")),
        Step::Stirred(_) => (Method::GET, Some("/stale")),
        Step::Forget(_) => (Method::DELETE, Some("/busy")),
        Step::Cancel(_) => (Method::GET, Some("/cut")),
        Step::CancelGone(_) => (Method::GET, Some("/nothing")),
        Step::DialFailed(_) => (Method::GET, None),
        Step::Evict(_) => (Method::OPTIONS, Some("/ok")),
        Step::Preconnect { .. }
        | Step::Advance(_)
        | Step::Backwards(_)
        | Step::Poll(_)
        | Step::PollDry
        | Step::ShutDown => {
            return None;
        }
    })
}

fn answer(request: &Request) -> Reply {
    match request.target.as_str() {
        "/close" => Reply::ok("the last one").close(),
        "/chunked" => Reply::ok("").chunked(["some", "pieces"], [("x-sum", "7")]),
        "/last" => Reply::ok("no more").header("keep-alive", "max=0"),
        "/until-close" => Reply::ok("").until_close("to the end"),
        "/elsewhere" => Reply::status(302, "Found").header("location", "/ok"),
        "/stale" => Reply::ok("and then nothing").then(End::CloseOnNextRequest),
        "/busy" => Reply::status(503, "Busy").header("retry-after", "0"),
        "/cut" => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").then(End::Close),
        "/nothing" => Reply::raw("").then(End::Close),
        _ => Reply::ok("fine"),
    }
}

fn send(client: &Client, method: Method, url: &str) -> String {
    match client.request(method, url).send() {
        Err(error) => format!("failed: {}, sent {:?}", error.kind(), error.sent()),
        Ok(mut response) => {
            let (status, mut body) = (response.status(), Vec::new());
            match std::io::Read::read_to_end(response.body_mut(), &mut body) {
                Ok(_) => format!("{status}: {}", String::from_utf8_lossy(&body)),
                // Why is told by an event.
                Err(_) => format!("{status}: {}, and no more", String::from_utf8_lossy(&body)),
            }
        }
    }
}

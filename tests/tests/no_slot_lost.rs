//! Whatever becomes of requests, their connections or places in the pool come back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::time::Duration;

use httpocean_std::pool::Refusal;
use httpocean_std::{Config, ErrorKind, Observed, Observer, call, pool};
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_tests::{Body, Client, Dice, On, Open, at_rest, get, on_both_adapters, refusing_url};

on_both_adapters!(
    nothing_is_lost_in_a_mix_of_all_misadventures,
    each_misadventure_alone_leaves_room_for_the_next_request,
    waiters_are_refused_when_the_client_closes,
    an_observer_that_panics_costs_nothing,
);
on_both_adapters!("nothing": a_reader_that_fails_is_named_as_the_cause);

/// Gives some bytes, then panics.
struct Panicking(usize);

impl Read for Panicking {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        assert!(self.0 > 0, "this reader panics");
        let n = buf.len().min(self.0);
        buf[..n].fill(b'x');
        self.0 -= n;
        Ok(n)
    }
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("this reader fails"))
    }
}

fn silence_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.to_string().contains("panics") {
            usual(info);
        }
    }));
}

fn answer(request: &Request) -> Reply {
    match request.target.as_str() {
        "/slow" => Reply::ok("slow").pause(Duration::from_millis(5)),
        "/big" => Reply::generated(1_000_000),
        "/cut" => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab").then(End::Reset),
        _ => Reply::ok("fine"),
    }
}

/// Another key each time: after a refusal the same one is left alone for a while.
fn nobody_listens() -> String {
    static HOSTS: AtomicU8 = AtomicU8::new(0);
    let host = HOSTS.fetch_add(1, SeqCst);
    refusing_url("/").replace("127.0.0.1", &format!("127.0.1.{host}"))
}

/// One request that goes wrong, in one way or another, or goes well.
fn misadventure(client: &Client, server: &Server, kind: u64) {
    let post = || client.post(server.url("/"));
    match kind {
        0 => _ = client.get(server.url("/slow")).timeout(Duration::from_millis(3)).send(),
        1 => {
            let call =
                call::Options { pool_wait: Some(Duration::from_millis(1)), ..call::Options::default() };
            let config = Config { call, ..Config::default() };
            _ = client.get(server.url("/slow")).config(config).send();
        }
        2 => _ = catch_unwind(AssertUnwindSafe(|| post().body(Body::from_reader(Panicking(0))).send())),
        3 => _ = catch_unwind(AssertUnwindSafe(|| post().body(Body::from_reader(Panicking(300_000))).send())),
        4 => assert!(post().body(Body::from_reader(Failing)).send().is_err()),
        5 => drop(client.get(server.url("/big")).send()),
        6 => _ = client.get(server.url("/cut")).send().map(|r| r.into_body().read_to_vec(100)),
        7 => assert!(client.get(nobody_listens()).send().is_err()),
        8 => assert!(post().body(Body::from_sized_reader(io::empty(), 7)).send().is_err()),
        9 => drop(client.get(server.url("/big")).send().map(|r| r.into_body().finish())),
        _ => assert_eq!(get(client, &server.url("/")), "fine"),
    }
}

fn nothing_is_lost_in_a_mix_of_all_misadventures(on: On) {
    silence_panics();
    let server = on.serve(answer);
    let open = Open::default();
    let options = pool::Options { max_per_key: 4, ..pool::Options::default() };
    let client = on.builder().counted(&open).pool(options).build();
    std::thread::scope(|scope| {
        for thread in 0..16 {
            let (client, server) = (&client, &server);
            scope.spawn(move || {
                let mut dice = Dice::new(thread);
                for _ in 0..on.times(60) {
                    misadventure(client, server, dice.roll(12));
                }
            });
        }
    });
    let stats = at_rest(&client);
    assert_eq!(open.now(), stats.idle);
    assert_eq!(get(&client, &server.url("/")), "fine");
    client.close();
    assert_eq!(at_rest(&client).open, 0);
    assert_eq!(open.now(), 0);
}

fn each_misadventure_alone_leaves_room_for_the_next_request(on: On) {
    silence_panics();
    let server = on.serve(answer);
    let options = pool::Options { max_per_key: 1, ..pool::Options::default() };
    for kind in 0..12 {
        let client = on.builder().pool(options.clone()).build();
        for _ in 0..5 {
            misadventure(&client, &server, kind);
            assert_eq!(get(&client, &server.url("/")), "fine", "after misadventure {kind}");
        }
        at_rest(&client);
    }
}

fn a_reader_that_fails_is_named_as_the_cause(on: On) {
    let server = on.serve(answer);
    let client = on.client();
    let error = client.post(server.url("/")).body(Body::from_reader(Failing)).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Body(_)), "{error}");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "this reader fails");
}

fn waiters_are_refused_when_the_client_closes(on: On) {
    let server = on.serve(|_| Reply::generated(100_000_000));
    let options = pool::Options { max_per_key: 1, ..pool::Options::default() };
    let client = on.builder().pool(options).build();
    let busy = client.get(server.url("/")).send().unwrap();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| client.get(server.url("/")).send())).collect();
        httpocean_tests::wait_until("all wait", || client.stats().waiting == 8);
        client.close();
        for waiter in waiting {
            let error = waiter.join().unwrap().unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Pool(Refusal::ShutDown)), "{error}");
        }
    });
    drop(busy);
    assert_eq!(at_rest(&client).open, 0);
}

/// Panics at every event of one kind.
struct Hysterical(&'static str);

impl Observer for Hysterical {
    fn observe(&self, event: &Observed<'_>) {
        assert!(!format!("{event:?}").starts_with(self.0), "this observer panics");
    }
}

fn an_observer_that_panics_costs_nothing(on: On) {
    silence_panics();
    for kind in ["Dialing", "Dialed", "DialFailed", "Granted", "Stale", "Response", "Hop", "Parked", "Closed"]
    {
        let server = on.serve(|request: &Request| match request.target.as_str() {
            "/gone" => Reply::ok("fine").then(End::CloseNow),
            "/dying" => Reply::ok("fine").then(End::CloseOnNextRequest),
            _ => Reply::ok("fine"),
        });
        let options = pool::Options { max_per_key: 1, ..pool::Options::default() };
        let client = on.builder().pool(options).observer(Hysterical(kind)).build();
        for path in ["/gone", "/", "/dying", "/", "/"] {
            assert_eq!(get(&client, &server.url(path)), "fine", "{kind}");
            httpocean_tests::wait_until("the server is done", || server.stats().open <= 1);
        }
        assert!(client.get(nobody_listens()).send().is_err());
        client.clear_idle();
        assert_eq!(at_rest(&client).open, 0, "{kind}");
    }
}

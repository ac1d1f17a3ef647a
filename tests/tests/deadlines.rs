//! Each deadline ends what it is for, and the error says what was going on.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Read;
use std::time::{Duration, Instant};

use httpocean_std::call::Options;
use httpocean_std::http::Response;
use httpocean_std::{CloseReason, ErrorKind, Fault, Phase, Sent};
use httpocean_testkit::server::{Act, End, Reply, Request, Server};
use httpocean_tests::{BOUND, Body, Client, Error, On, at_rest, get, on_both_adapters};

on_both_adapters!(
    the_total_ends_whatever_is_going_on,
    the_total_of_one_request_is_its_own,
    the_total_counts_what_the_user_does_with_the_body,
    the_first_byte_may_take_so_long,
    the_next_byte_may_take_so_long,
    sending_may_be_stuck_so_long,
    a_user_who_reads_slowly_does_not_time_out_the_server,
    a_user_who_sends_slowly_does_not_time_out_the_server,
    deadlines_longer_than_a_nap_of_the_kernel_are_kept,
    an_answer_that_is_slower_than_a_nap_of_the_kernel_is_waited_for,
);
on_both_adapters!("nothing": a_deadline_that_is_over_at_once_makes_no_connection);

const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(3600);

fn client(on: On, options: Options) -> Client {
    on.builder().call(options).build()
}

fn head() -> Act {
    Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n".to_vec())
}

fn server(on: On) -> Server {
    on.serve(|request: &Request| match request.target.as_str() {
        "/silent" => Reply::script([]).then(End::Hold(LONG)),
        "/deaf" => Reply::script([]).early().then(End::Hold(LONG)),
        "/head" => Reply::script([Act::Send(b"HTTP/1.1 200 OK\r\nConte".to_vec())]).then(End::Hold(LONG)),
        "/hints" => {
            Reply::script([Act::Send(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec())]).then(End::Hold(LONG))
        }
        "/body" => Reply::script([head(), Act::Send(b"half".to_vec())]).then(End::Hold(LONG)),
        "/dripping" => {
            let pause = SHORT / 7;
            Reply::script([head(), Act::SendInPieces { bytes: b"0123456789".to_vec(), piece: 1, pause }])
        }
        "/large" => Reply::generated(3_000_000),
        _ => Reply::ok("fine"),
    })
}

fn open(client: &Client, server: &Server, path: &str) -> Result<Response<Body>, Error> {
    client.get(server.url(path)).send()
}

fn is_timeout(error: &Error, phase: Phase) {
    assert!(matches!(error.kind(), ErrorKind::Timeout), "{error}");
    let fault = if phase == Phase::Start { Fault::Local } else { Fault::Network };
    assert_eq!((error.phase(), error.fault()), (phase, fault), "{error}");
    assert!(error.hops().is_empty());
}

fn is_over(client: &Client, n: u64) {
    let stats = at_rest(client);
    assert_eq!((stats.idle, stats.closed.get(&CloseReason::TimedOut)), (0, Some(&n)), "{stats:?}");
}

fn the_total_ends_whatever_is_going_on(on: On) {
    let server = server(on);
    let client = client(on, Options { total: Some(SHORT), ..Options::default() });
    for path in ["/silent", "/head", "/hints"] {
        let start = Instant::now();
        is_timeout(&open(&client, &server, path).unwrap_err(), Phase::RecvHead);
        assert!(start.elapsed() >= SHORT, "{path} ended early");
    }
    let error = open(&client, &server, "/body").unwrap().into_body().read_to_vec(10).unwrap_err();
    is_timeout(&error, Phase::RecvBody);
    let error = open(&client, &server, "/dripping").unwrap().into_body().read_to_vec(10).unwrap_err();
    is_timeout(&error, Phase::RecvBody);
    is_over(&client, 5);
}

fn the_total_of_one_request_is_its_own(on: On) {
    let server = server(on);
    let client = client(on, Options { total: Some(LONG), ..Options::default() });
    let error = client.get(server.url("/silent")).timeout(SHORT).send().unwrap_err();
    is_timeout(&error, Phase::RecvHead);
    assert_eq!(error.sent(), Sent::All);
    assert_eq!(get(&client, &server.url("/")), "fine");
}

fn the_total_counts_what_the_user_does_with_the_body(on: On) {
    let server = server(on);
    let client = client(on, Options { total: Some(SHORT), ..Options::default() });
    let mut body = open(&client, &server, "/large").unwrap().into_body();
    std::thread::sleep(SHORT);
    is_timeout(&body.read_to_vec(10_000_000).unwrap_err(), Phase::RecvBody);
    is_over(&client, 1);
}

fn the_first_byte_may_take_so_long(on: On) {
    let server = server(on);
    let client = client(on, Options { first_byte: Some(SHORT), ..Options::default() });
    for path in ["/silent", "/hints"] {
        is_timeout(&open(&client, &server, path).unwrap_err(), Phase::RecvHead);
    }
    is_over(&client, 2);
    // Dripping is another deadline's matter.
    assert_eq!(
        open(&client, &server, "/dripping").unwrap().into_body().read_to_vec(10).unwrap(),
        b"0123456789"
    );
}

fn the_next_byte_may_take_so_long(on: On) {
    let server = server(on);
    let client = client(on, Options { idle: Some(SHORT), ..Options::default() });
    is_timeout(&open(&client, &server, "/head").unwrap_err(), Phase::RecvHead);
    let mut body = open(&client, &server, "/body").unwrap().into_body();
    body.read_exact(&mut [0; 4]).unwrap();
    is_timeout(&body.read_to_vec(10).unwrap_err(), Phase::RecvBody);
    is_over(&client, 2);
    assert_eq!(
        open(&client, &server, "/dripping").unwrap().into_body().read_to_vec(10).unwrap(),
        b"0123456789"
    );
}

fn sending_may_be_stuck_so_long(on: On) {
    let server = server(on);
    let client = client(on, Options { send: Some(SHORT), ..Options::default() });
    let endless = Body::from_sized_reader(std::io::repeat(b'x'), 1 << 30);
    let error = client.post(server.url("/deaf")).body(endless).send().unwrap_err();
    is_timeout(&error, Phase::SendBody);
    assert_eq!(error.sent(), Sent::Part);
    is_over(&client, 1);
}

fn a_user_who_reads_slowly_does_not_time_out_the_server(on: On) {
    let server = server(on);
    let options =
        Options { idle: Some(SHORT), first_byte: Some(SHORT), send: Some(SHORT), ..Options::default() };
    let client = client(on, options);
    let mut body = open(&client, &server, "/large").unwrap().into_body();
    let mut block = vec![0; 1_000_000];
    for _ in 0..3 {
        std::thread::sleep(SHORT * 2);
        body.read_exact(&mut block).unwrap();
    }
    assert_eq!((body.parked(), body.read(&mut block).unwrap()), (Some(true), 0));
}

/// A source that takes its time.
struct Slow(u8);

impl Read for Slow {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Ok(0);
        }
        self.0 -= 1;
        std::thread::sleep(SHORT * 2);
        buf[0] = b'x';
        Ok(1)
    }
}

fn a_user_who_sends_slowly_does_not_time_out_the_server(on: On) {
    let server = server(on);
    let options =
        Options { idle: Some(SHORT), first_byte: Some(SHORT), send: Some(SHORT), ..Options::default() };
    let client = client(on, options);
    let response = client.post(server.url("/")).body(Body::from_reader(Slow(3))).send().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(server.requests()[0].body, b"xxx");
}

fn a_deadline_that_is_over_at_once_makes_no_connection(on: On) {
    let server = server(on);
    let client = on.client();
    let error = client.get(server.url("/")).timeout(Duration::ZERO).send().unwrap_err();
    is_timeout(&error, Phase::Start);
    assert_eq!((server.stats().accepted, error.sent()), (0, Sent::Nothing));
}

fn deadlines_longer_than_a_nap_of_the_kernel_are_kept(on: On) {
    // A read sleeps for a second at most before it looks at the clocks again.
    let server = server(on);
    let limit = Duration::from_millis(1_300);
    let client = client(on, Options { total: Some(limit), ..Options::default() });
    let start = Instant::now();
    is_timeout(&open(&client, &server, "/silent").unwrap_err(), Phase::RecvHead);
    assert!(start.elapsed() >= limit && start.elapsed() < BOUND);
}

fn an_answer_that_is_slower_than_a_nap_of_the_kernel_is_waited_for(on: On) {
    let server = on.serve(|_| Reply::ok("slow").pause(Duration::from_millis(1_200)));
    assert_eq!(get(&on.client(), &server.url("/")), "slow");
}

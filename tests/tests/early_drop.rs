//! A response body that its user does not want to the end: dropped, nobody waits; finished, its connection is
//! saved within limits.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Read;
use std::time::{Duration, Instant};

use httpocean_std::http::Response;
use httpocean_std::{CloseReason, Config, Limits};
use httpocean_testkit::server::{Act, End, Reply, Request, Server};
use httpocean_tests::{BOUND, Body, Client, On, at_rest, get, on_both_adapters, wait_for_open};

on_both_adapters!(
    dropping_does_not_wait_for_a_server_that_stalls,
    dropping_a_long_body_closes_its_connection,
    dropping_a_rest_that_has_arrived_saves_the_connection,
    finishing_reads_a_short_rest_and_saves_the_connection,
    finishing_stops_at_the_limit_of_bytes,
    finishing_stops_at_the_limit_of_bytes_of_a_chunked_body_too,
    finishing_stops_at_the_limit_of_time,
    finishing_what_was_read_says_whether_the_connection_was_saved,
    finishing_a_body_that_breaks_off_is_no_error,
    a_connection_that_was_saved_serves_the_next_request_as_if_nothing_was,
);

fn open(client: &Client, server: &Server, path: &str) -> Response<Body> {
    client.get(server.url(path)).send().unwrap()
}

fn closed(client: &Client, why: CloseReason) -> u64 {
    client.stats().closed.get(&why).copied().unwrap_or(0)
}

fn head_of(length: usize) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes()
}

fn with_limits(on: On, limits: Limits) -> Client {
    on.builder().config(Config { limits, ..Config::default() }).build()
}

fn dropping_does_not_wait_for_a_server_that_stalls(on: On) {
    let server = on.serve(|request: &Request| {
        let mut bytes = head_of(1000);
        bytes.extend_from_slice(b"some, not all");
        if request.target == "/chunked" {
            bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nsome".to_vec();
        }
        Reply::raw(bytes).then(End::Hold(Duration::from_secs(3600)))
    });
    let client = on.client();
    let mut dropping = Duration::ZERO;
    for path in ["/", "/chunked"] {
        for _ in 0..on.times(50) {
            let response = open(&client, &server, path);
            let start = Instant::now();
            drop(response);
            dropping += start.elapsed();
        }
    }
    // Microseconds each; draining for 50 ms each would have taken five seconds.
    assert!(dropping < Duration::from_secs(2) * on.times(1) as u32, "{dropping:?}");
    assert_eq!(at_rest(&client).open, 0);
    assert_eq!(closed(&client, CloseReason::NotDrained), 2 * on.times(50) as u64);
}

fn dropping_a_long_body_closes_its_connection(on: On) {
    let server = on.serve(|_| Reply::generated(1_000_000_000));
    let client = on.client();
    for _ in 0..on.times(20) {
        let mut response = open(&client, &server, "/");
        response.body_mut().read_exact(&mut [0; 1000]).unwrap();
    }
    assert_eq!(at_rest(&client).open, 0);
    wait_for_open(&server, 0);
}

fn dropping_a_rest_that_has_arrived_saves_the_connection(on: On) {
    let server = on.serve(|request: &Request| match request.target.as_str() {
        "/chunked" => Reply::ok("").chunked(["some", "body"], [("X-Trailer", "t")]),
        _ => Reply::ok("some body"),
    });
    let client = on.client();
    for round in 0..on.times(100) {
        drop(open(&client, &server, if round % 2 == 0 { "/" } else { "/chunked" }));
    }
    // A response goes out in one piece, so that all of it is there with its head.
    assert_eq!(server.stats().accepted, 1);
    assert_eq!(at_rest(&client).idle, 1);
}

fn finishing_reads_a_short_rest_and_saves_the_connection(on: On) {
    let server = on.serve(|_| {
        let acts =
            [Act::Send(head_of(8)), Act::Pause(Duration::from_millis(5)), Act::Send(b"the rest".to_vec())];
        Reply::script(acts)
    });
    let limits = Limits { drain_time: BOUND, ..Limits::default() };
    let client = with_limits(on, limits);
    for _ in 0..on.times(10) {
        assert!(open(&client, &server, "/").into_body().finish().unwrap());
    }
    assert_eq!(server.stats().accepted, 1);
}

fn finishing_stops_at_the_limit_of_bytes(on: On) {
    let server = on.serve(|request: &Request| {
        let length: u64 = request.target[1..].parse().unwrap();
        Reply::generated(length)
    });
    let limits = Limits { drain_bytes: 50_000, drain_time: BOUND, ..Limits::default() };
    // What came along with the head was handed out already, and does not count.
    for (length, saved) in [(50_000, true), (300_000, false), (1_000_000_000, false)] {
        let client = with_limits(on, limits.clone());
        let body = open(&client, &server, &format!("/{length}")).into_body();
        assert_eq!(body.finish().unwrap(), saved, "{length}");
        assert_eq!(at_rest(&client).open, usize::from(saved), "{length}");
        assert_eq!(closed(&client, CloseReason::NotDrained), u64::from(!saved));
    }
}

fn finishing_stops_at_the_limit_of_bytes_of_a_chunked_body_too(on: On) {
    let server = on.serve(|request: &Request| {
        let chunks: usize = request.target[1..].parse().unwrap();
        Reply::ok("").chunked(vec![vec![b'x'; 1000]; chunks], [("X-Trailer", "t")])
    });
    let limits = Limits { drain_bytes: 50_000, drain_time: BOUND, ..Limits::default() };
    for (chunks, saved) in [(50, true), (300, false)] {
        let client = with_limits(on, limits.clone());
        let body = open(&client, &server, &format!("/{chunks}")).into_body();
        assert_eq!(body.finish().unwrap(), saved, "{chunks}");
        assert_eq!(at_rest(&client).open, usize::from(saved));
    }
}

fn finishing_stops_at_the_limit_of_time(on: On) {
    let server = on.serve(|_| Reply::raw(head_of(10)).then(End::Hold(Duration::from_secs(3600))));
    let client = on.client();
    let body = open(&client, &server, "/").into_body();
    let start = Instant::now();
    assert!(!body.finish().unwrap());
    // 50 ms by default; a second leaves room for a busy machine.
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(1), "{took:?}");
    assert_eq!(at_rest(&client).open, 0);
}

fn finishing_what_was_read_says_whether_the_connection_was_saved(on: On) {
    let server =
        on.serve(
            |request: &Request| {
                if request.target == "/close" { Reply::ok("all").close() } else { Reply::ok("all") }
            },
        );
    let client = on.client();
    for (path, saved) in [("/", true), ("/close", false)] {
        let mut body = open(&client, &server, path).into_body();
        assert_eq!(body.read_to_vec(3).unwrap(), b"all");
        assert_eq!(body.parked(), Some(saved));
        assert_eq!(body.finish().unwrap(), saved);
        assert_eq!(open(&client, &server, path).into_body().finish().unwrap(), saved);
    }
}

fn finishing_a_body_that_breaks_off_is_no_error(on: On) {
    let server = on.serve(|_| Reply::raw(head_of(10)).then(End::CloseNow));
    let client = on.client();
    for _ in 0..on.times(20) {
        assert!(!open(&client, &server, "/").into_body().finish().unwrap());
    }
    assert_eq!(at_rest(&client).connections_opened, on.times(20) as u64);
}

fn a_connection_that_was_saved_serves_the_next_request_as_if_nothing_was(on: On) {
    let server =
        on.serve(
            |request: &Request| {
                if request.target == "/page" { Reply::ok("the page") } else { Reply::generated(30_000) }
            },
        );
    let limits = Limits { drain_time: BOUND, ..Limits::default() };
    let client = with_limits(on, limits);
    for _ in 0..on.times(50) {
        assert!(open(&client, &server, "/").into_body().finish().unwrap());
        assert_eq!(get(&client, &server.url("/page")), "the page");
    }
    assert_eq!(server.stats().accepted, 1);
}

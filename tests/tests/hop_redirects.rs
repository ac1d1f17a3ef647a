//! What a user sees of redirects: the URL at their end, the response there and nothing of those before it, and what
//! the ways there cost.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::{Duration, Instant};

use http::Method;
use httpocean_core::policy::redirect::{NotFollowed, Redirects};
use httpocean_std::{CloseReason, ErrorKind, Fault, HopReason, Phase, Sent, pool};
use httpocean_testkit::server::{Act, End, Reply, Request, Server};
use httpocean_tests::{BOUND, On, Recorder, at_rest, exchange, get, on_both_adapters};

on_both_adapters!(
    the_url_at_the_end_and_its_fragment,
    the_attempts_before_on_a_response_and_on_an_error,
    off_a_redirect_is_the_answer,
    one_connection_is_enough_for_a_redirect_to_its_own_host,
    one_connection_is_enough_for_many_threads,
    interim_responses_of_the_answer_alone,
    trailers_of_the_answer_alone,
    a_body_within_the_limits_saves_the_connection,
    a_body_beyond_the_limits_is_not_read,
    a_body_that_goes_on_for_ever_is_left_in_a_moment,
    all_of_it_is_told_and_counted,
);

fn to(location: &str) -> Reply {
    Reply::status(302, "Found").header("Location", location)
}

fn the_url_at_the_end_and_its_fragment(on: On) {
    let server = on.serve(|request: &Request| match request.target.as_str() {
        "/plain" => to("/end?q=1"),
        "/part" => to("end#part"),
        "/two" => to("/part"),
        "/other" => to("/plain#mine"),
        _ => Reply::ok("end"),
    });
    let client = on.client();
    for (path, end) in [
        ("/end", "/end"),
        ("/end#own", "/end#own"),
        ("/plain", "/end?q=1"),
        ("/plain#own", "/end?q=1#own"),
        ("/part#own", "/end#part"),
        ("/two#own", "/end#part"),
        ("/other#own", "/end?q=1#mine"),
    ] {
        let response = client.get(server.url(path)).send().unwrap();
        assert_eq!(response.body().url(), server.url(end), "{path}");
    }
    assert!(server.requests().iter().all(|received| !received.request.target.contains('#')));
}

fn the_attempts_before_on_a_response_and_on_an_error(on: On) {
    let server = on.serve(|request: &Request| match request.target.as_str() {
        "/1" => to("/2"),
        "/2" => Reply::status(307, "Elsewhere").header("Location", "/3"),
        "/round" => to("/round"),
        _ => Reply::ok("end"),
    });
    let client = on.client();
    let response = client.get(server.url("/1")).send().unwrap();
    let hops: Vec<_> = response.body().hops().iter().collect();
    assert_eq!(
        hops.iter().map(|hop| hop.uri.to_string()).collect::<Vec<_>>(),
        ["/1", "/2"].map(|p| server.url(p))
    );
    assert_eq!(hops.iter().map(|hop| hop.status.unwrap().as_u16()).collect::<Vec<_>>(), [302, 307]);
    assert!(hops.iter().all(|hop| hop.why == HopReason::Redirect && hop.error.is_none()));
    drop(response);

    let error = client.get(server.url("/round")).send().unwrap_err();
    assert_eq!(error.kind(), &ErrorKind::Redirect(NotFollowed::TooMany));
    assert_eq!((error.phase(), error.fault(), error.sent()), (Phase::RecvHead, Fault::Peer, Sent::All));
    assert_eq!((error.hops().len(), error.status().unwrap().as_u16()), (10, 302));
    assert_eq!((error.uri().path(), client.stats().redirects), ("/round", 12));
    at_rest(&client);
}

fn off_a_redirect_is_the_answer(on: On) {
    let server = on.serve(|_| to("/elsewhere").body("over there"));
    let client = on.builder().redirects(Redirects { limit: 0, ..Redirects::default() }).build();
    let mut response = client.get(server.url("/")).send().unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (302, &"/elsewhere".parse().unwrap())
    );
    assert_eq!(response.body_mut().read_to_string(100).unwrap(), "over there");
    assert_eq!((response.body().hops().len(), server.stats().requests), (0, 1));
    // One request may differ.
    let error = client.get(server.url("/")).redirects(Redirects { limit: 1, ..Redirects::default() }).send();
    assert_eq!(error.unwrap_err().kind(), &ErrorKind::Redirect(NotFollowed::TooMany));
}

fn single() -> pool::Options {
    pool::Options { max_per_key: 1, max_total: 1, ..pool::Options::default() }
}

fn leading_on(on: On) -> Server {
    on.serve(|request: &Request| match request.target.as_str() {
        "/" => to("/1").body("not here"),
        "/1" => to("/2").chunked(["not", "here"], [("x-checksum", "wrong")]),
        "/2" => to("/3").close(),
        _ => Reply::ok("end"),
    })
}

fn one_connection_is_enough_for_a_redirect_to_its_own_host(on: On) {
    let (server, client) = (leading_on(on), on.builder().pool(single()).build());
    assert_eq!(get(&client, &server.url("/")), "end");
    let stats = at_rest(&client);
    assert_eq!((stats.connections_opened, stats.requests_sent, stats.waited), (2, 4, 0));
    assert_eq!((server.stats().accepted, server.stats().peak_open <= 2), (2, true));
}

fn one_connection_is_enough_for_many_threads(on: On) {
    let (server, client) = (leading_on(on), on.builder().pool(single()).build());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..10).for_each(|_| assert_eq!(get(&client, &server.url("/")), "end")));
        }
    });
    let stats = at_rest(&client);
    assert_eq!((stats.requests_sent - stats.stale_replays, stats.redirects), (320, 240));
}

fn interim_responses_of_the_answer_alone(on: On) {
    let server = on.serve(|request: &Request| match request.target.as_str() {
        "/" => to("/hinting").interim(103, "Early Hints", [("Link", "</first>")]),
        "/hinting" => to("/end").interim(103, "Early Hints", [("Link", "</second>")]),
        "/end" => Reply::ok("end").interim(103, "Early Hints", [("Link", "</last>")]),
        "/plain" => to("/none").interim(103, "Early Hints", [("Link", "</first>")]),
        _ => Reply::ok("none"),
    });
    let client = on.client();
    let links = |path: &str| {
        let response = client.get(server.url(path)).send().unwrap();
        let interim = response.body().interim().iter();
        interim.map(|head| head.headers()["link"].to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(links("/"), ["</last>"]);
    assert!(links("/plain").is_empty());
}

fn trailers_of_the_answer_alone(on: On) {
    let server = on.serve(|request: &Request| match request.target.as_str() {
        "/" => to("/end").chunked(["not here"], [("x-checksum", "wrong"), ("x-more", "1")]),
        "/plain" => to("/none").chunked(["not here"], [("x-checksum", "wrong")]),
        "/end" => Reply::ok("").chunked(["end"], [("x-checksum", "right")]),
        _ => Reply::ok("none"),
    });
    let client = on.client();
    for (path, body, checksum) in [("/", "end", Some("right")), ("/plain", "none", None)] {
        let mut response = client.get(server.url(path)).send().unwrap();
        assert_eq!(response.body_mut().read_to_string(100).unwrap(), body);
        let trailers = response.body_mut().take_trailers().unwrap_or_default();
        assert_eq!(trailers.get("x-checksum").map(|value| value.to_str().unwrap()), checksum);
        assert_eq!(trailers.len(), usize::from(checksum.is_some()));
    }
    assert_eq!(server.stats().accepted, 1);
}

fn a_body_within_the_limits_saves_the_connection(on: On) {
    for length in [0, 1, 8 * 1024, 64 * 1024] {
        let server = on.serve(move |request: &Request| match request.target.as_str() {
            "/" => to("/end").body(vec![b'x'; length]),
            _ => Reply::ok("end"),
        });
        let client = on.client();
        assert_eq!(get(&client, &server.url("/")), "end");
        assert_eq!((server.stats().accepted, client.stats().closed.len()), (1, 0), "{length}");
    }
}

fn a_body_beyond_the_limits_is_not_read(on: On) {
    for head in ["Content-Length: 100000000", "Transfer-Encoding: chunked"] {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: /end\r\n{head}\r\n\r\n");
        let server = on.serve(move |request: &Request| match request.target.as_str() {
            "/" => {
                // 16 chunks of the same size as the limit in all, and many more.
                let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000)).into_bytes();
                let body = Act::SendInPieces {
                    bytes: chunk.repeat(2_000),
                    piece: chunk.len(),
                    pause: Duration::ZERO,
                };
                Reply::script([Act::Send(head.clone().into_bytes()), body]).then(End::CloseNow)
            }
            _ => Reply::ok("end"),
        });
        let client = on.client();
        assert_eq!(get(&client, &server.url("/")), "end");
        let closed = at_rest(&client).closed;
        assert_eq!(closed.get(&CloseReason::NotDrained), Some(&1), "{closed:?}");
        assert_eq!(server.stats().accepted, 2);
    }
}

fn a_body_that_goes_on_for_ever_is_left_in_a_moment(on: On) {
    for head in ["Content-Length: 100", "Transfer-Encoding: chunked", "X-Until: close"] {
        let head = format!("HTTP/1.1 302 Found\r\nLocation: /end\r\n{head}\r\n\r\n");
        let server = on.serve(move |request: &Request| match request.target.as_str() {
            "/" => {
                let drip = Act::SendInPieces {
                    bytes: b"5\r\nagain\r\n".repeat(1_000),
                    piece: 1,
                    pause: Duration::from_millis(10),
                };
                Reply::script([Act::Send(head.clone().into_bytes()), drip])
            }
            _ => Reply::ok("end"),
        });
        let (client, start) = (on.client(), Instant::now());
        assert_eq!(get(&client, &server.url("/")), "end");
        assert!(start.elapsed() < BOUND, "{:?}", start.elapsed());
        assert_eq!(at_rest(&client).closed.values().sum::<u64>(), 1, "{:?}", client.stats());
        assert_eq!(server.stats().accepted, 2);
    }
}

fn all_of_it_is_told_and_counted(on: On) {
    let server = on.serve(|request: &Request| match request.target.as_str() {
        "/" => to("/end"),
        _ => Reply::ok("end"),
    });
    let recorder = Recorder::default();
    let client = on.builder().observer(recorder.clone()).build();
    assert_eq!(exchange(&client, &Method::POST, &server.url("/"), "", "content").unwrap(), b"end");
    let told = [
        "started POST",
        "dialing",
        "dialed",
        "granted 1 after 0 uses, not idle",
        "parked 1",
        "hop: Redirect",
        "granted 1 after 1 uses, idle",
        "response 200 to GET on 1",
        "parked 1",
        "ended",
    ];
    assert_eq!(recorder.lines(), told);
    let stats = at_rest(&client);
    assert_eq!((stats.redirects, stats.retries, stats.stale_replays, stats.requests_sent), (1, 0, 0, 2));
}

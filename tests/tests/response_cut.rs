//! A kept-alive connection that ends within a response: an error that says so, and never a second request.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_std::http::Method;
use httpocean_std::{ErrorKind, NotReplayed, ProtocolError, Sent};
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_tests::{Body, On, at_rest, exchange, id, on_both_adapters, seen};

on_both_adapters!(
    half_a_response_is_an_error_and_never_replayed,
    a_body_to_the_end_of_the_connection_is_cut_by_a_reset_only,
);

const CUT: [&str; 5] = [
    "HTTP/1.1 20",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
];

fn server(on: On) -> Server {
    on.serve(|request: &Request| {
        let id = id(request);
        let Some(round) = id.parse::<usize>().ok() else { return Reply::ok("warm") };
        let end = if round % 2 == 0 { End::CloseNow } else { End::Reset };
        Reply::raw(CUT[round / 2 % CUT.len()]).then(end)
    })
}

fn half_a_response_is_an_error_and_never_replayed(on: On) {
    for method in [Method::GET, Method::PUT, Method::POST] {
        let (server, client) = (server(on), on.client());
        let rounds = on.times(1000);
        for round in 0..rounds {
            assert_eq!(exchange(&client, &Method::GET, &server.url("/"), "warm", ()).unwrap(), b"warm");
            let body = if method == Method::GET { Body::empty() } else { "content".into() };
            let error = exchange(&client, &method, &server.url("/"), &format!("{round}"), body).unwrap_err();
            let (kind, cut) = (error.kind(), CUT[round / 2 % CUT.len()]);
            if round % 2 == 0 {
                let truncated = matches!(kind, ErrorKind::Protocol(ProtocolError::Truncated(_)));
                assert!(truncated, "{method} {cut:?}: {error}");
            } else {
                assert!(matches!(kind, ErrorKind::Reset(_)), "{method} {cut:?}: {error}");
            }
            assert_eq!(error.not_replayed(), Some(NotReplayed::ResponseBegun), "{method} {cut:?}");
            assert_eq!((error.sent(), error.hops().len()), (Sent::All, 0));
            assert_eq!(error.status().is_some(), cut.contains("\r\n\r\n"), "{cut:?}");
        }
        let seen = seen(&server);
        assert!((0..rounds).all(|round| seen[&format!("{round}")] == 1), "{method} was replayed");
        assert_eq!(client.stats().stale_replays, 0);
        at_rest(&client);
    }
}

fn a_body_to_the_end_of_the_connection_is_cut_by_a_reset_only(on: On) {
    let server = on.serve(|request: &Request| {
        let end = if request.target == "/reset" { End::Reset } else { End::Close };
        Reply::raw("HTTP/1.1 200 OK\r\n\r\nas far as it goes").then(end)
    });
    let client = on.client();
    let whole = exchange(&client, &Method::GET, &server.url("/"), "", ()).unwrap();
    assert_eq!(whole, b"as far as it goes");
    let error = exchange(&client, &Method::GET, &server.url("/reset"), "", ()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Reset(_)), "{error}");
}

//! A received body is sent on as what is left of it, whatever its head announced.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]

use std::io::Read;

use httpocean_std::{Body, Client, ErrorKind};
use httpocean_testkit::server::{End, Reply, Request, Server};

fn reply(request: &Request) -> Reply {
    match request.target.as_str() {
        "/framed-twice" => Reply::raw(
            "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ),
        "/chunked" => Reply::status(200, "OK").chunked(["hel", "lo"], [] as [(&str, &str); 0]),
        _ => Reply::ok("hello"),
    }
}

/// What the server gets when `body` is sent to it.
fn arrives(client: &Client, server: &Server, body: Body) -> Vec<u8> {
    let response = client.put(server.url("/sink")).unwrap().body(body).send().unwrap();
    assert_eq!(response.status(), 200);
    server.requests().last().unwrap().body.clone()
}

#[test]
fn what_is_left_is_what_is_sent() {
    let server = Server::start(reply);
    let client = Client::new();
    for path in ["/", "/chunked", "/framed-twice"] {
        let received = client.get(server.url(path)).unwrap().send().unwrap().into_body();
        assert_eq!(arrives(&client, &server, received), b"hello", "{path}");
    }
    let mut begun = client.get(server.url("/")).unwrap().send().unwrap().into_body();
    begun.read_exact(&mut [0; 2]).unwrap();
    assert_eq!(arrives(&client, &server, begun), b"llo");

    let of_a_head = client.head(server.url("/")).unwrap().send().unwrap().into_body();
    assert_eq!(arrives(&client, &server, of_a_head), b"");
}

#[test]
fn what_was_cut_short_is_not_sent_on_as_whole() {
    let server = Server::start(|_| {
        Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").then(End::CloseNow)
    });
    let client = Client::new();
    let mut cut = client.get(server.url("/")).unwrap().send().unwrap().into_body();
    cut.read_to_end(&mut Vec::new()).unwrap_err();
    let sent_on = client.put(server.url("/sink")).unwrap().body(cut).send();
    assert!(matches!(sent_on.unwrap_err().kind(), ErrorKind::Body(_)));
    assert!(
        server.requests().iter().all(|received| received.request.method == "GET" || !received.body_complete)
    );
}

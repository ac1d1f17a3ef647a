//! What goes out, and in which order.

use std::time::Duration;

use httpocean_testkit::server::{Act, Reply, Request, Server};

use crate::client::Client;

#[test]
fn pieces_add_up_to_the_same_bytes() {
    let server = Server::start(|_| Reply::ok("0123456789").in_pieces(3, Duration::from_millis(1)));
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/").body, b"0123456789");
    assert_eq!(client.get("/").body, b"0123456789");
}

#[test]
fn an_early_reply_does_not_wait_for_the_body() {
    let server = Server::start(|_| Reply::ok("early").early());
    let mut client = Client::connect(&server);
    client.send("POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n");
    assert_eq!(client.response().body, b"early");
    assert!(!server.requests()[0].body_complete);
    client.send("body");
    client.get("/next");
    let requests = server.requests();
    assert_eq!((&*requests[0].body, &*requests[1].request.target), (&b"body"[..], "/next"));
}

#[test]
fn acts_are_played_in_order() {
    let acts = [
        Act::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n".to_vec()),
        Act::ReadBody,
        Act::Pause(Duration::from_millis(1)),
        Act::SendInPieces { bytes: b"pieces".to_vec(), piece: 0, pause: Duration::ZERO },
    ];
    let server = Server::start(move |_| Reply::script(acts.clone()).early());
    let mut client = Client::connect(&server);
    client.send("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n");
    let head = client.head();
    assert!(head.starts_with("HTTP/1.1 200 "));
    client.send("ab");
    assert_eq!(client.take(6), b"pieces");
    assert_eq!(server.requests()[0].body, b"ab");
}

#[test]
fn interim_responses_come_before_the_body_is_read() {
    let link = [("Link", "</a.css>")];
    let server = Server::start(move |_| Reply::ok("done").interim(103, "Early Hints", link).continues());
    let mut client = Client::connect(&server);
    client.send("POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ok");
    assert_eq!(client.response().body, b"done");
    assert_eq!(server.requests()[0].body, b"ok");
}

#[test]
fn head_gets_the_length_but_not_the_content() {
    let server = Server::start(|request: &Request| match &*request.target {
        "/generated" => Reply::generated(7),
        _ => Reply::ok("content"),
    });
    let mut client = Client::connect(&server);
    for target in ["/", "/generated"] {
        client.send(format!("HEAD {target} HTTP/1.1\r\n\r\n"));
        assert!(client.head().contains("\r\nContent-Length: 7\r\n"));
    }
    assert_eq!(client.get("/").body, b"content");
}

#[test]
fn statuses_without_content_have_no_length() {
    let server = Server::start(|request: &Request| match &*request.method {
        "CONNECT" => Reply::status(200, "OK"),
        _ => Reply::status(204, "No Content").body("never sent"),
    });
    let mut client = Client::connect(&server);
    assert_eq!(client.get("/").head, "HTTP/1.1 204 No Content\r\n\r\n");
    client.send("CONNECT host:1 HTTP/1.1\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 200 OK\r\n\r\n");
}

//! What the server records of a request.

use httpocean_testkit::server::{Reply, Request, Server};

use crate::client::{BOUND, Client};

#[test]
fn head_fields_keep_their_order_and_case() {
    let server = Server::start(|request: &Request| Reply::ok(request.header("x-one").unwrap_or_default()));
    let mut client = Client::connect(&server);
    client.send("PUT /a?b HTTP/1.1\r\nHost: h\r\nX-ONE:  1 \r\nx-one: 2\r\n\r\n");
    assert_eq!(client.response().body, b"1");
    let request = server.requests().remove(0).request;
    assert_eq!((&*request.method, &*request.target, &*request.version), ("PUT", "/a?b", "HTTP/1.1"));
    let names: Vec<_> = request.headers.iter().map(|(name, _)| &**name).collect();
    assert_eq!(names, ["Host", "X-ONE", "x-one"]);
    assert_eq!(request.header_count("X-One"), 2);
}

#[test]
fn content_is_recorded_without_its_chunks_and_with_its_trailers() {
    let server = Server::start(|_| Reply::ok(""));
    let mut client = Client::connect(&server);
    client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nSum: 11\r\n\r\n");
    client.response();
    client.send("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nok");
    client.response();
    let requests = server.requests();
    assert_eq!((&*requests[0].body, requests[0].body_len), (&b"hello world"[..], 11));
    assert_eq!(requests[0].trailers, [("Sum".to_owned(), b"11".to_vec())]);
    assert_eq!(requests[1].body, b"ok");
    assert!(requests.iter().all(|received| received.body_complete));
}

#[test]
fn a_request_counts_although_its_body_never_ends() {
    let server = Server::start(|_| Reply::ok(""));
    let mut client = Client::connect(&server);
    client.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf");
    assert!(server.wait_for(BOUND, |stats| stats.requests == 1));
    drop(client);
    assert!(server.wait_for(BOUND, |stats| stats.open == 0));
    let received = server.requests().remove(0);
    assert_eq!((received.body_len, received.body_complete), (4, false));
}

#[test]
fn a_long_body_is_counted_but_not_kept() {
    let server = Server::builder().record_body(10).start(|_| Reply::ok("")).unwrap();
    let mut client = Client::connect(&server);
    client.send(format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", 300_000));
    client.send(vec![b'x'; 300_000]);
    client.response();
    let received = server.requests().remove(0);
    assert_eq!((received.body.len(), received.body_len), (10, 300_000));
}

#[test]
fn what_is_not_a_request_is_refused() {
    let server = Server::start(|_| Reply::ok(""));
    for nonsense in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n"] {
        let mut client = Client::connect(&server);
        client.send(nonsense);
        assert!(client.rest().unwrap().starts_with(b"HTTP/1.1 400 "));
    }
    assert_eq!(server.stats().requests, 0);
}

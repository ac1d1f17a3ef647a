//! The framings of a response's content.

use httpocean_testkit::is_pattern;
use httpocean_testkit::server::{Reply, Server};

use crate::client::Client;

#[test]
fn generated_content_verifies() {
    let server = Server::start(|_| Reply::generated(3_000_001));
    let mut client = Client::connect(&server);
    let mut body = client.get("/").body;
    assert_eq!(body.len(), 3_000_001);
    assert!(is_pattern(0, &body));
    assert!(is_pattern(1_000_000, &body[1_000_000..]));
    body[2_000_000] ^= 1;
    assert!(!is_pattern(0, &body));
    body[2_000_000] ^= 1;
    assert!(!is_pattern(0, &body[32 * 1024..]), "a lost block shows");
}

#[test]
fn chunks_and_trailers_are_written_as_given() {
    let server =
        Server::start(|_| Reply::status(200, "OK").chunked(["hello", "", " you"], [("Sum", "9")]).close());
    let mut client = Client::connect(&server);
    client.send("GET / HTTP/1.1\r\n\r\n");
    let head = client.head();
    assert!(head.contains("Transfer-Encoding: chunked\r\n") && !head.contains("Content-Length"));
    assert_eq!(client.rest().unwrap(), b"5\r\nhello\r\n4\r\n you\r\n0\r\nSum: 9\r\n\r\n");
}

#[test]
fn content_can_end_with_the_connection() {
    let server = Server::start(|_| Reply::status(200, "OK").until_close("all of it"));
    let mut client = Client::connect(&server);
    client.send("GET / HTTP/1.1\r\n\r\n");
    assert_eq!(client.head(), "HTTP/1.1 200 OK\r\n\r\n");
    assert_eq!(client.rest().unwrap(), b"all of it");
}

#[test]
fn a_length_that_the_script_names_is_sent_even_when_it_lies() {
    let server = Server::start(|_| Reply::ok("short").header("Content-Length", "10").close());
    let mut client = Client::connect(&server);
    client.send("GET / HTTP/1.1\r\n\r\n");
    assert!(client.head().contains("Content-Length: 10\r\n"));
    assert_eq!(client.rest().unwrap(), b"short");
}

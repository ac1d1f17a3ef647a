//! What is sent, and what is shown of the answer.

use httpocean_testkit::server::{Reply, Server};

use super::command::{run, run_with};

#[test]
fn method_fields_and_body_are_sent() {
    let server = Server::start(|_| Reply::ok(""));
    run(&["get", "-X", "PUT", "-H", "X-One: 1", "-H", "x-two:2", "-d", "content", &server.url("/")]);
    let received = server.requests().remove(0);
    assert_eq!((received.request.method.as_str(), received.body.as_slice()), ("PUT", &b"content"[..]));
    assert_eq!(received.request.header("x-one"), Some(&b"1"[..]));
    assert_eq!(received.request.header("x-two"), Some(&b"2"[..]));
}

#[test]
fn a_body_makes_it_a_post() {
    let server = Server::start(|_| Reply::ok(""));
    run_with(&["get", "-d", "@-", &server.url("/")], "from stdin");
    let received = server.requests().remove(0);
    assert_eq!((received.request.method.as_str(), received.body.as_slice()), ("POST", &b"from stdin"[..]));
}

#[test]
fn what_stdin_gave_is_sent_each_time() {
    let server = Server::start(|_| Reply::ok(""));
    run_with(&["get", "-n", "3", "-d", "@-", &server.url("/")], "again");
    assert!(server.requests().iter().all(|received| received.body == b"again"));
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn a_file_can_be_sent() {
    let server = Server::start(|_| Reply::ok(""));
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("body-to-send");
    std::fs::write(&file, "from a file").unwrap();
    run(&["get", "-d", &format!("@{}", file.display()), &server.url("/")]);
    assert_eq!(server.requests()[0].body, b"from a file");
}

#[test]
fn head_shows_the_head_alone() {
    let server = Server::start(|_| Reply::status(200, "Fine").header("X-Y", "z").body("12345"));
    let said = run(&["get", "-I", &server.url("/")]);
    assert_eq!(said.text(), "HTTP/1.1 200 Fine\nx-y: z\ncontent-length: 5\n\n");
    assert_eq!(server.requests()[0].request.method, "HEAD");
}

#[test]
fn the_head_can_be_included() {
    let server = Server::start(|_| Reply::ok("body"));
    let said = run(&["get", "-i", &server.url("/")]);
    assert_eq!(said.text(), "HTTP/1.1 200 OK\ncontent-length: 4\n\nbody");
}

#[test]
fn a_name_can_be_pinned_to_an_address() {
    let server = Server::start(|_| Reply::ok("pinned"));
    let port = server.addr().port();
    let pin = format!("pages.test:{port}:127.0.0.1");
    let said = run(&["get", "--resolve", &pin, &format!("pages.test:{port}/")]);
    assert_eq!((said.code, said.text()), (0, "pinned"), "{}", said.stderr);
    let host = format!("pages.test:{port}");
    assert_eq!(server.requests()[0].request.header("host"), Some(host.as_bytes()));
}

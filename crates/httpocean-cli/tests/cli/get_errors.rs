//! What failed is said in a sentence, and shown by the exit status.

use std::time::Duration;

use httpocean_testkit::server::{End, Reply, Server};

use super::command::{dead_url, run};

#[test]
fn nobody_there() {
    let said = run(&["get", &dead_url()]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("connection refused (the network's fault, connecting"), "{}", said.stderr);
    assert!(said.stderr.contains("hint: does a server listen"), "{}", said.stderr);
}

#[test]
fn a_body_that_breaks_off_keeps_what_came() {
    let server =
        Server::start(|_| Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").then(End::Close));
    let said = run(&["get", &server.url("/")]);
    assert_eq!((said.code, said.text()), (1, "half"));
    assert!(said.stderr.contains("truncated"), "{}", said.stderr);
}

#[test]
fn a_limit_of_time_names_its_option() {
    let server = Server::start(|_| Reply::ok("late").pause(Duration::from_secs(5)));
    let said = run(&["get", "--first-byte-timeout", "30ms", &server.url("/")]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("--first-byte-timeout"), "{}", said.stderr);
}

#[test]
fn a_bad_status_is_a_failure_if_asked_for() {
    let server = Server::start(|_| Reply::status(500, "Oops").body("why"));
    assert_eq!(run(&["get", &server.url("/")]).code, 0);
    let said = run(&["get", "-f", &server.url("/")]);
    assert_eq!((said.code, said.text()), (1, "why"));
}

#[test]
fn one_failure_among_many_is_enough() {
    let server = Server::start(|_| Reply::ok("fine"));
    let said = run(&["get", &dead_url(), &server.url("/")]);
    assert_eq!((said.code, said.text()), (1, "fine"));
}

#[test]
fn an_output_that_can_not_be_made_is_named() {
    let server = Server::start(|_| Reply::ok("fine"));
    let said = run(&["get", "-o", "/nowhere/page", &server.url("/")]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("/nowhere/page can't be made: "), "{}", said.stderr);
    assert_eq!(server.stats().requests, 0);
}

#[test]
fn a_host_in_letters_that_no_url_has_is_told_how_it_is_written() {
    let said = run(&["get", "http://b\u{fc}cher.example/"]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("not all ASCII") && said.stderr.contains("xn--"), "{}", said.stderr);
    let said = run(&["get", "http://a b.example/"]);
    assert!(!said.stderr.contains("ASCII"), "{}", said.stderr);
}

//! What the pool decides is said, and can be set.

use std::time::Duration;

use httpocean_testkit::server::{Reply, Server};

use super::command::run;

#[test]
fn each_decision_is_said_with_its_reason() {
    for transport in ["std", "mio"] {
        decisions_are_said(transport);
    }
}

fn decisions_are_said(transport: &str) {
    let server = Server::start(|request| match request.index {
        0 => Reply::ok("first"),
        _ => Reply::ok("last").close(),
    });
    let said = run(&["get", "-v", "-n", "2", "--transport", transport, &server.url("/page")]);
    let lines: Vec<&str> = said.stderr.lines().filter(|line| !line.starts_with("* waited")).collect();
    let wanted = [
        "* connecting to http://",
        "* connection 1 to http://",
        "> GET /page HTTP/1.1",
        "< 200 OK",
        "* kept connection 1",
        "* reused connection 1 (idle ",
        "> GET /page HTTP/1.1",
        "< 200 OK",
        "* closed connection 1: one side announced Connection: close",
        "* 2 requests sent, 1 connections made",
    ];
    assert_eq!(lines.len(), wanted.len(), "{}", said.stderr);
    assert!(lines.iter().zip(wanted).all(|(line, wanted)| line.starts_with(wanted)), "{}", said.stderr);
    assert!(lines[1].contains(&format!(" -> {})", server.addr())), "{}", lines[1]);
}

#[test]
fn so_many_at_a_time_share_the_pool() {
    let server = Server::start(|_| Reply::ok("x").pause(Duration::from_millis(5)));
    let said = run(&["get", "-n", "12", "-c", "6", "--max-per-host", "2", &server.url("/")]);
    assert_eq!((said.code, said.text()), (0, "xxxxxxxxxxxx"));
    assert!(server.stats().peak_open <= 2, "{:?}", server.stats());
}

#[test]
fn limits_without_end_are_limits() {
    let server = Server::start(|_| Reply::ok("x"));
    let most = u64::MAX.to_string();
    for transport in ["std", "mio"] {
        let flags =
            ["--max-total", &most, "--max-per-host", &most, "--max-idle", &most, "--max-waiters", &most];
        let said = run(&[&["get", "--transport", transport, &server.url("/")], &flags[..]].concat());
        assert_eq!((said.code, said.text()), (0, "x"), "{}", said.stderr);
    }
}

#[test]
fn without_idle_connections_each_request_makes_one() {
    let server = Server::start(|_| Reply::ok("x"));
    run(&["get", "-n", "3", "--max-idle-per-host", "0", &server.url("/")]);
    assert_eq!(server.stats().accepted, 3);
}

#[test]
fn redirects_and_retries_are_said_as_they_happen() {
    for transport in ["std", "mio"] {
        let server = Server::start(|request| match (request.target.as_str(), request.index) {
            ("/old", _) => Reply::status(302, "Found").header("location", "/new"),
            (_, 1) => Reply::status(503, "Busy").header("retry-after", "0"),
            _ => Reply::ok("x"),
        });
        let said = run(&["get", "-v", "--retries", "1", "--transport", transport, &server.url("/old")]);
        let told = ["> GET", "< ", "* redirected", "* asked again"];
        let lines: Vec<&str> =
            said.stderr.lines().filter(|line| told.iter().any(|begin| line.starts_with(begin))).collect();
        let redirected = format!("* redirected to {}", server.url("/new"));
        let wanted = [
            "> GET /old HTTP/1.1",
            "< 302 Found",
            &redirected,
            "> GET /new HTTP/1.1",
            "< 503 Service Unavailable",
            "* asked again: the response has a status that is retried",
            "> GET /new HTTP/1.1",
            "< 200 OK",
        ];
        assert_eq!(lines.len(), wanted.len(), "{}", said.stderr);
        assert!(lines.iter().zip(wanted).all(|(line, wanted)| line.starts_with(wanted)), "{}", said.stderr);
    }
}

#[test]
fn who_waits_too_long_is_not_sent_to_the_network() {
    let server = Server::start(|_| Reply::ok("late").pause(Duration::from_secs(2)));
    let args = ["get", "-n", "2", "-c", "2", "--max-per-host", "1", "--pool-timeout", "50ms"];
    let said = run(&[&args[..], &[&server.url("/")]].concat());
    assert_eq!((said.code, said.text()), (1, "late"), "{}", said.stderr);
    assert!(
        said.stderr.contains("a deadline passed (our fault, waiting for a connection"),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains("hint: allow more connections with --max-per-host"), "{}", said.stderr);
}

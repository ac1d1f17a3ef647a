//! The line of a measurement, and nothing but it.

use httpocean_testkit::server::{Reply, Server};

use super::command::run;

fn figures(text: &str) -> (u64, u64, f64) {
    let words: Vec<&str> = text.strip_suffix('\n').unwrap().split(' ').collect();
    let ["ok", requests, bytes, seconds] = words[..] else { panic!("{text:?}") };
    (requests.parse().unwrap(), bytes.parse().unwrap(), seconds.parse().unwrap())
}

#[test]
fn requests_follow_each_other_on_one_connection() {
    let server = Server::start(|_| Reply::generated(100_000));
    let said = run(&["bench", &server.url("/"), "20"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let (requests, bytes, seconds) = figures(said.text());
    assert_eq!((requests, bytes), (20, 2_000_000));
    assert!(seconds > 0.0);
    assert_eq!((server.stats().requests, server.stats().accepted), (20, 1));
}

#[test]
fn several_connections_share_the_requests() {
    let server = Server::start(|_| Reply::ok("12345"));
    let said = run(&["bench", &server.url("/"), "50", "4"]);
    assert_eq!(figures(said.text()).1, 250);
    assert_eq!(server.stats().requests, 50);
    assert!(server.stats().peak_open <= 4);
}

#[test]
fn other_connections_stay_idle_meanwhile() {
    for transport in ["std", "mio"] {
        let server = Server::start(|_| Reply::ok("12345"));
        let said = run(&["bench", &server.url("/"), "10", "--idle", "20", "--transport", transport]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert_eq!(figures(said.text()).1, 50);
        let stats = server.stats();
        assert_eq!((stats.requests, stats.accepted, stats.peak_open), (30, 21, 21), "{transport}");
    }
}

#[test]
fn connections_are_made_ahead_and_used() {
    for transport in ["std", "mio"] {
        let server = Server::start(|_| Reply::ok("12345"));
        let said = run(&["bench", &server.url("/"), "10", "--ready", "20", "--transport", transport]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let stats = server.stats();
        assert_eq!((stats.requests, stats.accepted, stats.peak_open), (10, 20, 20), "{transport}");
    }
}

#[test]
fn connections_that_cannot_be_made_ahead_are_a_failure() {
    let url = { Server::start(|_| Reply::ok("")).url("/") };
    for transport in ["std", "mio"] {
        let said = run(&["bench", &url, "1", "--ready", "3", "--transport", transport]);
        assert_eq!((said.code, said.text()), (1, ""));
        assert!(said.stderr.contains("of 3 connections 0 could be made ahead"), "{}", said.stderr);
    }
}

#[test]
fn a_failure_is_no_measurement() {
    let server = Server::start(|_| Reply::status(404, "Not Found"));
    let said = run(&["bench", &server.url("/"), "5"]);
    assert_eq!((said.code, said.text()), (1, ""));
    assert!(said.stderr.contains("404"));
}

//! The third driver that the adapter guide shows does what it says.
//!
//! It is an adapter of its own, which has no pool of options to run scenarios with.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use httpocean_testkit::server::{Reply, Server};

#[test]
fn it_fetches_all_urls_over_two_connections() {
    let server = Server::start(|request| match request.target.as_str() {
        "/chunked" => Reply::status(200, "OK").chunked(["ab", "cd"], [("x", "y")]),
        _ => Reply::ok("x".repeat(100_000)),
    });
    let urls: Vec<String> = (0..9).map(|i| server.url(if i % 3 == 0 { "/chunked" } else { "/" })).collect();
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let said = Command::new(cargo)
        .args(["run", "--quiet", "-p", "httpocean-tests", "--example", "own_adapter", "--"])
        .args(&urls)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert_eq!(text.lines().filter(|line| *line == "4 bytes").count(), 3, "{text}");
    assert_eq!(text.lines().filter(|line| *line == "100000 bytes").count(), 6, "{text}");
    let stats = server.stats();
    assert!(stats.requests == 9 && stats.accepted <= 2, "{stats:?}");
}

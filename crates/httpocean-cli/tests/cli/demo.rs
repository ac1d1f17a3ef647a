//! The demo: many pages, one connection.

use httpocean_testkit::server::{Reply, Server};

use super::command::{dead_url, run};

#[test]
fn one_connection_serves_every_page() {
    let said = run(&["demo", "--requests", "20", "--rtt-ms", "1"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    for line in ["requests: 20", "connections: 1", "source ports: 1"] {
        assert!(said.text().lines().any(|said| said == line), "{line}: {}", said.text());
    }
    let pages: Vec<&str> = said.text().lines().filter(|line| line.contains("connection 1 ")).collect();
    assert_eq!(pages.len(), 20);
    assert!(pages[0].contains("new") && pages[1..].iter().all(|page| page.contains("reused")));
}

#[test]
fn what_was_saved_is_said_in_numbers() {
    let said = run(&["demo", "--requests", "6", "--rtt-ms", "1"]);
    let handshakes = said.text().split("handshakes:").nth(1).unwrap();
    let mut numbers = handshakes.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap());
    assert_eq!([numbers.next(), numbers.next(), numbers.next()], [Some("1"), Some("6"), Some("5")]);
    assert!(said.text().contains("round trips:") && said.text().contains("seconds:"));
    assert!(said.text().contains('█'));
}

#[test]
fn another_server_can_be_asked() {
    let server = Server::start(|_| Reply::ok("page"));
    let said = run(&["demo", "--requests", "4", "--url", &server.url("/here")]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.text().contains("\nconnections: 1\n"));
    let stats = server.stats();
    assert_eq!((stats.requests, stats.accepted), (8, 5), "four on one connection, and one each on four");
    assert!(server.requests().iter().all(|received| received.request.target == "/here"));
}

#[test]
fn a_page_that_fails_ends_it() {
    let said = run(&["demo", "--url", &dead_url()]);
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("page 1"), "{}", said.stderr);
}

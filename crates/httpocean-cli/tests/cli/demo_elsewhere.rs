//! Somebody else's server, seen through a link: what pins the address of a host that is one.

use httpocean_testkit::server::{Reply, Server};

use super::command::run;

#[test]
fn another_server_can_be_put_farther_away() {
    let server = Server::start(|_| Reply::ok("page"));
    let said = run(&["demo", "--requests", "4", "--rtt-ms", "1", "--url", &server.url("/")]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.text().contains("round trips:"));
    assert_eq!(server.requests()[0].request.header("host").unwrap(), server.addr().to_string().as_bytes());
}

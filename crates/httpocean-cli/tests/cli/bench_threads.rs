//! What threads that share a client take of what they share.

use httpocean_testkit::server::{Reply, Server};

use super::command::run;

#[test]
fn what_threads_share_is_said_by_request() {
    let server = Server::start(|_| Reply::ok("hello"));
    let said = run(&["bench", &server.url("/"), "40", "1", "--contention"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let line = said.text().lines().nth(1).unwrap().to_owned();
    // The first request makes its key and its connection, besides; nobody else is there to wait for, but who dials.
    let locks: f64 = line.split_whitespace().nth(2).unwrap().parse().unwrap();
    assert!((3.0..4.0).contains(&locks), "{line}");
    assert!(line.ends_with("wake-ups"), "{line}");
    let refused = run(&["bench", &server.url("/"), "1", "--contention", "--transport", "mio"]);
    assert_eq!(refused.code, 2);
}

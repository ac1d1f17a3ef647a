//! One connection serves many requests; many requests share few connections.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use httpocean_mio::BodyPlan;
use httpocean_testkit::server::{Reply, Request, Server};
use support::{fetch, get, loop_of, run};

#[test]
fn a_hundred_requests_take_one_connection() {
    let server = Server::start(|request: &Request| Reply::ok(request.target.clone()));
    let mut looped = loop_of(4);
    for n in 0..100 {
        let outcome = fetch(&mut looped, &server.url(&format!("/{n}")));
        assert_eq!(outcome.text(), format!("/{n}"));
        assert_eq!(outcome.parked, Some(true));
        let connection = outcome.connection.unwrap();
        assert_eq!((connection.number, connection.reused), (1, n));
        assert_eq!(connection.peer, Some(server.addr()));
        assert_eq!(connection.local, Some(server.requests()[0].request.peer));
    }
    let stats = looped.client().stats();
    assert_eq!((stats.connections_opened, stats.requests_sent, stats.idle), (1, 100, 1));
    assert!(stats.closed.is_empty(), "{stats:?}");
    assert_eq!(server.stats().accepted, 1);
}

#[test]
fn a_hundred_at_once_take_eight_connections() {
    let server = Server::start(|request: &Request| Reply::ok(request.target.clone()));
    let mut looped = loop_of(8);
    let calls: Vec<_> = (0..100)
        .map(|n| looped.client().start(get(&server.url(&format!("/{n}"))), BodyPlan::empty()).unwrap())
        .collect();
    let outcomes = run(&mut looped);
    for (n, call) in calls.iter().enumerate() {
        assert_eq!(outcomes[call].text(), format!("/{n}"));
    }
    let stats = looped.client().stats();
    assert_eq!(stats.requests_sent, 100);
    assert!(stats.waited >= 92, "{stats:?}");
    assert!(stats.closed.is_empty(), "{stats:?}");
    assert!(server.stats().peak_open <= 8, "{:?}", server.stats());
}

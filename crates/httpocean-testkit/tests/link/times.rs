//! How long things take at least.

use std::time::{Duration, Instant};

use httpocean_testkit::server::{Reply, Server};

use crate::{connect, get, link};

const RTT: Duration = Duration::from_millis(20);

#[test]
fn an_exchange_takes_a_round_trip_and_the_first_one_two() {
    let server = Server::start(|_| Reply::ok("x"));
    let link = link(&server, RTT, None);
    let start = Instant::now();
    let mut client = connect(&link);
    get(&mut client, 1);
    assert!(start.elapsed() >= 2 * RTT);
    let start = Instant::now();
    get(&mut client, 1);
    assert!(start.elapsed() >= RTT);
}

#[test]
fn slow_start_takes_more_round_trips() {
    let server = Server::start(|_| Reply::generated(60_000));
    let link = link(&server, RTT, Some(10_000));
    let start = Instant::now();
    get(&mut connect(&link), 60_000);
    // The handshake, then windows of 10 000, 20 000 and 40 000 bytes.
    assert!(start.elapsed() >= 4 * RTT);
}

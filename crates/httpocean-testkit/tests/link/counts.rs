//! What a link counts.

use std::time::Duration;

use httpocean_testkit::link::LinkStats;
use httpocean_testkit::server::{Reply, Server};

use crate::{connect, get, link};

const RTT: Duration = Duration::from_millis(4);
const REQUEST: u64 = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".len() as u64;
const RESPONSE: u64 = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx".len() as u64;

#[test]
fn a_connection_that_is_used_again_saves_its_handshake() {
    let server = Server::start(|_| Reply::ok("x"));
    let apart = link(&server, RTT, None);
    for _ in 0..3 {
        get(&mut connect(&apart), 1);
    }
    let together = link(&server, RTT, None);
    let mut client = connect(&together);
    for _ in 0..3 {
        get(&mut client, 1);
    }
    let (bytes_up, bytes_down) = (3 * REQUEST, 3 * RESPONSE);
    assert_eq!(apart.stats(), LinkStats { connections: 3, bytes_up, bytes_down, round_trips: 6 });
    assert_eq!(together.stats(), LinkStats { connections: 1, bytes_up, bytes_down, round_trips: 4 });
}

#[test]
fn a_grown_window_saves_round_trips() {
    let server = Server::start(|_| Reply::ok(vec![0; 60_000]));
    // Much longer than the server takes to send: otherwise rounds begin that nothing waited for.
    let link = link(&server, Duration::from_millis(200), Some(10_000));
    let mut client = connect(&link);
    get(&mut client, 60_000);
    let first = link.stats().round_trips;
    get(&mut client, 60_000);
    assert_eq!(
        (first, link.stats().round_trips),
        (4, 6),
        "10 000, 20 000 and 40 000; then 40 000 and 80 000"
    );
}

//! What goes in comes out.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::thread;
use std::time::Duration;

use httpocean_testkit::server::{End, Reply, Server};
use httpocean_testkit::{fill_pattern, is_pattern};

use crate::{connect, get, link};

const LEN: usize = 5_000_000;

#[test]
fn bytes_arrive_complete_and_in_order_through_slow_start() {
    let server = Server::start(|_| Reply::generated(LEN as u64));
    let link = link(&server, Duration::from_millis(4), Some(14_600));
    let body = get(&mut connect(&link), LEN);
    assert!(is_pattern(0, &body));
    assert!(link.stats().bytes_down > LEN as u64);
}

#[test]
fn bytes_arrive_complete_and_in_order_in_both_directions() {
    let server = Server::start(|_| Reply::status(101, "Switching Protocols").then(End::Upgrade));
    let link = link(&server, Duration::from_millis(4), None);
    let mut client = connect(&link);
    let mut sender = client.try_clone().unwrap();
    let sending = thread::spawn(move || {
        let mut bytes = vec![0; LEN];
        fill_pattern(0, &mut bytes);
        sender.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        sender.write_all(&bytes).unwrap();
        sender.shutdown(Shutdown::Write).unwrap();
    });
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    sending.join().unwrap();
    let head = b"HTTP/1.1 101 Switching Protocols\r\n\r\n";
    assert_eq!(answer.len(), head.len() + LEN);
    assert!(is_pattern(0, &answer[head.len()..]));
}

//! What the stream of an upgraded connection of httpocean-std can do beyond being read and written.
//!
//! Alone with that adapter: the other one hands out the socket itself.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use httpocean_std::Client;
use httpocean_testkit::server::{End, Reply, Request, Server};

fn server() -> Server {
    Server::start(|request: &Request| {
        let switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\n";
        match request.target.as_str() {
            "/early" => Reply::raw(format!("{switching}early bytes")).then(End::Upgrade),
            _ => Reply::raw(switching).then(End::Hold(Duration::from_secs(3600))),
        }
    })
}

#[test]
fn a_stream_has_a_deadline_if_it_is_given_one() {
    let (server, client) = (server(), Client::new());
    let response = client.get(server.url("/hold")).unwrap().header("upgrade", "echo").send().unwrap();
    let mut stream = response.into_body().upgrade().unwrap();
    stream.set_deadline(Some(Instant::now() + Duration::from_millis(30)));
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::TimedOut);
    // The server does not read: a write that does not fit waits, and gives up as well.
    let error = stream.write_all(&vec![0; 100_000_000]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn a_stream_can_be_taken_apart() {
    let (server, client) = (server(), Client::new());
    let response = client.get(server.url("/early")).unwrap().header("upgrade", "echo").send().unwrap();
    let mut stream = response.into_body().upgrade().unwrap();
    stream.read_exact(&mut [0; 6]).unwrap();
    let Ok((mut transport, early)) = stream.into_parts() else { panic!("nothing is in between") };
    assert_eq!(early, b"bytes");
    assert_eq!(transport.write(b"ping").unwrap(), 4);
    let mut answer = [0; 4];
    let mut read = 0;
    while read < 4 {
        read += transport.read(&mut answer[read..], None).unwrap();
    }
    assert_eq!(&answer, b"ping");
}

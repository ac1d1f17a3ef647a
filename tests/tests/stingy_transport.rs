//! A transport that gives and takes a few bytes at a time, is interrupted, and wakes up for nothing: all that a
//! transport may do.
//!
//! Alone with httpocean-std: the other adapter takes no transport from its user.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use httpocean_std::core::dial::Route;
use httpocean_std::{Body, Client, Connect, Key, Ready, TcpConnector, Transport};
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_testkit::{is_pattern, pattern_byte};
use httpocean_tests::Dice;
use httpocean_tests::std_alone::at_rest;

#[derive(Default)]
struct Stingy {
    inner: TcpConnector,
    seeds: AtomicU64,
}

struct StingyTransport {
    inner: Box<dyn Transport>,
    dice: Dice,
}

impl Connect for Stingy {
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route> {
        self.inner.resolve(key, until)
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        let inner = self.inner.connect(key, addr, until)?;
        Ok(Box::new(StingyTransport { inner, dice: Dice::new(self.seeds.fetch_add(1, Relaxed)) }))
    }
}

impl StingyTransport {
    /// How many of `n` bytes it deals with; or an excuse.
    fn some_of(&mut self, n: usize) -> io::Result<usize> {
        match self.dice.roll(10) {
            0 => Err(io::ErrorKind::Interrupted.into()),
            1 => Err(io::ErrorKind::WouldBlock.into()),
            2 => Ok(n.min(1)),
            3 => Ok(n),
            most => Ok(n.min(most as usize * 7)),
        }
    }
}

impl Transport for StingyTransport {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        let n = self.some_of(buf.len())?;
        self.inner.read(&mut buf[..n], until)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.some_of(bytes.len())?;
        self.inner.write(&bytes[..n])
    }

    fn wait(&mut self, read: bool, write: bool, until: Option<Instant>) -> io::Result<Ready> {
        if self.dice.roll(4) == 0 { Ok(Ready::default()) } else { self.inner.wait(read, write, until) }
    }
}

fn server() -> Server {
    Server::start(|request: &Request| match request.target.as_str() {
        "/sized" => Reply::generated(20_000),
        "/until-close" => Reply::ok("").until_close((0..20_000).map(pattern_byte).collect::<Vec<_>>()),
        "/hints" => Reply::generated(20_000).interim(103, "Early Hints", [("Link", "</a>")]),
        "/upgrade" => {
            Reply::raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\nearly").then(End::Upgrade)
        }
        _ => {
            let all: Vec<u8> = (0..20_000).map(pattern_byte).collect();
            let pieces: Vec<_> = all.chunks(333).map(<[u8]>::to_vec).collect();
            Reply::ok("").chunked(pieces, [("X-Trailer", "t")])
        }
    })
}

fn client() -> Client {
    Client::builder().connector(Stingy::default()).build()
}

#[test]
fn requests_and_responses_come_through() {
    let (server, client) = (server(), client());
    let content: Vec<u8> = (0..30_000).map(pattern_byte).collect();
    for round in 0..10 {
        for path in ["/sized", "/chunked", "/until-close", "/hints"] {
            let body = if round % 2 == 0 {
                Body::from(content.clone())
            } else {
                Body::from_reader(io::Cursor::new(content.clone()))
            };
            let request = client.post(server.url(path)).unwrap().header("x-round", round.to_string());
            let answer = request.body(body).send().unwrap().into_body().read_to_vec(20_000).unwrap();
            assert!(answer.len() == 20_000 && is_pattern(0, &answer), "{path}");
        }
    }
    let received = server.requests();
    assert!(received.iter().all(|received| received.body_len == 30_000 && is_pattern(0, &received.body)));
    at_rest(&client);
}

#[test]
fn an_early_answer_comes_through() {
    let server = Server::start(|_| Reply::status(413, "Content Too Large").early().then(End::CloseNow));
    let client = client();
    for _ in 0..100 {
        let body = Body::from_sized_reader(io::repeat(b'x'), 100_000_000);
        assert_eq!(client.post(server.url("/")).unwrap().body(body).send().unwrap().status(), 413);
    }
}

#[test]
fn an_upgraded_stream_comes_through() {
    let (server, client) = (server(), client());
    let response = client.get(server.url("/upgrade")).unwrap().header("upgrade", "echo").send().unwrap();
    let mut stream = response.into_body().upgrade().unwrap();
    let mut early = [0; 5];
    stream.read_exact(&mut early).unwrap();
    assert_eq!(&early, b"early");
    for round in 0..50_u8 {
        stream.write_all(&[round; 500]).unwrap();
        let mut echo = [0; 500];
        stream.read_exact(&mut echo).unwrap();
        assert_eq!(echo, [round; 500]);
    }
}

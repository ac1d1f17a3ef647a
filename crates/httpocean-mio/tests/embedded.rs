//! The client beside a user's own sources in one poll.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use httpocean_mio::http::Request;
use httpocean_mio::mio::net::{TcpListener, TcpStream};
use httpocean_mio::mio::{Events, Interest, Poll, Token, Waker};
use httpocean_mio::{BodyPlan, Client, Event, Key, Options, Resolve};
use httpocean_testkit::server::{Reply, Server};
use support::get;

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);

struct Pinned(SocketAddr);

impl Resolve for Pinned {
    fn resolve(&self, _: &Key) -> std::io::Result<Vec<SocketAddr>> {
        Ok(vec![self.0])
    }
}

/// Sends one byte to the listener and reads one back, from another thread.
fn ping(addr: SocketAddr) -> std::thread::JoinHandle<u8> {
    std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(addr).unwrap();
        stream.write_all(b"!").unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        byte[0]
    })
}

#[test]
fn a_listener_a_timer_and_a_waker_of_the_users_own() {
    let server = Server::start(|_| Reply::ok("hello").pause(Duration::from_millis(5)));
    let mut poll = Poll::new().unwrap();
    let mut listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE).unwrap();
    let waker = Arc::new(Waker::new(poll.registry(), WAKER).unwrap());
    let resolver = Arc::new(Pinned(server.addr()));
    let options = Options { waker: Some(waker), resolver, ..Options::default() };
    let mut client = Client::new(poll.registry(), 100..100_000, options).unwrap();

    let pinger = ping(listener.local_addr().unwrap());
    let mut tick = Instant::now() + Duration::from_millis(10);
    let (mut ticks, mut guests, mut woken) = (0, BTreeMap::<Token, TcpStream>::new(), false);
    let (mut ended, mut echoed) = (0, false);
    let mut events = Events::with_capacity(64);
    client.start(Request::get("http://name.test/").body(()).unwrap(), BodyPlan::empty()).unwrap();
    while ended < 20 || !echoed || ticks < 3 {
        while let Some((_, event)) = client.next_event() {
            if let Event::Failed(error) = event {
                panic!("{error}");
            } else if let Event::End { .. } = event {
                ended += 1;
                client.start(get(&server.url("/")), BodyPlan::empty()).unwrap();
            }
        }
        let timer = tick.saturating_duration_since(Instant::now());
        let timeout = client.next_timeout().map_or(timer, |timeout| timeout.min(timer));
        poll.poll(&mut events, Some(timeout)).unwrap();
        if tick <= Instant::now() {
            ticks += 1;
            tick += Duration::from_millis(10);
        }
        for event in &events {
            if client.handle(event) {
                continue;
            }
            match event.token() {
                WAKER => woken = true,
                LISTENER => {
                    while let Ok((mut guest, _)) = listener.accept() {
                        let token = Token(2 + guests.len());
                        poll.registry().register(&mut guest, token, Interest::READABLE).unwrap();
                        guests.insert(token, guest);
                    }
                }
                token => {
                    let (mut byte, guest) = ([0], guests.get_mut(&token).expect("a guest's token"));
                    if guest.read(&mut byte).is_ok_and(|n| n == 1) {
                        guest.write_all(&byte).unwrap();
                        echoed = true;
                    }
                }
            }
        }
    }
    assert_eq!(pinger.join().unwrap(), b'!');
    assert!(woken, "the resolver's thread woke the poll by the user's waker");
    assert_eq!(client.stats().requests_sent, ended + 1);
}

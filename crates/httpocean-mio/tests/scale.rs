//! Many requests and many connections on one thread. `HTTPOCEAN_SCALE=8` takes eight times as many of both.
//! Where the system lends too few descriptors for both ends, the tests take fewer connections, and say so.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use httpocean_mio::{BodyPlan, CloseReason, Loop, Options, pool};
use httpocean_testkit::server::{Reply, Request, Server};
use peak_alloc::PeakAlloc;
use support::{PATIENCE, get, run, turn_until};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What is allocated is counted for the whole process, and so are descriptors: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn scaled(n: usize) -> usize {
    n * std::env::var("HTTPOCEAN_SCALE").map_or(1, |scale| scale.parse().unwrap())
}

/// So many connections, or as many as there are descriptors for, since both ends are in this process.
fn affordable(connections: usize) -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    // "unlimited" is no number.
    let limit = line.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX);
    let most = limit.saturating_sub(200) / 2;
    if most < connections {
        println!("{limit} descriptors are too few for {connections} connections: {most} instead");
    }
    connections.min(most)
}

fn loop_with(connections: usize, calls: usize) -> Loop {
    let pool = pool::Options {
        max_per_key: connections,
        max_total: connections,
        max_idle_per_key: connections,
        max_idle_total: connections,
        max_waiters: calls,
        ..pool::Options::default()
    };
    Loop::new(Options { pool, ..Options::default() }).unwrap()
}

/// A gate that opens when so many have come, or when they don't.
struct Gate(usize, Mutex<usize>, Condvar);

impl Gate {
    fn come(&self) {
        let mut come = self.1.lock().unwrap();
        *come += 1;
        if *come == self.0 {
            self.2.notify_all();
        }
        drop(self.2.wait_timeout_while(come, PATIENCE, |come| *come < self.0).unwrap());
    }
}

#[test]
fn two_thousand_requests_at_once_share_five_hundred_connections() {
    let _alone = alone();
    let (calls, connections) = (scaled(2_000), affordable(scaled(500)));
    // Nobody is answered before all connections are in use.
    let gate = Gate(connections, Mutex::default(), Condvar::new());
    let server = Server::builder().max_connections(connections + 10).start(move |request: &Request| {
        if request.index == 0 {
            gate.come();
        }
        Reply::ok(request.target.clone())
    });
    let server = server.unwrap();
    let mut looped = loop_with(connections, calls);
    let begun = Instant::now();
    let paths: Vec<_> = (0..calls).map(|n| format!("/{n}")).collect();
    let ids: Vec<_> = paths
        .iter()
        .map(|path| looped.client().start(get(&server.url(path)), BodyPlan::empty()).unwrap())
        .collect();
    let outcomes = run(&mut looped);
    let took = begun.elapsed();
    assert_eq!(outcomes.len(), calls);
    for (id, path) in ids.iter().zip(&paths) {
        assert_eq!(outcomes[id].text(), path);
    }
    let (stats, served) = (looped.client().stats(), server.stats());
    println!("{calls} requests on {connections} connections took {took:?}: {served:?}");
    assert_eq!((served.peak_open, served.requests), (connections, calls as u64));
    assert_eq!((stats.idle, stats.open, stats.waiting), (connections, connections, 0));
    assert!(stats.closed.is_empty(), "{stats:?}");
}

/// Takes so many connections, answers one request on each when all are there, and closes them when it is told to.
/// It holds nothing else, so that what is allocated is the client's.
struct Origin {
    addr: SocketAddr,
    close: Sender<()>,
    thread: JoinHandle<()>,
}

impl Origin {
    fn start(ip: [u8; 4], connections: usize) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((ip, 0))).unwrap();
        let addr = listener.local_addr().unwrap();
        let (close, closing) = channel();
        let mut streams = Vec::with_capacity(connections);
        let thread = std::thread::spawn(move || {
            streams.extend((0..connections).map(|_| listener.accept().unwrap().0));
            streams.iter_mut().for_each(answer);
            closing.recv().unwrap();
        });
        Self { addr, close, thread }
    }
}

fn answer(stream: &mut TcpStream) {
    let (mut head, mut len) = ([0; 1024], 0);
    while !head[..len].ends_with(b"\r\n\r\n") {
        let n = stream.read(&mut head[len..]).unwrap();
        assert!(n > 0, "it ended within a head");
        len += n;
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
}

/// Makes connections to ten addresses, so many to each, leaves them idle, and has the origins close them. How many
/// bytes the client held while they were idle.
fn idle_and_closed(each: usize) -> usize {
    let origins: Vec<_> = (1..=10).map(|n| Origin::start([127, 0, 0, n], each)).collect();
    let all = 10 * each;
    let before = ALLOCATED.current_usage();
    let mut looped = loop_with(all, all);
    for n in 0..all {
        let url = format!("http://{}/", origins[n % 10].addr);
        looped.client().start(get(&url), BodyPlan::empty()).unwrap();
    }
    let mut ended = 0;
    while let Some((_, event)) = looped.next_event().unwrap() {
        ended += usize::from(support::Outcome::default().note(event));
    }
    let stats = looped.client().stats();
    assert_eq!((ended, stats.idle, stats.connections_opened), (all, all, all as u64));
    let held = ALLOCATED.current_usage().saturating_sub(before);

    let begun = Instant::now();
    for origin in &origins {
        origin.close.send(()).unwrap();
    }
    let noticed = turn_until(&mut looped, |looped| looped.client().stats().open == 0);
    let stats = looped.client().stats();
    println!("{all} closed connections were noticed in {:?}, without a request", begun.elapsed());
    assert!(noticed, "{stats:?}");
    assert_eq!(stats.closed, [(CloseReason::PeerClosed, all as u64)].into());
    assert_eq!(stats.requests_sent, all as u64);
    for origin in origins {
        origin.thread.join().unwrap();
    }
    held
}

#[test]
fn a_thousand_idle_connections_are_watched() {
    let _alone = alone();
    let begun = Instant::now();
    let (few, many) = (10, affordable(scaled(1_000)) / 10);
    if many <= few {
        return println!("skipped: descriptors for {} connections are too few to compare", 10 * many);
    }
    let (held_by_few, held_by_many) = (idle_and_closed(few), idle_and_closed(many));
    let took: Duration = begun.elapsed();
    let each = held_by_many.saturating_sub(held_by_few) / (10 * (many - few));
    println!("{held_by_few} bytes for {}, {held_by_many} for {}: {each} each; {took:?}", 10 * few, 10 * many);
    assert!(each < 4096, "an idle connection needs no buffers");
}

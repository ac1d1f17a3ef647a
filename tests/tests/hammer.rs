//! Everything at once: many threads, a server that does what it likes, clients that do as well; in the end nothing
//! is lost, and no request was answered with another's response or made twice that must not be.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use httpocean_std::http::Method;
use httpocean_std::{ErrorKind, pool};
use httpocean_testkit::server::{Act, End, Greeting, Reply, Request, Server};
use httpocean_tests::{
    Body, Client, Dice, Error, On, Open, RequestBuilder, at_rest, id, lock, on_both_adapters, wait_until,
};

on_both_adapters!("load": nothing_is_lost_whatever_happens);

const THREADS: u64 = 16;
const PER_KEY: usize = 4;
const TOTAL: usize = 9;

fn seed(request: &Request) -> u64 {
    id(request)
        .bytes()
        .fold(request.connection * 31 + request.index, |seed, byte| seed * 31 % 1_000_003 + u64::from(byte))
}

/// Answers that say whose they are, sent in all the ways there are.
fn whim(request: &Request) -> Reply {
    let mut dice = Dice::new(seed(request));
    let answer = format!("answer to {}", id(request));
    let whole = Reply::ok(answer.clone());
    match dice.roll(20) {
        0 => whole.close(),
        1 => whole.then(End::CloseNow),
        2 => whole.then(End::Reset),
        3 => whole.then(End::CloseOnNextRequest),
        4 => whole.then(End::ResetOnNextRequest),
        5 => whole.then(End::SendUnasked { after: Duration::from_millis(1), bytes: b"unasked".to_vec() }),
        6 => whole.header("Keep-Alive", "timeout=1"),
        7 => whole.pause(Duration::from_millis(dice.roll(8))),
        8 => whole.early().close(),
        9 => Reply::script([]).then(End::CloseNow),
        10 => Reply::script([]).then(End::Reset),
        11 => Reply::raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{answer}")).then(End::Reset),
        12 => {
            Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n").then(End::Close)
        }
        13 => {
            Reply::raw(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}surplus", answer.len()))
        }
        14 => Reply::script([Act::Pause(Duration::from_millis(5))]).then(End::CloseNow),
        15 => whole.interim(103, "Early Hints", [("Link", "</a>")]).in_pieces(3, Duration::ZERO),
        _ => Reply::ok("").chunked([answer.as_str()], [("X-Trailer", "t")]),
    }
}

/// Gives what it has in pieces, and then may panic.
struct Source {
    left: usize,
    panics: bool,
}

impl Read for Source {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        assert!(self.left > 0 || !self.panics, "this reader panics");
        let n = buf.len().min(self.left).min(10_000);
        buf[..n].fill(b'x');
        self.left -= n;
        Ok(n)
    }
}

fn body(dice: &mut Dice) -> Body {
    match dice.roll(6) {
        0 => Body::from(vec![b'x'; 50_000]),
        1 => Body::from_reader(Source { left: 30_000, panics: dice.roll(10) == 0 }),
        2 => Body::from_sized_reader(Source { left: 200_000, panics: false }, 200_000),
        _ => Body::from("content"),
    }
}

#[derive(Default)]
struct Tally {
    outcomes: Mutex<BTreeMap<&'static str, usize>>,
    requests: AtomicUsize,
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all that may not happen")]
fn name(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Timeout => "timeout",
        ErrorKind::Closed => "closed",
        ErrorKind::Reset(_) => "reset",
        ErrorKind::Protocol(what) => what.class(),
        ErrorKind::Connect(_) => "connect",
        other => panic!("{other:?}"),
    }
}

/// One request, of whatever kind, read in whatever way.
fn one(client: &Client, server: &Server, id: &str, dice: &mut Dice) -> &'static str {
    let url = server.url_at(&format!("127.0.0.{}", dice.roll(3) + 1), "/");
    let method = [Method::GET, Method::POST, Method::PUT][dice.roll(3) as usize].clone();
    let request = client.request(method.clone(), url).header("x-id", id).header("x-method", method.as_str());
    let request = if method == Method::GET { request } else { request.body(body(dice)) };
    let limit =
        if dice.roll(10) == 0 { Duration::from_millis(dice.roll(6)) } else { Duration::from_secs(15) };
    match catch_unwind(AssertUnwindSafe(|| send(request, limit, id, dice))) {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            let name = name(&error);
            assert!(name != "timeout" || limit < Duration::from_secs(1), "{error} {:?}", error.connection());
            name
        }
        Err(_) => "panic",
    }
}

fn send(request: RequestBuilder, limit: Duration, id: &str, dice: &mut Dice) -> Result<&'static str, Error> {
    let mut body = request.timeout(limit).send()?.into_body();
    match dice.roll(5) {
        0 => Ok("dropped"),
        1 => body.finish().map(|_| "finished"),
        _ => {
            let answer = body.read_to_vec(10_000)?;
            assert_eq!(String::from_utf8(answer).unwrap(), format!("answer to {id}"));
            Ok("answered")
        }
    }
}

/// Nothing may have been made twice unless twice does no harm.
fn check_the_server(server: &Server) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for received in server.requests() {
        let id = format!("{} {}", received.request.method, id(&received.request));
        *seen.entry(id).or_default() += 1;
    }
    for (id, n) in &seen {
        let most = if id.starts_with("POST") { 1 } else { 2 };
        assert!(*n <= most, "{id} was made {n} times");
    }
}

fn silence_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !info.to_string().contains("this reader panics") {
            usual(info);
        }
    }));
}

fn nothing_is_lost_whatever_happens(on: On) {
    silence_panics();
    let greeting = |number| match number % 50 {
        7 => Greeting::Close,
        13 => Greeting::Reset,
        _ => Greeting::Serve,
    };
    let server = on.server().bind((Ipv4Addr::UNSPECIFIED, 0)).on_connect(greeting).record_body(0);
    let server = server.start(whim).unwrap();
    let open = Open::default();
    let options = pool::Options {
        max_per_key: PER_KEY,
        max_total: TOTAL,
        max_idle_per_key: 3,
        idle: Duration::from_millis(20),
        lifetime: Some(Duration::from_millis(200)),
        max_uses: Some(20),
        jitter_percent: 30,
        ..pool::Options::default()
    };
    let client = on.builder().counted(&open).pool(options).build();
    let tally = Tally::default();
    let end = Instant::now() + Duration::from_secs(3) * on.times(1) as u32;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (client, server, tally) = (&client, &server, &tally);
            scope.spawn(move || {
                let mut dice = Dice::new(thread + 1);
                while Instant::now() < end {
                    let n = tally.requests.fetch_add(1, Relaxed);
                    let outcome = one(client, server, &format!("{thread}-{n}"), &mut dice);
                    *lock(&tally.outcomes).entry(outcome).or_default() += 1;
                    if dice.roll(200) == 0 {
                        client.clear_idle();
                    }
                }
            });
        }
    });
    let stats = at_rest(&client);
    println!("{} requests: {:?}", tally.requests.load(Relaxed), lock(&tally.outcomes));
    println!("{stats:?}");
    assert!(open.peak() <= TOTAL, "{} sockets at once", open.peak());
    assert_eq!(open.now(), stats.idle);
    assert_eq!(stats.closed.values().sum::<u64>() + stats.idle as u64, stats.connections_opened);
    check_the_server(&server);
    let mut dice = Dice::new(99);
    wait_until("a request is answered as ever", || {
        let n = tally.requests.fetch_add(1, Relaxed);
        one(&client, &server, &format!("afterwards-{n}"), &mut dice) == "answered"
    });
    client.close();
    assert_eq!((at_rest(&client).open, open.now()), (0, 0));
}

//! T27: hundreds of requests over real sockets, each of which fails in a way of its own, leave no connection, no waiter, no
//! dial and no socket.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::time::Duration;

use http::Method;
use httpocean_std::{Config, ErrorKind, call, dial, pool};
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_tests::{
    BOUND, Body, Client, Error, Names, On, Open, at_rest, get, of_reading, on_both_adapters, refusing_url,
    wait_until,
};

on_both_adapters!(t27_hundreds_of_failures_leave_nothing);

const KINDS: usize = 14;
const EACH: usize = 24;
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// The answer to `/kind/parameter`.
fn answer(request: &Request) -> Reply {
    let mut words = request.target.split('/').skip(1).map_while(|word| word.parse::<usize>().ok());
    let (Some(kind), Some(p)) = (words.next(), words.next()) else { return Reply::ok("fine") };
    let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nX: {}\r\n\r\n123456789", "y".repeat(p));
    let cut = |end| Reply::raw(&whole.as_bytes()[..p * (whole.len() - 1) / EACH]).then(end);
    let control = char::from([0, 1, 7, 8, 11, 12, 13, 27, 31, 127][p % 10]);
    match kind {
        2 => cut(End::Reset),
        3 => cut(End::Close),
        4 | 5 => cut(End::Hold(BOUND)),
        6 => Reply::raw(format!("HTTP/1.1 200 OK\r\n{}: b{control}c\r\n\r\n", "a".repeat(p + 1)))
            .then(End::Hold(BOUND)),
        7 => Reply::raw(format!("{CHUNKED}{p:x}{control}\r\n")).then(End::Hold(BOUND)),
        8 => Reply::raw(format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(129 + p)))
            .then(End::Hold(BOUND)),
        9 => Reply::raw(format!("{CHUNKED}1;{}", "a".repeat(4_096 + p))).then(End::Hold(BOUND)),
        10 => Reply::status(302, "Found").header("location", format!("http://user-{p}@a.test/")),
        11 => Reply::status(301, "Moved").header("location", format!("/11/{p}")),
        12 => Reply::status(307, "Again").header("location", format!("/12/{p}")),
        _ => Reply::ok("fine"),
    }
}

/// A body that ends in an error.
struct Broken(usize);

impl Read for Broken {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::other("its source is gone"));
        }
        let n = buf.len().min(self.0);
        buf[..n].fill(b'b');
        self.0 -= n;
        Ok(n)
    }
}

/// Fails, in one way for each number.
fn fail(client: &Client, server: &Server, n: usize) -> Error {
    let (kind, p) = (n % KINDS, n / KINDS);
    let url = server.url_at("a.test", &format!("/{kind}/{p}"));
    let sent = match kind {
        0 => client.get(format!("http://refusing.test/{p}")).send(),
        1 => client.get(format!("http://unknown-{p}.test/")).send(),
        5 => client.get(&url).timeout(Duration::from_millis(5 + p as u64)).send(),
        12 => {
            client.request(Method::PUT, &url).body(Body::from_reader(io::repeat(b'b').take(p as u64))).send()
        }
        13 => client.request(Method::PUT, &url).body(Body::from_reader(Broken(p * 1_000))).send(),
        _ => client.get(&url).send(),
    };
    let Ok(response) = sent else { return sent.unwrap_err() };
    match response.into_body().read_to_end(&mut Vec::new()) {
        Ok(read) => panic!("{url}: {read} bytes, and no error"),
        Err(error) => of_reading(error),
    }
}

fn t27_hundreds_of_failures_leave_nothing(on: On) {
    const MS: fn(u64) -> Option<Duration> = |ms| Some(Duration::from_millis(ms));
    let server = on.serve(answer);
    let port = server.addr().port();
    let refusing: http::Uri = refusing_url("/").parse().unwrap();
    let refusing = refusing.authority().unwrap().as_str().parse().unwrap();
    let names =
        Names::pinned([(format!("a.test:{port}"), server.addr()), ("refusing.test:80".to_owned(), refusing)]);
    let config = Config {
        call: call::Options { first_byte: MS(40), idle: MS(40), ..call::Options::default() },
        dial: dial::Options { connect: MS(5_000), ..dial::Options::default() },
        ..Config::default()
    };
    let open = Open::default();
    let options = pool::Options { max_per_key: 4, ..pool::Options::default() };
    let client = on.builder().names(&names).config(config).pool(options).counted(&open).build();
    // Eight at a time on four connections: some wait.
    let told: Vec<_> = std::thread::scope(|scope| {
        let users: Vec<_> = (0..8)
            .map(|first| {
                let (client, server) = (client.clone(), &server);
                scope.spawn(move || {
                    let mine = (first..KINDS * EACH).step_by(8);
                    mine.map(|n| (n % KINDS, fail(&client, server, n))).collect::<Vec<_>>()
                })
            })
            .collect();
        users.into_iter().flat_map(|user| user.join().unwrap()).collect()
    });
    let mut kinds = BTreeMap::<_, usize>::new();
    for (kind, error) in &told {
        *kinds.entry((kind, word(error), error.phase().to_string())).or_default() += 1;
    }
    for ((kind, what, phase), times) in &kinds {
        println!("{times:4} {kind:2} {what}, {phase}");
    }
    assert_eq!(told.len(), KINDS * EACH);
    assert!(kinds.len() >= KINDS, "{kinds:?}");
    at_rest(&client);
    client.clear_idle();
    let stats = at_rest(&client);
    assert_eq!((stats.open, stats.idle, stats.waiting, stats.dialing), (0, 0, 0, 0), "{stats:?}");
    wait_until("all sockets are closed", || open.now() == 0);
    assert_eq!(get(&client, &server.url_at("a.test", "/")), "fine");
}

fn word(error: &Error) -> String {
    if let ErrorKind::Protocol(what) = error.kind() {
        return what.class().to_owned();
    }
    format!("{:?}", error.kind()).split('(').next().unwrap_or_default().to_lowercase()
}

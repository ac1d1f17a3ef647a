//! Connections that can't be made, names, Unix sockets, tokens.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "a test that cannot go on fails")]

mod support;

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use httpocean_mio::{
    BodyPlan, Client, Connector, ErrorKind, Fault, Key, Loop, Options, Phase, Resolve, TransportError,
    UnixConnector, mio, pool,
};
use httpocean_testkit::server::{Reply, Request, Server};
use support::{fetch, get, loop_of, run};

#[test]
fn refused() {
    let addr = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut looped = loop_of(1);
    let error = fetch(&mut looped, &format!("http://{addr}/")).error.unwrap();
    assert!(matches!(error.kind(), ErrorKind::Connect(TransportError::Refused)), "{error}");
    assert_eq!((error.fault(), error.phase()), (Fault::Network, Phase::Connect));
    let stats = looped.client().stats();
    assert_eq!((stats.dials_failed, stats.open), (1, 0));
}

/// Knows some names, and counts.
struct Book(Vec<(&'static str, Vec<SocketAddr>)>, AtomicUsize);

impl Resolve for Book {
    fn resolve(&self, key: &Key) -> io::Result<Vec<SocketAddr>> {
        self.1.fetch_add(1, Ordering::SeqCst);
        assert_ne!(key.host(), "panic.test", "this name panics");
        let found = self.0.iter().find(|(name, _)| *name == key.host());
        found.map(|(_, addrs)| addrs.clone()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn with_book(book: Vec<(&'static str, Vec<SocketAddr>)>) -> (Arc<Book>, Loop) {
    let book = Arc::new(Book(book, AtomicUsize::new(0)));
    let options = Options { resolver: book.clone(), resolver_threads: 2, ..Options::default() };
    (book, Loop::new(options).unwrap())
}

#[test]
fn names_are_resolved_on_threads() {
    let server = Server::start(|request: &Request| {
        Reply::ok(String::from_utf8(request.header("host").unwrap().to_vec()).unwrap())
    });
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let names = ["a.test", "b.test", "c.test", "d.test"];
    let (book, mut looped) = with_book(names.iter().map(|name| (*name, vec![dead, server.addr()])).collect());
    for name in names {
        looped.client().start(get(&format!("http://{name}/")), BodyPlan::empty()).unwrap();
    }
    let mut hosts: Vec<_> = run(&mut looped).values().map(|outcome| outcome.text().to_owned()).collect();
    hosts.sort();
    assert_eq!(hosts, names);
    fetch(&mut looped, &server.url("/"));
    assert_eq!(book.1.load(Ordering::SeqCst), 4, "an address is not looked up");
}

#[test]
fn unknown_names() {
    let (_, mut looped) = with_book(vec![("empty.test", vec![])]);
    for name in ["none.test", "empty.test"] {
        let error = fetch(&mut looped, &format!("http://{name}/")).error.unwrap();
        assert!(matches!(error.kind(), ErrorKind::Resolve(TransportError::NotFound)), "{error}");
        assert_eq!(error.phase(), Phase::Resolve);
    }
    assert_eq!(looped.client().stats().open, 0);
}

#[test]
fn a_resolver_that_panics_has_failed() {
    let (_, mut looped) = with_book(vec![]);
    let error = fetch(&mut looped, "http://panic.test/").error.unwrap();
    assert!(matches!(error.kind(), ErrorKind::Resolve(_)), "{error}");
}

#[test]
fn the_system_does_not_know_it() {
    let mut looped = loop_of(1);
    // Too long for a label, so nobody has to be asked.
    let error = fetch(&mut looped, &format!("http://{}.invalid/", "a".repeat(64))).error.unwrap();
    assert!(matches!(error.kind(), ErrorKind::Resolve(_)), "{error}");
}

#[test]
#[cfg(feature = "rustls")]
fn https_is_spoken_by_default() {
    let mut looped = loop_of(1);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let in_clear = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 3]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let error = fetch(&mut looped, &url).error.unwrap();
    in_clear.join().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Tls(_)), "{error}");
    let stats = looped.client().stats();
    assert_eq!((stats.connections_opened, stats.dials_failed, stats.open), (0, 1, 0));
}

#[test]
fn wrong_requests_are_refused_at_once() {
    let mut looped = loop_of(1);
    let error = looped.client().start(get("/no-host"), BodyPlan::empty()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error}");
    assert!(looped.next_event().unwrap().is_none());
}

#[test]
fn a_range_that_is_too_small_is_refused() {
    let poll = mio::Poll::new().unwrap();
    let options = Options::default();
    let too_few = 10..9 + options.tokens();
    let error = Client::new(poll.registry(), too_few, options.clone()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    assert!(error.to_string().contains(&options.tokens().to_string()), "{error}");
    Client::new(poll.registry(), 10..10 + options.tokens(), options).unwrap();
}

#[test]
fn limits_without_end_need_a_range_that_there_is() {
    let most = usize::MAX;
    let pool = pool::Options { max_total: most, max_dials: most, ..pool::Options::default() };
    let options = Options { pool, ..Options::default() };
    let poll = mio::Poll::new().unwrap();
    Client::new(poll.registry(), 0..4 * options.tokens(), options).unwrap();
}

#[test]
fn the_smallest_range_serves_many_connections_one_after_the_other() {
    let server = Server::start(|request: &Request| match request.index {
        0 => Reply::ok("once").close(),
        _ => unreachable!("it said that it closes"),
    });
    let poll = mio::Poll::new().unwrap();
    let pool = pool::Options { max_total: 2, ..pool::Options::default() };
    let options = Options { pool, ..Options::default() };
    let (mut poll, tokens) = (poll, 7..7 + options.tokens());
    let mut client = Client::new(poll.registry(), tokens.clone(), options).unwrap();
    let mut events = mio::Events::with_capacity(16);
    for _ in 0..200 {
        client.start(get(&server.url("/")), BodyPlan::empty()).unwrap();
    }
    let mut ended = 0;
    while ended < 200 {
        while let Some((_, event)) = client.next_event() {
            ended += usize::from(support::Outcome::default().note(event));
            assert!(client.stats().open <= 2, "{:?}", client.stats());
        }
        if client.calls() > 0 {
            poll.poll(&mut events, client.next_timeout()).unwrap();
        }
        for event in &events {
            assert!(tokens.contains(&event.token().0));
            assert!(client.handle(event));
        }
    }
    assert_eq!(client.stats().connections_opened, 200);
}

#[test]
fn a_unix_socket_stands_for_every_host() {
    let path = std::env::temp_dir().join(format!("httpocean-mio-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for _ in 0..2 {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            assert!(head.windows(19).any(|line| line == b"host: docker.test\r\n"), "{head:?}");
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix").unwrap();
        }
    });
    let connector = Connector::Unix(UnixConnector::new(&path));
    let mut looped = Loop::new(Options { connector, ..Options::default() }).unwrap();
    for n in 0..2 {
        let outcome = fetch(&mut looped, "http://docker.test/version");
        assert_eq!(outcome.text(), "unix");
        let connection = outcome.connection.unwrap();
        assert_eq!((connection.reused, connection.peer), (n, None));
    }
    server.join().unwrap();
    std::fs::remove_file(&path).unwrap();
    let gone = fetch(&mut looped, "http://docker.test/version");
    assert!(gone.error.is_some());
}

#[test]
fn a_unix_listener_without_room_is_waited_for() {
    use socket2::{Domain, SockAddr, Socket, Type};
    let path = std::env::temp_dir().join(format!("httpocean-mio-full-{}.sock", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::unix(&path).unwrap()).unwrap();
    listener.listen(0).unwrap();
    let filler = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    filler.connect(&SockAddr::unix(&path).unwrap()).unwrap();

    let connector = Connector::Unix(UnixConnector::new(&path));
    let mut looped = Loop::new(Options { connector, ..Options::default() }).unwrap();
    let call = looped.client().start(get("http://docker.test/"), BodyPlan::empty()).unwrap();
    for _ in 0..3 {
        assert!(looped.client().next_event().is_none());
        looped.turn(Some(std::time::Duration::from_millis(10))).unwrap();
    }
    assert_eq!(looped.client().stats().dialing, 1, "it is neither connected nor refused");
    drop(listener.accept().unwrap());
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n").unwrap();
        // Until the client closes: a close with unread bytes would be a reset.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    assert_eq!(run(&mut looped)[&call].status, Some(204));
    server.join().unwrap();
    std::fs::remove_file(&path).unwrap();
}

//! Many threads, one client, eight connections at most: never more sockets than that, and every request is
//! answered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use httpocean_std::pool;
use httpocean_testkit::server::{End, Reply, Request, Server};
use httpocean_tests::{Client, Dice, On, Open, at_rest, get, on_both_adapters};

on_both_adapters!(
    no_more_sockets_than_allowed_while_connections_live,
    no_more_sockets_than_allowed_while_connections_come_and_go,
    no_more_sockets_than_allowed_in_all_over_many_keys,
    one_connection_serves_many_threads,
);

const LIMIT: usize = 8;

fn client(on: On, options: pool::Options) -> (Client, Open) {
    let open = Open::default();
    (on.builder().counted(&open).pool(options).build(), open)
}

fn limited() -> pool::Options {
    pool::Options { max_per_key: LIMIT, ..pool::Options::default() }
}

/// 64 threads with `each` requests each; every answer must be the one to its question.
fn all_at_once(client: &Client, server: &Server, each: usize) {
    std::thread::scope(|scope| {
        for thread in 0..64 {
            let url = server.url(&format!("/{thread}"));
            scope.spawn(move || {
                for _ in 0..each {
                    assert_eq!(get(client, &url), format!("/{thread}"));
                }
            });
        }
    });
}

fn no_more_sockets_than_allowed_while_connections_live(on: On) {
    let server = on.serve(|request: &Request| Reply::ok(request.target.clone()));
    let (client, open) = client(on, limited());
    all_at_once(&client, &server, on.times(50));
    let stats = at_rest(&client);
    assert!(open.peak() <= LIMIT, "{} sockets at once", open.peak());
    assert_eq!(stats.requests_sent, 64 * on.times(50) as u64);
    assert!(stats.idle <= LIMIT && open.now() == stats.idle, "{stats:?}");
    std::thread::sleep(Duration::from_millis(50));
    assert!(server.stats().open <= LIMIT, "{:?}", server.stats());
}

fn no_more_sockets_than_allowed_while_connections_come_and_go(on: On) {
    let server = on.serve(|request: &Request| {
        let reply = Reply::ok(request.target.clone());
        let mut dice = Dice::new(request.connection * 100 + request.index);
        match dice.roll(4) {
            0 => reply.close(),
            1 => reply.then(End::CloseNow),
            2 => reply.header("Keep-Alive", "max=0"),
            _ => reply,
        }
    });
    let (client, open) = client(on, limited());
    all_at_once(&client, &server, on.times(30));
    let stats = at_rest(&client);
    assert!(open.peak() <= LIMIT, "{} sockets at once", open.peak());
    assert_eq!(open.now(), stats.idle);
    std::thread::sleep(Duration::from_millis(50));
    assert!(server.stats().open <= LIMIT, "{:?}", server.stats());
}

fn no_more_sockets_than_allowed_in_all_over_many_keys(on: On) {
    let server = on.server().bind((std::net::Ipv4Addr::UNSPECIFIED, 0));
    let server = server.start(|request: &Request| Reply::ok(request.target.clone())).unwrap();
    let (client, open) = client(on, pool::Options { max_total: LIMIT, ..pool::Options::default() });
    std::thread::scope(|scope| {
        for thread in 0..32 {
            let (client, server) = (&client, &server);
            scope.spawn(move || {
                for round in 0..on.times(20) {
                    let host = (thread + round) % 12 + 1;
                    let (host, path) = (format!("127.0.0.{host}"), format!("/{host}"));
                    assert_eq!(get(client, &server.url_at(&host, &path)), path);
                }
            });
        }
    });
    let stats = at_rest(&client);
    assert!(open.peak() <= LIMIT, "{} sockets at once", open.peak());
    assert_eq!(open.now(), stats.idle);
}

fn one_connection_serves_many_threads(on: On) {
    let server = on.serve(|request: &Request| Reply::ok(request.target.clone()));
    let (client, open) = client(on, pool::Options { max_per_key: 1, ..pool::Options::default() });
    all_at_once(&client, &server, on.times(10));
    assert_eq!((open.peak(), open.all()), (1, 1));
    assert_eq!(client.stats().connections_opened, 1);
}

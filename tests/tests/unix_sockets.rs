//! Not only TCP: Unix sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io;
use std::net::{Shutdown, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use httpocean_core::proxy::Rules;
use httpocean_std::{Config, ErrorKind, Phase, dial};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::proxy::{Manner, Proxy};
use httpocean_tests::{Client, On, at_rest, get, on_both_adapters, serve};
use socket2::{Domain, SockAddr, Socket, Type};

on_both_adapters!(
    "unix":
    a_unix_socket_carries_requests,
    a_unix_socket_carries_large_bodies,
    a_proxy_may_listen_at_a_unix_socket,
    a_unix_socket_that_is_not_there_can_not_be_connected_to,
    a_unix_socket_whose_backlog_is_full_is_given_up_in_time,
);

fn path(name: &str) -> PathBuf {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Relaxed);
    let path = std::env::temp_dir().join(format!("httpocean-{}-{number}-{name}", std::process::id()));
    _ = std::fs::remove_file(&path);
    path
}

/// Echoes a body of that size, a few times over one connection.
fn echoes(client: &Client, size: usize) {
    let content = vec![b'x'; size];
    for _ in 0..5 {
        let mut response = client.post("http://anywhere/").body(content.clone()).send().unwrap();
        assert!(response.body_mut().read_to_vec(1 << 30).unwrap() == content);
    }
    assert_eq!(client.stats().connections_opened, 1);
}

fn a_unix_socket_carries_requests(on: On) {
    let path = path("echo");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || serve(&mut stream.unwrap()));
        }
    });
    let client = on.builder().unix(&path).build();
    echoes(&client, 5);
    let response = client.get("http://anywhere/").send().unwrap();
    assert_eq!(response.body().connection().unwrap().local, None);
    std::fs::remove_file(path).unwrap();
}

/// It is told names: a transport that finds its own way looks none up.
fn a_proxy_may_listen_at_a_unix_socket(on: On) {
    let path = path("proxy");
    let listener = UnixListener::bind(&path).unwrap();
    let server = Server::start(|_| Reply::ok("hi"));
    let names = [("a.test:80".to_owned(), server.addr())].into();
    let proxy = Proxy::start(Manner { names, ..Manner::default() });
    let addr = proxy.addr();
    std::thread::spawn(move || {
        for near in listener.incoming() {
            let (mut near, mut far) = (near.unwrap(), TcpStream::connect(addr).unwrap());
            let (mut near_too, mut far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || io::copy(&mut near, &mut far).and(far.shutdown(Shutdown::Write)));
            std::thread::spawn(move || {
                io::copy(&mut far_too, &mut near_too).and(near_too.shutdown(Shutdown::Write))
            });
        }
    });
    for kind in ["http", "socks5", "socks5h", "socks4a"] {
        let rules = Rules::all(format!("{kind}://proxy.invalid").parse().unwrap());
        let client = on.builder().config(Config { proxy: rules, ..Config::default() }).unix(&path).build();
        assert_eq!(get(&client, "http://a.test/"), "hi", "{kind}");
    }
    assert!(proxy.told().iter().all(|told| told.targets == ["a.test:80"]), "{:?}", proxy.told());
    std::fs::remove_file(path).unwrap();
}

fn a_unix_socket_carries_large_bodies(on: On) {
    let path = path("large");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || serve(&mut listener.accept().unwrap().0));
    let client = on.builder().unix(&path).build();
    echoes(&client, 3_000_000);
    std::fs::remove_file(path).unwrap();
}

fn a_unix_socket_that_is_not_there_can_not_be_connected_to(on: On) {
    let client = on.builder().unix(path("nothing")).build();
    let error = client.get("http://anywhere/").send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connect(_)), "{error}");
    at_rest(&client);
}

fn a_unix_socket_whose_backlog_is_full_is_given_up_in_time(on: On) {
    let path = path("full");
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::unix(&path).unwrap()).unwrap();
    listener.listen(0).unwrap();
    // One more than the backlog is taken; the next would wait for ever.
    let _first = UnixStream::connect(&path).unwrap();
    let dial = dial::Options { connect: Some(Duration::from_millis(100)), ..dial::Options::default() };
    let client = on.builder().unix(&path).dial(dial).build();
    let error = client.get("http://anywhere/").timeout(Duration::from_secs(10)).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout), "{error}");
    assert_eq!(error.phase(), Phase::Connect);
    assert_eq!(at_rest(&client).dials_failed, 1, "the dial itself came to an end");
    std::fs::remove_file(path).unwrap();
}

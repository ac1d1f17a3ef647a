//! Not only TCP: Unix sockets, and pipes in memory.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use httpocean_std::{Client, ErrorKind, MemoryConnector, Phase, PipeEnd, UnixConnector, dial, pool};
use httpocean_tests::{Counted, at_rest, get, wait_until};
use socket2::{Domain, SockAddr, Socket, Type};

/// Answers requests with their own bodies, until the other side goes.
fn serve(stream: &mut (impl Read + Write)) -> io::Result<()> {
    let mut ahead = Vec::new();
    loop {
        let head_len = loop {
            if let Some(at) = ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if fill(stream, &mut ahead)? == 0 {
                return Ok(());
            }
        };
        let head: Vec<u8> = ahead.drain(..head_len).collect();
        let head = String::from_utf8_lossy(&head);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while ahead.len() < length {
            fill(stream, &mut ahead)?;
        }
        let body: Vec<u8> = ahead.drain(..length).collect();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")?;
        stream.write_all(&body)?;
    }
}

fn fill(stream: &mut impl Read, ahead: &mut Vec<u8>) -> io::Result<usize> {
    let mut block = [0; 4096];
    let n = stream.read(&mut block)?;
    ahead.extend_from_slice(&block[..n]);
    Ok(n)
}

fn path(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("httpocean-{}-{name}", std::process::id()));
    _ = std::fs::remove_file(&path);
    path
}

/// Echoes a body of that size, a few times over one connection.
fn echoes(client: &Client, size: usize) {
    let content = vec![b'x'; size];
    for _ in 0..5 {
        let mut response = client.post("http://anywhere/").unwrap().body(content.clone()).send().unwrap();
        assert!(response.body_mut().read_to_vec(1 << 30).unwrap() == content);
    }
    assert_eq!(client.stats().connections_opened, 1);
}

#[test]
fn a_unix_socket_carries_requests() {
    let path = path("echo");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || serve(&mut stream.unwrap()));
        }
    });
    let client = Client::builder().connector(UnixConnector::new(&path)).build();
    echoes(&client, 5);
    let response = client.get("http://anywhere/").unwrap().send().unwrap();
    assert_eq!(response.body().connection().unwrap().local, None);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_unix_socket_carries_large_bodies() {
    let path = path("large");
    let listener = UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || serve(&mut listener.accept().unwrap().0));
    let client = Client::builder().connector(UnixConnector::new(&path)).build();
    echoes(&client, 3_000_000);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_unix_socket_that_is_not_there_can_not_be_connected_to() {
    let client = Client::builder().connector(UnixConnector::new(path("nothing"))).build();
    let error = client.get("http://anywhere/").unwrap().send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connect(_)), "{error}");
    at_rest(&client);
}

#[test]
fn a_unix_socket_whose_backlog_is_full_is_given_up_in_time() {
    let path = path("full");
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&SockAddr::unix(&path).unwrap()).unwrap();
    listener.listen(0).unwrap();
    // One more than the backlog is taken; the next would wait for ever.
    let _first = UnixStream::connect(&path).unwrap();
    let dial = dial::Options { connect: Some(Duration::from_millis(100)), ..dial::Options::default() };
    let client = Client::builder().connector(UnixConnector::new(&path)).dial(dial).build();
    let error = client.get("http://anywhere/").unwrap().timeout(Duration::from_secs(10)).send().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Timeout), "{error}");
    assert_eq!(error.phase(), Phase::Connect);
    assert_eq!(at_rest(&client).dials_failed, 1, "the dial itself came to an end");
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_pipe_in_memory_carries_requests() {
    let client = Client::builder().connector(MemoryConnector::new(|mut end| _ = serve(&mut end))).build();
    echoes(&client, 5);
}

#[test]
fn a_pipe_in_memory_carries_large_bodies() {
    let client = Client::builder().connector(MemoryConnector::new(|mut end| _ = serve(&mut end))).build();
    echoes(&client, 1_000_000);
}

#[test]
fn a_pipe_in_memory_is_pooled_like_a_socket() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = served.clone();
    let connector = MemoryConnector::new(move |mut end: PipeEnd| {
        // One request, then the end.
        let mut head = [0; 4096];
        let _ = end.read(&mut head).unwrap();
        count.fetch_add(1, SeqCst);
        _ = end.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    });
    let (connector, open) = Counted::over(connector);
    let options = pool::Options { max_per_key: 2, ..pool::Options::default() };
    let client = Client::builder().connector(connector).pool(options).build();
    for n in 1..=20 {
        assert_eq!(get(&client, "http://anywhere/"), "hi");
        wait_until("the server is gone", || served.load(SeqCst) == n);
    }
    assert!(open.peak() <= 2);
}

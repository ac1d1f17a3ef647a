//! Pipes in memory carry requests like sockets.
//!
//! Alone with httpocean-std: the other adapter needs what a poll can wait for.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use httpocean_std::{Client, MemoryConnector, PipeEnd, pool};
use httpocean_tests::std_alone::get;
use httpocean_tests::{Counted, serve, wait_until};

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

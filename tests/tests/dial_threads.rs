//! Connections are made by a few threads, started when needed and ended when not; one that hangs holds up nobody
//! else.
//!
//! Alone with httpocean-std: the other adapter has no such threads.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::time::Duration;

use httpocean_std::{Client, Phase, dial};
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::std_alone::{at_rest, get};
use httpocean_tests::{BOUND, Gated, Hanging, lock, wait_for_open, wait_until};

/// Threads are counted for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn dial_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "httpocean-dial").count()
}

#[test]
fn there_are_no_more_than_allowed_and_none_after_the_client() {
    let _alone = lock(&ALONE);
    let server = Server::builder().bind((Ipv4Addr::UNSPECIFIED, 0)).start(|_| Reply::ok("fine")).unwrap();
    let port = server.addr().port();
    let (connector, gate) = Gated::tcp();
    let client = Client::builder().connector(connector).dial_threads(3).build();
    wait_until("those of another test have ended", || dial_threads() == 0);
    gate.shut();
    std::thread::scope(|scope| {
        for host in 1..=10 {
            let client = &client;
            scope.spawn(move || get(client, &format!("http://127.0.0.{host}:{port}/")));
        }
        wait_until("all wait", || client.stats().waiting == 10);
        wait_until("the threads are there", || gate.held() == 3);
        assert_eq!((dial_threads(), client.stats().dialing), (3, 10));
        gate.open();
    });
    assert_eq!(at_rest(&client).idle, 10);
    assert!(dial_threads() <= 3);
    drop(client);
    wait_until("the threads have ended", || dial_threads() == 0);
}

#[test]
fn a_connect_that_hangs_holds_up_nobody_else() {
    let _alone = lock(&ALONE);
    let hanging = Hanging::new();
    let server = Server::start(|_| Reply::ok("fine"));
    let dial = dial::Options { connect: Some(Duration::from_secs(2)), ..dial::Options::default() };
    let client = Client::builder().dial(dial).build();
    let limit = Duration::from_millis(500);
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..5)
            .map(|_| scope.spawn(|| client.get(hanging.url("/")).unwrap().timeout(limit).send()))
            .collect();
        wait_until("all hang", || client.stats().dialing == 5);
        assert_eq!(get(&client, &server.url("/")), "fine");
        assert!(!waiting.iter().any(|thread| thread.is_finished()), "it took longer than their deadlines");
        waiting.into_iter().for_each(|thread| _ = thread.join().unwrap().unwrap_err());
    });
}

#[test]
fn a_connection_that_is_made_after_the_client_is_gone_is_closed() {
    let _alone = lock(&ALONE);
    let server = Server::start(|_| Reply::ok("fine"));
    let (connector, gate) = Gated::tcp();
    let client = Client::builder().connector(connector).build();
    gate.shut();
    client.get(server.url("/")).unwrap().timeout(Duration::from_millis(20)).send().unwrap_err();
    drop(client);
    assert_eq!((gate.held(), server.stats().accepted), (1, 0));
    gate.open();
    assert!(server.wait_for(BOUND, |stats| stats.accepted == 1));
    wait_for_open(&server, 0);
}

#[test]
fn a_thread_that_waits_for_a_name_leaves_at_its_deadline() {
    let _alone = lock(&ALONE);
    // The gate stands for whatever hangs in a connector that heeds no deadline.
    let server = Server::start(|_| Reply::ok("fine"));
    let (connector, gate) = Gated::tcp();
    let dial = dial::Options { connect: None, ..dial::Options::default() };
    let client = Client::builder().connector(connector).dial(dial).dial_threads(1).build();
    gate.shut();
    let error = client.get(server.url("/")).unwrap().timeout(Duration::from_millis(40)).send().unwrap_err();
    assert_eq!((error.is_timeout(), error.phase()), (true, Phase::Connect), "{error}");
    let other = server.url("/").replace("127.0.0.1", "localhost");
    let error = client.get(other).unwrap().timeout(Duration::from_millis(40)).send().unwrap_err();
    assert_eq!((error.is_timeout(), error.phase()), (true, Phase::Connect), "{error}");
    gate.open();
    assert_eq!(get(&client, &server.url("/")), "fine");
    assert!(server.wait_for(BOUND, |stats| stats.accepted >= 1));
    at_rest(&client);
}

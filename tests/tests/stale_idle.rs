//! A connection that the server closed between two requests is found before a byte of the next request is written to
//! it: no request of any method notices.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use httpocean_std::CloseReason;
use httpocean_std::http::Method;
use httpocean_testkit::server::{End, Greeting, Reply};
use httpocean_tests::{
    BOUND, Body, Names, On, at_rest, exchange, get, named, on_both_adapters, seen, wait_for_open, wait_until,
};

on_both_adapters!("bytes": bytes_that_nobody_asked_for_never_reach_a_request);
on_both_adapters!(
    "direct":
    closed_between_requests_is_no_error,
    reset_between_requests_is_no_error,
    a_body_that_can_be_read_once_is_not_touched_by_the_look,
);
on_both_adapters!("dials": a_connection_that_dies_in_the_pool_unused_is_found_too);

fn body_of(method: &Method) -> Body {
    if method == Method::GET { Body::empty() } else { Body::from("some content") }
}

fn closed_between_requests(on: On, method: &Method, end: &End, rounds: usize) {
    let end = end.clone();
    let server = on.serve(move |_| Reply::ok("fine").then(end.clone()));
    let client = on.client();
    for round in 0..rounds {
        let answer = exchange(&client, method, &server.url("/"), &format!("{round}"), body_of(method));
        assert_eq!(answer.unwrap(), b"fine", "{method} {round}");
        wait_for_open(&server, 0);
    }
    let seen = seen(&server);
    assert_eq!(seen.len(), rounds);
    assert!(seen.values().all(|times| *times == 1), "{method}: {seen:?}");
    let stats = client.stats();
    // The last one is found by whoever watches it.
    let found = stats.closed[&CloseReason::PeerClosed];
    assert!((rounds as u64 - 1..=rounds as u64).contains(&found), "{stats:?}");
    at_rest(&client);
}

fn closed_between_requests_is_no_error(on: On) {
    for method in [Method::GET, Method::PUT, Method::POST] {
        closed_between_requests(on, &method, &End::CloseNow, on.times(1000));
    }
}

fn reset_between_requests_is_no_error(on: On) {
    for method in [Method::GET, Method::PUT, Method::POST] {
        closed_between_requests(on, &method, &End::Reset, on.times(200));
    }
}

fn a_body_that_can_be_read_once_is_not_touched_by_the_look(on: On) {
    let server = on.serve(|_| Reply::ok("").then(End::CloseNow));
    let client = on.client();
    for round in 0..50 {
        let once = Body::from_reader(&b"only once"[..]);
        exchange(&client, &Method::POST, &server.url("/"), &format!("{round}"), once).unwrap();
        wait_for_open(&server, 0);
    }
    assert!(server.requests().iter().all(|received| received.body == b"only once"));
}

/// Answers one request, says something unasked on command, and answers another one on the next connection.
fn forger(listener: &TcpListener, command: &Receiver<()>, done: &Sender<()>) -> io::Result<()> {
    let (mut first, _) = listener.accept()?;
    read_head(&mut first)?;
    first.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst")?;
    command.recv().map_err(io::Error::other)?;
    first.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged")?;
    done.send(()).map_err(io::Error::other)?;
    let (mut second, _) = listener.accept()?;
    read_head(&mut second)?;
    second.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ngenuine")
}

fn read_head(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(())
}

fn bytes_that_nobody_asked_for_never_reach_a_request(on: On) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (command, commanded) = channel();
    let (done, is_done) = channel();
    let rounds = 100;
    let server = std::thread::spawn(move || {
        (0..rounds).try_for_each(|_| forger(&listener, &commanded, &done)).unwrap();
    });
    let client = on.client();
    for round in 1..=rounds {
        assert_eq!(exchange(&client, &Method::GET, &url, "", ()).unwrap(), b"first");
        command.send(()).unwrap();
        is_done.recv().unwrap();
        assert_eq!(exchange(&client, &Method::GET, &url, "", ()).unwrap(), b"genuine");
        assert_eq!(client.stats().closed.get(&CloseReason::Unasked), Some(&round));
    }
    server.join().unwrap();
}

fn a_connection_that_dies_in_the_pool_unused_is_found_too(on: On) {
    // The second request is served by the first one's connection while its own dial hangs; that goes to the pool
    // without having been used, and the server closes it there.
    let server = on
        .server()
        .on_connect(|number| if number == 1 { Greeting::Close } else { Greeting::Serve })
        .start(|_| Reply::ok("fine").pause(Duration::from_millis(50)))
        .unwrap();
    let gate = Names::here();
    let client = on.builder().names(&gate).build();
    std::thread::scope(|scope| {
        scope.spawn(|| get(&client, &named(&server, "/first")));
        assert!(server.wait_for(BOUND, |stats| stats.requests == 1));
        gate.shut();
        assert_eq!(get(&client, &named(&server, "/second")), "fine");
    });
    gate.open();
    assert!(server.wait_for(BOUND, |stats| stats.accepted == 2 && stats.open == 1));
    wait_until("the dial is done", || client.stats().connections_opened == 2);
    let response = client.post(named(&server, "/third")).body("x").send().unwrap();
    assert_eq!(response.body().connection().unwrap().number, 1);
    assert_eq!(client.stats().closed.get(&CloseReason::PeerClosed), Some(&1));
}

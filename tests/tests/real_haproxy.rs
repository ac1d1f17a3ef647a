//! haproxy in front of an origin: two hops, each with rules of its own about its connections.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use httpocean_std::{CloseReason, Observed, Observer};
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::real::{Blocks, Real, connections, page, wait_for_close, wait_until};
use httpocean_tests::{Body, Names, On, on_both_adapters};

on_both_adapters!(
    "real":
    a_hundred_requests_are_one_connection_in_front,
    a_proxy_that_closes_behind_itself_keeps_ours,
    a_proxy_that_closes_after_each_answer_says_so,
    a_connection_that_the_proxy_closed_while_idle_is_found_out,
    a_goodbye_on_a_connection_that_was_never_used_answers_nobody,
    an_upload_that_takes_too_long_gets_its_408,
    a_large_upload_arrives_whole,
    an_origin_that_is_gone_is_a_503_like_any_other_page,
);

/// Answers with the target, so that an answer to another request is noticed.
fn echo() -> Server {
    Server::start(|request: &Request| Reply::ok(request.target.clone()))
}

fn a_hundred_requests_are_one_connection_in_front(on: On) {
    let origin = echo();
    let Some(haproxy) = Real::haproxy("timeout http-keep-alive 10s", origin.addr()) else { return };
    let client = on.client();
    for n in 0..100 {
        let path = format!("/{n}");
        assert_eq!(page(&client, &haproxy.url(&path)), path);
    }
    assert_eq!(connections(&haproxy.haproxy_log(100)).len(), 1);
    assert_eq!(client.stats().connections_opened, 1);
    assert_eq!(origin.stats().requests, 100);
}

fn a_proxy_that_closes_behind_itself_keeps_ours(on: On) {
    let origin = echo();
    let Some(haproxy) = Real::haproxy("option http-server-close", origin.addr()) else { return };
    let client = on.client();
    for n in 0..50 {
        let path = format!("/{n}");
        assert_eq!(page(&client, &haproxy.url(&path)), path);
    }
    assert_eq!(connections(&haproxy.haproxy_log(50)).len(), 1);
    assert_eq!((client.stats().connections_opened, origin.stats().accepted), (1, 50));
}

fn a_proxy_that_closes_after_each_answer_says_so(on: On) {
    let origin = echo();
    let Some(haproxy) = Real::haproxy("option httpclose", origin.addr()) else { return };
    let client = on.client();
    for n in 0..50 {
        let path = format!("/{n}");
        assert_eq!(page(&client, &haproxy.url(&path)), path);
    }
    let stats = client.stats();
    assert_eq!(stats.closed, [(CloseReason::CloseHeader, 50)].into(), "{stats:?}");
    assert_eq!(connections(&haproxy.haproxy_log(50)).len(), 50);
}

fn a_connection_that_the_proxy_closed_while_idle_is_found_out(on: On) {
    let origin = echo();
    let Some(haproxy) = Real::haproxy("timeout http-keep-alive 200ms", origin.addr()) else { return };
    let client = on.client();
    for n in 0..3 {
        let path = format!("/{n}");
        let mut response = client.post(haproxy.url(&path)).body("order").send().unwrap();
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), path);
        assert_eq!(response.body().parked(), Some(true));
        wait_for_close(response.body().connection().unwrap().local.unwrap());
    }
    let stats = client.stats();
    // The third one was closed as well: whoever watches knows it.
    assert!((2..=3).contains(&stats.closed[&CloseReason::PeerClosed]), "{stats:?}");
    assert_eq!(stats.closed.len(), 1, "{stats:?}");
    assert_eq!((stats.connections_opened, stats.stale_replays), (3, 0), "{stats:?}");
    assert_eq!(origin.stats().requests, 3, "a POST arrives once");
}

/// This side of each connection that was made.
#[derive(Clone, Default)]
struct Dialed(Arc<Mutex<Vec<SocketAddr>>>);

impl Observer for Dialed {
    fn observe(&self, event: &Observed<'_>) {
        if let Observed::Dialed { local: Some(local), .. } = event {
            self.0.lock().unwrap_or_else(|error| error.into_inner()).push(*local);
        }
    }
}

fn a_goodbye_on_a_connection_that_was_never_used_answers_nobody(on: On) {
    let origin = echo();
    // On a connection on which no request comes haproxy says 408 before it closes it.
    let timeouts = "timeout http-request 200ms\n timeout http-keep-alive 20s";
    let Some(haproxy) = Real::haproxy(timeouts, origin.addr()) else { return };
    let (gate, dialed) = (Names::here(), Dialed::default());
    let client = on.builder().names(&gate).observer(dialed.clone()).build();

    // The second request asks for a connection and then gets the first one's: its own is parked, never used.
    let url = |path: &str| format!("http://front.test:{}{path}", haproxy.addr().port());
    let mut first = client.get(url("/first")).send().unwrap();
    gate.shut();
    thread::scope(|scope| {
        let second = scope.spawn(|| page(&client, &url("/second")));
        wait_until("the second dial began", || gate.held() == 1);
        assert_eq!(first.body_mut().read_to_string(10).unwrap(), "/first");
        assert_eq!(second.join().unwrap(), "/second");
    });
    gate.open();
    wait_until("both are idle", || client.stats().idle == 2);
    let unused = dialed.0.lock().unwrap()[1];
    wait_for_close(unused);

    for n in 0..5 {
        let path = format!("/{n}");
        let mut response = client.post(url(&path)).body("order").send().unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.body_mut().read_to_string(10).unwrap(), path);
        assert_ne!(response.body().connection().unwrap().local, Some(unused));
    }
    let stats = client.stats();
    assert_eq!(stats.closed, [(CloseReason::Unasked, 1)].into(), "{stats:?}");
    assert_eq!((stats.connections_opened, stats.requests_sent, stats.stale_replays), (2, 7, 0), "{stats:?}");
    assert_eq!(origin.stats().requests, 7);
}

fn an_upload_that_takes_too_long_gets_its_408(on: On) {
    struct Slow(u32);
    impl io::Read for Slow {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            thread::sleep(Duration::from_millis(20));
            self.0 += 1;
            assert!(self.0 < 1_000, "the answer is not noticed");
            buf[0] = b'x';
            Ok(1)
        }
    }
    let origin = echo();
    let timeouts = "option http-buffer-request\n timeout http-request 200ms";
    let Some(haproxy) = Real::haproxy(timeouts, origin.addr()) else { return };
    let client = on.client();
    let body = Body::from_sized_reader(Slow(0), 10_000);
    let response = client.post(haproxy.url("/slow")).body(body).send().unwrap();
    assert_eq!(response.status(), 408);
    assert!(response.into_body().read_to_string(1_000).unwrap().contains("408 Request Time-out"));
    assert_eq!(page(&client, &haproxy.url("/after")), "/after");
    assert_eq!(origin.stats().requests, 1);
}

fn a_large_upload_arrives_whole(on: On) {
    const SIZE: u64 = 20 * 1024 * 1024;
    let handler = |_: &Request| Reply::ok("thanks");
    let origin = Server::builder().record_body(SIZE as usize).start(handler).unwrap();
    let Some(haproxy) = Real::haproxy("", origin.addr()) else { return };
    let client = on.client();
    for (body, framing) in [
        (Body::from_sized_reader(Blocks::new(SIZE), SIZE), "content-length"),
        (Body::from_reader(Blocks::new(SIZE)), "transfer-encoding"),
    ] {
        let request = client.put(haproxy.url("/put")).body(body);
        Blocks::new(SIZE).arrive_at(&origin, request, framing);
    }
    assert_eq!(connections(&haproxy.haproxy_log(2)).len(), 1);
}

fn an_origin_that_is_gone_is_a_503_like_any_other_page(on: On) {
    let origin = echo();
    let Some(haproxy) = Real::haproxy("retries 0", origin.addr()) else { return };
    let client = on.client();
    assert_eq!(page(&client, &haproxy.url("/before")), "/before");
    origin.stop();
    for _ in 0..3 {
        let response = client.post(haproxy.url("/gone")).body("order").send().unwrap();
        assert!(matches!(response.status().as_u16(), 502 | 503), "{response:?}");
        response.into_body().read_to_string(10_000).unwrap();
    }
    assert_eq!(client.stats().requests_sent, 4);
}

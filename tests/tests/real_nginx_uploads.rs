//! Uploads to nginx and through it: accepted, continued, refused in the middle.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use httpocean_std::CloseReason;
use httpocean_testkit::server::{Reply, Server};
use httpocean_tests::real::{Blocks, Home, Real, connections, page};
use httpocean_tests::{Body, On, on_both_adapters};

on_both_adapters!(
    "real":
    a_refusal_in_the_middle_of_an_upload_is_delivered,
    a_refusal_before_the_body_saves_it,
    an_expected_continue_comes_and_the_body_follows,
    a_large_upload_arrives_whole,
);

const SIZE: u64 = 20 * 1024 * 1024;

/// Counts what is read of a body.
struct Counted<R>(R, Arc<AtomicU64>);

impl<R: io::Read> io::Read for Counted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.0.read(buf)?;
        self.1.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

fn thanks() -> Server {
    Server::start(|_| Reply::ok("thanks"))
}

fn proxy_to(origin: &Server, more: &str) -> String {
    format!(
        "client_max_body_size 1m;
         location / {{
             client_max_body_size 100m; proxy_http_version 1.1; proxy_pass http://{}; {more}
         }}
         location /small {{ proxy_pass http://{}; }}",
        origin.addr(),
        origin.addr()
    )
}

fn a_refusal_in_the_middle_of_an_upload_is_delivered(on: On) {
    const UPLOAD: u64 = 100 * 1024 * 1024;
    let site = "client_max_body_size 1m; location / { return 200 'ok'; }
        location /put { proxy_pass http://127.0.0.1:1; }";
    let Some(nginx) = Real::nginx(Home::new(), site) else { return };
    let client = on.client();
    let read = Arc::new(AtomicU64::new(0));
    for round in 0..50 {
        let source = Counted(io::repeat(b'x'), read.clone());
        // Every other one without a length: nginx then notices while it reads.
        let body = match round % 2 {
            0 => Body::from_sized_reader(source, UPLOAD),
            _ => Body::from_reader(io::Read::take(source, UPLOAD)),
        };
        let sent = client.post(nginx.url("/put")).body(body).send();
        let response = sent.unwrap_or_else(|error| panic!("round {round}: {error}"));
        assert_eq!(response.status(), 413, "round {round}");
        let page = response.into_body().read_to_string(10_000).unwrap();
        assert!(page.contains("413 Request Entity Too Large"), "round {round}: {page}");
    }
    assert_eq!(page(&client, &nginx.url("/")), "ok");
    let stats = client.stats();
    assert_eq!((stats.connections_opened, stats.stale_replays), (51, 0), "{stats:?}");
    assert_eq!(stats.closed, [(CloseReason::HalfSent, 50)].into(), "{stats:?}");
    // What the sockets take before the answer is there, not all of it.
    let read = read.load(Ordering::Relaxed);
    assert!(read < 50 * UPLOAD / 4, "{read} bytes were sent for nothing");
    assert_eq!(connections(&nginx.nginx_log(51)).len(), 51);
}

fn a_refusal_before_the_body_saves_it(on: On) {
    let origin = thanks();
    let Some(nginx) = Real::nginx(Home::new(), &proxy_to(&origin, "")) else { return };
    let client = on.client();
    let read = Arc::new(AtomicU64::new(0));
    let body = Body::from_sized_reader(Counted(Blocks::new(SIZE), read.clone()), SIZE);
    let request = client.post(nginx.url("/small")).header("expect", "100-continue").body(body);
    let response = request.send().unwrap();
    assert_eq!(response.status(), 413);
    assert!(response.body().interim().is_empty());
    assert_eq!(read.load(Ordering::Relaxed), 0, "nobody wanted the body");
    assert_eq!(origin.stats().requests, 0);
}

fn an_expected_continue_comes_and_the_body_follows(on: On) {
    let origin = thanks();
    for more in ["", "proxy_request_buffering off;"] {
        let Some(nginx) = Real::nginx(Home::new(), &proxy_to(&origin, more)) else { return };
        let client = on.client();
        for _ in 0..3 {
            let request = client.post(nginx.url("/put")).header("expect", "100-continue");
            let response = request.body(Body::from_reader(Blocks::new(300_000))).send().unwrap();
            assert_eq!(response.status(), 200);
            let interim: Vec<_> = response.body().interim().iter().map(|one| one.status()).collect();
            assert_eq!(interim, [100]);
            assert_eq!(response.into_body().read_to_string(10).unwrap(), "thanks");
            let received = origin.requests().pop().unwrap();
            assert_eq!(received.body_len, 300_000);
            Blocks::new(300_000).compare(&mut received.body.as_slice());
        }
        assert_eq!(connections(&nginx.nginx_log(3)).len(), 1);
    }
}

fn a_large_upload_arrives_whole(on: On) {
    let origin = Server::builder().record_body(SIZE as usize).start(|_| Reply::ok("thanks")).unwrap();
    let home = Home::new();
    let path = home.path("upload");
    Blocks::new(SIZE).write_to(&path).unwrap();
    let Some(nginx) = Real::nginx(home, &proxy_to(&origin, "proxy_request_buffering off;")) else { return };
    let client = on.client();
    let bodies = [Body::from_file(File::open(path).unwrap()), Body::from_reader(Blocks::new(SIZE))];
    for (body, framing) in bodies.into_iter().zip(["content-length", "transfer-encoding"]) {
        let request = client.put(nginx.url("/put")).body(body);
        Blocks::new(SIZE).arrive_at(&origin, request, framing);
    }
    assert_eq!(connections(&nginx.nginx_log(2)).len(), 1);
}

//! Nothing is decoded but what is read, and of that no more than is allowed (T12): 10 GB in a few kilobytes, as a body, in
//! a redirect, drained and dropped. Counted by an allocator, with the server's side in the same process.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{Read, Write};
use std::sync::Mutex;

use flate2::Compression;
use flate2::write::GzEncoder;
use httpocean_std::{Client, Error, ErrorKind, Fault};
use httpocean_testkit::server::{Reply, Request, Server};
use httpocean_tests::std_alone::at_rest;
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What is allocated is counted for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;
/// Of br, whose window may have 16 MiB, and of everything else in this process.
const HELD: usize = 20 * MIB;

const BOMB: &[u8] = include_bytes!("../../crates/httpocean-content/tests/samples/zeros-10GiB.br");

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Bombs at `/br` and `/chain`, redirects that are bombs at `/redirect/br` and `/redirect/chain`.
fn server() -> Server {
    let chain = gzip(&gzip(BOMB));
    Server::start(move |request: &Request| {
        let bomb = if request.target.ends_with("br") {
            (BOMB.to_vec(), "br")
        } else {
            (chain.clone(), "br, gzip, gzip")
        };
        match request.target.as_str() {
            "/end" => Reply::ok("the end"),
            path if path.starts_with("/redirect/") => Reply::status(302, "Found")
                .header("location", "/end")
                .body(bomb.0)
                .header("content-encoding", bomb.1),
            _ => Reply::ok(bomb.0).header("content-encoding", bomb.1),
        }
    })
}

/// How many bytes more than before were allocated at the worst moment.
fn peak(act: impl FnOnce()) -> usize {
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    act();
    ALLOCATED.peak_usage().saturating_sub(before)
}

#[test]
fn a_bomb_that_is_read_is_an_error() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (client, server) = (Client::new(), server());
    for path in ["/br", "/chain"] {
        let held = peak(|| {
            let mut body = client.get(server.url(path)).unwrap().send().unwrap().into_body();
            let (mut room, mut all) = (vec![0; 64 * 1024], 0);
            let error = loop {
                match body.read(&mut room) {
                    Ok(n) => all += n,
                    Err(error) => break error.downcast::<Error>().unwrap(),
                }
            };
            assert_eq!((error.fault(), all <= 8 * MIB), (Fault::Peer, true), "{error}, after {all}");
            assert!(matches!(error.kind(), ErrorKind::Content(what) if what.contains("blown up")), "{error}");
        });
        assert!(held < HELD, "{path}: {held}");
        // Who collects it has a limit of his own.
        for limit in [1000, 1 << 40] {
            let held = peak(|| {
                let response = client.get(server.url(path)).unwrap().send().unwrap();
                let error = response.limit(limit).bytes().unwrap_err();
                assert!(matches!(error.kind(), ErrorKind::Content(_)), "{error}");
            });
            // Twice 8 MiB where a vector grows.
            assert!(held < HELD + 24 * MIB, "{path}, {limit}: {held}");
        }
    }
    assert_eq!(at_rest(&client).waiting, 0);
}

#[test]
fn what_is_not_read_is_not_decoded() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (client, server) = (Client::new(), server());
    let held = peak(|| {
        for path in ["/redirect/br", "/redirect/chain"] {
            let response = client.get(server.url(path)).unwrap().send().unwrap();
            assert_eq!(response.text().unwrap(), "the end");
        }
        for path in ["/br", "/chain"] {
            let body = client.get(server.url(path)).unwrap().send().unwrap().into_body();
            assert!(body.finish().unwrap(), "{path}: drained, and kept");
            drop(client.get(server.url(path)).unwrap().send().unwrap());
            // A little of it is read before.
            for drained in [true, false] {
                let mut body = client.get(server.url(path)).unwrap().send().unwrap().into_body();
                assert_eq!(body.read(&mut [0; 10]).unwrap(), 10);
                assert!(!drained || body.finish().unwrap(), "{path}");
            }
        }
    });
    assert!(held < HELD, "{held}");
    // All that came was drained: nobody had to be asked for another connection.
    assert_eq!(at_rest(&client).connections_opened, 1);
}

#[test]
fn garbage_in_a_redirect_or_a_drain_is_nobodys_concern() {
    let server = Server::start(|request: &Request| match request.target.as_str() {
        "/end" => Reply::ok("the end"),
        "/redirect" => Reply::status(302, "Found")
            .header("location", "/end")
            .body("no gzip")
            .header("content-encoding", "gzip"),
        _ => Reply::ok("no gzip").header("content-encoding", "gzip"),
    });
    let client = Client::new();
    assert_eq!(client.get(server.url("/redirect")).unwrap().send().unwrap().text().unwrap(), "the end");
    assert!(client.get(server.url("/")).unwrap().send().unwrap().into_body().finish().unwrap());
    assert_eq!(server.stats().accepted, 1);
}

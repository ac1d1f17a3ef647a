//! The three kinds of bodies.

use httpocean_testkit::server::{End, Reply, Server};
use serde_json::{Value, json};

use super::command::{batch, encoded};

fn post(url: &str, kind: &str) -> Value {
    json!({"method": "POST", "url": url, "body": encoded(b"content"), "body_kind": kind})
}

#[test]
fn a_length_is_announced_where_it_is_known() {
    let server = Server::start(|_| Reply::ok(""));
    let url = server.url("/");
    let said = batch(&[], &[post(&url, "bytes"), post(&url, "stream"), post(&url, "stream-once")]);
    assert_eq!(said.code, 0);
    let requests = server.requests();
    assert!(requests.iter().all(|received| received.body == b"content"));
    let lengths: Vec<_> =
        requests.iter().map(|received| received.request.header("content-length").is_some()).collect();
    assert_eq!(lengths, [true, true, false]);
    assert_eq!(requests[2].request.header("transfer-encoding"), Some(&b"chunked"[..]));
}

#[test]
fn a_body_that_can_be_read_again_is_sent_again() {
    for (kind, replayed) in [("bytes", true), ("stream", true), ("stream-once", false)] {
        let server = Server::start(|request| match (request.connection, request.index) {
            (0, 0) => Reply::ok("").then(End::CloseOnNextRequest),
            _ => Reply::ok("again"),
        });
        let mut put = post(&server.url("/"), kind);
        put["method"] = json!("PUT");
        let said = batch(&[], &[json!({"url": server.url("/")}), put]);
        let answer = said.answers().remove(1);
        if replayed {
            let hop = json!([{"url": server.url("/"), "status": null, "why": "stale-connection"}]);
            assert_eq!((&answer["outcome"], &answer["hops"]), (&json!("response"), &hop), "{answer}");
            assert_eq!(said.stats()["stale_replays"], json!(1));
        } else {
            assert_eq!(answer["outcome"], json!("error"), "{answer}");
            assert!(
                answer["message"].as_str().unwrap().contains("its body can be read only once"),
                "{answer}"
            );
        }
    }
}

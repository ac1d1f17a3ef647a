//! The fields of a failure.

use httpocean_testkit::server::{End, Greeting, Reply, Server};
use serde_json::{Value, json};

use super::command::{batch, dead_url, decoded};

fn words(answer: &Value) -> [&str; 5] {
    ["outcome", "fault", "kind", "phase", "sent"].map(|name| answer[name].as_str().unwrap_or("-"))
}

#[test]
fn nobody_there() {
    let said = batch(&[], &[json!({"id": 7, "url": dead_url()})]);
    let answer = said.answer();
    assert_eq!(words(&answer), ["error", "network", "connect", "connect", "nothing"]);
    assert_eq!(
        (&answer["id"], &answer["hops"], &answer["detail"]),
        (&json!(7), &json!([]), &json!("refused"))
    );
    assert_eq!(answer.get("connection"), None);
    assert_eq!(said.code, 1);
}

#[test]
fn a_body_that_breaks_off_is_told_as_far_as_it_came() {
    let server =
        Server::start(|_| Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").then(End::Close));
    let answer = batch(&[], &[json!({"url": server.url("/")})]).answer();
    assert_eq!(words(&answer), ["error", "peer", "protocol", "body", "all"]);
    assert_eq!((&answer["detail"], &answer["status"]), (&json!("truncated"), &json!(200)));
    assert_eq!(decoded(&answer["partial_body"]), b"half");
    assert_eq!(answer["connection"]["number"], json!(1));
}

#[test]
fn an_answer_that_is_no_http() {
    let server = Server::start(|_| Reply::raw("SSH-2.0-OpenSSH\r\n\r\n").then(End::Close));
    let answer = batch(&[], &[json!({"url": server.url("/")})]).answer();
    assert_eq!(words(&answer), ["error", "peer", "protocol", "head", "all"]);
    assert_eq!(answer["detail"], json!("bad-status-line"));
}

#[test]
fn a_peer_that_closes_without_an_answer() {
    let server = Server::start(|_| Reply::script([]).then(End::Close));
    let answer = batch(&[], &[json!({"method": "POST", "url": server.url("/")})]).answer();
    assert_eq!(words(&answer), ["error", "peer", "closed", "head", "all"]);
}

#[test]
fn a_peer_that_resets() {
    let server = Server::builder()
        .on_connect(|_| Greeting::Serve)
        .start(|_| Reply::script([]).then(End::Reset))
        .unwrap();
    let answer = batch(&[], &[json!({"method": "POST", "url": server.url("/")})]).answer();
    assert_eq!(words(&answer), ["error", "network", "reset", "head", "all"]);
}

#[test]
fn requests_that_can_not_be_sent() {
    let wrong = [
        json!({"url": "no url"}),
        json!({"url": "http://127.1/"}),
        json!({"url": "http://127.0.0.1/", "method": "G T"}),
        json!({"url": "http://127.0.0.1/", "headers": [["a b", "c"]]}),
        json!({"url": "http://127.0.0.1/", "headers": [["a", "b\r\nc: d"]]}),
        json!({"url": "http://127.0.0.1/", "headers": [["content-length", "5"]]}),
        json!({"url": "ftp://127.0.0.1/"}),
    ];
    let said = batch(&[], &wrong);
    for answer in said.answers() {
        assert_eq!(words(&answer), ["error", "local", "request", "start", "nothing"], "{answer}");
    }
    assert_eq!((said.answers().len(), said.code), (wrong.len(), 1));
}

#[test]
fn limits_of_a_request_are_obeyed() {
    let server = Server::start(|_| Reply::ok("x").header("A", "1").header("B", "2"));
    let line = json!({"url": server.url("/"), "options": {"limits": {"headers": 2}}});
    let answer = batch(&[], &[line]).answer();
    assert_eq!((&answer["kind"], &answer["detail"]), (&json!("protocol"), &json!("too-large")));
}

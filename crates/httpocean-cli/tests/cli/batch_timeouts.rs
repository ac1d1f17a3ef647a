//! Which clock ran out is told by the phase.

use std::time::Duration;

use httpocean_testkit::server::{Act, Reply, Server};
use serde_json::{Value, json};

use super::command::{batch, encoded};

/// Only a broken clock lets it come to this.
const LONG: Duration = Duration::from_secs(10);

fn timed_out(server: &Server, timeouts: Value) -> Value {
    let answer = batch(&[], &[json!({"url": server.url("/"), "options": {"timeout_ms": timeouts}})]).answer();
    assert_eq!(answer["kind"], json!("timeout"), "{answer}");
    answer
}

#[test]
fn the_first_byte() {
    let server = Server::start(|_| Reply::ok("").pause(LONG));
    let answer = timed_out(&server, json!({"first_byte": 30}));
    assert_eq!((&answer["phase"], &answer["sent"]), (&json!("head"), &json!("all")));
}

#[test]
fn a_gap_in_the_body() {
    let server = Server::start(|_| {
        Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").act(Act::Pause(LONG))
    });
    let answer = timed_out(&server, json!({"idle": 30}));
    assert_eq!((&answer["phase"], &answer["status"]), (&json!("body"), &json!(200)));
    assert_eq!(answer["partial_body"], json!(encoded(b"half")));
}

#[test]
fn everything_together() {
    let server = Server::start(|_| Reply::ok(vec![b'x'; 100]).in_pieces(1, Duration::from_millis(20)));
    let answer = timed_out(&server, json!({"total": 100}));
    assert_eq!(answer["outcome"], json!("error"));
}

#[test]
fn the_wait_for_a_connection() {
    let server = Server::start(|_| Reply::ok("").pause(Duration::from_millis(1000)));
    let line = json!({"url": server.url("/")});
    let options = r#"{"max_per_key": 1, "timeout_ms": {"pool": 30}}"#;
    let said = batch(&["-c", "2", "--options", options], &[line.clone(), line]);
    let answers = said.answers();
    let failed = answers.iter().find(|answer| answer["outcome"] == json!("error")).expect("one waited");
    assert_eq!((&failed["phase"], &failed["sent"]), (&json!("pool"), &json!("nothing")), "{failed}");
    assert!(answers.iter().any(|answer| answer["status"] == json!(200)));
}

#[test]
fn a_place_in_the_queue_is_refused_at_once() {
    let server = Server::start(|_| Reply::ok("").pause(Duration::from_millis(1000)));
    let line = json!({"url": server.url("/")});
    let options = r#"{"max_per_key": 1, "max_waiters": 0}"#;
    let said = batch(&["-c", "2", "--options", options], &[line.clone(), line]);
    let answers = said.answers();
    let failed = answers.iter().find(|answer| answer["outcome"] == json!("error")).expect("one is refused");
    assert_eq!((&failed["kind"], &failed["detail"]), (&json!("pool"), &json!("queue-full")), "{failed}");
}

//! An answer comes before the next question.

use std::io::{BufRead, BufReader, Write};

use httpocean_testkit::server::{Reply, Server};
use serde_json::{Value, json};

use super::command::command;

#[test]
fn a_line_is_answered_before_the_input_ends() {
    for concurrency in ["1", "3"] {
        let server = Server::start(|_| Reply::ok(""));
        let mut child = command(&["batch", "-c", concurrency]).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        for id in 0..3 {
            writeln!(stdin, "{}", json!({"id": id, "url": server.url("/")})).unwrap();
            let mut line = String::new();
            stdout.read_line(&mut line).unwrap();
            assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["id"], json!(id));
        }
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn a_reader_that_leaves_is_no_trouble() {
    for concurrency in ["1", "3"] {
        let server = Server::start(|_| Reply::ok(""));
        let mut child = command(&["batch", "-c", concurrency]).spawn().unwrap();
        drop(child.stdout.take());
        let mut stdin = child.stdin.take().unwrap();
        for id in 0..10 {
            // It may have ended already.
            let _ = writeln!(stdin, "{}", json!({"id": id, "url": server.url("/")}));
        }
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        assert!(!String::from_utf8(output.stderr).unwrap().contains("panicked"));
    }
}

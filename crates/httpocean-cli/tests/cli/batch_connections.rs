//! Which connection serves a request, and where it leads.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;

use httpocean_testkit::server::{End, Reply, Server};
use serde_json::json;

use super::command::{batch, decoded};

#[test]
fn a_connection_is_reused_and_counted() {
    let server = Server::start(|_| Reply::ok(""));
    let said = batch(&[], &[json!({"url": server.url("/1")}), json!({"url": server.url("/2")})]);
    let answers = said.answers();
    assert_eq!(answers[1]["connection"]["reused"], json!(true));
    assert_eq!(answers[0]["connection"]["number"], answers[1]["connection"]["number"]);
    let stats = said.stats();
    for (name, count) in [("connections_opened", 1), ("requests_sent", 2), ("redirects", 0), ("retries", 0)] {
        assert_eq!(stats[name], json!(count), "{name}");
    }
    assert_eq!((&stats["stale_replays"], &stats["closed"]), (&json!(0), &json!({})));
}

#[test]
fn a_connection_that_ended_while_idle_is_passed_over() {
    let server = Server::start(|request| match request.connection {
        0 => Reply::ok("").then(End::Close),
        _ => Reply::ok(""),
    });
    let lines = [json!({"url": server.url("/")}), json!({"wait_ms": 200}), json!({"url": server.url("/")})];
    let said = batch(&[], &lines);
    let answer = said.answers().remove(1);
    assert_eq!((&answer["connection"]["number"], &answer["hops"]), (&json!(2), &json!([])));
    assert_eq!(said.stats()["closed"], json!({"peer-closed": 1}));
}

#[test]
fn so_many_uses_are_the_end() {
    let server = Server::start(|_| Reply::ok(""));
    let line = json!({"url": server.url("/")});
    let said = batch(&["--options", r#"{"max_uses": 1}"#], &[line.clone(), line]);
    assert_eq!(said.answers()[0]["parked"], json!(false));
    assert_eq!(said.stats()["closed"], json!({"used-up": 2}));
}

#[test]
fn a_host_can_be_pinned_to_an_address() {
    let server = Server::start(|_| Reply::ok("here"));
    let options = json!({"resolve": {"Pages.test:80": [server.addr().to_string()], "gone.test:80": []}});
    let lines = [json!({"url": "http://pages.test/"}), json!({"url": "http://gone.test/"})];
    let answers = batch(&["--options", &options.to_string()], &lines).answers();
    assert_eq!(decoded(&answers[0]["body"]), b"here");
    assert_eq!(answers[0]["connection"]["peer"], json!(server.addr().to_string()));
    assert_eq!(server.requests()[0].request.header("host"), Some(&b"pages.test"[..]));
    assert_eq!((&answers[1]["kind"], &answers[1]["phase"]), (&json!("resolve"), &json!("resolve")));
}

#[test]
fn a_unix_socket_stands_for_every_host() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("batch.sock");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let n = stream.read(&mut head).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nunix").unwrap();
        String::from_utf8_lossy(&head[..n]).into_owned()
    });
    let options = json!({"unix_socket": path});
    let answer = batch(&["--options", &options.to_string()], &[json!({"url": "http://any.test/x"})]).answer();
    assert_eq!(decoded(&answer["body"]), b"unix");
    assert_eq!(answer["connection"]["peer"], json!(null));
    assert!(server.join().unwrap().contains("host: any.test\r\n"));
}

//! What both adapters answer to the same requests is the same, field for field.

use std::time::Duration;

use httpocean_testkit::server::{End, Reply, Request, Server};
use serde_json::{Value, json};

use crate::command::batch;

const KINDS: usize = 16;

fn reply(request: &Request) -> Reply {
    let kind = request.target.trim_start_matches('/').split('/').next().unwrap_or_default();
    match kind {
        "sized" => Reply::ok(vec![b'x'; 70_000]).header("X-A", b"caf\xe9".to_vec()).header("x-a", "2"),
        "chunked" => Reply::status(200, "Fine").chunked(["one ", "two"], [("X-Sum", "7"), ("x-sum", "8")]),
        "interim" => Reply::ok("end").interim(103, "Early Hints", [("link", "</a>")]),
        "empty" => Reply::status(204, "No Content"),
        "old" => Reply::raw("HTTP/1.0 200 \r\nContent-Length: 2\r\n\r\nhi").then(End::Close),
        "until-close" => Reply::status(200, "OK").until_close("to the end"),
        "close" => Reply::ok("last").close(),
        "truncated" => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").then(End::Close),
        "late" => Reply::ok("").pause(Duration::from_secs(5)),
        "framing" => {
            Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx").then(End::Close)
        }
        "chunk" => Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
            .then(End::Close),
        "silent" => Reply::script([]).then(End::Close),
        "upgrade" => Reply::raw(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly",
        )
        .then(End::Upgrade),
        _ => Reply::status(404, "Nothing Here").body(request.method.clone()),
    }
}

fn line(id: usize, server: &str, dead: &str) -> Value {
    let url = |kind: &str| format!("{server}{kind}/{id}");
    match id % KINDS {
        0 => json!({"id": id, "url": url("sized")}),
        1 => json!({"id": id, "url": url("chunked")}),
        2 => json!({"id": id, "url": url("interim")}),
        3 => json!({"id": id, "method": "HEAD", "url": url("sized")}),
        4 => json!({"id": id, "url": url("empty")}),
        5 => json!({"id": id, "url": url("truncated")}),
        6 => json!({"id": id, "url": dead}),
        7 => json!({"id": id, "url": url("late"), "options": {"timeout_ms": {"first_byte": 20}}}),
        8 => json!({"id": id, "url": url("framing")}),
        9 => json!({"id": id, "url": url("chunk")}),
        10 => json!({"id": id, "method": "POST", "url": url("silent")}),
        11 => json!({"id": id, "url": url("upgrade"), "options": {"upgrade": "echo"}}),
        12 => json!({"id": id, "url": url(["old", "until-close", "close"][id / KINDS % 3])}),
        13 => json!({"id": id, "method": "POST", "url": url("none"), "body": "aGVsbG8=",
                     "body_kind": (["bytes", "stream", "stream-once"][id / KINDS % 3])}),
        14 => json!({"id": id, "url": url("none"), "headers": [["content-length", "5"]]}),
        _ => json!({"id": id, "url": (["no url", "https://127.0.0.1/", "http://127.1/"][id / KINDS % 3])}),
    }
}

/// Without what differs from run to run.
fn masked(mut answer: Value) -> Value {
    let fields = answer.as_object_mut().unwrap();
    fields.remove("elapsed_ms");
    if let Some(Value::Object(connection)) = fields.get_mut("connection") {
        connection.remove("local");
    }
    answer
}

#[test]
fn two_hundred_answers_are_the_same() {
    let server = Server::start(reply);
    // Each another: who dials the same once more has to wait, longer each time.
    let dead: Vec<String> = (0..=200 / KINDS).map(|_| crate::command::dead_url()).collect();
    let lines: Vec<Value> = (0..200).map(|id| line(id, &server.url("/"), &dead[id / KINDS])).collect();
    let said = ["std", "mio"].map(|transport| batch(&["--transport", transport], &lines));
    let [std, mio] = said.each_ref().map(crate::command::Said::answers);
    assert_eq!((std.len(), mio.len()), (200, 200), "{} {}", said[0].stderr, said[1].stderr);
    for (std, mio) in std.into_iter().zip(mio) {
        assert_eq!(masked(std), masked(mio));
    }
    let [std, mio] = said.each_ref().map(crate::command::Said::stats);
    assert_eq!(std, mio);
}

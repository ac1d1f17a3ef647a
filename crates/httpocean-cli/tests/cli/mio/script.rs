//! Requests of all kinds, and the server that they are for: what it does is said by their targets alone.

use std::time::Duration;

use httpocean_testkit::server::{Act, End, Reply, Request};
use serde_json::{Value, json};

use super::command::{dead_url, encoded};

/// So many requests to nobody: each is to a port of its own, for who dials the same once more has to wait.
const DEAD: usize = 40;
/// So many requests that wait for a deadline.
const LATE: usize = 24;

/// What the server does, and how often among a hundred requests.
const KINDS: [(&str, usize); 30] = [
    ("sized", 16),
    ("chunked", 8),
    ("pieces", 2),
    ("until-close", 3),
    ("old", 3),
    ("old-kept", 2),
    ("head", 4),
    ("empty", 3),
    ("unchanged", 2),
    ("interim", 3),
    ("continues", 2),
    ("close", 4),
    ("kept-shortly", 2),
    ("post", 8),
    ("put", 5),
    ("early", 3),
    ("missing", 3),
    ("dying", 4),
    ("dying-reset", 3),
    ("gone", 3),
    ("gone-reset", 2),
    ("unasked", 2),
    ("silent", 2),
    ("silent-reset", 2),
    ("cut", 3),
    ("cut-reset", 2),
    ("garbage", 4),
    ("upgrade", 1),
    ("bad-request", 2),
    ("bad-url", 1),
];

/// After these the server ends the connection by itself, sooner or later than the client looks at it.
pub(super) const ENDED_BY_THE_SERVER: [&str; 3] = ["gone", "gone-reset", "unasked"];

const GARBAGE: [&str; 12] = [
    "ICY 200 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
    "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "no HTTP at all\r\n\r\n",
];

const CUT: [&str; 5] = [
    "HTTP/1.1 20",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhalf",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
];

/// The answer to `/kind/size/id`.
pub(super) fn reply(request: &Request) -> Reply {
    let mut words = request.target.split('/').skip(1);
    let kind = words.next().unwrap_or_default();
    let size: usize = words.next().and_then(|size| size.parse().ok()).unwrap_or(0);
    let content = || vec![b'a' + (size % 26) as u8; size];
    let whole = Reply::ok(content());
    match kind {
        "head" | "sized" => whole.header("X-A", b"caf\xe9".to_vec()).header("x-a", "2"),
        "chunked" => chunked(&content()),
        "pieces" => chunked(&content()).in_pieces(1 + size / 5, Duration::ZERO),
        "until-close" => Reply::status(200, "Fine").until_close(content()),
        "old" => Reply::raw("HTTP/1.0 200 \r\nContent-Length: 2\r\n\r\nhi").then(End::Close),
        "old-kept" => Reply::raw("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"),
        "empty" => Reply::status(204, "No Content"),
        "unchanged" => Reply::status(304, "Not Modified").header("Content-Length", "77"),
        "interim" => {
            (0..1 + size % 3).fold(whole, |reply, _| reply.interim(103, "Early Hints", [("link", "</a>")]))
        }
        "continues" => whole.continues(),
        "close" => whole.close(),
        "kept-shortly" => whole.header("Keep-Alive", "timeout=1"),
        "early" => Reply::status(413, "Content Too Large").body("too large").early().close(),
        "late" => Reply::script([]).then(End::Hold(Duration::from_secs(3600))),
        "stuck" => Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            .then(End::Hold(Duration::from_secs(3600))),
        "missing" => Reply::status(404, "Nothing Here").body(request.method.clone()),
        "dying" => whole.then(End::CloseOnNextRequest),
        "dying-reset" => whole.then(End::ResetOnNextRequest),
        "gone" => whole.then(End::CloseNow),
        "gone-reset" => whole.then(End::Reset),
        "unasked" => whole.then(End::SendUnasked { after: Duration::ZERO, bytes: b"unasked".to_vec() }),
        "silent" => Reply::script([Act::ReadBody]).then(End::Close),
        "silent-reset" => Reply::script([Act::ReadBody]).then(End::Reset),
        "cut" => Reply::raw(CUT[size % CUT.len()]).then(End::Close),
        "cut-reset" => Reply::raw(CUT[size % CUT.len()]).then(End::Reset),
        "garbage" => Reply::raw(GARBAGE[size % GARBAGE.len()]).then(End::Close),
        "upgrade" => Reply::raw(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nearly",
        )
        .then(End::Upgrade),
        _ => whole,
    }
}

fn chunked(content: &[u8]) -> Reply {
    Reply::status(200, "Fine").chunked(content.chunks(1000), [("X-Sum", "7"), ("x-sum", "8")])
}

/// So many requests, the same at every run, and their kinds; among them lines that only wait.
pub(super) struct Script {
    pub(super) lines: Vec<Value>,
    pub(super) kinds: Vec<&'static str>,
    server: String,
    random: u64,
    /// The next request finds its connection dying, so that it goes out in one piece: how far one in pieces gets is a
    /// matter of time.
    dying: bool,
}

impl Script {
    pub(super) fn new(server: String, requests: usize) -> Self {
        let mut script = Self { lines: Vec::new(), kinds: Vec::new(), server, random: 1, dying: false };
        let (dead, late) = (requests / DEAD, requests / LATE);
        while script.kinds.len() < requests {
            let id = script.kinds.len();
            match script.kinds.last() {
                // These may be found out about before or after the next one was sent: one that may go out twice.
                Some(kind) if ENDED_BY_THE_SERVER.contains(kind) => script.ask("sized"),
                Some(&("dying" | "dying-reset")) => {
                    script.dying = true;
                    let kind = ["sized", "post", "put", "missing"][script.roll(4)];
                    script.ask(kind);
                    script.dying = false;
                }
                _ if id % dead == 0 => script.add("dead", json!({"id": id, "url": dead_url()})),
                _ if id % late == 1 => script.late(id),
                _ => {
                    let kind = script.any_kind();
                    script.ask(kind);
                }
            }
        }
        script
    }

    fn any_kind(&mut self) -> &'static str {
        let mut at = self.roll(KINDS.iter().map(|(_, share)| share).sum());
        for (kind, share) in KINDS {
            if at < share {
                return kind;
            }
            at -= share;
        }
        "sized"
    }

    fn ask(&mut self, kind: &'static str) {
        let (id, size) = (self.kinds.len(), self.size());
        let url = format!("{}{kind}/{size}/{id}", self.server);
        let method = ["GET", "GET", "GET", "DELETE", "OPTIONS"][self.roll(5)];
        let mut ask = json!({"id": id, "url": url, "method": method});
        match kind {
            "head" => ask["method"] = json!("HEAD"),
            "sized" | "upgrade" | "gone" | "gone-reset" | "unasked" => ask["method"] = json!("GET"),
            "missing" | "post" | "put" | "continues" | "early" | "silent" | "silent-reset" => {
                self.with_a_body(&mut ask, kind);
            }
            "bad-request" => {
                ask["headers"] = [json!([["content-length", "5"]]), json!([["host", "a b"]])][id % 2].clone()
            }
            "bad-url" => ask["url"] = json!(["no url", "ftp://127.0.0.1/", "http://127.1/"][id % 3]),
            _ => {}
        }
        match kind {
            "upgrade" => ask["options"] = json!({"upgrade": "echo"}),
            "continues" => ask["options"] = json!({"expect_continue": true}),
            _ => {}
        }
        self.add(kind, ask);
        if ENDED_BY_THE_SERVER.contains(&kind) {
            self.lines.push(json!({"wait_ms": 2}));
        }
    }

    fn with_a_body(&mut self, ask: &mut Value, kind: &str) {
        let size = match kind {
            "early" => 150_000,
            _ if self.dying => self.roll(1_000),
            _ => self.size(),
        };
        ask["method"] = json!(if kind == "put" { "PUT" } else { "POST" });
        ask["body"] = json!(encoded(&vec![b'x'; size]));
        ask["body_kind"] =
            json!(if self.dying { "bytes" } else { ["bytes", "stream", "stream-once"][self.roll(3)] });
    }

    fn late(&mut self, id: usize) {
        let (kind, limit) = [("late", "first_byte"), ("stuck", "idle"), ("late", "total")][id % 3];
        let url = format!("{}{kind}/0/{id}", self.server);
        self.add(kind, json!({"id": id, "url": url, "options": {"timeout_ms": {(limit): 20}}}));
    }

    fn add(&mut self, kind: &'static str, line: Value) {
        self.kinds.push(kind);
        self.lines.push(line);
    }

    fn size(&mut self) -> usize {
        let most = [1, 10, 1_000, 10_000, 100_000][self.roll(5)];
        self.roll(most)
    }

    fn roll(&mut self, n: usize) -> usize {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % n
    }
}

//! From bytes to a request, the responses to it, and what its driver and its user do.

use core::time::Duration;

use http::{Request, StatusCode};
use httpocean_core::policy::{Backoff, Exhausted, Retries};
use httpocean_core::{BodyPlan, Config, Limits, call};

use crate::bytes::Bytes;

const MS: fn(u64) -> Duration = Duration::from_millis;

/// One thing that happens to a call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Act {
    /// So many more bytes of the response come.
    Feed(u8),
    /// The transport takes so many bytes.
    Write(u8),
    /// So many steps.
    Step(u8),
    /// The user reads into a buffer of that size.
    Read(u8),
    /// The driver reads so many bytes past the buffers, if it may.
    Direct(u8),
    /// So many bytes of the request's body, asked for or not.
    Body(u8),
    FinishBody,
    FailBody,
    Discard,
    Cancel,
    Eof,
    Reset,
    FailWrite,
    Later(Duration),
    /// The driver adds a field with that value to the next attempt.
    Add(u8),
    /// The next inputs are told the beginning of time.
    Earlier,
}

/// What is asked, and of whom.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) config: Config,
    pub(crate) body: BodyPlan,
    /// Whether connections that need not be fresh have served others.
    pub(crate) used: bool,
    /// Which attempts get no connection.
    pub(crate) refusals: Vec<bool>,
    /// What each attempt gets as its response, in turn.
    pub(crate) responses: Vec<Vec<u8>>,
    method: &'static str,
    fields: Vec<(&'static str, &'static str)>,
}

impl Scene {
    pub(crate) fn request(&self) -> Request<()> {
        let url = if self.method == "CONNECT" { "site.example:443" } else { "http://site.example/a" };
        let mut request = Request::builder().method(self.method).uri(url);
        for (name, value) in &self.fields {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request from constants")
    }
}

/// What `bytes` stand for. Every slice stands for something.
pub(crate) fn from_bytes(bytes: &mut Bytes<'_>) -> (Scene, Vec<Act>) {
    let scene = scene(bytes);
    let mut acts = Vec::new();
    while let Some(op) = bytes.next() {
        acts.push(act(op, bytes));
        if acts.len() == 400 {
            break;
        }
    }
    (scene, acts)
}

fn scene(bytes: &mut Bytes<'_>) -> Scene {
    let config = config(bytes);
    let size = bytes.pick(&[Some(0), Some(0), Some(5), None, Some(60)]);
    let body = BodyPlan { size, replayable: !bytes.one_in(3), trailers: false };
    let method = bytes.pick(&["GET", "GET", "POST", "PUT", "HEAD", "CONNECT"]);
    let fields = [("x", "y"), ("upgrade", "tea"), ("connection", "close"), ("idempotency-key", "1")];
    let chosen = bytes.byte();
    let chosen = fields.into_iter().enumerate().filter(|(bit, _)| chosen & (1 << bit) != 0);
    let fields = chosen.map(|(_, field)| field).collect();
    let used = bytes.one_in(2);
    let refused = bytes.byte();
    let refusals = (0..4).map(|bit| refused & (0x80 >> bit) != 0).collect();
    let responses = (0..=bytes.byte() % 4).map(|_| response(bytes)).collect();
    Scene { config, body, used, refusals, responses, method, fields }
}

fn config(bytes: &mut Bytes<'_>) -> Config {
    let some = [None, None, Some(MS(2_000)), Some(MS(100)), Some(MS(0))];
    let call = call::Options {
        total: bytes.pick(&[None, None, Some(MS(20_000)), Some(MS(500)), Some(MS(0))]),
        pool_wait: bytes.pick(&some),
        send: bytes.pick(&some),
        first_byte: bytes.pick(&some),
        idle: bytes.pick(&some),
        expect_continue: bytes.one_in(3),
        await_continue: bytes.pick(&[MS(1_000), MS(0)]),
        replay_any_method: bytes.one_in(4),
        ..call::Options::default()
    };
    let limits = Limits {
        send_ahead: bytes.pick(&[50, 64 * 1024, 0]),
        head_bytes: bytes.pick(&[200, 128 * 1024]),
        interim: 3,
        drain_bytes: bytes.pick(&[64 * 1024, 8, 0]),
        drain_time: bytes.pick(&[MS(50), MS(0)]),
        ..Limits::default()
    };
    let retries = Retries {
        statuses: bytes.pick(&[Vec::new(), vec![StatusCode::INTERNAL_SERVER_ERROR]]),
        backoff: Backoff { base: bytes.pick(&[MS(100), MS(0)]), ..Backoff::default() },
        exhausted: bytes.pick(&[Exhausted::Response, Exhausted::Error]),
        ..Retries::new(bytes.pick(&[0, 1, 3]))
    };
    let mut config = Config { call, limits, retries, ..Config::default() };
    config.redirects.limit = bytes.pick(&[10, 0, 1, 2]);
    config
}

/// One of the usual, or any bytes.
fn response(bytes: &mut Bytes<'_>) -> Vec<u8> {
    const USUAL: [&str; 14] = [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello",
        "HTTP/1.1 101 Switch\r\n\r\nhello",
        "HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 3\r\n\r\nbye",
        "HTTP/1.1 307 Found\r\nlocation: //other.example/\r\ncontent-length: 30\r\n\r\nbye",
        "HTTP/1.1 303 See\r\nlocation: https://site.example/\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "HTTP/1.1 503 No\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\nno reason",
        "HTTP/1.1 413 No\r\nconnection: close\r\n\r\nno",
        "HTTP/1.1 204 No\r\n\r\nunasked",
        "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: http://127.1/\r\n\r\n",
        "",
    ];
    let which = usize::from(bytes.byte()) % (USUAL.len() + 2);
    USUAL.get(which).map_or_else(|| bytes.text().to_vec(), |usual| usual.as_bytes().to_vec())
}

fn act(op: u8, bytes: &mut Bytes<'_>) -> Act {
    match op % 64 {
        0..=19 => Act::Step(op % 4 + 1),
        20..=29 => Act::Feed(bytes.byte()),
        30..=39 => Act::Write(bytes.byte()),
        40..=42 => Act::Read(bytes.byte()),
        43..=45 => Act::Direct(bytes.byte()),
        46..=49 => Act::Body(bytes.byte() % 40),
        50..=51 => Act::FinishBody,
        52 => Act::FailBody,
        53 => Act::Discard,
        54 => Act::Cancel,
        55..=56 => Act::Eof,
        57 => Act::Reset,
        58 => Act::FailWrite,
        62 => Act::Add(bytes.byte()),
        59..=61 => Act::Later(MS(u64::from(bytes.byte()) * 10)),
        _ => Act::Earlier,
    }
}

//! What a peer, a transport and a user do to one call.

use std::time::Duration;

use httpocean_core::policy::redirect::Redirects;
use httpocean_core::policy::{Backoff, Retries};
use httpocean_core::{BodyPlan, Config, Limits, call};
use proptest::prelude::*;

pub const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The longest wait that a server may ask for.
pub const RETRY_AFTER_MAX: Duration = ms(2_000);
/// The first wait that is our own; the next are twice as long each.
pub const BACKOFF: Duration = ms(10);
pub const INTERIMS: u32 = 3;
pub const HEAD_BYTES: usize = 400;

#[derive(Clone, Debug)]
pub struct Scene {
    pub method: &'static str,
    pub keyed: bool,
    /// The user allows any request to be made again.
    pub any: bool,
    /// Bytes of the request's body, and whether they can be had again.
    pub body: (usize, bool),
    pub total: Option<u64>,
    pub retries: u32,
    pub redirects: u32,
    /// What is drained: bytes and milliseconds.
    pub drain: (u64, u64),
    /// What each attempt meets, in turn.
    pub attempts: Vec<Attempt>,
    /// The user gives up after so long; `true`: so long after the head, of which the rest is of no use.
    pub gives_up: Option<(u64, bool)>,
}

#[derive(Clone, Debug)]
pub struct Attempt {
    /// After so long there is a connection.
    pub connect: u64,
    pub refused: bool,
    /// It has served others.
    pub used: bool,
    /// The transport takes so many bytes, and then it fails, or else takes no more.
    pub takes: Option<(usize, bool)>,
    /// The answer comes when so much of the request was heard, and not all.
    pub early: Option<usize>,
    pub delay: u64,
    pub reply: Reply,
    /// So many bytes at a time, so many milliseconds apart.
    pub pieces: (usize, u64),
    /// No more of it comes.
    pub cut: Option<prop::sample::Index>,
    pub end: End,
}

#[derive(Clone, Debug)]
pub enum Reply {
    Silence,
    Length(usize),
    Chunked(usize),
    UntilClose(usize),
    Bodiless,
    Interims(u32),
    /// A redirect, with a body of so many bytes.
    Leads(u16, usize),
    /// A 503, and when to come again.
    Busy(&'static str),
    /// A head without an end.
    Endless,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    StaysOpen,
    Eof,
    Reset,
}

/// What a `Retry-After` may say, and in milliseconds what that means.
pub const WAITS: [(&str, Option<u64>); 11] = [
    ("0", Some(0)),
    ("1", Some(1_000)),
    ("\t1 ", Some(1_000)),
    ("2", Some(2_000)),
    ("9", Some(9_000)),
    ("99999999999999999999999999", Some(u64::MAX)),
    ("-1", None),
    ("soon", None),
    ("1.5", None),
    ("Thu, 99 Foo 2026 00:00:00 GMT", None),
    ("Wed, 14 Oct 1999 17:46:40 GMT", None),
];

pub fn scenes() -> impl Strategy<Value = Scene> {
    let method = prop::sample::select(vec!["GET", "GET", "GET", "PUT", "DELETE", "POST"]);
    let body = prop_oneof![2 => Just((0, true)), 3 => (1..300usize, any::<bool>())];
    let gives_up = prop::option::weighted(0.25, (0..12u64, prop::bool::weighted(0.8)));
    (
        (method, prop::bool::weighted(0.15), prop::bool::weighted(0.15), body),
        prop::option::weighted(0.5, prop_oneof![1 => 0..60u64, 3 => 300..3_000u64]),
        (prop_oneof![1 => Just(0), 6 => 1..4u32], prop_oneof![1 => Just(0), 5 => 1..4u32]),
        (
            prop_oneof![1 => Just(0), 2 => Just(20), 3 => Just(5_000)],
            prop_oneof![1 => Just(0), 4 => Just(15)],
        ),
        prop::collection::vec(attempts(), 2..6),
        gives_up,
    )
        .prop_map(|(request, total, (retries, redirects), drain, attempts, gives_up)| {
            let (method, keyed, any, body) = request;
            Scene { method, keyed, any, body, total, retries, redirects, drain, attempts, gives_up }
        })
}

fn attempts() -> impl Strategy<Value = Attempt> {
    let rarely = |share| prop::bool::weighted(share);
    let takes = prop::option::weighted(0.2, (0..250usize, any::<bool>()));
    let early = prop::option::weighted(0.4, 0..150usize);
    let end = prop_oneof![3 => Just(End::StaysOpen), 3 => Just(End::Eof), 1 => Just(End::Reset)];
    let cut = prop::option::weighted(0.12, any::<prop::sample::Index>());
    let pieces = (prop_oneof![20..80usize, Just(10_000)], 0..6u64);
    ((0..4u64, rarely(0.12), any::<bool>(), takes, early), 0..8u64, replies(), pieces, cut, end).prop_map(
        |((connect, refused, used, takes, early), delay, reply, pieces, cut, end)| Attempt {
            connect,
            refused,
            used,
            takes,
            early,
            delay,
            reply,
            pieces,
            cut,
            end,
        },
    )
}

fn replies() -> impl Strategy<Value = Reply> {
    prop_oneof![
        4 => Just(Reply::Silence),
        3 => (0..200usize).prop_map(Reply::Length),
        3 => (0..200usize).prop_map(Reply::Chunked),
        1 => (0..200usize).prop_map(Reply::UntilClose),
        1 => Just(Reply::Bodiless),
        2 => (0..6u32).prop_map(Reply::Interims),
        5 => (prop::sample::select(vec![302, 303, 307]), 0..60usize)
            .prop_map(|(status, body)| Reply::Leads(status, body)),
        5 => prop::sample::select(WAITS.to_vec()).prop_map(|(value, _)| Reply::Busy(value)),
        1 => Just(Reply::Endless),
    ]
}

impl Scene {
    pub fn config(&self) -> Config {
        let options = call::Options {
            total: self.total.map(ms),
            send: Some(ms(300)),
            first_byte: Some(ms(400)),
            idle: Some(ms(350)),
            replay_any_method: self.any,
            ..call::Options::default()
        };
        let limits = Limits {
            send_ahead: 60,
            interim: INTERIMS,
            head_bytes: HEAD_BYTES,
            drain_bytes: self.drain.0,
            drain_time: ms(self.drain.1),
            ..Limits::default()
        };
        let backoff = Backoff { base: BACKOFF, jitter_percent: 0, ..Backoff::default() };
        let retries = Retries { backoff, retry_after_max: RETRY_AFTER_MAX, ..Retries::new(self.retries) };
        let redirects = Redirects { limit: self.redirects, ..Redirects::default() };
        Config { call: options, limits, retries, redirects, ..Config::default() }
    }

    pub fn request(&self) -> (http::Request<()>, BodyPlan) {
        let fields: &[_] = if self.keyed { &[("idempotency-key", "1")] } else { &[] };
        let request = crate::common::request(self.method, "http://example.com/", fields);
        let (size, replayable) = self.body;
        (request, BodyPlan { size: Some(size as u64), replayable, trailers: false })
    }

    /// By its method, its key, or its user's word.
    pub fn may_be_made_twice(&self) -> bool {
        self.method != "POST" || self.keyed || self.any
    }
}

/// An answer, and what is true of it.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub wire: Vec<u8>,
    pub body: Vec<u8>,
    /// The end of the connection is its end.
    pub until_close: bool,
    /// It is within our limits.
    pub acceptable: bool,
}

impl Attempt {
    pub fn answer(&self) -> Answer {
        let body = |n: usize| (0..n).map(|n| b'a' + (n % 26) as u8).collect::<Vec<_>>();
        let (status, head, body) = match self.reply {
            Reply::Silence => return Answer::default(),
            Reply::Length(n) => (200, format!("content-length: {n}\r\n\r\n"), body(n)),
            Reply::Chunked(n) => (200, "transfer-encoding: chunked\r\n\r\n".to_owned(), body(n)),
            Reply::UntilClose(n) => (200, "\r\n".to_owned(), body(n)),
            Reply::Bodiless => (204, "\r\n".to_owned(), Vec::new()),
            Reply::Interims(_) => (200, "content-length: 2\r\n\r\n".to_owned(), body(2)),
            Reply::Leads(status, n) => {
                (status, format!("location: /again\r\ncontent-length: {n}\r\n\r\n"), body(n))
            }
            Reply::Busy(value) => {
                (503, format!("retry-after: {value}\r\ncontent-length: 4\r\n\r\n"), b"busy".to_vec())
            }
            Reply::Endless => (200, "a: b\r\n".repeat(200), Vec::new()),
        };
        let interims = if let Reply::Interims(n) = self.reply { n } else { 0 };
        let mut wire = "HTTP/1.1 103 Early\r\n\r\n".repeat(interims as usize).into_bytes();
        wire.extend(format!("HTTP/1.1 {status} x\r\n{head}").into_bytes());
        if let Reply::Chunked(_) = self.reply {
            for chunk in body.chunks(17) {
                wire.extend([format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
            }
            wire.extend(b"0\r\n\r\n");
        } else {
            wire.extend(&body);
        }
        let until_close = matches!(self.reply, Reply::UntilClose(_));
        let acceptable = interims <= INTERIMS && !matches!(self.reply, Reply::Endless);
        Answer { status, wire, body, until_close, acceptable }
    }

    /// Bytes of the answer that come.
    pub fn comes(&self, answer: &Answer) -> usize {
        let len = answer.wire.len();
        self.cut.filter(|_| len > 0 && !answer.until_close).map_or(len, |cut| cut.index(len))
    }
}

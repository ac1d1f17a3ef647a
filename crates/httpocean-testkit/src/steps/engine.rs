//! From bytes to what happens around an engine: users, networks, servers and a driver in any order.

use core::time::Duration;

use httpocean_core::policy::Retries;
use httpocean_core::{BodyPlan, Config, call, dial, pool};

use crate::bytes::Bytes;

/// One thing that happens. Numbers pick one of what there is or was, modulo how many there are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// A request to host `host`, `kind` says which.
    Start {
        host: u8,
        kind: u8,
    },
    Cancel(u8),
    Discard(u8),
    /// So many tasks are asked for.
    Tasks(u8),
    /// The driver's work is done until there is none.
    Settle,
    /// A name is looked up, or was already.
    Resolved {
        conn: u8,
        to: u8,
    },
    /// An attempt comes to something.
    Connected {
        conn: u8,
        attempt: u8,
        well: bool,
    },
    /// A hint, with or without a reason.
    Ready(u8),
    /// A connection is driven once.
    Drive(u8),
    /// A server sends something.
    Arrives {
        conn: u8,
        piece: Piece,
    },
    /// A transport takes so many bytes.
    Flush {
        conn: u8,
        most: u8,
    },
    /// The user's answer to `NeedBody`, asked for or not.
    Body {
        call: u8,
        answer: u8,
    },
    /// The user reads.
    Read {
        call: u8,
        room: u8,
    },
    Evict(u8),
    Later(Duration),
    Earlier(Duration),
    ShutDown,
}

/// What comes from a server. A `%` in a head stands for a number that is never used twice.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    Usual(&'static str),
    Bytes(Vec<u8>),
    Close,
    Reset,
}

const MS: fn(u64) -> Duration = Duration::from_millis;

/// The options, and what happens. Every slice stands for something.
pub(crate) fn from_bytes(bytes: &[u8]) -> (pool::Options, Config, Vec<Act>) {
    let mut bytes = Bytes::new(bytes);
    let pool = super::options(&mut bytes);
    let config = config(&mut bytes);
    let mut acts = Vec::new();
    while let Some(op) = bytes.next() {
        acts.push(act(op, &mut bytes));
        if acts.len() == 400 {
            break;
        }
    }
    (pool, config, acts)
}

fn config(bytes: &mut Bytes<'_>) -> Config {
    let some = [None, None, Some(MS(300)), Some(MS(20))];
    let mut config = Config {
        call: call::Options {
            total: bytes.pick(&some),
            pool_wait: bytes.pick(&some),
            first_byte: bytes.pick(&some),
            idle: bytes.pick(&some),
            await_continue: MS(10),
            ..call::Options::default()
        },
        dial: dial::Options {
            resolve: bytes.pick(&some),
            connect: bytes.pick(&some),
            connect_each: bytes.pick(&some),
            ..dial::Options::default()
        },
        retries: Retries::new(bytes.pick(&[0, 0, 2])),
        ..Config::default()
    };
    config.redirects.limit = bytes.pick(&[3, 0]);
    config
}

/// A request's fields and body.
pub(crate) fn request(host: u8, kind: u8) -> (http::Request<()>, BodyPlan) {
    let (method, field, body) = match kind % 8 {
        0..=2 => ("GET", ("x", "y"), BodyPlan::empty()),
        3 => ("POST", ("x", "y"), BodyPlan { size: Some(8), replayable: false, trailers: false }),
        4 => ("PUT", ("x", "y"), BodyPlan { size: None, replayable: true, trailers: false }),
        5 => {
            ("POST", ("expect", "100-continue"), BodyPlan { size: None, replayable: false, trailers: false })
        }
        6 => ("HEAD", ("x", "y"), BodyPlan::empty()),
        _ => ("GET", ("upgrade", "tea"), BodyPlan::empty()),
    };
    let request = http::Request::builder().method(method).uri(format!("http://host{}/", host % 3));
    let request = request.header(field.0, field.1).body(()).expect("a request from constants");
    (request, body)
}

fn act(op: u8, bytes: &mut Bytes<'_>) -> Act {
    match op % 64 {
        0..=7 => Act::Start { host: bytes.pick(&[0, 0, 1, 2]), kind: bytes.byte() },
        8 => Act::Cancel(bytes.byte()),
        9 => Act::Discard(bytes.byte()),
        10..=13 => Act::Tasks(bytes.byte() % 4),
        14..=25 => Act::Settle,
        26..=29 => Act::Resolved { conn: bytes.byte(), to: bytes.byte() },
        30..=33 => Act::Connected { conn: bytes.byte(), attempt: bytes.byte(), well: !bytes.one_in(4) },
        34..=35 => Act::Ready(bytes.byte()),
        36..=38 => Act::Drive(bytes.byte()),
        39..=46 => Act::Arrives { conn: bytes.byte(), piece: piece(bytes) },
        47..=49 => Act::Flush { conn: bytes.byte(), most: bytes.byte() },
        50..=52 => Act::Body { call: bytes.byte(), answer: bytes.byte() },
        53 => Act::Read { call: bytes.byte(), room: bytes.byte() },
        54 => Act::Evict(bytes.byte()),
        55..=59 => Act::Later(MS(u64::from(bytes.byte()) * bytes.pick(&[1, 10, 100, 10_000]))),
        60..=61 => Act::Earlier(MS(u64::from(bytes.byte()))),
        // Rare, because little happens after it.
        _ if bytes.one_in(16) => Act::ShutDown,
        _ => Act::Settle,
    }
}

fn piece(bytes: &mut Bytes<'_>) -> Piece {
    const USUAL: [&str; 10] = [
        "HTTP/1.1 200 OK\r\nn: %\r\ncontent-length: 2\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nn: %\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n\r\n",
        "HTTP/1.1 200 OK\r\nn: %\r\n\r\nuntil the end",
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 302 Found\r\nn: %\r\nlocation: http://host1/\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 503 No\r\nn: %\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 204 No\r\nn: %\r\nconnection: close\r\n\r\n",
        "HTTP/1.1 101 Tea\r\nn: %\r\n\r\nleaves",
        "HTTP/1.1 200 OK\r\nn: %\r\nkeep-alive: timeout=2, max=2\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nn: %\r\ncontent-length: 1000000\r\n\r\nendless",
    ];
    match bytes.byte() % 16 {
        13 => Piece::Close,
        14 => Piece::Reset,
        15 => Piece::Bytes(bytes.text().to_vec()),
        which => Piece::Usual(USUAL[usize::from(which) % USUAL.len()]),
    }
}

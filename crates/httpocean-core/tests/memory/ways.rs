//! Ten thousand ways to fail: kinds, each with a parameter that makes it another one.

use httpocean_core::{Limits, TransportError};

use crate::failing::{Body, End, Way};

/// The kinds; the n-th way is the `n / KINDS`-th of the kind `n % KINDS`.
pub(crate) const KINDS: usize = 25;

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const REASONS: [TransportError; 5] = [
    TransportError::Refused,
    TransportError::Reset,
    TransportError::TimedOut,
    TransportError::Unreachable,
    TransportError::NotFound,
];

/// One of the reasons of a system.
fn reason(p: usize) -> TransportError {
    REASONS.get(p).copied().unwrap_or(TransportError::Other(p as i32))
}

pub(crate) fn way(n: usize) -> Way {
    let (kind, p) = (n % KINDS, n / KINDS);
    let get = Way { method: "GET", ..Way::default() };
    let says = |text: String| Way { says: text.into_bytes(), piece: p % 17, ..get.clone() };
    let whole = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 300\r\nX: {}\r\n\r\n{}",
        "y".repeat(200),
        "b".repeat(300)
    );
    let cut = |ends| Way {
        says: whole.as_bytes()[..p % (whole.len() - 1)].to_vec(),
        ends,
        piece: p / 30,
        ..get.clone()
    };
    match kind {
        0 => Way { lookup: Some(Some(reason(p))), ..get },
        1 => Way { connect: Some(Some(reason(p))), ..get },
        2 => Way {
            lookup: (p % 2 == 0).then_some(None),
            connect: (p % 2 == 1).then_some(None),
            fields: padded(p),
            ..get
        },
        // The connection breaks behind so many bytes of the request, or of the response.
        3 => Way {
            takes: Some((p, Some(reason(p % 7)))),
            ends: Some(End::Fails(reason(p % 7))),
            ..upload(500, 500, false)
        },
        4 => cut(Some(End::Fails(reason(p % 7)))),
        5 => cut(Some(End::Eof)),
        // Silence, there or there.
        6 => Way { takes: Some((p, None)), ..upload(500, 500, false) },
        7 => cut(None),
        // Given up after so many steps.
        8 => Way { cancels: Some(p), ..cut(None) },
        9 => Way { cancels: Some(p), ..upload(500, 499, false) },
        10..=14 => says(wrong(kind, p)),
        15..=19 => Way { piece: 1_000 * (p % 17), ..says(oversized(kind, p)) },
        20 => says(format!("HTTP/1.1 302 Found\r\nLocation: {}\r\n\r\n", astray(p))),
        21 => says(format!(
            "HTTP/1.1 30{} Moved\r\nLocation: /{p}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            [1, 2, 3, 7, 8][p % 5]
        )),
        22 => Way {
            body: Body::Once(p),
            says: format!("HTTP/1.1 307 x\r\nLocation: /{p}\r\nContent-Length: 0\r\n\r\n").into_bytes(),
            ..upload(0, 0, false)
        },
        23 => upload(500, p, p < 500 && p % 2 == 0),
        _ => Way { fields: vec![contradiction(p)], ..upload(4, 4, false) },
    }
}

fn upload(announced: u64, comes: usize, fails: bool) -> Way {
    // 500 would be all of it.
    let comes = if comes == 500 && announced != 500 { 501 } else { comes };
    Way { method: "PUT", body: Body::Sized { announced, comes, fails }, ..Way::default() }
}

fn padded(p: usize) -> Vec<(&'static str, String)> {
    vec![("x-padding", "p".repeat(p))]
}

/// No HTTP.
fn wrong(kind: usize, p: usize) -> String {
    let controls: Vec<char> = (0..32_u8).chain([127]).filter(|byte| *byte != b'\t').map(char::from).collect();
    let control = controls[p % controls.len()];
    let pad = "a".repeat(p / controls.len() + 1);
    match kind {
        10 => format!("HTTP/1.1 200 OK\r\n{pad}: b{control}c\r\n\r\n"),
        11 => format!("HTTP/1.1 200 OK\r\n{pad}{control}: b\r\n\r\n"),
        12 => format!("{CHUNKED}{:x}\r\n{pad}{control}\r\n", pad.len()),
        13 => format!("HTTP/1.1 200 OK\r\nContent-Length: {p}\r\nContent-Length: {}\r\n\r\n", p + 1),
        _ => {
            format!("{}HTTP/1.{control} 200 OK\r\n\r\n", "HTTP/1.1 103 x\r\n\r\n".repeat(p / controls.len()))
        }
    }
}

/// More than a limit allows, by so much.
fn oversized(kind: usize, p: usize) -> String {
    let limits = Limits::default();
    match kind {
        15 => format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(limits.headers + 1 + p)),
        16 => format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "b".repeat(limits.head_bytes + p)),
        17 => format!("{CHUNKED}1;{}\r\nx\r\n", "a".repeat(limits.chunk_line + p)),
        18 => format!("{CHUNKED}0\r\n{}\r\n", "a: b\r\n".repeat(limits.headers + 1 + p)),
        _ => "HTTP/1.1 103 x\r\n\r\n".repeat(limits.interim as usize + 1 + p),
    }
}

/// Where nobody goes.
fn astray(p: usize) -> String {
    match p % 5 {
        0 => format!("ftp://host-{p}.test/"),
        1 => format!("http://user-{p}@b.test/"),
        2 => format!("http://a..{p}.b.test/"),
        3 => format!("http:///{p}"),
        _ => format!("http://b.test:{}/", 65_536 + p),
    }
}

fn contradiction(p: usize) -> (&'static str, String) {
    match p % 3 {
        0 => ("content-length", format!("{}", 5 + p)),
        1 => ("transfer-encoding", format!("x-{p}")),
        _ => ("host", format!("a b{p}")),
    }
}

//! However the bytes of a response are cut, a call says the same.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, Config, Limits, TransportError};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    /// The connection stays open.
    Open,
    Eof,
    Reset,
}

fn limits() -> Limits {
    Limits {
        head_bytes: 120,
        headers: 4,
        interim: 2,
        trailer_bytes: 40,
        chunk_line: 16,
        chunk_extensions: 24,
        ..Limits::default()
    }
}

fn started(method: &str) -> Scenario {
    let config = Config { limits: limits(), ..Config::default() };
    let (uri, fields) = match method {
        "CONNECT" => ("example.com:443", &[][..]),
        "UPGRADE" => ("http://example.com/", &[("upgrade", "tea")][..]),
        _ => ("http://example.com/", &[][..]),
    };
    let method = if method == "UPGRADE" { "GET" } else { method };
    let mut it = Scenario::start(request(method, uri, fields), BodyPlan::empty(), config);
    it.acquire(Facts::default());
    let _ = it.wait();
    it.flush();
    it
}

fn end(it: &mut Scenario, ending: Ending) {
    match ending {
        Ending::Open => {}
        Ending::Eof => it.io.rx.set_eof(),
        Ending::Reset => it.io.rx.fail(TransportError::Reset),
    }
}

/// Joins what was cut, and leaves out what depends on when excess bytes come.
fn settle(all: Vec<Said>, is_excess: bool) -> Vec<Said> {
    let mut settled: Vec<Said> = Vec::new();
    for said in all {
        if let (Some(Said::Data(before)), Said::Data(more)) = (settled.last_mut(), &said) {
            before.extend_from_slice(more);
            continue;
        }
        match said {
            Said::Wait(_) => {}
            Said::Release(Fate::Reusable { .. } | Fate::Spent(_)) if is_excess => {}
            said @ (Said::Acquire { .. }
            | Said::Release(_)
            | Said::NeedBody { .. }
            | Said::Hop(_)
            | Said::Interim(..)
            | Said::Passing(..)
            | Said::Head(..)
            | Said::Data(_)
            | Said::End(_)
            | Said::Upgraded(_)
            | Said::Failed(_)) => settled.push(said),
        }
    }
    settled
}

#[derive(Clone, Copy, Debug)]
struct Case<'a> {
    method: &'a str,
    bytes: &'a [u8],
    ending: Ending,
    is_excess: bool,
}

impl Case<'_> {
    /// Feeds the parts one after another, as long as the call wants them.
    fn heard(self, parts: &[&[u8]], how: How) -> Vec<Said> {
        let mut it = started(self.method);
        let mut all = Vec::new();
        let mut parts = parts.iter();
        loop {
            all.extend(how.run(&mut it));
            if all.last().is_some_and(Said::is_last) {
                break;
            }
            match parts.next() {
                Some(part) => it.feed(part),
                None if it.io.rx.is_quiet() || !it.io.rx.bytes().is_empty() => {
                    if self.ending == Ending::Open {
                        break;
                    }
                    end(&mut it, self.ending);
                }
                None => panic!("it waits for more than the end: {self:?} {all:?}"),
            }
        }
        if let (Some(Said::Upgraded(bytes)), true) = (all.last_mut(), self.is_excess) {
            bytes.clear();
        }
        settle(all, self.is_excess)
    }

    fn check(self) -> Vec<Said> {
        let whole = self.heard(&[self.bytes], How::Steps);
        let bytewise: Vec<&[u8]> = self.bytes.chunks(1).collect();
        assert_eq!(whole, self.heard(&bytewise, How::Steps), "{}", self.name());
        for at in 0..=self.bytes.len() {
            let (a, b) = self.bytes.split_at(at);
            assert_eq!(whole, self.heard(&[a, b], How::Steps), "cut at {at}: {}", self.name());
        }
        for room in [1, 7, 1000] {
            assert_eq!(whole, self.heard(&[self.bytes], How::Reads(room)), "{}", self.name());
            assert_eq!(whole, self.heard(&bytewise, How::Reads(room)), "{}", self.name());
        }
        whole
    }

    fn name(self) -> String {
        format!("{} {:?} {:?}", self.method, self.ending, String::from_utf8_lossy(self.bytes))
    }
}

/// How the user takes the body.
#[derive(Clone, Copy, Debug)]
enum How {
    Steps,
    /// Into a buffer of so many bytes.
    Reads(usize),
}

impl How {
    fn run(self, it: &mut Scenario) -> Vec<Said> {
        let Self::Reads(room) = self else { return it.run() };
        let mut all = Vec::new();
        loop {
            let mut out = vec![0; room];
            let n = it.call.read_body(&mut it.io, &mut out);
            if n > 0 {
                all.push(Said::Data(out[..n].to_vec()));
                continue;
            }
            all.push(it.step());
            if all.last().is_some_and(Said::is_pause) {
                return all;
            }
        }
    }
}

/// Method and bytes of whole messages, with nothing behind them.
const WHOLE: &[(&str, &str)] = &[
    ("GET", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"),
    ("GET", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
    ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nok"),
    ("GET", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: Close\r\n\r\nok"),
    ("GET", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nkeep-alive: timeout=5, max=9\r\n\r\nok"),
    ("GET", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ("GET", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n02;x=y\r\nbc\r\n0\r\n\r\n"),
    (
        "GET",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\nz: \t1\r\n 2\r\n\r\n",
    ),
    ("GET", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n1\r\na\r\n0\r\n\r\n"),
    ("GET", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx"),
    ("GET", "HTTP/1.1 103 E\r\nlink: a\r\n\r\nHTTP/1.1 199 X\r\n\r\nHTTP/1.1 204 No\r\n\r\n"),
    ("GET", "HTTP/1.1 204 No\r\ncontent-length: 5\r\n\r\n"),
    ("GET", "HTTP/1.1 304 Same\r\ntransfer-encoding: chunked\r\n\r\n"),
    ("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"),
    ("HEAD", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
    ("GET", "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok"),
    ("GET", "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok"),
    ("GET", "HTTP/1.1 200 OK\r\nx: a\r\n b\r\n\t c\r\ncontent-length: 1\r\n\r\nx"),
    ("GET", "HTTP/1.1 200\r\ncontent-length: 1\r\n\r\nx"),
    ("GET", "HTTP/1.9 999 \r\ncontent-length: 1\r\n\r\nx"),
    ("UPGRADE", "HTTP/1.1 101 S\r\nupgrade: tea\r\n\r\n"),
    ("UPGRADE", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx"),
    ("CONNECT", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
    ("CONNECT", "HTTP/1.1 403 No\r\ncontent-length: 1\r\n\r\nx"),
];

/// Ended by the end of the connection alone.
const UNTIL_CLOSE: &[&str] = &[
    "HTTP/1.1 200 OK\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\n\r\n",
    "HTTP/1.0 200 OK\r\n\r\nhello\r\n\r\n",
];

/// No bytes behind these make them better.
const BAD: &[&str] = &[
    "\r\nHTTP/1.1 200 OK\r\n\r\n",
    "HTTP/2 200\r\n\r\n",
    "HTTP/1.1 20 OK\r\n\r\n",
    "HTTP/1.1 099 OK\r\n\r\n",
    "HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/1.1\t200 OK\r\n\r\n",
    "HTTP/1.1 200 O\x01K\r\n\r\n",
    "ICY 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\n\r\n",
    "HTTP/1.1 200 OK\r\na: b\n\r\n",
    "HTTP/1.1 200 OK\r\na : b\r\n\r\n",
    "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nab\r\n\r\n",
    "HTTP/1.1 200 OK\r\n a: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
    "HTTP/1.1 200 OK\r\na: \0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, chunked\r\n\r\n",
    "HTTP/1.1 101 Unasked\r\n\r\n",
    "HTTP/1.1 100 1\r\n\r\nHTTP/1.1 100 2\r\n\r\nHTTP/1.1 100 3\r\n\r\n",
    "HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 5\r\n\r\n",
    "HTTP/1.1 200 OK\r\na: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\r\n\r\n",
];

/// Bodies of a chunked response that end badly.
const BAD_CHUNKS: &[&str] = &[
    "\r\n",
    "x\r\n",
    "-1\r\n",
    "1\nx\r\n",
    "1\r\nxy\r\n",
    "1\r\nx\n",
    "1\r\nx\rz",
    "2\r\nab\r\n10000000000000000\r\n",
    "1;a=\"\r\n\"\r\n",
    "1 x\r\n",
    "00000000000000001\r\n",
    "1;aaaaaaaaaaaaaaaaaaaaa\r\n",
    "1;aaaaaaaaaa\r\nx\r\n1;aaaaaaaaaa\r\nx\r\n1;aaaaaaaaaa\r\nx\r\n",
    "0\r\nbad trailer\r\n\r\n",
    "0\r\na: b\n\r\n",
    "0\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\ne: 5\r\n\r\n",
    "0\r\na: 0123456789012345678901234567890123456789\r\n\r\n",
];

const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[test]
fn whole_messages() {
    for &(method, bytes) in WHOLE {
        let said = Case { method, bytes: bytes.as_bytes(), ending: Ending::Open, is_excess: false }.check();
        assert!(matches!(said.last(), Some(Said::End(_) | Said::Upgraded(_))), "{bytes} {said:?}");
    }
}

/// All ways to split the last bytes of each: there a head, a chunk, a trailer section and a body end.
#[test]
fn every_split_of_the_last_bytes() {
    const LAST: usize = 9;
    for &(method, bytes) in WHOLE {
        let bytes = bytes.as_bytes();
        let case = Case { method, bytes, ending: Ending::Open, is_excess: false };
        let whole = case.heard(&[bytes], How::Steps);
        for cuts in 0..1_u32 << LAST {
            let places = (0..LAST).filter(|bit| cuts & (1 << bit) != 0).map(|bit| bytes.len() - LAST + bit);
            let (mut parts, mut from) = (Vec::new(), 0);
            for place in places {
                parts.push(&bytes[from..place]);
                from = place;
            }
            parts.push(&bytes[from..]);
            assert_eq!(whole, case.heard(&parts, How::Steps), "{parts:?}: {}", case.name());
        }
    }
}

#[test]
fn excess_bytes() {
    for &(method, bytes) in WHOLE {
        for excess in ["x", "\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
            let bytes = [bytes, excess].concat();
            let said =
                Case { method, bytes: bytes.as_bytes(), ending: Ending::Open, is_excess: true }.check();
            assert!(said.last().is_some_and(Said::is_last));
        }
    }
}

#[test]
fn messages_that_end_with_the_connection() {
    for bytes in UNTIL_CLOSE {
        let case = Case { method: "GET", bytes: bytes.as_bytes(), ending: Ending::Eof, is_excess: false };
        assert!(matches!(case.check().last(), Some(Said::End(_))), "{bytes}");
        let said = Case { ending: Ending::Reset, ..case }.check();
        assert!(matches!(said.last(), Some(Said::Failed(_))), "{bytes}");
    }
}

#[test]
fn bad_messages() {
    let chunked = BAD_CHUNKS.iter().map(|body| [CHUNKED, body].concat());
    for bytes in BAD.iter().map(|bytes| (*bytes).to_owned()).chain(chunked) {
        let case = Case { method: "GET", bytes: bytes.as_bytes(), ending: Ending::Open, is_excess: false };
        let said = case.check();
        assert!(matches!(said.last(), Some(Said::Failed(_))), "{bytes:?} {said:?}");
        for ending in [Ending::Eof, Ending::Reset] {
            assert_eq!(said, Case { ending, ..case }.check(), "{bytes:?}");
        }
    }
}

#[test]
fn messages_cut_off_anywhere() {
    for &(method, bytes) in WHOLE {
        // What is whole before its last byte is not cut off.
        for cut in 0..bytes.len() {
            for ending in [Ending::Eof, Ending::Reset] {
                let case = Case { method, bytes: &bytes.as_bytes()[..cut], ending, is_excess: false };
                let said = case.heard(&[case.bytes], How::Steps);
                assert!(matches!(said.last(), Some(Said::Failed(_))), "{cut} {} {said:?}", case.name());
                let bytewise: Vec<&[u8]> = case.bytes.chunks(1).collect();
                assert_eq!(said, case.heard(&bytewise, How::Steps), "{}", case.name());
                assert_eq!(said, case.heard(&bytewise, How::Reads(3)), "{}", case.name());
                let (a, b) = case.bytes.split_at(cut / 2);
                assert_eq!(said, case.heard(&[a, b], How::Reads(1000)), "{}", case.name());
            }
        }
    }
}

/// The end is there already when the bytes are looked at for the first time.
#[test]
fn an_end_that_is_there_from_the_start_changes_nothing_before_it() {
    for bytes in UNTIL_CLOSE {
        let mut it = started("GET");
        it.feed(bytes);
        it.io.rx.set_eof();
        let said = settle(it.run(), false);
        let case = Case { method: "GET", bytes: bytes.as_bytes(), ending: Ending::Eof, is_excess: false };
        assert_eq!(said, case.heard(&[bytes.as_bytes()], How::Steps));
    }
}

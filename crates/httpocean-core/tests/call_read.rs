//! `read_body` and `direct` give the same bytes as `Data` does, in any mixture.
#![allow(clippy::unwrap_used)]

mod common;

use common::*;
use httpocean_core::pool::Fate;
use httpocean_core::{CloseReason, ErrorKind, Phase, ProtocolError, TransportError};

const BODY: &[u8] = b"The quick brown fox jumps over the lazy dog";

/// The same body in every framing; `true`: the end of the connection ends it.
fn framed() -> Vec<(String, Vec<u8>, bool)> {
    let mut chunks = Vec::new();
    for piece in BODY.chunks(7) {
        chunks.extend_from_slice(format!("{:x};a=b\r\n", piece.len()).as_bytes());
        chunks.extend_from_slice(piece);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\nx-sum: 1\r\n\r\n");
    let head = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n");
    vec![
        (head(&format!("content-length: {}\r\n", BODY.len())), BODY.to_vec(), false),
        (head("transfer-encoding: chunked\r\n"), chunks, false),
        (head(""), BODY.to_vec(), true),
    ]
}

/// How one bite is taken.
#[derive(Clone, Copy, Debug)]
enum Bite {
    Step,
    Read(usize),
    Direct(usize),
}

fn take(bites: &[Bite], feed: usize, step_after_head: bool) {
    for (head, wire, until_close) in framed() {
        let mut it = Scenario::get();
        it.feed(&head);
        assert!(matches!(it.step(), Said::Head(200, _)));
        if step_after_head {
            let _ = it.wait();
        }
        let (mut got, mut fed) = (Vec::new(), 0);
        for bite in bites.iter().copied().cycle().take(10_000) {
            match bite {
                Bite::Direct(n) => {
                    let n = (n as u64).min(it.call.direct(&mut it.io)).min((wire.len() - fed) as u64);
                    got.extend_from_slice(&wire[fed..fed + n as usize]);
                    fed += n as usize;
                    it.call.took(n, &mut it.io);
                }
                Bite::Read(n) => {
                    let mut out = vec![0; n];
                    let n = it.call.read_body(&mut it.io, &mut out);
                    got.extend_from_slice(&out[..n]);
                }
                Bite::Step => {
                    let said = it.step();
                    if let Said::Data(data) = said {
                        got.extend_from_slice(&data);
                    } else if let Said::Release(fate) = said {
                        let until_close_fate = Fate::Spent(CloseReason::UntilClose);
                        assert_eq!(fate, if until_close { until_close_fate } else { Fate::REUSABLE });
                        let Said::End(trailers) = it.step() else { panic!() };
                        assert_eq!(trailers.is_some(), head.contains("chunked"));
                        break;
                    } else {
                        assert!(matches!(said, Said::Wait(_)), "{said:?}");
                        let end = wire.len().min(fed + feed);
                        it.feed(&wire[fed..end]);
                        fed = end;
                        if fed == wire.len() && until_close {
                            it.io.rx.set_eof();
                        }
                    }
                }
            }
        }
        assert_eq!(String::from_utf8_lossy(&got), String::from_utf8_lossy(BODY), "{bites:?} {feed} {head}");
        assert_eq!(it.released, 1);
    }
}

#[test]
fn any_mixture_gives_the_same() {
    let bites =
        [Bite::Step, Bite::Read(1), Bite::Read(9), Bite::Read(100), Bite::Direct(3), Bite::Direct(100)];
    for first in bites {
        for second in bites {
            for feed in [1, 5, 1000] {
                for step_after_head in [true, false] {
                    take(&[first, second, Bite::Step], feed, step_after_head);
                }
            }
        }
    }
}

#[test]
fn direct_covers_body_bytes_and_nothing_else() {
    let mut it = Scenario::get();
    assert_eq!(it.call.direct(&mut it.io), 0, "no head yet");
    it.feed("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(200, _)));
    assert_eq!(it.call.direct(&mut it.io), 0, "a chunk size comes first");
    it.feed("5\r");
    let _ = it.wait();
    assert_eq!(it.call.direct(&mut it.io), 0);
    it.feed("\n");
    let _ = it.wait();
    assert_eq!(it.call.direct(&mut it.io), 5);
    it.call.took(5, &mut it.io);
    assert_eq!(it.call.direct(&mut it.io), 0, "the end of the chunk comes next");
    it.feed("\r\n3\r\nab");
    assert_eq!(it.call.direct(&mut it.io), 0, "there are bytes to take first");
    assert_eq!(it.call.read_body(&mut it.io, &mut [0; 9]), 2);
    assert_eq!(it.call.direct(&mut it.io), 1);
    it.call.discard(it.now);
    assert_eq!(it.call.direct(&mut it.io), 0, "the user wants no more");
}

#[test]
fn direct_is_right_behind_the_head_and_behind_lent_data() {
    let mut it = Scenario::get();
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n");
    assert!(matches!(it.step(), Said::Head(200, _)));
    assert_eq!(it.call.direct(&mut it.io), 9);
    it.feed("abc");
    assert_eq!(it.step(), Said::Data(b"abc".to_vec()));
    assert_eq!(it.call.direct(&mut it.io), 6);
    it.call.took(6, &mut it.io);
    assert_eq!(it.call.direct(&mut it.io), 0);
    assert_eq!(it.fate(), Fate::REUSABLE);
}

#[test]
fn nothing_is_direct_without_a_body() {
    for head in ["HTTP/1.1 204 No\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"] {
        let mut it = Scenario::get();
        it.feed(head);
        let _ = it.step();
        assert_eq!(it.call.direct(&mut it.io), 0);
        assert_eq!(it.call.read_body(&mut it.io, &mut [0; 9]), 0);
        assert_eq!(it.fate(), Fate::REUSABLE);
    }
}

#[test]
fn an_end_is_seen_after_the_bytes_before_it() {
    for reset in [false, true] {
        let mut it = Scenario::get();
        it.feed("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc");
        let _ = it.step();
        if reset {
            it.io.rx.fail(TransportError::Reset);
        } else {
            it.io.rx.set_eof();
        }
        let mut out = [0; 9];
        assert_eq!(it.call.read_body(&mut it.io, &mut out), 3);
        assert_eq!(it.call.read_body(&mut it.io, &mut out), 0);
        assert_eq!(it.call.direct(&mut it.io), 0);
        let failure = it.failure().1;
        let as_expected = if reset {
            failure.kind == ErrorKind::Reset(TransportError::Reset)
        } else {
            matches!(failure.kind, ErrorKind::Protocol(ProtocolError::Truncated(_)))
        };
        assert!(as_expected, "{failure:?}");
    }
}

#[test]
fn nothing_is_read_before_the_head_or_after_the_end() {
    let mut it = Scenario::get();
    it.feed("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc");
    assert_eq!(it.call.read_body(&mut it.io, &mut [0; 9]), 0);
    let _ = it.run();
    it.feed("more");
    assert_eq!(it.call.read_body(&mut it.io, &mut [0; 9]), 0);
    assert_eq!(it.call.direct(&mut it.io), 0);
    it.call.took(3, &mut it.io);
    assert_eq!(it.step(), Said::End(None));
}

#[test]
fn the_body_of_a_redirect_is_not_for_the_user() {
    let mut it = Scenario::get();
    it.feed("HTTP/1.1 302 There\r\nlocation: /there\r\ncontent-length: 5\r\n\r\nby");
    assert_eq!(it.wait().phase, Phase::Drain);
    it.feed("e");
    assert_eq!(it.call.read_body(&mut it.io, &mut [0; 8]), 0);
    it.feed("!!");
    let said = it.run();
    assert!(matches!(said.last(), Some(Said::Acquire { .. })), "{said:?}");
}

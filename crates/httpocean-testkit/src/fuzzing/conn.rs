//! One connection through several exchanges and the time in between.

use core::time::Duration;

use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{CallStep, Conn, HopReason, Instant, Io, Limits, TransportError};

use super::play::{begin, connected};
use crate::bytes::Bytes;
use crate::reference::exchange::Question;

const GET: Question<'static> = Question { method: "GET", upgrade: false };

/// I22 and I23: a connection is kept in silence alone, and what came while it was idle is no answer to anybody.
pub fn conn(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let (mut conn, mut io) = (connected(), Io::default());
    for served in 0..8 {
        idle(&mut io, &mut choices);
        let stirred = conn.idle_input(&mut io);
        assert_eq!(stirred.is_some(), !io.rx.is_quiet());
        let looks = choices.byte() % 2 == 0;
        if stirred.is_some() && looks {
            return;
        }
        match serve(conn, &mut io, served, &mut choices) {
            Some(kept) => conn = kept,
            None => return,
        }
        assert!(io.rx.is_quiet() && io.tx.pending().is_empty(), "kept, and not clean");
        assert!(conn.idle_input(&mut io).is_none());
    }
}

fn idle(io: &mut Io, choices: &mut Bytes<'_>) {
    match choices.byte() % 8 {
        0 => io.rx.append(choices.text()),
        1 => io.rx.append(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"),
        2 => io.rx.set_eof(),
        3 => io.rx.fail(TransportError::Reset),
        _ => {}
    }
}

/// Lets a request have it; the connection, if it can be used again.
fn serve(conn: Conn, io: &mut Io, served: u32, choices: &mut Bytes<'_>) -> Option<Conn> {
    let now = Instant::ZERO;
    let mut call = begin(GET, &Limits::default());
    let stirred = !io.rx.is_quiet();
    assert!(matches!(call.step(io, now), CallStep::Acquire(_)));
    let idle_for = (served > 0).then_some(Duration::from_secs(1));
    call.attach(conn, Facts { number: 1, reused: served, idle_for }, now);
    let mut response = Some(response(choices));
    for _ in 0..1_000 {
        match call.step(io, now) {
            CallStep::Wait(_) => {
                let all = io.tx.pending().len();
                io.tx.sent(all);
                match response.take() {
                    Some(response) if !io.rx.is_quiet() || !response.is_empty() => io.rx.append(response),
                    Some(_) | None => io.rx.set_eof(),
                }
            }
            CallStep::Release(fate) => {
                let conn = call.detach().expect("it was attached");
                if stirred && served > 0 {
                    assert!(matches!(fate, Fate::Spent(_)), "{fate:?}");
                    let CallStep::Hop(hop) = call.step(io, now) else { panic!("a stale connection, no hop") };
                    assert_eq!(hop.why, HopReason::StaleConnection);
                    let CallStep::Acquire(demand) = call.step(io, now) else { panic!("no other") };
                    assert!(demand.fresh, "I31: once is enough");
                    return None;
                }
                return matches!(fate, Fate::Reusable { .. }).then_some(conn);
            }
            CallStep::Head(_) | CallStep::Interim(_) | CallStep::Data(_) => {
                assert!(served == 0 || !stirred, "I23: what nobody asked for is an answer");
            }
            step @ (CallStep::Acquire(_)
            | CallStep::NeedBody { .. }
            | CallStep::Hop(_)
            | CallStep::Passing(_)
            | CallStep::End
            | CallStep::Upgraded(_)
            | CallStep::Failed(_)) => panic!("out of order: {step:?}"),
        }
    }
    panic!("it talks and talks")
}

fn response<'a>(choices: &mut Bytes<'a>) -> &'a [u8] {
    match choices.byte() % 8 {
        0 => choices.text(),
        1 => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        2 => b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\nkeep-alive: timeout=5, max=2\r\n\r\n",
        3 => b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
        _ => b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
    }
}

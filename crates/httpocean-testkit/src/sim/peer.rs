//! Hosts that roll dice: honest ones, slow and moody but right, and hostile ones.

use core::time::Duration;
use std::collections::HashMap;

use httpocean_core::TransportError;

use super::dice::Dice;
use super::faults::{Fault, Faults};
use super::host::{Connect, Lookup, Received, Server};
use super::reply::{Framing, Piece, Reply};
use crate::pattern::fill_pattern;

/// The status of what nobody asked for: it must never reach a user as the answer to a request.
pub(super) const POISON: u16 = 299;

/// A random host. What it rolls for a request depends on its seed, on the call and on which attempt of the call it
/// is, and not on what happens to other calls: a run that is made smaller stays much the same.
#[derive(Debug)]
pub struct Peer {
    seed: u64,
    hostile: bool,
    /// Where redirects can lead.
    others: Vec<String>,
    attempts: HashMap<usize, u64>,
}

impl Peer {
    /// It keeps to HTTP/1.1, in all its framings: interim responses, redirects, refusals with `Retry-After`, closing
    /// after a while, early refusals of bodies, slowness.
    pub fn honest(seed: u64) -> Self {
        Self { seed, hostile: false, others: Vec::new(), attempts: HashMap::new() }
    }

    /// It does the same in half of all cases; in the other half, whatever can go wrong goes wrong.
    pub fn hostile(seed: u64) -> Self {
        Self { hostile: true, ..Self::honest(seed) }
    }

    /// Redirects lead to one of these hosts too.
    #[must_use]
    pub fn redirects_to(self, others: Vec<String>) -> Self {
        Self { others, ..self }
    }

    fn dice(&self, what: u64, nth: u64) -> Dice {
        Dice::of(&[self.seed, what, nth])
    }
}

impl Server for Peer {
    fn lookup(&mut self, nth: usize, faults: &mut Faults) -> Lookup {
        let mut dice = self.dice(1, nth as u64);
        let after = Some(dice.millis(3));
        let found = Ok(dice.below(4) as usize);
        let roll = dice.below(if self.hostile { 40 } else { 400 });
        match roll {
            0..=2 if faults.hit(Fault::NoName) => Lookup { after, found: Err(TransportError::NotFound) },
            3 if faults.hit(Fault::MuteName) => Lookup { after: None, found },
            4..=6 if faults.hit(Fault::LateName) => Lookup { after: Some(dice.millis(300)), found },
            _ => Lookup { after, found },
        }
    }

    fn connect(&mut self, nth: usize, address: usize, faults: &mut Faults) -> Connect {
        let mut dice = Dice::of(&[self.seed, 2, nth as u64, address as u64]);
        let after = Some(dice.millis(15));
        match dice.below(if self.hostile { 30 } else { 300 }) {
            0..=3 if faults.hit(Fault::Refused) => Connect { after, result: Err(TransportError::Refused) },
            4..=5 if faults.hit(Fault::MuteConnect) => Connect { after: None, result: Ok(()) },
            6..=8 if faults.hit(Fault::SlowConnect) => {
                Connect { after: Some(dice.millis(600)), result: Ok(()) }
            }
            _ => Connect { after, result: Ok(()) },
        }
    }

    fn answer(&mut self, request: &Received, faults: &mut Faults) -> Reply {
        let call = request.call.unwrap_or(0);
        let attempt = self.attempts.entry(call).or_default();
        *attempt += 1;
        let token = ((call as u64) << 8) + *attempt;
        let mut dice = self.dice(3, token);
        if self.hostile && dice.chance(50) {
            if let Some(reply) = misbehave(&mut dice, token, request.method == "HEAD", faults) {
                return reply;
            }
        }
        self.behave(&mut dice, token, request, faults)
    }

    fn silence(&mut self, conn: usize, served: usize) -> Option<(Duration, Vec<Piece>)> {
        let mut dice = Dice::of(&[self.seed, 4, conn as u64, served as u64]);
        if served == 0 && dice.chance(80) {
            return None;
        }
        let most = dice.pick(&[1, 8, 60]);
        let after = dice.millis(most);
        let unasked = format!("HTTP/1.1 {POISON} Unasked\r\ncontent-length: 0\r\n\r\n").into_bytes();
        match dice.below(if self.hostile { 9 } else { 40 }) {
            0..=2 => Some((after, vec![Piece::Close])),
            3 if self.hostile => Some((after, vec![Piece::Reset])),
            4..=5 if self.hostile => Some((after, vec![Piece::Bytes(unasked)])),
            6 if self.hostile => Some((after, vec![Piece::Bytes(unasked), Piece::Close])),
            _ => None,
        }
    }

    fn broke_silence(&mut self, pieces: &[Piece], faults: &mut Faults) {
        faults.hit(match pieces.first() {
            Some(Piece::Bytes(_)) => Fault::Unasked,
            Some(Piece::Reset) => Fault::IdleReset,
            Some(Piece::Close) | None => Fault::IdleClose,
        });
    }
}

impl Peer {
    fn behave(&self, dice: &mut Dice, token: u64, request: &Received, faults: &mut Faults) -> Reply {
        let reply = match dice.below(20) {
            0 if faults.hit(Fault::Redirect) => self.redirect(dice),
            1 if faults.hit(Fault::BadRedirect) => {
                let location = dice.pick(&["", "http://", "ftp://x.test/", "http://u:p@x.test/", "//[::"]);
                Reply::status(302).field("location", location).body("nowhere")
            }
            2..=3 if faults.hit(Fault::Retried) => {
                let when = dice.pick(&["0", "1", "3", "99999999999999999999", "-5", "soon"]);
                Reply::status(dice.pick(&[503, 429])).field("retry-after", when).body("later")
            }
            4 if faults.may(Fault::Early) && request.has_body && faults.hit(Fault::Early) => {
                Reply::status(413).body("too much").early()
            }
            5 => Reply::status(dice.pick(&[204, 304])),
            6 => Reply::status(404).body("not here"),
            _ => Reply::ok(body(dice, token)),
        };
        shape(reply, dice, faults)
    }

    fn redirect(&self, dice: &mut Dice) -> Reply {
        let status = dice.pick(&[301, 302, 303, 307, 308]);
        let path = dice.below(100);
        let location = match dice.below(self.others.len() as u64 + 1) as usize {
            0 => format!("/r{path}"),
            n => format!("http://{}/r{path}", self.others[n - 1]),
        };
        Reply::status(status).field("location", location).body("over there")
    }
}

/// Framing, fields, speed: whatever is right.
fn shape(reply: Reply, dice: &mut Dice, faults: &mut Faults) -> Reply {
    let mut reply = reply.after(dice.millis(20));
    if reply.framing == Framing::Length {
        reply = match dice.below(10) {
            0..=3 => reply.chunked(1 + dice.below(300) as usize),
            4 => reply.until_close(),
            _ => reply,
        };
    }
    if dice.chance(10) {
        reply = reply.interims(1 + dice.below(3) as u32);
    }
    reply = match dice.below(20) {
        0 => reply.field("connection", "close"),
        1 => reply.field("connection", "close").close(),
        2 => reply.http10().close(),
        3 => reply.field("keep-alive", "timeout=2, max=3"),
        4 => reply.field("keep-alive", "timeout=1"),
        _ => reply,
    };
    // HTTP/1.0 knows no chunks and has no interim responses before it.
    if reply.http10 {
        reply.framing = Framing::Length;
        reply.interims = 0;
    }
    if reply.body.len() < 4_000 && dice.chance(8) && faults.hit(Fault::Dribble) {
        let gap = dice.millis(4);
        reply = reply.dribble(40 + dice.below(400) as usize, gap);
    }
    reply
}

#[expect(clippy::wildcard_enum_match_arm, reason = "what is left is the last of those that are picked from")]
fn misbehave(dice: &mut Dice, token: u64, head_only: bool, faults: &mut Faults) -> Option<Reply> {
    let fault = dice.pick(&[
        Fault::BlackHole,
        Fault::CutClose,
        Fault::CutClose,
        Fault::CutReset,
        Fault::CutReset,
        Fault::CutHang,
        Fault::Surplus,
        Fault::Surplus,
        Fault::InterimFlood,
        Fault::HeadFlood,
        Fault::Garbage,
        Fault::BadChunk,
        Fault::TwoLengths,
        Fault::WriteError,
    ]);
    // Where no body can follow, its length is not looked at.
    if !faults.may(fault) || head_only && fault == Fault::TwoLengths {
        return None;
    }
    // What the transport reports is counted when it does.
    if fault != Fault::WriteError {
        faults.hit(fault);
    }
    let reply = shape(Reply::ok(body(dice, token)), dice, faults);
    // Cut short, a body that ends with the connection looks whole, and what follows it belongs to it.
    let reply = if reply.framing == Framing::UntilClose {
        Reply { framing: Framing::Length, end: None, ..reply }
    } else {
        reply
    };
    let at = dice.below(reply.body.len() as u64 + 200) as usize;
    Some(match fault {
        Fault::BlackHole => Reply::never(),
        Fault::CutClose => reply.cut(at).close(),
        Fault::CutReset => reply.cut(at).reset(),
        Fault::CutHang => Reply { end: None, ..reply.cut(at) },
        Fault::Surplus if dice.chance(50) => reply.surplus("surplus"),
        Fault::Surplus => reply.surplus(format!("HTTP/1.1 {POISON} Unasked\r\ncontent-length: 2\r\n\r\nhi")),
        Fault::InterimFlood => reply.interims(40 + dice.below(100) as u32),
        Fault::HeadFlood => {
            let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
            bytes.resize(60_000, b'x');
            Reply::garbage(bytes)
        }
        Fault::BadChunk => Reply { bad_chunk: true, http10: false, ..reply.chunked(100) },
        Fault::TwoLengths => {
            Reply::garbage("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd")
        }
        Fault::WriteError => Reply { write_error: true, ..reply.early().close() },
        _ => Reply::garbage(garbage(dice)),
    })
}

fn garbage(dice: &mut Dice) -> Vec<u8> {
    let starts: [&[u8]; 6] = [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"\0\x01\x02",
        b"<html>",
        b"ICY 200 OK\r\n\r\n",
        b"200\r\n\r\n",
    ];
    let mut bytes = dice.pick(&starts).to_vec();
    bytes.extend(dice.roll().to_le_bytes());
    bytes
}

/// A body that no other answer has.
fn body(dice: &mut Dice, token: u64) -> Vec<u8> {
    let len = match dice.below(100) {
        0..=9 => 0,
        10..=79 => dice.below(300),
        80..=97 => dice.below(4_000),
        _ => dice.below(100_000),
    };
    let mut body = vec![0; len as usize];
    fill_pattern(token << 20, &mut body);
    body
}

//! The request's way out: its head, the wait for `100 Continue`, its body, and whether all of it got through.

use http::{HeaderMap, HeaderValue, Request};

use crate::conn::Conn;
use crate::error::Sent;
use crate::h1::encode::{self, OutFraming, Plan};
use crate::h1::trail;
use crate::io::Io;
use crate::key::Key;

/// One request, as far as it is sent.
#[derive(Debug)]
pub(super) struct Sending {
    framing: OutFraming,
    state: State,
    /// Where the total of `tx` stands when it has sent all that came before.
    sent_before: u64,
    /// The same, of the head, and of all that was written so far.
    head_end: u64,
    end: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The head is on its way, and the body waits for `100 Continue`.
    Await100,
    /// The body is under way; `asked` while an answer to `NeedBody` is due.
    Body { left: Option<u64>, asked: bool },
    /// All of the request was handed to `tx`.
    Ended,
    /// A final response came before the end of the request: no more of it is sent.
    Stopped,
    /// The body can't be had, or is not what was announced.
    Faulty(&'static str),
}

/// What is wrong with a body, as the rest of a sentence.
pub(super) type Fault = &'static str;

impl Sending {
    /// Writes the head.
    pub(super) fn begin(
        request: &Request<()>,
        key: &Key,
        plan: Plan,
        user_agent: Option<&HeaderValue>,
        conn: &mut Conn,
        io: &mut Io,
    ) -> Self {
        let sent_before = io.tx.end();
        conn.write(&mut io.tx, |tx| encode::write_head(tx, request, key, plan, user_agent));
        let end = io.tx.end();
        let body = match plan.framing {
            OutFraming::None | OutFraming::Length(0) => State::Ended,
            OutFraming::Length(length) => State::Body { left: Some(length), asked: false },
            OutFraming::Chunked => State::Body { left: None, asked: false },
        };
        Self {
            framing: plan.framing,
            state: if plan.expects { State::Await100 } else { body },
            sent_before,
            head_end: end,
            end,
        }
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Whether an answer to `NeedBody` is due.
    pub(super) fn owes_body(&self) -> bool {
        matches!(self.state, State::Body { asked: true, .. })
    }

    pub(super) fn wants_body(&self) -> bool {
        matches!(self.state, State::Await100 | State::Body { .. })
    }

    /// Whether it is time to ask for more of the body; said once a piece.
    pub(super) fn asks(&mut self, io: &Io, ahead: usize) -> bool {
        match &mut self.state {
            State::Body { asked, .. } if !*asked => {
                *asked = io.tx.failure().is_none() && io.tx.pending().len() < ahead.max(1);
                *asked
            }
            State::Body { .. } | State::Await100 | State::Ended | State::Stopped | State::Faulty(_) => false,
        }
    }

    /// Takes the next piece, and says how many bytes of it: none of what was not asked for.
    pub(super) fn body(&mut self, bytes: &[u8], conn: &mut Conn, io: &mut Io) -> Result<usize, Fault> {
        let left = match self.state {
            State::Body { left, asked: true } => left,
            State::Ended if !bytes.is_empty() => return Err("it is longer than was announced"),
            State::Body { .. } | State::Await100 | State::Ended | State::Stopped | State::Faulty(_) => {
                return Ok(0);
            }
        };
        match left {
            None => conn.write(&mut io.tx, |tx| encode::write_chunk(tx, bytes)),
            Some(left) if bytes.len() as u64 > left => return Err("it is longer than was announced"),
            Some(_) => conn.send(&mut io.tx, bytes),
        }
        self.end = io.tx.end();
        let left = left.map(|left| left - bytes.len() as u64);
        self.state = if left == Some(0) { State::Ended } else { State::Body { left, asked: false } };
        Ok(bytes.len())
    }

    /// There is no more of the body.
    pub(super) fn finish(
        &mut self,
        trailers: Option<&HeaderMap>,
        conn: &mut Conn,
        io: &mut Io,
    ) -> Result<(), Fault> {
        let mut names = trailers.into_iter().flat_map(HeaderMap::keys);
        match self.state {
            State::Body { left: Some(_), .. } => Err("it is shorter than was announced"),
            State::Body { left: None, .. } if !names.all(trail::may_trail) => {
                Err("a trailer has a name that only a header may have")
            }
            State::Body { left: None, .. } => {
                conn.write(&mut io.tx, |tx| trail::write_last_chunk(tx, trailers));
                self.end = io.tx.end();
                self.state = State::Ended;
                Ok(())
            }
            State::Ended if self.framing != OutFraming::Chunked && names.next().is_some() => {
                Err("it has trailers, which only a chunked one can have")
            }
            State::Await100 | State::Ended | State::Stopped | State::Faulty(_) => Ok(()),
        }
    }

    pub(super) fn fault(&mut self, what: Fault) {
        self.state = State::Faulty(what);
    }

    /// The body need not wait for `100 Continue` any more.
    pub(super) fn go_on(&mut self) {
        if self.state == State::Await100 {
            let left = match self.framing {
                OutFraming::Length(length) => Some(length),
                OutFraming::Chunked | OutFraming::None => None,
            };
            self.state = State::Body { left, asked: false };
        }
    }

    /// What is not on the wire yet stays off it; but a record that was sent in part would be no record, and what a
    /// layer says after it, nothing at all.
    pub(super) fn stop(&mut self, io: &mut Io) {
        self.state = State::Stopped;
        if !io.layered {
            io.tx.clear();
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Whether the transport took all of the request. What a layer has to say behind it does not count.
    pub(super) fn is_written(&self, io: &Io) -> bool {
        self.is_ended() && (io.tx.is_delivered() || io.layered && io.tx.is_delivered_to(self.end))
    }

    /// Whether the transport has still to take something of the request. What a layer has to say behind it is no
    /// reason for another clock: the peer could make it speak for ever.
    pub(super) fn is_under_way(&self, io: &Io) -> bool {
        let is_over = io.layered && io.tx.is_delivered_to(self.end);
        !is_over && !io.tx.pending().is_empty()
    }

    /// Whether the transport took all of the head.
    pub(super) fn is_past_head(&self, io: &Io) -> bool {
        io.tx.total_sent() >= self.head_end
    }

    pub(super) fn sent(&self, io: &Io) -> Sent {
        if io.tx.total_sent() <= self.sent_before {
            Sent::Nothing
        } else if self.is_written(io) {
            Sent::All
        } else {
            Sent::Part
        }
    }
}

//! One request and its response: bytes to and from one HTTP/1.1 exchange, and whether its connection may be used
//! again.
//!
//! ```text
//!     send:  head ─▶ [await 100] ─▶ body ─▶ ended          stopped, once a final response ended the need for it
//!     recv:  head ─▶ (interim)* ─▶ final head ─▶ body ─▶ over
//! ```
//!
//! There is no clock here and no socket; [`Call`](crate::Call) has the one, the driver the other.

use http::{HeaderMap, Method, Request, StatusCode};

use crate::error::{ProtocolError, Sent, TransportError};
use crate::h1::body::{BodyDecoder, BodyStep};
use crate::h1::encode::{self, OutFraming, Plan};
use crate::h1::framing::{Framing, Verdict, frame};
use crate::h1::head::HeadScan;
use crate::io::Io;
use crate::key::Key;
use crate::limits::Limits;
use crate::pool::Fate;
use crate::reason::CloseReason;

/// One request and its response on a connection.
#[derive(Debug)]
pub(crate) struct Exchange {
    plan: Plan,
    send: Send,
    recv: Recv,
    /// Of the final response.
    verdict: Option<Verdict>,
    interims: u32,
    /// Bytes in front of `rx` that were lent with the last step.
    lent: Lent,
    /// Where the totals of the buffers stood when it began.
    sent_before: u64,
    received_before: u64,
    head_len: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Send {
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

#[derive(Debug, Clone, Copy, Default)]
enum Lent {
    #[default]
    Nothing,
    Head(usize),
    Data(usize),
}

#[derive(Debug)]
enum Recv {
    Head(HeadScan),
    Body(BodyDecoder),
}

/// What an exchange has come to.
#[derive(Debug)]
pub(crate) enum ExchangeStep {
    NeedBody,
    /// The body that the driver gave is not what it should be, and no response came before that was known.
    BodyFault(&'static str),
    Interim(usize),
    Head(usize),
    Data(usize),
    /// The response is whole; what becomes of the connection.
    End(Fate),
    /// The connection belongs to another protocol now.
    Upgraded,
    /// The transport ended or failed before a byte of the response came.
    Lost(Option<TransportError>),
    /// It failed in the middle of the response.
    Broken(TransportError),
    Bad(ProtocolError),
    /// More bytes or more room are needed.
    Blocked,
}

/// Which part of the exchange waits for the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    SendHead,
    SendBody,
    Await100,
    /// The request is sent as far as it can be; no byte of the next head has come.
    FirstByte,
    RestOfHead,
    Body,
    /// For the user's own next piece of the body, not for the peer.
    User,
}

impl Exchange {
    /// Writes the head of the request; everything else follows from [`advance`](Self::advance).
    pub(crate) fn begin(
        request: &Request<()>,
        key: &Key,
        plan: Plan,
        user_agent: Option<&http::HeaderValue>,
        io: &mut Io,
    ) -> Self {
        let sent_before = io.tx.total_sent();
        let received_before = io.rx.total_received() - io.rx.bytes().len() as u64;
        io.tx.write(|tx| encode::write_head(tx, request, key, plan, user_agent));
        let head_len = io.tx.pending().len() as u64;
        let body = match plan.framing {
            OutFraming::None | OutFraming::Length(0) => Send::Ended,
            OutFraming::Length(length) => Send::Body { left: Some(length), asked: false },
            OutFraming::Chunked => Send::Body { left: None, asked: false },
        };
        Self {
            plan,
            send: if plan.expects { Send::Await100 } else { body },
            recv: Recv::Head(HeadScan::default()),
            verdict: None,
            interims: 0,
            lent: Lent::Nothing,
            sent_before,
            received_before,
            head_len,
        }
    }

    /// The next thing that can be said from what the buffers hold. Receiving comes first: bytes that are
    /// there are facts, and an early answer stops the sending.
    pub(crate) fn advance(&mut self, method: &Method, io: &mut Io, limits: &Limits) -> ExchangeStep {
        self.settle(io);
        let step = self.receive(method, io, limits);
        if matches!(step, ExchangeStep::Blocked) { self.ask_for_body(io, limits) } else { step }
    }

    /// De-chunks into the user's own buffer. 0 when nothing is at hand, or it is the end.
    pub(crate) fn read_body(&mut self, io: &mut Io, out: &mut [u8], limits: &Limits) -> usize {
        self.settle(io);
        match &mut self.recv {
            // What is wrong is found again, and said, by the next step.
            Recv::Body(decoder) => decoder.read(&mut io.rx, out, limits).unwrap_or(0),
            Recv::Head(_) => 0,
        }
    }

    /// So many bytes from here on the wire are body and nothing else.
    pub(crate) fn direct(&mut self, io: &mut Io) -> u64 {
        self.settle(io);
        match &self.recv {
            Recv::Body(decoder) if io.rx.is_quiet() => decoder.direct(),
            Recv::Body(_) | Recv::Head(_) => 0,
        }
    }

    /// Whether an answer to `NeedBody` is due.
    pub(crate) fn owes_body(&self) -> bool {
        matches!(self.send, Send::Body { asked: true, .. })
    }

    pub(crate) fn wants_body(&self) -> bool {
        matches!(self.send, Send::Await100 | Send::Body { .. })
    }

    pub(crate) fn body_left(&self) -> Option<u64> {
        match &self.recv {
            Recv::Body(decoder) => {
                let lent = if let Lent::Data(len) = self.lent { len as u64 } else { 0 };
                decoder.left().map(|left| left.saturating_sub(lent))
            }
            Recv::Head(_) => None,
        }
    }

    pub(crate) fn body_is_over(&self) -> bool {
        match &self.recv {
            Recv::Body(decoder) => decoder.is_done() && !matches!(self.lent, Lent::Data(_)),
            Recv::Head(_) => false,
        }
    }

    /// `n` of them were read around `rx`.
    pub(crate) fn took(&mut self, n: u64, io: &mut Io) {
        self.settle(io);
        if let Recv::Body(decoder) = &mut self.recv {
            decoder.took(n);
            io.rx.count_direct(n);
        }
    }

    /// Says how many bytes were taken: none of what was not asked for.
    pub(crate) fn send_body(&mut self, bytes: &[u8], io: &mut Io) -> usize {
        let left = match self.send {
            Send::Body { left, asked: true } => left,
            Send::Ended if !bytes.is_empty() => {
                self.blame_body("it is longer than was announced");
                return 0;
            }
            Send::Body { .. } | Send::Await100 | Send::Ended | Send::Stopped | Send::Faulty(_) => return 0,
        };
        match left {
            None => io.tx.write(|tx| encode::write_chunk(tx, bytes)),
            Some(left) if bytes.len() as u64 > left => {
                self.blame_body("it is longer than was announced");
                return 0;
            }
            Some(_) => io.tx.append(bytes),
        }
        let left = left.map(|left| left - bytes.len() as u64);
        self.send = if left == Some(0) { Send::Ended } else { Send::Body { left, asked: false } };
        bytes.len()
    }

    pub(crate) fn finish_body(&mut self, trailers: Option<&HeaderMap>, io: &mut Io) {
        let mut names = trailers.into_iter().flat_map(HeaderMap::keys);
        match self.send {
            Send::Body { left: Some(_), .. } => self.blame_body("it is shorter than was announced"),
            Send::Body { left: None, .. } if !names.all(encode::may_trail) => {
                self.blame_body("a trailer has a name that only a header may have");
            }
            Send::Body { left: None, .. } => {
                io.tx.write(|tx| encode::write_last_chunk(tx, trailers));
                self.send = Send::Ended;
            }
            Send::Ended if self.plan.framing != OutFraming::Chunked && names.next().is_some() => {
                self.blame_body("it has trailers, which only a chunked one can have");
            }
            Send::Await100 | Send::Ended | Send::Stopped | Send::Faulty(_) => {}
        }
    }

    pub(crate) fn body_failed(&mut self, why: &'static str) {
        if self.send != Send::Ended {
            self.blame_body(why);
        }
    }

    /// The wait for `100 Continue` is over: the body goes without.
    pub(crate) fn stop_awaiting(&mut self) {
        self.go_on_with_body();
    }

    /// Whether the connection can live on once an unwanted body was read to its end.
    pub(crate) fn worth_draining(&self) -> bool {
        self.verdict.is_some_and(|verdict| verdict.close.is_none()) && self.send == Send::Ended
    }

    /// Body bytes still to come, where the framing says it.
    pub(crate) fn rest_of_body(&mut self, io: &mut Io) -> u64 {
        self.settle(io);
        match &self.recv {
            Recv::Body(decoder) => decoder.direct(),
            Recv::Head(_) => 0,
        }
    }

    pub(crate) fn trailers(&mut self) -> Option<HeaderMap> {
        match &mut self.recv {
            Recv::Body(decoder) => decoder.take_trailers(),
            Recv::Head(_) => None,
        }
    }

    pub(crate) fn sent(&self, io: &Io) -> Sent {
        if io.tx.total_sent() == self.sent_before {
            Sent::Nothing
        } else if self.is_written(io) {
            Sent::All
        } else {
            Sent::Part
        }
    }

    pub(crate) fn waits(&self, io: &Io) -> Waits {
        if let Recv::Body(_) = self.recv {
            return Waits::Body;
        }
        if !io.tx.pending().is_empty() {
            let sent = io.tx.total_sent() - self.sent_before;
            return if sent < self.head_len { Waits::SendHead } else { Waits::SendBody };
        }
        if !io.rx.bytes().is_empty() {
            return Waits::RestOfHead;
        }
        if io.tx.failure().is_some() {
            return Waits::FirstByte;
        }
        match self.send {
            Send::Await100 => Waits::Await100,
            Send::Body { .. } | Send::Faulty(_) => Waits::User,
            Send::Ended | Send::Stopped => Waits::FirstByte,
        }
    }

    /// Takes away what the last step lent.
    fn settle(&mut self, io: &mut Io) {
        match core::mem::take(&mut self.lent) {
            Lent::Nothing => {}
            Lent::Head(len) => io.rx.consume(len),
            Lent::Data(len) => {
                io.rx.consume(len);
                if let Recv::Body(decoder) = &mut self.recv {
                    decoder.took(len as u64);
                }
            }
        }
    }

    fn receive(&mut self, method: &Method, io: &mut Io, limits: &Limits) -> ExchangeStep {
        match &mut self.recv {
            Recv::Head(scan) => match scan.scan(&mut io.rx, &mut io.index, limits) {
                Ok(Some(len)) => self.take_head(len, method, io, limits),
                Ok(None) if io.rx.ended() => self.end_in_head(io),
                Ok(None) => ExchangeStep::Blocked,
                Err(error) => ExchangeStep::Bad(error),
            },
            Recv::Body(decoder) => match decoder.next(&mut io.rx, limits) {
                Ok(BodyStep::Data(n)) => {
                    self.lent = Lent::Data(n);
                    ExchangeStep::Data(n)
                }
                Ok(BodyStep::Blocked) => ExchangeStep::Blocked,
                Ok(BodyStep::End) => self.finish(io),
                Err(error) => match io.rx.failure() {
                    Some(failure) if matches!(error, ProtocolError::Truncated(_)) => {
                        ExchangeStep::Broken(failure)
                    }
                    Some(_) | None => ExchangeStep::Bad(error),
                },
            },
        }
    }

    fn take_head(&mut self, len: usize, method: &Method, io: &mut Io, limits: &Limits) -> ExchangeStep {
        let head = io.head(len);
        let status = head.status();
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            self.interims += 1;
            if self.interims > limits.interim {
                return ExchangeStep::Bad(ProtocolError::TooLarge("more interim responses than allowed"));
            }
            if status == StatusCode::CONTINUE {
                self.go_on_with_body();
            }
            self.recv = Recv::Head(HeadScan::default());
            self.lent = Lent::Head(len);
            return ExchangeStep::Interim(len);
        }
        let verdict = match frame(method, self.plan.upgrades, &head) {
            Ok(verdict) => verdict,
            Err(error) => return ExchangeStep::Bad(error),
        };
        if verdict.framing == Framing::Tunnel && !self.is_written(io) {
            let early = "another protocol before the request was sent to its end";
            return ExchangeStep::Bad(ProtocolError::UnsolicitedUpgrade(early));
        }
        if self.send != Send::Ended && !self.goes_on_after(status, verdict) {
            self.send = Send::Stopped;
            io.tx.clear();
        }
        self.verdict = Some(verdict);
        self.recv = Recv::Body(BodyDecoder::new(verdict.framing));
        self.lent = Lent::Head(len);
        ExchangeStep::Head(len)
    }

    /// Whether a body that is not yet sent still matters: to a server that answers while it reads, as an echo does
    /// (RFC 9110 section 7.5), but not to one that refuses or closes (RFC 9112 section 9.5).
    fn goes_on_after(&self, status: StatusCode, verdict: Verdict) -> bool {
        let under_way = matches!(self.send, Send::Body { .. });
        under_way && status.is_success() && matches!(verdict.close, None | Some(CloseReason::UntilClose))
    }

    fn end_in_head(&mut self, io: &Io) -> ExchangeStep {
        if let Send::Faulty(what) = self.send {
            return ExchangeStep::BodyFault(what);
        }
        let begun = io.rx.total_received() > self.received_before;
        match (begun, io.rx.failure()) {
            (false, failure) => ExchangeStep::Lost(failure),
            (true, Some(failure)) => ExchangeStep::Broken(failure),
            (true, None) => {
                ExchangeStep::Bad(ProtocolError::Truncated("the connection ended within the head"))
            }
        }
    }

    fn finish(&mut self, io: &mut Io) -> ExchangeStep {
        let Some(verdict) = self.verdict else { return ExchangeStep::Blocked };
        if verdict.framing == Framing::Tunnel {
            return ExchangeStep::Upgraded;
        }
        let fate = if !self.is_written(io) {
            Fate::Spent(CloseReason::HalfSent)
        } else if let Some(why) = verdict.close {
            Fate::Spent(why)
        } else if self.plan.closes {
            Fate::Spent(CloseReason::CloseHeader)
        } else if !io.rx.bytes().is_empty() {
            Fate::Spent(CloseReason::Unasked)
        } else if io.rx.ended() || io.tx.failure().is_some() {
            Fate::Spent(CloseReason::PeerClosed)
        } else {
            Fate::Reusable { hint: verdict.idle_hint, uses_left: verdict.uses_left }
        };
        ExchangeStep::End(fate)
    }

    fn ask_for_body(&mut self, io: &Io, limits: &Limits) -> ExchangeStep {
        match &mut self.send {
            Send::Body { asked, .. }
                if !*asked
                    && io.tx.failure().is_none()
                    && io.tx.pending().len() < limits.send_ahead.max(1) =>
            {
                *asked = true;
                ExchangeStep::NeedBody
            }
            Send::Faulty(what) => ExchangeStep::BodyFault(what),
            Send::Body { .. } | Send::Await100 | Send::Ended | Send::Stopped => ExchangeStep::Blocked,
        }
    }

    /// A final response that is there stands, whatever is wrong with the body (RFC 9112 section 9.5).
    fn blame_body(&mut self, what: &'static str) {
        if matches!(self.recv, Recv::Head(_)) {
            self.send = Send::Faulty(what);
        }
    }

    fn go_on_with_body(&mut self) {
        if self.send == Send::Await100 {
            let left = match self.plan.framing {
                OutFraming::Length(length) => Some(length),
                OutFraming::Chunked | OutFraming::None => None,
            };
            self.send = Send::Body { left, asked: false };
        }
    }

    fn is_written(&self, io: &Io) -> bool {
        self.send == Send::Ended && io.tx.is_delivered()
    }
}

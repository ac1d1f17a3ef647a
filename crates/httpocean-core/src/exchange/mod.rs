//! One request and its response: bytes to and from one HTTP/1.1 exchange, and whether its connection may be used
//! again.
//!
//! ```text
//!     send:  head ─▶ [await 100] ─▶ body ─▶ ended          stopped, once a final response ended the need for it
//!     recv:  head ─▶ (interim)* ─▶ final head ─▶ body ─▶ over
//! ```
//!
//! There is no clock here and no socket; [`Call`](crate::Call) has the one, the driver the other.

mod sending;

use http::header::UPGRADE;
use http::{HeaderMap, Request, StatusCode, Version};

use crate::conn::Conn;
use crate::error::{ProtocolError, Sent, TransportError};
use crate::h1::body::{BodyDecoder, BodyStep, Gathered};
use crate::h1::encode::Plan;
use crate::h1::framing::{Framing, Verdict, frame, names_only};
use crate::h1::head::{HeadScan, begins_response};
use crate::io::Io;
use crate::key::Key;
use crate::limits::Limits;
use crate::pool::Fate;
use crate::reason::CloseReason;
use sending::{Sending, State};

/// One request and its response on a connection.
#[derive(Debug)]
pub(crate) struct Exchange {
    plan: Plan,
    sending: Sending,
    recv: Recv,
    /// Of the final response.
    verdict: Option<Verdict>,
    interims: u32,
    /// The final response was one of HTTP/1.0.
    http10: bool,
    /// Bytes in front of the input that were lent with the last step.
    lent: Lent,
    /// Where the total of the input stood when it began.
    received_before: u64,
}

#[derive(Debug, Clone, Copy, Default)]
enum Lent {
    #[default]
    Nothing,
    Head(usize),
    Data(Gathered),
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
    /// Where a response should begin are bytes that begin none.
    NoResponse(ProtocolError),
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
        conn: &mut Conn,
        io: &mut Io,
    ) -> Self {
        conn.begin(io);
        Self {
            plan,
            received_before: io.input().total_received() - io.input().bytes().len() as u64,
            sending: Sending::begin(request, key, plan, user_agent, conn, io),
            recv: Recv::Head(HeadScan::default()),
            verdict: None,
            interims: 0,
            http10: false,
            lent: Lent::Nothing,
        }
    }

    /// The next thing that can be said from what the buffers hold. Receiving comes first: bytes that are
    /// there are facts, and an early answer stops the sending.
    pub(crate) fn advance(&mut self, request: &Request<()>, io: &mut Io, limits: &Limits) -> ExchangeStep {
        self.settle(io);
        let step = self.receive(request, io, limits);
        if !matches!(step, ExchangeStep::Blocked) {
            return step;
        }
        match self.sending.state() {
            State::Faulty(what) => ExchangeStep::BodyFault(what),
            State::Await100 | State::Body { .. } | State::Ended | State::Stopped => {
                let asks = self.sending.asks(io, limits.send_ahead);
                if asks { ExchangeStep::NeedBody } else { ExchangeStep::Blocked }
            }
        }
    }

    /// De-chunks into the user's own buffer. 0 when nothing is at hand, or it is the end.
    pub(crate) fn read_body(&mut self, io: &mut Io, out: &mut [u8], limits: &Limits) -> usize {
        self.settle(io);
        match &mut self.recv {
            // What is wrong is found again, and said, by the next step.
            Recv::Body(decoder) => decoder.read(io.input_mut(), out, limits).unwrap_or(0),
            Recv::Head(_) => 0,
        }
    }

    /// So many bytes from here on the wire are body and nothing else.
    pub(crate) fn direct(&mut self, io: &mut Io) -> u64 {
        self.settle(io);
        match &self.recv {
            // What a layer has to take apart can't be read around it.
            Recv::Body(decoder) if !io.layered && io.rx.is_quiet() => decoder.direct(),
            Recv::Body(_) | Recv::Head(_) => 0,
        }
    }

    /// Whether an answer to `NeedBody` is due.
    pub(crate) fn owes_body(&self) -> bool {
        self.sending.owes_body()
    }

    pub(crate) fn wants_body(&self) -> bool {
        self.sending.wants_body()
    }

    pub(crate) fn body_left(&self) -> Option<u64> {
        match &self.recv {
            Recv::Body(decoder) => {
                let lent = if let Lent::Data(lent) = self.lent { lent.data as u64 } else { 0 };
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
    pub(crate) fn send_body(&mut self, bytes: &[u8], conn: &mut Conn, io: &mut Io) -> usize {
        self.sending.body(bytes, conn, io).unwrap_or_else(|what| {
            self.blame_body(what);
            0
        })
    }

    pub(crate) fn finish_body(&mut self, trailers: Option<&HeaderMap>, conn: &mut Conn, io: &mut Io) {
        if let Err(what) = self.sending.finish(trailers, conn, io) {
            self.blame_body(what);
        }
    }

    pub(crate) fn body_failed(&mut self, why: &'static str) {
        if !self.sending.is_ended() {
            self.blame_body(why);
        }
    }

    /// Whether the peer has shown that it speaks HTTP/1.0.
    pub(crate) fn is_http10(&self) -> bool {
        self.http10
    }

    /// The wait for `100 Continue` is over: the body goes without.
    pub(crate) fn stop_awaiting(&mut self) {
        self.sending.go_on();
    }

    /// Why the connection could not live on even if an unwanted body was read to its end.
    pub(crate) fn not_worth_draining(&self) -> Option<CloseReason> {
        if !self.sending.is_ended() {
            return Some(CloseReason::HalfSent);
        }
        self.verdict.map_or(Some(CloseReason::Protocol), |verdict| verdict.close)
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
        self.sending.sent(io)
    }

    pub(crate) fn waits(&self, io: &Io) -> Waits {
        if let Recv::Body(_) = self.recv {
            return Waits::Body;
        }
        if self.sending.is_under_way(io) {
            return if self.sending.is_past_head(io) { Waits::SendBody } else { Waits::SendHead };
        }
        if !io.input().bytes().is_empty() {
            return Waits::RestOfHead;
        }
        if io.tx.failure().is_some() {
            return Waits::FirstByte;
        }
        match self.sending.state() {
            State::Await100 => Waits::Await100,
            State::Body { .. } | State::Faulty(_) => Waits::User,
            State::Ended | State::Stopped => Waits::FirstByte,
        }
    }

    /// Takes away what the last step lent.
    pub(crate) fn settle(&mut self, io: &mut Io) {
        match core::mem::take(&mut self.lent) {
            Lent::Nothing => {}
            Lent::Head(len) => io.input_mut().consume(len),
            Lent::Data(lent) => {
                io.input_mut().consume(lent.behind);
                if let Recv::Body(decoder) = &mut self.recv {
                    decoder.took(lent.of_last as u64);
                }
            }
        }
    }

    fn receive(&mut self, request: &Request<()>, io: &mut Io, limits: &Limits) -> ExchangeStep {
        let (input, index) = io.input_and_index();
        match &mut self.recv {
            Recv::Head(scan) => match scan.scan(input, index, limits) {
                Ok(Some(len)) => self.take_head(len, request, io, limits),
                Ok(None) if input.ended() => self.end_in_head(io),
                Ok(None) => ExchangeStep::Blocked,
                Err(error) if self.interims == 0 && !begins_response(input.bytes()) => {
                    ExchangeStep::NoResponse(error)
                }
                Err(error) => ExchangeStep::Bad(error),
            },
            Recv::Body(decoder) => match decoder.next(input, limits) {
                Ok(BodyStep::Data(n)) => {
                    let lent = decoder.gather(n, input, limits);
                    self.lent = Lent::Data(lent);
                    ExchangeStep::Data(lent.data)
                }
                Ok(BodyStep::Blocked) => ExchangeStep::Blocked,
                Ok(BodyStep::End) => self.finish(io),
                Err(error) => match input.failure() {
                    Some(failure) if matches!(error, ProtocolError::Truncated(_)) => {
                        ExchangeStep::Broken(failure)
                    }
                    Some(_) | None => ExchangeStep::Bad(error),
                },
            },
        }
    }

    fn take_head(&mut self, len: usize, request: &Request<()>, io: &mut Io, limits: &Limits) -> ExchangeStep {
        let head = io.head(len);
        let status = head.status();
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            self.interims += 1;
            if self.interims > limits.interim {
                return ExchangeStep::Bad(ProtocolError::TooLarge("more interim responses than allowed"));
            }
            if status == StatusCode::CONTINUE {
                self.sending.go_on();
            }
            self.recv = Recv::Head(HeadScan::default());
            self.lent = Lent::Head(len);
            return ExchangeStep::Interim(len);
        }
        self.http10 = head.version() == Version::HTTP_10;
        let verdict = match frame(request.method(), self.plan.upgrades, &head) {
            Ok(verdict) => verdict,
            Err(error) => return ExchangeStep::Bad(error),
        };
        if status == StatusCode::SWITCHING_PROTOCOLS && !names_only(&head, request.headers().get_all(UPGRADE))
        {
            let other = "101 to a protocol that was not offered";
            return ExchangeStep::Bad(ProtocolError::UnsolicitedUpgrade(other));
        }
        if verdict.framing == Framing::Tunnel && !self.sending.is_written(io) {
            let early = "another protocol before the request was sent to its end";
            return ExchangeStep::Bad(ProtocolError::UnsolicitedUpgrade(early));
        }
        if !self.sending.is_ended() && !self.goes_on_after(status, verdict) {
            self.sending.stop(io);
        }
        self.verdict = Some(verdict);
        self.recv = Recv::Body(BodyDecoder::new(verdict.framing));
        self.lent = Lent::Head(len);
        ExchangeStep::Head(len)
    }

    /// Whether a body that is not yet sent still matters: to a server that answers while it reads, as an echo does
    /// (RFC 9110 section 7.5), but not to one that refuses or closes (RFC 9112 section 9.5).
    fn goes_on_after(&self, status: StatusCode, verdict: Verdict) -> bool {
        let under_way = matches!(self.sending.state(), State::Body { .. });
        under_way && status.is_success() && matches!(verdict.close, None | Some(CloseReason::UntilClose))
    }

    fn end_in_head(&mut self, io: &Io) -> ExchangeStep {
        if let State::Faulty(what) = self.sending.state() {
            return ExchangeStep::BodyFault(what);
        }
        let begun = io.input().total_received() > self.received_before;
        match (begun, io.input().failure()) {
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
        let fate = if !self.sending.is_written(io) {
            Fate::Spent(CloseReason::HalfSent)
        } else if let Some(why) = verdict.close {
            Fate::Spent(why)
        } else if self.plan.closes {
            Fate::Spent(CloseReason::CloseHeader)
        } else if !io.input().bytes().is_empty() {
            Fate::Spent(CloseReason::Unasked)
        } else if io.input().ended() || io.tx.failure().is_some() {
            Fate::Spent(CloseReason::PeerClosed)
        } else {
            Fate::Reusable { hint: verdict.idle_hint, uses_left: verdict.uses_left }
        };
        ExchangeStep::End(fate)
    }

    /// A final response that is there stands, whatever is wrong with the body (RFC 9112 section 9.5).
    fn blame_body(&mut self, what: &'static str) {
        if matches!(self.recv, Recv::Head(_)) {
            self.sending.fault(what);
        }
    }
}

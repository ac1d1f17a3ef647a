//! One request of a user, from its start to its end, whatever happens to its connections.
//!
//! ```text
//!     Start ──Acquire──▶ Queued ──attach──▶ Exchange ──▶ Releasing ──Release──▶ Released ──▶ End
//!       ▲                  │ refused            │ stale                            │    ├──▶ Failed
//!       │                  └──────▶ Failed      └─────────────▶                    │    └──▶ Upgraded
//!       └──────────────────────────────── Hop ◀────────────────────────────────────┘
//! ```

mod clock;
mod options;

use std::sync::Arc;

use core::time::Duration;

use http::{HeaderMap, Request, StatusCode, Uri};

pub use options::Options;

use crate::buf::Io;
use crate::config::Config;
use crate::conn::{Conn, ConnStep, Waits};
use crate::error::{CloseReason, Error, ErrorKind, NotReplayed, Phase, ProtocolError, Sent, TransportError};
use crate::h1::encode::{self, BodyPlan, Plan};
use crate::key::Key;
use crate::policy::replay::{Loss, may_replay};
use crate::pool::{Demand, Facts, Fate, Refusal};
use crate::time::Instant;
use crate::want::Want;
use clock::{Clock, phase_of};

/// What a driver has to do for a call, one thing at a time.
#[must_use]
#[derive(Debug)]
pub enum CallStep {
    /// Ask the pool for a connection of [`Call::key`]; answer with [`Call::attach`] or [`Call::refused`].
    Acquire(Demand),
    /// Take the connection with [`Call::detach`] and give it back with this fate. The buffers are clean.
    Release(Fate),
    /// Flush `io.tx`, fill `io.rx`, sleep.
    Wait(Want),
    /// The next piece of the request's body is wanted, from offset `from` on: answer with
    /// [`Call::send_body`], [`Call::finish_body`] or [`Call::body_failed`]. Said once for each piece; until the
    /// answer the call waits for an early response.
    NeedBody {
        /// How many bytes of the body were handed over. Less than the driver remembers: start over from there.
        from: u64,
    },
    /// The request will be made once more.
    Hop(Hop),
    /// An interim (1xx) response: [`Io::head`] of so many bytes.
    Interim(usize),
    /// The head of the response: [`Io::head`] of so many bytes.
    Head(usize),
    /// Bytes of the response's body: [`Io::data`].
    Data(usize),
    /// The response is whole. [`Call::trailers`] may have some.
    End,
    /// The connection speaks another protocol now, and so many bytes of that are in `io.rx`. Take it with
    /// [`Call::detach`]; its lease is for [`Pool::forget`](crate::Pool::forget).
    Upgraded(usize),
    /// There is no response, or no whole one.
    Failed(Error),
}

/// One more attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hop {
    /// The status of the response that caused it, if one did.
    pub status: Option<StatusCode>,
    /// Why it is made.
    pub why: HopReason,
    /// How long it waits before.
    pub after: Duration,
}

/// Why a request is made once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HopReason {
    /// Its connection went bad while it was idle: the peer closed it, or sent what nobody had asked for.
    StaleConnection,
}

impl HopReason {
    /// The reason as a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::StaleConnection => "the connection had gone bad while it was idle",
        }
    }
}

/// One request of a user, through every attempt.
///
/// ```
/// use std::sync::Arc;
/// use httpocean_core::{BodyPlan, Call, CallStep, Config, Instant, Io, Pool, PoolCommand, pool};
/// use httpocean_core::dial::{Dial, DialStep, Route};
///
/// let config = Arc::new(Config::default());
/// let (mut io, now) = (Io::default(), Instant::ZERO);
/// let request = http::Request::get("http://example.com/").body(()).unwrap();
/// let mut call = Call::new(request, BodyPlan::empty(), &config, now).unwrap();
///
/// // A driver asks a pool; here the dial is played by hand.
/// let CallStep::Acquire(_) = call.step(&mut io, now) else { panic!() };
/// let mut dial = Dial::new(call.key(), &config, now);
/// let DialStep::Resolve = dial.step(now) else { panic!() };
/// dial.resolved(Ok(Route::Direct), now);
/// let DialStep::Connect { attempt, .. } = dial.step(now) else { panic!() };
/// dial.connected(attempt, Ok(()), now);
/// let DialStep::Ready(conn) = dial.step(now) else { panic!() };
/// call.attach(conn, pool::Facts::default(), now);
///
/// let CallStep::Wait(want) = call.step(&mut io, now) else { panic!() };
/// assert!(want.write && io.tx.pending().starts_with(b"GET / HTTP/1.1\r\nhost: example.com\r\n"));
/// io.tx.sent(io.tx.pending().len());
/// io.rx.append(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
///
/// let CallStep::Head(len) = call.step(&mut io, now) else { panic!() };
/// assert_eq!(io.head(len).status(), 200);
/// let CallStep::Data(len) = call.step(&mut io, now) else { panic!() };
/// assert_eq!(io.data(len), b"hi");
/// let CallStep::Release(pool::Fate::Reusable { .. }) = call.step(&mut io, now) else { panic!() };
/// assert!(call.detach().is_some());
/// let CallStep::End = call.step(&mut io, now) else { panic!() };
/// ```
#[derive(Debug)]
pub struct Call {
    request: Request<()>,
    key: Key,
    config: Arc<Config>,
    body: BodyPlan,
    plan: Plan,
    state: State,
    conn: Option<Conn>,
    facts: Facts,
    now: Instant,
    deadline: Option<Instant>,
    clock: Clock,
    /// Bytes of the body that were handed over in this attempt.
    handed: u64,
    /// Whether the driver was asked for the body, ever: what it read once may not be there again.
    body_touched: bool,
    /// What earlier attempts sent, and whether there were any.
    sent_before: Option<Sent>,
    /// What the attempt had sent that gave its connection back last.
    sent_last: Sent,
    head_said: bool,
    draining: Option<Drain>,
    trailers: Option<HeaderMap>,
}

#[derive(Debug)]
enum State {
    /// To say `Acquire`.
    Start {
        fresh: bool,
    },
    /// For the pool's answer.
    Queued(Demand),
    /// For the exchange; its first step writes the request's head.
    Exchange {
        begun: bool,
    },
    /// To say that it was cancelled in the middle of the exchange.
    Cancelling,
    /// To say `Release`.
    Releasing(Fate, Then),
    /// For the driver to have detached the connection.
    Released(Then),
    Ended,
    Upgraded,
    Failed(Error),
}

#[derive(Debug)]
enum Then {
    End,
    Replay,
    Fail(Error),
}

/// An unwanted body that is read to save its connection.
#[derive(Debug, Clone, Copy)]
struct Drain {
    until: Instant,
    left: u64,
}

impl Call {
    /// Judges the request and makes a call of it; nothing else happens yet. The error is of the caller's
    /// making: wrong fields, a body that contradicts them, a URL that can't be connected to.
    pub fn new(
        request: Request<()>,
        body: BodyPlan,
        config: &Arc<Config>,
        now: Instant,
    ) -> Result<Self, Error> {
        let refuse = |what| Error::new(ErrorKind::Request(what), Phase::Start);
        let plan = encode::plan(&request, body, config.call.expect_continue).map_err(refuse)?;
        let mut key = Key::of(request.uri()).map_err(refuse)?;
        if config.partition != 0 {
            key = key.in_partition(config.partition);
        }
        if config.local.is_some() {
            key = key.from_local(config.local);
        }
        let head = encode::head_bound(&request, &key, config.call.user_agent.as_ref());
        if head > config.limits.request_head_bytes {
            return Err(refuse("its head is larger than Limits::request_head_bytes"));
        }
        Ok(Self {
            request,
            key,
            config: config.clone(),
            body,
            plan,
            state: State::Start { fresh: false },
            conn: None,
            facts: Facts::default(),
            now,
            deadline: config.call.total.map(|limit| now + limit),
            clock: Clock::default(),
            handed: 0,
            body_touched: false,
            sent_before: None,
            sent_last: Sent::Nothing,
            head_said: false,
            draining: None,
            trailers: None,
        })
    }

    /// What its connection has to be connected to.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The URI of the request that is being made.
    pub fn uri(&self) -> &Uri {
        self.request.uri()
    }

    /// The request that is being made.
    pub fn request(&self) -> &Request<()> {
        &self.request
    }

    /// The answer to `Acquire`: a connection, and what the pool knows of it.
    pub fn attach(&mut self, conn: Conn, facts: Facts, now: Instant) {
        self.now = self.now.max(now);
        self.conn = Some(conn);
        self.facts = facts;
        self.state = match core::mem::replace(&mut self.state, State::Ended) {
            State::Queued(_) => State::Exchange { begun: false },
            State::Failed(error) => State::Releasing(Fate::Untouched, Then::Fail(error)),
            other @ (State::Start { .. }
            | State::Exchange { .. }
            | State::Cancelling
            | State::Releasing(..)
            | State::Released(_)
            | State::Ended
            | State::Upgraded) => other,
        };
    }

    /// The answer to `Acquire`: no connection, and why. `dial` is the error of [`Refusal::DialFailed`].
    pub fn refused(&mut self, why: Refusal, dial: Option<Error>, now: Instant) {
        self.now = self.now.max(now);
        if let State::Queued(_) = self.state {
            self.state = State::Failed(match (why, dial) {
                (Refusal::DialFailed, Some(error)) => error.with_sent(self.sent_by_others()),
                (Refusal::WaitedTooLong, _) => self.early(ErrorKind::Timeout, Phase::PoolWait),
                (Refusal::DialTooSlow, _) => self.early(ErrorKind::Timeout, Phase::Connect),
                (Refusal::QueueFull | Refusal::DialFailed | Refusal::ShutDown, _) => {
                    self.early(ErrorKind::Pool(why), Phase::PoolWait)
                }
            });
        }
    }

    /// Takes the connection: after `Release`, after `Upgraded`, or of a call that is being dropped.
    pub fn detach(&mut self) -> Option<Conn> {
        self.conn.take()
    }

    /// What to do next.
    pub fn step(&mut self, io: &mut Io, now: Instant) -> CallStep {
        self.now = self.now.max(now);
        match &self.state {
            State::Start { .. } | State::Queued(_) if self.is_over() => {
                let first = matches!(self.state, State::Start { fresh: false });
                let error =
                    self.early(ErrorKind::Timeout, if first { Phase::Start } else { Phase::PoolWait });
                self.state = State::Failed(error.clone());
                CallStep::Failed(error)
            }
            State::Start { fresh } => self.acquire(*fresh),
            State::Queued(demand) => {
                // Whether it has waited too long for others, only the pool can tell.
                let patience = demand.patience.filter(|patience| *patience > self.now);
                let until = Instant::earliest(patience, demand.deadline);
                CallStep::Wait(Want { read: false, write: false, until, phase: Phase::PoolWait })
            }
            State::Exchange { begun: false } if self.is_over() => {
                let error = self.early(ErrorKind::Timeout, Phase::PoolWait);
                self.release(Fate::Untouched, Then::Fail(error), io)
            }
            State::Exchange { begun } => {
                if !*begun {
                    self.begin(io);
                }
                self.exchange(io)
            }
            State::Cancelling => {
                let why = if self.head_said { CloseReason::NotDrained } else { CloseReason::Cancelled };
                self.fail(ErrorKind::Cancelled, why, io)
            }
            State::Releasing(..) | State::Released(_) => self.pass_on(io),
            State::Ended => CallStep::End,
            State::Upgraded => CallStep::Upgraded(io.rx.bytes().len()),
            State::Failed(error) => CallStep::Failed(error.clone()),
        }
    }

    /// An answer to `NeedBody`: the next bytes of the body. Without having been asked for they are not taken, and
    /// will be asked for later; nor are they once a final response is there.
    pub fn send_body(&mut self, bytes: &[u8], io: &mut Io) {
        self.clock.stop();
        if let Some(conn) = &mut self.conn {
            self.handed += conn.send_body(bytes, io) as u64;
        }
    }

    /// An answer to `NeedBody`: there is no more. Trailers can only follow a chunked body.
    pub fn finish_body(&mut self, trailers: Option<&HeaderMap>, io: &mut Io) {
        self.clock.stop();
        if let Some(conn) = &mut self.conn {
            conn.finish_body(trailers, io);
        }
    }

    /// An answer to `NeedBody`: the body can't be had. The sentence says why.
    pub fn body_failed(&mut self, why: &'static str) {
        self.clock.stop();
        if let Some(conn) = &mut self.conn {
            conn.body_failed(why);
        }
    }

    /// Copies body bytes that were received into the user's own buffer, de-chunked. 0 when none are at hand:
    /// then [`step`](Self::step) says what to do.
    pub fn read_body(&mut self, io: &mut Io, out: &mut [u8]) -> usize {
        let Some(conn) = &mut self.conn else { return 0 };
        let n = conn.read_body(io, out, &self.config.limits);
        if n > 0 {
            self.clock.stop();
        }
        n
    }

    /// Whether the head was said and no byte of the body is left to come or to be taken: the next step says
    /// `Release`, or `Upgraded`.
    pub fn body_is_over(&self) -> bool {
        self.head_said && self.conn.as_ref().is_none_or(Conn::body_is_over)
    }

    /// How many bytes of the body are still to be taken, where the framing says it.
    pub fn body_left(&self) -> Option<u64> {
        match &self.conn {
            Some(conn) if self.head_said => conn.body_left(),
            Some(_) => None,
            // A body that was cut short is not one that is over.
            None => matches!(self.state, State::Ended).then_some(0),
        }
    }

    /// So many bytes that the transport will deliver next are body and nothing else: they may be read straight
    /// into the user's buffer, and then be told of with [`took`](Self::took).
    pub fn direct(&mut self, io: &mut Io) -> u64 {
        match (&self.state, self.draining, &mut self.conn) {
            (State::Exchange { .. }, None, Some(conn)) if self.head_said => conn.direct(io),
            _ => 0,
        }
    }

    /// `n` of the [`direct`](Self::direct) bytes were read.
    pub fn took(&mut self, n: u64, io: &mut Io) {
        self.clock.stop();
        if let Some(conn) = &mut self.conn {
            conn.took(n, io);
        }
    }

    /// The user wants no more of the response: what is left is read within [`Limits`](crate::Limits), or the
    /// connection is closed. Before the head has come this is a [`cancel`](Self::cancel).
    pub fn discard(&mut self, now: Instant) {
        self.now = self.now.max(now);
        let State::Exchange { .. } = self.state else { return };
        if !self.head_said {
            return self.cancel(now);
        }
        let limits = &self.config.limits;
        let until = self.now + limits.drain_time;
        let until = self.deadline.map_or(until, |deadline| deadline.min(until));
        self.draining.get_or_insert(Drain { until, left: limits.drain_bytes });
    }

    /// The user gives up. A connection that is attached is given back at the next step; what the pool still
    /// owes is the driver's to cancel.
    pub fn cancel(&mut self, now: Instant) {
        self.now = self.now.max(now);
        match self.state {
            State::Start { .. } | State::Queued(_) => {
                self.state = State::Failed(self.early(ErrorKind::Cancelled, Phase::PoolWait));
            }
            State::Exchange { begun: false } => {
                let error = self.early(ErrorKind::Cancelled, Phase::PoolWait);
                self.state = State::Releasing(Fate::Untouched, Then::Fail(error));
            }
            // How much was sent, only the buffers know: the next step says it.
            State::Exchange { begun: true } => self.state = State::Cancelling,
            State::Released(Then::Replay) => {
                self.state = State::Failed(self.early(ErrorKind::Cancelled, Phase::PoolWait));
            }
            State::Cancelling
            | State::Releasing(..)
            | State::Released(_)
            | State::Ended
            | State::Upgraded
            | State::Failed(_) => {}
        }
    }

    /// The error of a reader who can't use the response, with what is known of its request.
    pub fn rejected(&self, what: &'static str, io: &Io) -> Error {
        let sent = more(self.sent_last, self.sent(io));
        Error::new(ErrorKind::Content(what), Phase::RecvBody).with_sent(more(self.sent_by_others(), sent))
    }

    /// The trailer fields of the response, once, after `End`.
    pub fn trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take()
    }

    /// Whether the total deadline has passed.
    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= self.now)
    }

    fn acquire(&mut self, fresh: bool) -> CallStep {
        let patience = self.config.call.pool_wait.map(|limit| self.now + limit);
        let demand = Demand { patience, deadline: self.deadline, fresh };
        self.state = State::Queued(demand);
        CallStep::Acquire(demand)
    }

    fn begin(&mut self, io: &mut Io) {
        self.state = State::Exchange { begun: true };
        self.handed = 0;
        self.clock.stop();
        let user_agent = self.config.call.user_agent.as_ref();
        if let Some(conn) = &mut self.conn {
            conn.begin(&self.request, &self.key, self.plan, user_agent, io);
        }
    }

    fn exchange(&mut self, io: &mut Io) -> CallStep {
        if self.draining.is_some() {
            return self.drain(io);
        }
        if self.is_over() {
            return self.fail(ErrorKind::Timeout, CloseReason::TimedOut, io);
        }
        if self.facts.may_be_stale() && self.sent(io) == Sent::Nothing && !io.rx.bytes().is_empty() {
            return self.unasked(io);
        }
        let Some(step) = self.advance(io) else { return self.lost_conn() };
        match step {
            ConnStep::Blocked => return self.wait(io),
            ConnStep::NeedBody => {
                self.body_touched = true;
                self.clock.stop();
                return CallStep::NeedBody { from: self.handed };
            }
            ConnStep::Interim(len) => {
                self.clock.stop();
                return CallStep::Interim(len);
            }
            ConnStep::Head(len) => {
                self.clock.stop();
                self.head_said = true;
                return CallStep::Head(len);
            }
            ConnStep::Data(len) => {
                self.clock.stop();
                return CallStep::Data(len);
            }
            ConnStep::End(_)
            | ConnStep::BodyFault(_)
            | ConnStep::Upgraded
            | ConnStep::Lost(_)
            | ConnStep::Broken(_)
            | ConnStep::Bad(_) => {}
        }
        self.conclude(step, io)
    }

    fn advance(&mut self, io: &mut Io) -> Option<ConnStep> {
        let conn = self.conn.as_mut()?;
        Some(conn.advance(self.request.method(), io, &self.config.limits))
    }

    /// The exchange is over, one way or another.
    fn conclude(&mut self, step: ConnStep, io: &mut Io) -> CallStep {
        match step {
            ConnStep::End(fate) => {
                self.trailers = self.conn.as_mut().and_then(Conn::trailers);
                self.release(fate, Then::End, io)
            }
            ConnStep::Upgraded => {
                self.state = State::Upgraded;
                CallStep::Upgraded(io.rx.bytes().len())
            }
            ConnStep::BodyFault(what) => {
                let error = self.error_in(Phase::SendBody, ErrorKind::Body(what), io);
                self.release(Fate::Spent(CloseReason::HalfSent), Then::Fail(error), io)
            }
            ConnStep::Lost(failure) => self.lost(failure, io),
            ConnStep::Broken(failure) => self.broken(ErrorKind::Reset(failure), CloseReason::Broken, io),
            ConnStep::Bad(error @ ProtocolError::Truncated(_)) => {
                self.broken(ErrorKind::Protocol(error), CloseReason::PeerClosed, io)
            }
            ConnStep::Bad(error) => self.fail(ErrorKind::Protocol(error), CloseReason::Protocol, io),
            ConnStep::NeedBody
            | ConnStep::Interim(_)
            | ConnStep::Head(_)
            | ConnStep::Data(_)
            | ConnStep::Blocked => CallStep::Wait(self.want(io, None, Phase::RecvBody)),
        }
    }

    /// The connection ended before a byte of the response: it may have been stale.
    fn lost(&mut self, failure: Option<TransportError>, io: &mut Io) -> CallStep {
        let kind = failure.map_or(ErrorKind::Closed, ErrorKind::Reset);
        self.replay_or_fail(kind, CloseReason::PeerClosed, io)
    }

    /// Bytes on a connection that others have used, and nothing of the request is sent: whatever they answer, it
    /// is not this request (RFC 9112 section 9.2).
    fn unasked(&mut self, io: &mut Io) -> CallStep {
        let what = ProtocolError::BadStatusLine("it came before the request was sent");
        self.replay_or_fail(ErrorKind::Protocol(what), CloseReason::Unasked, io)
    }

    fn replay_or_fail(&mut self, kind: ErrorKind, why: CloseReason, io: &mut Io) -> CallStep {
        let then = match self.replay_verdict(false, io) {
            Ok(()) => {
                self.sent_before = Some(more(self.sent_by_others(), self.sent(io)));
                Then::Replay
            }
            Err(why) => Then::Fail(self.error(kind, io).with_not_replayed(why)),
        };
        self.release(Fate::Spent(why), then, io)
    }

    /// The connection ended within the response.
    fn broken(&mut self, kind: ErrorKind, why: CloseReason, io: &mut Io) -> CallStep {
        let mut error = self.error(kind, io);
        if let Err(why) = self.replay_verdict(true, io) {
            error = error.with_not_replayed(why);
        }
        self.release(Fate::Spent(why), Then::Fail(error), io)
    }

    fn replay_verdict(&self, response_begun: bool, io: &Io) -> Result<(), NotReplayed> {
        may_replay(Loss {
            method: self.request.method(),
            fields: self.request.headers(),
            // Once is enough, whatever the pool says of the second connection.
            may_be_stale: self.facts.may_be_stale() && self.sent_before.is_none(),
            response_begun,
            sent: self.sent(io),
            body_at_hand: self.body.replayable || !self.body_touched,
            allowed: self.config.call.replay_any_method,
        })
    }

    fn wait(&mut self, io: &mut Io) -> CallStep {
        let waits = self.waits(io);
        let until = self.clock.deadline(waits, io, &self.config.call, self.now);
        if until.is_none_or(|until| until > self.now) {
            let until = Instant::earliest(until, self.deadline);
            return CallStep::Wait(self.want(io, until, phase_of(waits)));
        }
        self.clock.stop();
        if waits == Waits::Await100 {
            if let Some(conn) = &mut self.conn {
                conn.stop_awaiting();
            }
            return self.exchange(io);
        }
        self.fail(ErrorKind::Timeout, CloseReason::TimedOut, io)
    }

    /// Reads what nobody wants, within bounds; then the connection may live on. Whatever happens, the call ends
    /// well: the user has what was wanted.
    fn drain(&mut self, io: &mut Io) -> CallStep {
        let fate = loop {
            let (Some(drain), Some(conn)) = (&mut self.draining, &mut self.conn) else {
                return self.lost_conn();
            };
            if !conn.worth_draining() || conn.rest_of_body(io) > drain.left {
                break Fate::Spent(CloseReason::NotDrained);
            }
            match conn.advance(self.request.method(), io, &self.config.limits) {
                ConnStep::Data(n) if n as u64 <= drain.left => drain.left -= n as u64,
                ConnStep::End(fate) => break fate,
                ConnStep::Blocked if drain.until > self.now && conn.rest_of_body(io) <= drain.left => {
                    let until = Some(drain.until);
                    return CallStep::Wait(self.want(io, until, Phase::Drain));
                }
                ConnStep::Data(_)
                | ConnStep::Blocked
                | ConnStep::Lost(_)
                | ConnStep::Broken(_)
                | ConnStep::Bad(_)
                | ConnStep::NeedBody
                | ConnStep::BodyFault(_)
                | ConnStep::Interim(_)
                | ConnStep::Head(_)
                | ConnStep::Upgraded => break Fate::Spent(CloseReason::NotDrained),
            }
        };
        self.release(fate, Then::End, io)
    }

    fn fail(&mut self, kind: ErrorKind, why: CloseReason, io: &mut Io) -> CallStep {
        let error = self.error(kind, io);
        self.release(Fate::Spent(why), Then::Fail(error), io)
    }

    fn error(&self, kind: ErrorKind, io: &Io) -> Error {
        let phase = if self.draining.is_some() { Phase::Drain } else { phase_of(self.waits(io)) };
        self.error_in(phase, kind, io)
    }

    fn error_in(&self, phase: Phase, kind: ErrorKind, io: &Io) -> Error {
        Error::new(kind, phase).with_sent(more(self.sent_by_others(), self.sent(io)))
    }

    /// An error while no connection is at hand.
    fn early(&self, kind: ErrorKind, phase: Phase) -> Error {
        Error::new(kind, phase).with_sent(self.sent_by_others())
    }

    fn sent_by_others(&self) -> Sent {
        self.sent_before.unwrap_or(Sent::Nothing)
    }

    fn release(&mut self, fate: Fate, then: Then, io: &mut Io) -> CallStep {
        self.sent_last = self.sent(io);
        self.state = State::Releasing(fate, then);
        self.pass_on(io)
    }

    /// `Release`, and then what comes of it.
    fn pass_on(&mut self, io: &mut Io) -> CallStep {
        match core::mem::replace(&mut self.state, State::Ended) {
            State::Releasing(fate, then) => {
                let stirred = self.conn.as_ref().and_then(|conn| conn.idle_input(io));
                let fate = match (fate, stirred) {
                    // Nobody would notice later what was read while it was in our hands.
                    (Fate::Untouched, Some(why)) => Fate::Spent(why),
                    (fate, _) => fate,
                };
                io.reset();
                if let Some(conn) = &mut self.conn {
                    conn.clear();
                }
                self.state = State::Released(then);
                CallStep::Release(fate)
            }
            State::Released(Then::End) => CallStep::End,
            State::Released(Then::Fail(error)) => {
                self.state = State::Failed(error.clone());
                CallStep::Failed(error)
            }
            State::Released(Then::Replay) => {
                // A connection that nobody has used yet can't be stale.
                self.state = State::Start { fresh: true };
                CallStep::Hop(Hop { status: None, why: HopReason::StaleConnection, after: Duration::ZERO })
            }
            other @ (State::Start { .. }
            | State::Queued(_)
            | State::Exchange { .. }
            | State::Cancelling
            | State::Ended
            | State::Upgraded
            | State::Failed(_)) => {
                self.state = other;
                CallStep::End
            }
        }
    }

    /// The driver took the connection in the middle of an exchange.
    fn lost_conn(&mut self) -> CallStep {
        let error =
            Error::new(ErrorKind::Cancelled, Phase::Start).with_sent(more(self.sent_by_others(), Sent::Part));
        self.state = State::Failed(error.clone());
        CallStep::Failed(error)
    }

    fn want(&self, io: &Io, until: Option<Instant>, phase: Phase) -> Want {
        Want { read: !io.rx.ended(), write: !io.tx.pending().is_empty(), until, phase }
    }

    fn waits(&self, io: &Io) -> Waits {
        self.conn.as_ref().map_or(Waits::User, |conn| conn.waits(io))
    }

    fn sent(&self, io: &Io) -> Sent {
        self.conn.as_ref().map_or(Sent::Nothing, |conn| conn.sent(io))
    }
}

fn more(a: Sent, b: Sent) -> Sent {
    match (a, b) {
        (Sent::All, _) | (_, Sent::All) => Sent::All,
        (Sent::Part, _) | (_, Sent::Part) => Sent::Part,
        (Sent::Nothing, Sent::Nothing) => Sent::Nothing,
    }
}

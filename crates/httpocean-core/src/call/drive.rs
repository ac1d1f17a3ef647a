//! The transitions of a call.

use super::clock::phase_of;
use super::{Call, CallStep, Drain, State, Then};
use crate::conn::Conn;
use crate::error::{Error, ErrorKind, Phase, ProtocolError, Sent, TransportError};
use crate::exchange::{Exchange, ExchangeStep, Waits};
use crate::h1::encode::OutFraming;
use crate::io::Io;
use crate::policy::replay::{Loss, may_replay};
use crate::pool::{Demand, Fate};
use crate::reason::{CloseReason, NotReplayed};
use crate::time::Instant;
use crate::want::Want;

impl Call {
    /// Whether the total deadline has passed.
    pub(super) fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= self.now)
    }

    pub(super) fn acquire(&mut self, fresh: bool) -> CallStep {
        let patience = self.config.call.pool_wait.map(|limit| self.now + limit);
        let demand = Demand { patience, deadline: self.deadline, fresh };
        self.state = State::Queued(demand);
        CallStep::Acquire(demand)
    }

    /// Whether it has to be sent in a way that its connection is known not to understand.
    pub(super) fn is_too_new_for_its_peer(&self) -> bool {
        self.plan.framing == OutFraming::Chunked && self.conn.as_ref().is_some_and(|conn| conn.http10)
    }

    pub(super) fn begin(&mut self, io: &mut Io) {
        self.state = State::Exchange { begun: true };
        self.handed = 0;
        self.clock.stop();
        let user_agent = self.config.call.user_agent.as_ref();
        let Some(conn) = &mut self.conn else { return };
        let (request, plan) = match &self.added {
            Some(added) => (&added.request, added.plan),
            None => (&self.request, self.plan),
        };
        self.exchange = Some(Exchange::begin(request, &self.key, plan, user_agent, conn, io));
    }

    /// What was read passes the connection's layers, if it has any.
    pub(super) fn pull(&mut self, io: &mut Io) {
        if let (true, Some(exchange), Some(conn)) = (io.layered, &mut self.exchange, &mut self.conn) {
            exchange.settle(io);
            conn.pull(io);
        }
    }

    pub(super) fn exchange(&mut self, io: &mut Io) -> CallStep {
        self.pull(io);
        if self.draining.is_some() {
            return self.drain(io);
        }
        if self.is_over() {
            return self.fail(ErrorKind::Timeout, CloseReason::TimedOut, io);
        }
        if !io.input().bytes().is_empty() && self.facts.may_be_stale() && self.sent(io) == Sent::Nothing {
            let what = ProtocolError::BadStatusLine("it came before the request was sent");
            return self.unasked(what, io);
        }
        let Some(step) = self.advance(io) else { return self.lost_conn() };
        match step {
            ExchangeStep::Blocked => return self.wait(io),
            ExchangeStep::NeedBody => {
                self.body_touched = true;
                self.clock.stop();
                return CallStep::NeedBody { from: self.handed };
            }
            ExchangeStep::Interim(len) => {
                self.clock.stop();
                return CallStep::Interim(len);
            }
            ExchangeStep::Head(len) => {
                self.clock.stop();
                return self.head(len, io);
            }
            ExchangeStep::Data(len) => {
                self.clock.stop();
                return CallStep::Data(len);
            }
            ExchangeStep::End(_)
            | ExchangeStep::BodyFault(_)
            | ExchangeStep::Upgraded
            | ExchangeStep::Lost(_)
            | ExchangeStep::Broken(_)
            | ExchangeStep::NoResponse(_)
            | ExchangeStep::Bad(_) => {}
        }
        self.conclude(step, io)
    }

    /// The final head: the answer, or what leads to another request.
    fn head(&mut self, len: usize, io: &mut Io) -> CallStep {
        match self.after_head(len, io) {
            Some(then) => {
                self.then = then;
                self.drain_within_limits();
                if self.shows_passing { CallStep::Passing(len) } else { self.drain(io) }
            }
            None => {
                self.place.settle();
                self.head_said = true;
                CallStep::Head(len)
            }
        }
    }

    fn advance(&mut self, io: &mut Io) -> Option<ExchangeStep> {
        let exchange = self.exchange.as_mut()?;
        Some(exchange.advance(&self.request, io, &self.config.limits))
    }

    /// The exchange is over, one way or another.
    fn conclude(&mut self, step: ExchangeStep, io: &mut Io) -> CallStep {
        match step {
            ExchangeStep::End(fate) => {
                self.trailers = self.exchange.as_mut().and_then(Exchange::trailers).map(Box::new);
                self.release(fate, Then::End, io)
            }
            ExchangeStep::Upgraded => {
                self.state = State::Upgraded;
                CallStep::Upgraded(io.input().bytes().len())
            }
            ExchangeStep::BodyFault(what) => {
                let error = Error::new(ErrorKind::Body(what), Phase::SendBody);
                let then = self.after_failure(error.with_sent(self.sent(io)));
                self.release(Fate::Spent(CloseReason::HalfSent), then, io)
            }
            ExchangeStep::Lost(failure) => self.lost(failure, io),
            ExchangeStep::Broken(failure) => {
                let kind = self.reset(failure);
                self.broken(kind, CloseReason::Broken, io)
            }
            ExchangeStep::Bad(error @ ProtocolError::Truncated(_)) => {
                self.broken(ErrorKind::Protocol(error), CloseReason::PeerClosed, io)
            }
            ExchangeStep::NoResponse(error) if self.facts.may_be_stale() => self.unasked(error, io),
            ExchangeStep::Bad(error) | ExchangeStep::NoResponse(error) => {
                self.fail(ErrorKind::Protocol(error), CloseReason::Protocol, io)
            }
            ExchangeStep::NeedBody
            | ExchangeStep::Interim(_)
            | ExchangeStep::Head(_)
            | ExchangeStep::Data(_)
            | ExchangeStep::Blocked => CallStep::Wait(self.want(io, None, Phase::RecvBody)),
        }
    }

    /// The connection ended before a byte of the response: it may have been stale.
    fn lost(&mut self, failure: Option<TransportError>, io: &mut Io) -> CallStep {
        let kind = failure.map_or(ErrorKind::Closed, |failure| self.reset(failure));
        self.replay_or_fail(kind, CloseReason::PeerClosed, io)
    }

    /// Bytes on a connection that others have used, and nothing of the request is sent, or they begin no response:
    /// whatever they belong to, it is not this request (RFC 9112 section 9.2).
    fn unasked(&mut self, what: ProtocolError, io: &mut Io) -> CallStep {
        self.replay_or_fail(ErrorKind::Protocol(what), CloseReason::Unasked, io)
    }

    fn replay_or_fail(&mut self, kind: ErrorKind, why: CloseReason, io: &mut Io) -> CallStep {
        let error = self.error(kind, io);
        let then = match self.replay_verdict(false, io) {
            Ok(()) => self.replay(error),
            Err(why) => self.after_failure(error.with_not_replayed(why)),
        };
        self.release(Fate::Spent(why), then, io)
    }

    /// What a failure that was read is about: a layer that failed can say more than a transport.
    fn reset(&self, failure: TransportError) -> ErrorKind {
        let layers = self.conn.as_ref().and_then(|conn| conn.failure());
        match layers.filter(|_| failure == TransportError::Layer) {
            Some(error) => ErrorKind::Tls(error.clone()),
            None => ErrorKind::Reset(failure),
        }
    }

    /// The connection ended within the response.
    fn broken(&mut self, kind: ErrorKind, why: CloseReason, io: &mut Io) -> CallStep {
        let mut error = self.error(kind, io);
        if let Err(why) = self.replay_verdict(true, io) {
            error = error.with_not_replayed(why);
        }
        let then = self.after_failure(error);
        self.release(Fate::Spent(why), then, io)
    }

    fn replay_verdict(&self, response_begun: bool, io: &Io) -> Result<(), NotReplayed> {
        may_replay(Loss {
            method: self.request.method(),
            fields: self.request.headers(),
            may_be_stale: self.facts.may_be_stale(),
            replays: self.replays,
            response_begun,
            sent: self.sent(io),
            body_at_hand: self.body_at_hand(),
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
            if let Some(exchange) = &mut self.exchange {
                exchange.stop_awaiting();
            }
            return self.exchange(io);
        }
        self.fail(ErrorKind::Timeout, CloseReason::TimedOut, io)
    }

    /// Reads what nobody wants, within bounds; then the connection may live on. Whatever happens, the call ends
    /// well: the user has what was wanted.
    fn drain(&mut self, io: &mut Io) -> CallStep {
        let fate = loop {
            let (Some(drain), Some(exchange)) = (&mut self.draining, &mut self.exchange) else {
                return self.lost_conn();
            };
            if let Some(why) = exchange.not_worth_draining() {
                break Fate::Spent(why);
            }
            if exchange.rest_of_body(io) > drain.left {
                break Fate::Spent(CloseReason::NotDrained);
            }
            match exchange.advance(&self.request, io, &self.config.limits) {
                ExchangeStep::Data(n) if n as u64 <= drain.left => drain.left -= n as u64,
                ExchangeStep::End(fate) => break fate,
                ExchangeStep::Blocked
                    if drain.until > self.now && exchange.rest_of_body(io) <= drain.left =>
                {
                    let until = Some(drain.until);
                    return CallStep::Wait(self.want(io, until, Phase::Drain));
                }
                ExchangeStep::Data(_)
                | ExchangeStep::Blocked
                | ExchangeStep::Lost(_)
                | ExchangeStep::Broken(_)
                | ExchangeStep::NoResponse(_)
                | ExchangeStep::Bad(_)
                | ExchangeStep::NeedBody
                | ExchangeStep::BodyFault(_)
                | ExchangeStep::Interim(_)
                | ExchangeStep::Head(_)
                | ExchangeStep::Upgraded => break Fate::Spent(CloseReason::NotDrained),
            }
        };
        let then = core::mem::take(&mut self.then);
        self.release(fate, then, io)
    }

    pub(super) fn drain_within_limits(&mut self) {
        let limits = &self.config.limits;
        let until = self.now + limits.drain_time;
        let until = self.deadline.map_or(until, |deadline| deadline.min(until));
        self.draining.get_or_insert(Drain { until, left: limits.drain_bytes });
    }

    pub(super) fn fail(&mut self, kind: ErrorKind, why: CloseReason, io: &mut Io) -> CallStep {
        let error = self.error(kind, io);
        let then = self.after_failure(error);
        self.release(Fate::Spent(why), then, io)
    }

    /// An error of this attempt: what the attempts before sent is added where it becomes the call's.
    fn error(&self, kind: ErrorKind, io: &Io) -> Error {
        let phase = if self.draining.is_some() { Phase::Drain } else { phase_of(self.waits(io)) };
        Error::new(kind, phase).with_sent(self.sent(io))
    }

    /// An error of the call while no connection is at hand.
    pub(super) fn early(&self, kind: ErrorKind, phase: Phase) -> Error {
        self.of_call(Error::new(kind, phase))
    }

    pub(super) fn release(&mut self, fate: Fate, then: Then, io: &mut Io) -> CallStep {
        self.sent_last = self.sent(io);
        if let (Some(conn), Some(exchange)) = (&mut self.conn, &self.exchange) {
            conn.http10 |= exchange.is_http10();
        }
        // What is sent while the body of a redirect is drained counts as well.
        if let Then::Hop(_) = then {
            self.sent_before = more(self.sent_before, self.sent_last);
        }
        self.then = then;
        self.give_back(fate, io)
    }

    /// Says `Release`.
    pub(super) fn give_back(&mut self, fate: Fate, io: &mut Io) -> CallStep {
        let fate = self.conn.as_mut().map_or(fate, |conn| settled(fate, conn, io));
        io.reset();
        self.exchange = None;
        self.state = State::Released;
        CallStep::Release(fate)
    }

    /// Says what comes when no connection is held any more.
    pub(super) fn go_on(&mut self) -> CallStep {
        match core::mem::take(&mut self.then) {
            Then::Hop(next) => self.hop(*next),
            Then::Fail(error) => self.fail_early(error),
            Then::End => {
                self.state = State::Ended;
                CallStep::End
            }
        }
    }

    /// The driver took the connection in the middle of an exchange.
    fn lost_conn(&mut self) -> CallStep {
        let error = self.of_call(Error::new(ErrorKind::Cancelled, Phase::Start).with_sent(Sent::Part));
        self.fail_early(error)
    }

    fn want(&self, io: &Io, until: Option<Instant>, phase: Phase) -> Want {
        Want { read: !io.input().ended(), write: !io.tx.pending().is_empty(), until, phase }
    }

    fn waits(&self, io: &Io) -> Waits {
        self.exchange.as_ref().map_or(Waits::User, |exchange| exchange.waits(io))
    }

    pub(super) fn sent(&self, io: &Io) -> Sent {
        self.exchange.as_ref().map_or(Sent::Nothing, |exchange| exchange.sent(io))
    }
}

/// What becomes of a connection whose buffers are about to be cleaned.
fn settled(fate: Fate, conn: &mut Conn, io: &mut Io) -> Fate {
    match fate {
        // Nobody would notice later what was read while it was in our hands.
        Fate::Untouched => conn.idle_input(io).map_or(fate, Fate::Spent),
        Fate::Reusable { .. } if !conn.rest(io) => Fate::Spent(CloseReason::PeerClosed),
        Fate::Reusable { .. } => fate,
        Fate::Spent(_) => {
            conn.give_up(io);
            fate
        }
    }
}

pub(super) fn more(a: Sent, b: Sent) -> Sent {
    match (a, b) {
        (Sent::All, _) | (_, Sent::All) => Sent::All,
        (Sent::Part, _) | (_, Sent::Part) => Sent::Part,
        (Sent::Nothing, Sent::Nothing) => Sent::Nothing,
    }
}

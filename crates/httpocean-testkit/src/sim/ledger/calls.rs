//! Calls: one end each (I3, I4), further attempts only where they do no harm (I30, I31), counted and explained (I32),
//! within the budget (I33) and the deadline (I34).

use std::sync::Arc;

use http::Request;

use httpocean_core::pool::Refusal;
use httpocean_core::{
    BodyPlan, CallId, Config, Engine, Error, ErrorKind, Hop, HopReason, ProtocolError, Sent,
};

use super::{Attempt, Call, CallState, Ledger};
use crate::sim::visit::Act;

impl Ledger {
    pub(in crate::sim) fn begins(
        &mut self,
        number: usize,
        request: &Request<()>,
        plan: BodyPlan,
        config: &Arc<Config>,
    ) {
        let config = request.extensions().get::<Arc<Config>>().unwrap_or(config).clone();
        let call = Call {
            id: None,
            key: 0,
            config,
            began: self.now,
            state: CallState::Ended,
            method: request.method().clone(),
            keyed: request.headers().contains_key("idempotency-key"),
            replayable: plan.replayable,
            body_touched: false,
            retries: 0,
            redirects: 0,
            hops: 0,
            first_failure: None,
            retrying: false,
            replays: false,
            drains: None,
            among: 0,
            acted: None,
            cancelled: false,
            head: false,
            interims: 0,
            received: 0,
            attempt: Attempt::default(),
            passed_by: false,
            left: false,
        };
        // Users may begin in another order than they were planned in.
        while self.calls.len() < number {
            let config = call.config.clone();
            let method = call.method.clone();
            self.calls.push(Call { id: None, config, method, first_failure: None, ..call });
        }
        if number == self.calls.len() { self.calls.push(call) } else { self.calls[number] = call }
    }

    pub(in crate::sim) fn was_refused(&mut self, number: usize) {
        self.calls[number].state = CallState::Ended;
    }

    pub(in crate::sim) fn has_begun(&mut self, number: usize, id: CallId, engine: &Engine) {
        let Some(key) = engine.call(id).map(|call| call.key().clone()) else {
            return self.breaks("I3", "a call that has begun is not there");
        };
        let key = self.key_of(&key);
        let call = &mut self.calls[number];
        (call.id, call.key) = (Some(id), key);
        self.active.push(number);
        self.arrives(number, false, false);
        let active = self.active.len();
        self.busiest =
            (self.now, if self.busiest.0 == self.now { self.busiest.1.max(active) } else { active });
    }

    /// It waits for a connection from now on.
    fn arrives(&mut self, number: usize, fresh: bool, loose: bool) {
        self.looks += 1;
        self.seen = None;
        let key = self.calls[number].key;
        self.calls[number].state = CallState::Waiting { stamp: self.looks, since: self.now, fresh, loose };
        self.keys[key].arrivals += 1;
        self.keys[key].waiting.push(number);
    }

    pub(in crate::sim) fn acts(&mut self, number: usize, act: Act) {
        let now = self.now;
        let call = &mut self.calls[number];
        call.acted.get_or_insert(now);
        call.cancelled |= act == Act::Cancel || !call.head;
    }

    /// Another attempt follows.
    pub(super) fn hops(&mut self, number: usize, hop: &Hop, engine: &Engine) {
        let call = &self.calls[number];
        let config = call.config.clone();
        self.may_hop(number, hop);
        let call = &mut self.calls[number];
        call.hops += 1;
        call.head = false;
        call.retries += u32::from(hop.why.is_retry());
        call.redirects += u32::from(hop.why == HopReason::Redirect);
        call.replays = hop.why == HopReason::StaleConnection;
        if call.hops == 1 && hop.why.is_retry() {
            call.first_failure = hop.error.as_ref().map(|error| error.kind().clone());
        }
        let (retries, redirects, hops) = (call.retries, call.redirects, call.hops);
        let most = config.retries.total;
        self.demand(most.is_none_or(|most| retries <= most), "I32", || {
            format!("{retries} retries of {most:?}")
        });
        let limit = config.redirects.limit;
        self.demand(redirects <= limit, "I32", || format!("{redirects} redirects of {limit}"));
        let id = self.calls[number].id;
        let told = id.and_then(|id| engine.call(id)).map(|call| call.history().len());
        // What is told one by one may have happened in between.
        self.demand(told.is_none_or(|told| told >= hops.min(64)), "I32", || {
            format!("{told:?} of {hops} hops")
        });
        if hop.why.is_retry() {
            self.spends(number);
        }
        let fresh = hop.why == HopReason::StaleConnection;
        self.moves_on(number, hop, fresh, engine);
    }

    /// Where it is after a hop: with a connection already, in the queue of another key, or pausing.
    fn moves_on(&mut self, number: usize, hop: &Hop, fresh: bool, engine: &Engine) {
        let now = self.now;
        let Some(next) = self.calls[number].id.and_then(|id| engine.call(id)) else {
            return self.breaks("I4", format!("call {number} hops and is gone"));
        };
        let key = self.key_of(next.key());
        let call = &mut self.calls[number];
        if hop.why == HopReason::Redirect && call.method != *next.request().method() {
            // Its body is dropped with the method.
            call.method = next.request().method().clone();
            call.replayable = true;
        }
        let state = self.calls[number].state;
        let left = core::mem::take(&mut self.calls[number].left);
        // It was not waiting for what somebody else got.
        self.calls[number].passed_by = false;
        if left {
            self.keys[self.calls[number].key].arrivals -= 1;
        }
        if state == CallState::Busy {
            let right = self.calls[number].key == key;
            return self
                .demand(right, "I21", || format!("call {number} is served by another key's connection"));
        }
        self.leaves_queue(number);
        self.calls[number].key = key;
        let until = self.calls[number].drains.take().unwrap_or(now) + hop.after;
        if until > now {
            let in_time = self.deadline(number).is_none_or(|deadline| until < deadline);
            self.demand(in_time, "I34", || format!("call {number} waits {:?}, past its deadline", hop.after));
            self.calls[number].state = CallState::Pausing { until };
            self.pausing += 1;
        } else {
            // It asks for another connection now, behind all others.
            self.arrives(number, fresh, true);
        }
    }

    /// Pauses that are over: those calls wait for a connection now.
    pub(in crate::sim) fn wake(&mut self) {
        if self.pausing == 0 {
            return;
        }
        for at in 0..self.active.len() {
            let number = self.active[at];
            if matches!(self.calls[number].state, CallState::Pausing { until } if until <= self.now) {
                self.pausing -= 1;
                self.resumed = Some(self.now);
                self.arrives(number, false, true);
            }
        }
    }

    fn may_hop(&mut self, number: usize, hop: &Hop) {
        let call = &self.calls[number];
        // An attempt that has begun already is another one than the hop is about.
        if call.state == CallState::Busy {
            return;
        }
        let Attempt { flushed, read, begins_none, facts, complete, .. } = call.attempt;
        let connected = !matches!(hop.why, HopReason::ConnectFailed);
        let (idempotent, replayed) = (call.keyed || call.method.is_idempotent(), call.replays);
        let any = call.config.call.replay_any_method;
        let body_touched = call.body_touched;
        let body_gone = !call.replayable && body_touched;
        let by_answer = hop.status.is_some();
        if hop.why != HopReason::Redirect && connected {
            if flushed > 0 {
                self.demand(idempotent || any, "I30", || {
                    format!("call {number} is made again after {flushed} bytes: {hop:?}")
                });
            }
            if body_touched {
                self.demand(!body_gone, "I30", || format!("call {number} is made again without its body"));
            }
        }
        if hop.why == HopReason::StaleConnection {
            self.demand(facts.may_be_stale(), "I31", || format!("call {number}: {facts:?} can't be stale"));
            self.demand(!replayed, "I31", || format!("call {number} is replayed twice in a row"));
            let unanswered = read == 0 || flushed == 0 || begins_none;
            self.demand(unanswered, "I30", || format!("call {number} is replayed after {read} bytes"));
        }
        if hop.why == HopReason::ReadFailed && !by_answer {
            self.demand(!complete, "I36", || format!("call {number} is retried, and its response was whole"));
        }
    }

    fn spends(&mut self, number: usize) {
        if self.calls[number].retrying {
            return;
        }
        self.calls[number].retrying = true;
        self.retrying += 1;
        let Some((at_least, percent)) = self.budget else { return };
        let active = if self.busiest.0 == self.now { self.busiest.1 } else { self.active.len() };
        let active = active.max(core::mem::take(&mut self.calls[number].among));
        let (retrying, most) = (self.retrying, at_least.max(active.max(self.active.len()) * percent / 100));
        self.demand(retrying <= most, "I33", || format!("{retrying} calls retry, of {active} active"));
    }

    pub(super) fn settles(&mut self, number: usize) {
        if core::mem::take(&mut self.calls[number].retrying) {
            self.retrying -= 1;
        }
    }

    /// Its last event.
    pub(super) fn ends(&mut self, number: usize) {
        let active = self.active.len();
        self.busiest =
            (self.now, if self.busiest.0 == self.now { self.busiest.1.max(active) } else { active });
        self.settles(number);
        self.leaves_queue(number);
        self.seen = None;
        let call = &mut self.calls[number];
        let twice = call.state == CallState::Ended;
        self.pausing -= usize::from(matches!(call.state, CallState::Pausing { .. }));
        if core::mem::take(&mut call.left) {
            self.keys[call.key].arrivals -= 1;
        }
        call.state = CallState::Ended;
        self.demand(!twice, "I3", || format!("call {number} ends twice"));
        if let Some(at) = self.active.iter().position(|n| *n == number) {
            self.active.remove(at);
        }
    }

    pub(super) fn fails(&mut self, number: usize, error: &Error, complete: bool) {
        let call = &self.calls[number];
        let in_time = self.deadline(number).is_none_or(|deadline| deadline > self.now);
        let timed_out = matches!(error.kind(), ErrorKind::Timeout);
        let bounded = matches!(error.kind(), ErrorKind::Protocol(ProtocolError::TooLarge(_)));
        let of_wire =
            matches!(error.kind(), ErrorKind::Closed | ErrorKind::Reset(_) | ErrorKind::Protocol(_));
        let excused = if timed_out { !in_time } else { bounded || !of_wire };
        let wanted = call.first_failure.clone();
        if complete {
            self.demand(excused, "I36", || {
                format!("call {number} fails, and its response was whole: {error}")
            });
        }
        let first = error.first().map(Error::kind);
        let kept = error.not_retried().is_none() || wanted.is_none() || first == wanted.as_ref();
        self.demand(kept, "I32", || format!("call {number} forgot its first cause {wanted:?}: {error:?}"));
        if *error.kind() == ErrorKind::Pool(Refusal::QueueFull) {
            let at_once =
                matches!(self.calls[number].state, CallState::Waiting { since, .. } if since == self.now);
            self.demand(at_once, "I12", || format!("call {number} is refused after a wait"));
        }
        let (flushed, hops) = (self.calls[number].attempt.flushed, self.calls[number].hops);
        if hops == 0 {
            let honest = (error.sent() == Sent::Nothing) == (flushed == 0);
            self.demand(honest, "I30", || {
                format!("call {number} sent {flushed} bytes and says {:?}", error.sent())
            });
        }
    }
}

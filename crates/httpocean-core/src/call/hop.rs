//! From one attempt to the next: what the policies say is asked here, and carried out.

use core::time::Duration;

use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::{Method, Request, StatusCode};

use super::drive::more;
use super::{Call, CallStep, Next, State, Then, Turn};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Hop, Phase};
use crate::h1::encode::{self, BodyPlan, Plan};
use crate::io::Io;
use crate::key::Key;
use crate::policy::redirect::{self, FollowUp, Previous, Verdict, follow};
use crate::policy::{Answer, Attempt, Exhausted, Moment, Outcome, Retry, judge};
use crate::reason::{HopReason, NotFollowed, NotRetried, RetryClass};
use crate::time::Instant;
use crate::want::Want;

/// With unlimited retries a call may go on for days: so many of its attempts are kept from the beginning, and as many
/// from the end.
const KEPT: usize = 32;

impl Call {
    /// What comes after a final head that is not the answer; `None`: it is.
    pub(super) fn after_head(&mut self, len: usize, io: &Io) -> Option<Then> {
        let head = io.head(len);
        let status = head.status();
        let previous = Previous {
            request: &self.request,
            body: self.body,
            fragment: self.fragment.as_deref(),
            followed: self.redirects,
        };
        match follow(previous, status, head.values("location"), &self.config.redirects) {
            Verdict::Answer(_) => {}
            Verdict::Follow(follow_up) => return Some(self.redirect(follow_up, status, io)),
            Verdict::Refuse(why) => return Some(self.not_followed(why, status, io)),
        }
        if status.is_informational() || self.config.retries.total == Some(0) {
            return None;
        }
        match self.judge(Outcome::Answer(Answer::from(&head))) {
            Ok(retry) => {
                let hop = Hop { status: Some(status), ..self.hop_of(reason(retry), retry.after) };
                Some(self.retry(retry, hop))
            }
            Err(why) if why.gave_up() && self.config.retries.exhausted == Exhausted::Error => {
                let error = Error::new(ErrorKind::Status(status), Phase::RecvHead).with_status(status);
                Some(Then::Fail(self.told(error.with_sent(self.sent(io)), why)))
            }
            Err(_) => None,
        }
    }

    /// What comes after an attempt without a response, or without a whole one. The error is that of the attempt.
    pub(super) fn after_failure(&mut self, error: Error) -> Then {
        let off = self.config.retries.total == Some(0);
        if off || self.head_said || matches!(error.kind(), ErrorKind::Cancelled) {
            return Then::Fail(self.of_call(error));
        }
        if self.is_over() {
            // That the deadline passed, one that says so need not say twice.
            let says_so = matches!(error.kind(), ErrorKind::Timeout);
            let late = NotRetried::WouldPassDeadline;
            return Then::Fail(if says_so { self.of_call(error) } else { self.told(error, late) });
        }
        match self.judge(Outcome::Failure(&error)) {
            Ok(retry) => {
                let hop = Hop { error: Some(error.clone()), ..self.hop_of(reason(retry), retry.after) };
                self.retry(retry, hop)
            }
            Err(why) => Then::Fail(self.told(error, why)),
        }
    }

    /// The connection was stale, and the request may be sent again.
    pub(super) fn replay(&mut self, error: Error) -> Then {
        self.replays = true;
        let hop = Hop { error: Some(error), ..self.hop_of(HopReason::StaleConnection, Duration::ZERO) };
        Then::Hop(Box::new(Next { hop, follow_up: None, fresh: true, at: self.now }))
    }

    /// No connection is held any more: says that another attempt follows, and prepares it.
    pub(super) fn hop(&mut self, next: Next) -> CallStep {
        let Next { hop, follow_up, fresh, at } = next;
        if self.is_over() {
            let phase = match self.draining {
                Some(_) => Phase::Drain,
                None if at > self.now => Phase::Backoff,
                None => Phase::PoolWait,
            };
            let error = self.early(ErrorKind::Timeout, phase);
            return self.fail_early(error);
        }
        (self.draining, self.exchange, self.added) = (None, None, None);
        if let Some(turn) = follow_up {
            let Turn { request, body, plan, key, fragment } = *turn;
            (self.request, self.body, self.plan) = (request, body, plan);
            (self.key, self.fragment) = (key, fragment);
        }
        self.state = if at > self.now { State::Pausing { until: at } } else { State::Start { fresh } };
        if self.history.len() == 2 * KEPT {
            self.history.remove(KEPT);
        }
        self.history.push(hop.clone());
        CallStep::Hop(Box::new(hop))
    }

    /// Waits for the time of the next attempt.
    pub(super) fn pause(&mut self, until: Instant) -> CallStep {
        if self.is_over() {
            let error = self.early(ErrorKind::Timeout, Phase::Backoff);
            return self.fail_early(error);
        }
        if until <= self.now {
            return self.acquire(false);
        }
        let until = Instant::earliest(Some(until), self.deadline);
        CallStep::Wait(Want { read: false, write: false, until, phase: Phase::Backoff })
    }

    /// Whether the body can be sent from its start.
    pub(super) fn body_at_hand(&self) -> bool {
        self.body.replayable || !self.body_touched
    }

    fn redirect(&mut self, follow_up: Box<FollowUp>, status: StatusCode, io: &Io) -> Then {
        if !follow_up.body.is_empty() && !self.body_at_hand() {
            return self.not_followed(NotFollowed::BodyNotReplayable, status, io);
        }
        let FollowUp { request, body, key, fragment, .. } = *follow_up;
        let key = match self.config.complete(key) {
            Ok(key) => key,
            Err(error) => return Then::Fail(self.of_call(error.with_sent(self.sent(io)))),
        };
        let plan = match sendable(&request, body, &key, &self.config) {
            Ok(plan) => plan,
            Err(what) => return self.not_followed(NotFollowed::NotSendable(what), status, io),
        };
        self.redirects += 1;
        self.retries = core::mem::take(&mut self.retries).redirected();
        let hop = Hop { status: Some(status), ..self.hop_of(HopReason::Redirect, Duration::ZERO) };
        let turn = Turn { request, body, plan, key, fragment };
        self.another(hop, Some(Box::new(turn)))
    }

    fn not_followed(&self, why: NotFollowed, status: StatusCode, io: &Io) -> Then {
        let error = Error::new(ErrorKind::Redirect(why), Phase::RecvHead).with_status(status);
        Then::Fail(self.of_call(error.with_sent(self.sent(io))))
    }

    fn retry(&mut self, retry: Retry, hop: Hop) -> Then {
        self.retries = core::mem::take(&mut self.retries).retried(retry);
        self.another(hop, None)
    }

    fn another(&mut self, hop: Hop, follow_up: Option<Box<Turn>>) -> Then {
        self.replays = false;
        let at = self.now + hop.after;
        Then::Hop(Box::new(Next { hop, follow_up, fresh: false, at }))
    }

    fn hop_of(&self, why: HopReason, after: Duration) -> Hop {
        Hop { uri: self.request.uri().clone(), status: None, error: None, why, after }
    }

    fn judge(&mut self, outcome: Outcome<'_>) -> Result<Retry, NotRetried> {
        let moment = Moment {
            now: self.now,
            deadline: self.deadline,
            wall: self.epoch.map(|epoch| epoch.saturating_add(self.now.as_micros() / 1_000_000)),
            body_at_hand: self.body_at_hand(),
        };
        let attempt = Attempt { method: self.request.method(), fields: self.request.headers(), outcome };
        judge(&attempt, &self.retries, &self.config.retries, moment, &mut self.place)
    }

    pub(super) fn fail_early(&mut self, error: Error) -> CallStep {
        self.state = State::Failed(error.clone());
        CallStep::Failed(error)
    }

    /// An attempt's error as that of the call, which is not retried.
    fn told(&self, error: Error, why: NotRetried) -> Error {
        self.of_call(error).with_not_retried(why)
    }

    /// An attempt's error as that of the call: with all that was sent, and what was tried before.
    pub(super) fn of_call(&self, error: Error) -> Error {
        let sent = more(self.sent_before, error.sent());
        error.with_sent(sent).with_history(self.history.clone())
    }
}

/// Judges a request before anything is done for it. The error is a sentence that says what is wrong.
pub(super) fn sendable(
    request: &Request<()>,
    body: BodyPlan,
    key: &Key,
    config: &Config,
) -> Result<Plan, &'static str> {
    if key.is_tunnelled() && request.headers().contains_key(PROXY_AUTHORIZATION) {
        return Err(
            "its proxy-authorization would reach the server: the proxy's URL is the place for credentials",
        );
    }
    let plan = encode::plan(request, body, config.call.expect_continue)?;
    // Whoever receives it sends it back whole (RFC 9110 section 9.3.8).
    if request.method() == Method::TRACE && redirect::hold_secrets(request.headers(), &config.redirects) {
        return Err("a TRACE request must hold no secrets");
    }
    // Elsewhere a Host may name another site than the URL does; a tunnel leads where its target says and nowhere
    // else (RFC 9112 section 3.2).
    let is_target = |host: &HeaderValue| {
        host.as_bytes().eq_ignore_ascii_case(format!("{}:{}", key.host(), key.port()).as_bytes())
    };
    if request.method() == Method::CONNECT && request.headers().get(HOST).is_some_and(|host| !is_target(host))
    {
        return Err("the host field of a CONNECT is not host:port of its target");
    }
    if !encode::head_fits(request, key, config.call.user_agent.as_ref(), config.limits.request_head_bytes) {
        return Err("its head is larger than Limits::request_head_bytes");
    }
    Ok(plan)
}

fn reason(retry: Retry) -> HopReason {
    match retry.class {
        RetryClass::Connect => HopReason::ConnectFailed,
        RetryClass::Other => HopReason::SendFailed,
        RetryClass::Read => HopReason::ReadFailed,
        RetryClass::Status if retry.told => HopReason::RetryAfter,
        RetryClass::Status => HopReason::Status,
    }
}

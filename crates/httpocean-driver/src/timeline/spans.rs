//! What a request or a connection was busy with, and from when to when.

use std::time::Duration;

use httpocean_core::{Instant, Phase};

use super::record::{Attempt, Made, Record, Request};

/// Shorter waits are only the time that it takes to ask and to be answered.
pub(super) const NO_WAIT: Duration = Duration::from_micros(500);

/// What time goes by with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Wait,
    Connect,
    Tls,
    Send,
    First,
    Body,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) kind: Kind,
    pub(super) from: Instant,
    pub(super) to: Instant,
}

impl Kind {
    pub(super) const ALL: [Self; 6] =
        [Self::Wait, Self::Connect, Self::Tls, Self::Send, Self::First, Self::Body];

    /// The class of its elements.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Wait => "w",
            Self::Connect => "c",
            Self::Tls => "t",
            Self::Send => "s",
            Self::First => "f",
            Self::Body => "b",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wait => "waiting",
            Self::Connect => "connecting",
            Self::Tls => "TLS",
            Self::Send => "sending",
            Self::First => "first byte",
            Self::Body => "body",
        }
    }

    pub(super) fn explained(self) -> &'static str {
        match self {
            Self::Wait => "for a connection: those of the host are in use, or none may be made yet",
            Self::Connect => "looking up the host's name, connecting, asking a proxy",
            Self::Tls => "agreeing with the server on how to secure the connection",
            Self::Send => "writing the request",
            Self::First => "the request is written, and the server has not answered yet",
            Self::Body => "reading the response",
        }
    }

    fn of_dial(phase: Phase) -> Self {
        if phase == Phase::Tls { Self::Tls } else { Self::Connect }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a request that has its connection has no other phases"
    )]
    fn of_request(phase: Phase) -> Self {
        match phase {
            Phase::RecvHead => Self::First,
            Phase::RecvBody | Phase::Drain => Self::Body,
            _ => Self::Send,
        }
    }
}

impl Record {
    /// When an attempt was over, or the last thing happened that is known.
    pub(super) fn end_of(&self, request: &Request, attempt: &Attempt) -> Instant {
        let end = attempt.hop.as_ref().map(|hop| hop.at).or(request.over).unwrap_or(self.last);
        end.max(attempt.asked)
    }

    /// The making of a connection.
    pub(super) fn dial_spans(&self, made: &Made) -> Vec<Span> {
        let end = made.done().unwrap_or(self.last);
        let steps = made.phases.iter().map(|(phase, at)| (Kind::of_dial(*phase), *at));
        joined(Kind::Connect, made.began, steps, end)
    }

    /// From the wish for a connection to its fulfilment. Who gets one that was made for it, or for another that waited,
    /// has waited for what made it.
    pub(super) fn wait_spans(&self, request: &Request, attempt: &Attempt) -> Vec<Span> {
        let end = attempt.grant.map_or(self.end_of(request, attempt), |grant| grant.at);
        let made = match attempt.grant {
            Some(grant) if grant.reused == 0 => grant.on.and_then(|on| self.connections.get(on)),
            Some(_) => None,
            None => self.failed_dial(request, attempt).and_then(|on| self.connections.get(on)),
        };
        let dial = made.map(|made| self.dial_spans(made)).unwrap_or_default();
        // Whoever is granted it a moment later waited for nothing else.
        let steps = dial.iter().filter(|span| span.to > attempt.asked);
        joined(Kind::Wait, attempt.asked, steps.map(|span| (span.kind, span.from)), end)
    }

    /// From the grant to the end.
    pub(super) fn exchange_spans(&self, request: &Request, attempt: &Attempt) -> Vec<Span> {
        let Some(grant) = attempt.grant else { return Vec::new() };
        let response = attempt.response.map(|(at, _)| (Kind::Body, at));
        let told = attempt.phases.iter().map(|(phase, at)| (Kind::of_request(*phase), *at));
        // What is still sent after the response came is of no interest any more.
        let told = told.filter(|(_, at)| response.is_none_or(|(_, head)| *at < head));
        joined(Kind::Send, grant.at, told.chain(response), self.end_of(request, attempt))
    }

    /// The connection that could not be made, of an attempt that failed by that.
    pub(super) fn failed_dial(&self, request: &Request, attempt: &Attempt) -> Option<usize> {
        if attempt.grant.is_some() || (attempt.hop.is_none() && request.over.is_none()) {
            return None;
        }
        let end = self.end_of(request, attempt);
        let is_it = |made: &Made| {
            let in_time = made.failed.as_ref().is_some_and(|(at, _)| (attempt.asked..=end).contains(at));
            in_time && made.key == attempt.origin
        };
        self.connections.iter().rposition(is_it)
    }
}

/// So long something was done in all.
pub(super) fn time_of(spans: &[Span], kind: Kind) -> Duration {
    spans.iter().filter(|span| span.kind == kind).map(|span| span.to - span.from).sum()
}

/// From `begin` to `end`, first of the kind `first`, then from each step on of another.
fn joined(
    first: Kind,
    begin: Instant,
    steps: impl Iterator<Item = (Kind, Instant)>,
    end: Instant,
) -> Vec<Span> {
    let mut spans = vec![Span { kind: first, from: begin, to: begin }];
    for (kind, at) in steps {
        let at = at.clamp(begin, end.max(begin));
        let Some(last) = spans.last_mut() else { break };
        if last.kind == kind {
            continue;
        }
        last.to = at.max(last.from);
        let from = last.to;
        spans.push(Span { kind, from, to: from });
    }
    if let Some(last) = spans.last_mut() {
        last.to = end.max(last.from);
    }
    spans.retain(|span| span.to > span.from);
    spans
}

//! What is said of a request, of its attempts and of a connection.

use std::time::Duration;

use httpocean_core::HopReason;

use super::record::{Attempt, Grant, Left, Made, Record, Request};
use super::spans::{Kind, NO_WAIT, Span, time_of};
use super::text;

/// What became of a request, and why it took its time: a few words.
pub(super) fn outcome(record: &Record, request: &Request) -> String {
    let Some(last) = request.attempts.last() else { return String::new() };
    let total = text::time(record.end_of(request, last) - request.attempts[0].asked);
    let what = match (&request.error, last.response) {
        (Some(error), _) => error.split(" (").next().unwrap_or(error).to_owned(),
        (None, Some((_, status))) => status.as_u16().to_string(),
        (None, None) if request.over.is_some() => "over".to_owned(),
        (None, None) => "not over yet".to_owned(),
    };
    let attempts = request.attempts.len() + request.left_out;
    let mut parts = vec![what, total];
    if attempts > 1 {
        parts.push(format!("{attempts} attempts"));
    }
    if let Some(grant) = last.grant {
        parts.push(got(record, request, last, grant));
    }
    parts.join(" · ")
}

fn got(record: &Record, request: &Request, attempt: &Attempt, grant: Grant) -> String {
    let number = grant.number;
    let in_line = match (grant.reused, grant.idle_for) {
        (0, _) => time_of(&record.wait_spans(request, attempt), Kind::Wait),
        (_, None) => grant.at - attempt.asked,
        (_, Some(_)) => Duration::ZERO,
    };
    let new = if grant.reused == 0 { ", new" } else { "" };
    if in_line >= NO_WAIT {
        format!("waited {} for connection {number}{new}", text::time(in_line))
    } else {
        format!("connection {number}{new}")
    }
}

/// All that is known of an attempt, line by line.
pub(super) fn attempt(request: &Request, attempt: &Attempt, spans: &[Span], since: &str) -> String {
    let mut lines = vec![format!("#{} {} {}", request.number, attempt.method, attempt.url)];
    match attempt.grant {
        Some(Grant { number, reused: 0, .. }) => {
            lines.push(format!("asked for a connection at {since}, got connection {number}, a new one"));
        }
        Some(Grant { number, reused, idle_for: Some(idle), .. }) => lines.push(format!(
            "asked for a connection at {since}, got connection {number}, which had served {reused} and was idle for {}",
            text::time(idle)
        )),
        Some(Grant { number, reused, idle_for: None, .. }) => lines.push(format!(
            "asked for a connection at {since}, got connection {number} as soon as it came free; it had served {reused}"
        )),
        None => lines.push(format!("asked for a connection at {since}, got none")),
    }
    let times = Kind::ALL.into_iter().map(|kind| (kind, time_of(spans, kind)));
    let times = times.filter(|(_, time)| !time.is_zero());
    let times: Vec<_> = times.map(|(kind, time)| format!("{} {}", kind.name(), text::time(time))).collect();
    lines.push(times.join(" · "));
    match (&attempt.hop, attempt.response, &request.error) {
        (Some(hop), _, _) => lines.push(left(hop)),
        (None, _, Some(error)) => lines.push(format!("failed: {error}")),
        (None, Some((_, status)), None) => lines.push(format!("answered {status}")),
        (None, None, None) => {}
    }
    lines.join("\n")
}

/// Why another attempt followed.
pub(super) fn left(hop: &Left) -> String {
    let what = match (hop.status, &hop.error) {
        (Some(status), _) => format!("answered {status}; "),
        (None, Some(error)) => format!("{error}; "),
        (None, None) => String::new(),
    };
    let then = if hop.why == HopReason::Redirect { "redirected" } else { "asked again" };
    let after = if hop.after.is_zero() { String::new() } else { format!(" after {}", text::time(hop.after)) };
    format!("{what}{then}{after}: {}", hop.why.explain())
}

/// What became of a connection.
pub(super) fn fate(made: &Made) -> String {
    match (&made.failed, made.closed, made.ready) {
        (Some((_, error)), _, _) => format!("✕ {error}"),
        (None, Some((_, why)), _) => format!("✕ {}", why.explain()),
        (None, None, Some(_)) => "still open".to_owned(),
        (None, None, None) => "still being made".to_owned(),
    }
}

//! How many requests waited for a connection, at each time.

use httpocean_core::Instant;

use super::page::Html;
use super::record::Record;
use super::scale::Scale;
use super::spans::{Kind, NO_WAIT, Span};

/// Of the drawing.
const HEIGHT: f64 = 40.0;

/// How many waited from each of these times on.
pub(super) fn waiting(record: &Record) -> Vec<(Instant, usize)> {
    let mut changes = Vec::new();
    for request in &record.requests {
        for attempt in &request.attempts {
            let spans = record.wait_spans(request, attempt);
            let long = |span: &Span| span.kind == Kind::Wait && span.to - span.from >= NO_WAIT;
            for span in spans.into_iter().filter(long) {
                changes.push((span.from, true));
                changes.push((span.to, false));
            }
        }
    }
    // Who stops at a time stops before others begin.
    changes.sort_unstable();
    let mut waits = 0_usize;
    let mut steps: Vec<(Instant, usize)> = Vec::new();
    for (at, begins) in changes {
        waits = if begins { waits + 1 } else { waits.saturating_sub(1) };
        match steps.last_mut() {
            Some(last) if last.0 == at => last.1 = waits,
            _ => steps.push((at, waits)),
        }
    }
    steps
}

/// As a curve of steps.
pub(super) fn draw(steps: &[(Instant, usize)], scale: &Scale, html: &mut Html) {
    let most = steps.iter().map(|(_, waits)| *waits).max().unwrap_or(0).max(1);
    html.put(format_args!(
        "<svg class=curve viewBox=\"0 0 1000 {HEIGHT}\" preserveAspectRatio=none><path d=\"M0 {HEIGHT}"
    ));
    for (at, waits) in steps {
        let y = HEIGHT - *waits as f64 / most as f64 * (HEIGHT - 2.0);
        html.put(format_args!("H{:.2}V{y:.1}", scale.at(*at) * 10.0));
    }
    html.put(format_args!("V{HEIGHT}Z\"/></svg>"));
}

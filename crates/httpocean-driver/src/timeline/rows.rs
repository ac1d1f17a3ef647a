//! A row for each request: from its wish for a connection to its end, redirects and retries included.

use httpocean_core::HopReason;

use super::page::Html;
use super::record::{Record, Request};
use super::scale::Scale;
use super::text::{escaped, path};
use super::words;

pub(super) fn draw(record: &Record, scale: &Scale, prefix: &str, html: &mut Html) {
    html.put(format_args!("<div class=rows>"));
    for request in &record.requests {
        row(record, request, scale, prefix, html);
    }
    html.put(format_args!("</div>"));
}

fn row(record: &Record, request: &Request, scale: &Scale, prefix: &str, html: &mut Html) {
    let Some(first) = request.attempts.first() else { return };
    let number = request.number;
    html.put(format_args!(
        "<div class=row id={prefix}{number}><b title=\"{}\"><em>{number}</em> {} {}</b><svg>",
        escaped(&first.url),
        escaped(&first.method),
        escaped(path(&first.url))
    ));
    for attempt in &request.attempts {
        let mut spans = record.wait_spans(request, attempt);
        spans.extend(record.exchange_spans(request, attempt));
        let since = scale.since(attempt.asked);
        let title = words::attempt(request, attempt, &spans, &since);
        html.put(format_args!("<g><title>{}</title>", escaped(&title)));
        html.bars(scale, &spans, 3, 12);
        html.put(format_args!("</g>"));
    }
    for hop in request.attempts.iter().filter_map(|attempt| attempt.hop.as_ref()) {
        let class = if hop.why == HopReason::Redirect { "redirect" } else { "retry" };
        let (from, to) = (scale.at(hop.at), scale.at(hop.at + hop.after));
        html.put(format_args!(
            "<line class={class} x1={from:.3}% y1=9 x2={to:.3}% y2=9 /><circle class={class} cx={from:.3}% cy=9 r=3.5>\
             <title>{}</title></circle>",
            escaped(&words::left(hop))
        ));
    }
    let outcome = words::outcome(record, request);
    let bad = if request.error.is_some() { " class=bad" } else { "" };
    let told = request.error.as_deref().unwrap_or(&outcome);
    html.put(format_args!("</svg><span{bad} title=\"{}\">{}</span></div>", escaped(told), escaped(&outcome)));
}

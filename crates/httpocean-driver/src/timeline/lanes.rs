//! A lane for each connection: how it was made, whom it served, and why it was closed.

use std::collections::BTreeMap;

use httpocean_core::HopReason;

use super::page::Html;
use super::record::{Attempt, Made, Record, Request};
use super::scale::Scale;
use super::text::{count, escaped, time};
use super::words;

/// Of a row, in pixels; the style sheet has it, too.
const HEIGHT: usize = 24;
/// A bar that takes so many hundredths of the width has room for its number.
const ROOM: f64 = 2.6;

/// The lanes of a record, one host below the other.
pub(super) struct Lanes<'a> {
    record: &'a Record,
    scale: Scale,
    /// Before anchors.
    prefix: &'a str,
    /// Connections by their keys, in the order of their numbers.
    hosts: BTreeMap<&'a str, Vec<usize>>,
    /// Whom each connection served.
    served: Vec<Vec<(&'a Request, &'a Attempt)>>,
}

impl<'a> Lanes<'a> {
    pub(super) fn new(record: &'a Record, scale: Scale, prefix: &'a str) -> Self {
        let mut hosts: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, made) in record.connections.iter().enumerate() {
            hosts.entry(&made.key).or_default().push(at);
        }
        for connections in hosts.values_mut() {
            // So they are in the order of their numbers, too.
            connections.sort_by_key(|at| record.connections[*at].done());
        }
        let mut served = vec![Vec::new(); record.connections.len()];
        for request in &record.requests {
            for attempt in &request.attempts {
                if let Some(on) = attempt.grant.and_then(|grant| grant.on) {
                    served[on].push((request, attempt));
                }
            }
        }
        Self { record, scale, prefix, hosts, served }
    }

    pub(super) fn draw(&self, html: &mut Html) {
        html.put(format_args!("<div class=lanes>"));
        self.links(html);
        for (key, connections) in &self.hosts {
            let made = connections.iter().filter(|at| self.record.connections[**at].ready.is_some()).count();
            let proxy = self.record.connections[connections[0]].proxy.as_deref();
            let by = proxy.map(|proxy| format!(" by {proxy}")).unwrap_or_default();
            html.put(format_args!(
                "<div class=\"row host\"><b>{}{}</b><i></i><span>{}</span></div>",
                escaped(key),
                escaped(&by),
                count(made as u64, "connection", "connections")
            ));
            for at in connections {
                self.lane(*at, html);
            }
        }
        html.put(format_args!("</div>"));
    }

    fn lane(&self, at: usize, html: &mut Html) {
        let made = &self.record.connections[at];
        let name = match (made.number, made.ready) {
            (0, Some(_)) => "made, never used".to_owned(),
            (0, None) => "no connection".to_owned(),
            (number, _) => format!("connection {number}"),
        };
        let served = if made.served == 0 { String::new() } else { count(made.served, "request", "requests") };
        let fate = words::fate(made);
        let ends = made.ends.as_deref().unwrap_or_default();
        html.put(format_args!(
            "<div class=\"row lane\"><b title=\"{}\">{name} <em>{served}</em></b><svg>",
            escaped(ends)
        ));
        self.life(made, html);
        for (request, attempt) in &self.served[at] {
            self.exchange(request, attempt, html);
        }
        self.end(made, html);
        let bad = if made.failed.is_some() { " class=bad" } else { "" };
        html.put(format_args!("</svg><span{bad} title=\"{0}\">{0}</span></div>", escaped(&fate)));
    }

    /// A thin line as long as it was open, and how it was made.
    fn life(&self, made: &Made, html: &mut Html) {
        if let Some(ready) = made.ready {
            let end = made.closed.map_or(self.record.last, |(at, _)| at);
            html.put(format_args!(
                "<line class=life x1={:.3}% x2={:.3}% y1=12 y2=12 />",
                self.scale.at(ready),
                self.scale.at(end)
            ));
        }
        let spans = self.record.dial_spans(made);
        let took = made.done().map(|end| end - made.began);
        let took = took.map_or_else(|| "not done yet".to_owned(), time);
        html.put(format_args!("<g><title>making it: {took}</title>"));
        html.bars(&self.scale, &spans, 8, 8);
        html.put(format_args!("</g>"));
    }

    fn exchange(&self, request: &Request, attempt: &Attempt, html: &mut Html) {
        let spans = self.record.exchange_spans(request, attempt);
        let all: Vec<_> =
            self.record.wait_spans(request, attempt).into_iter().chain(spans.iter().copied()).collect();
        let since = self.scale.since(attempt.asked);
        let title = words::attempt(request, attempt, &all, &since);
        let number = request.number;
        html.put(format_args!("<a href=\"#{}{number}\"><title>{}</title>", self.prefix, escaped(&title)));
        html.bars(&self.scale, &spans, 3, 18);
        if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
            let (from, to) = (self.scale.at(first.from), self.scale.at(last.to));
            if to - from >= ROOM {
                html.put(format_args!("<text x={:.3}% y=16 dx=4>{number}</text>", from));
            }
        }
        html.put(format_args!("</a>"));
    }

    fn end(&self, made: &Made, html: &mut Html) {
        let at = made.closed.map(|(at, _)| at).or(made.failed.as_ref().map(|(at, _)| *at));
        if let Some(at) = at {
            html.put(format_args!(
                "<text class=end x={:.3}% y=17 dx=2><title>{}</title>✕</text>",
                self.scale.at(at),
                escaped(&words::fate(made))
            ));
        }
    }

    /// Lines from where a request was left to where it went on.
    fn links(&self, html: &mut Html) {
        let places = self.places();
        html.put(format_args!("<svg class=links>"));
        for request in &self.record.requests {
            for pair in request.attempts.windows(2) {
                let (before, after) = (&pair[0], &pair[1]);
                let (Some(hop), Some(from), Some(to)) =
                    (&before.hop, self.place(&places, request, before), self.place(&places, request, after))
                else {
                    continue;
                };
                let begin = after.grant.map_or(after.asked, |grant| grant.at);
                let class = if hop.why == HopReason::Redirect { "redirect" } else { "retry" };
                html.put(format_args!(
                    "<line class={class} x1={:.3}% y1={from} x2={:.3}% y2={to} />",
                    self.scale.at(hop.at),
                    self.scale.at(begin)
                ));
                html.put(format_args!(
                    "<circle class={class} cx={:.3}% cy={from} r=3.5><title>#{}: {}</title></circle>",
                    self.scale.at(hop.at),
                    request.number,
                    escaped(&words::left(hop))
                ));
            }
        }
        html.put(format_args!("</svg>"));
    }

    /// The middle of each connection's lane, in pixels.
    fn places(&self) -> BTreeMap<usize, usize> {
        let mut row = 0;
        let mut places = BTreeMap::new();
        for connections in self.hosts.values() {
            row += 1;
            for at in connections {
                places.insert(*at, row * HEIGHT + HEIGHT / 2);
                row += 1;
            }
        }
        places
    }

    fn place(&self, places: &BTreeMap<usize, usize>, request: &Request, attempt: &Attempt) -> Option<usize> {
        let on = attempt.grant.and_then(|grant| grant.on);
        places.get(&on.or_else(|| self.record.failed_dial(request, attempt))?).copied()
    }
}

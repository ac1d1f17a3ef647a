//! The page around the drawings.

use std::fmt::{self, Write};
use std::time::Duration;

use super::lanes::Lanes;
use super::record::Record;
use super::scale::Scale;
use super::spans::{Kind, Span};
use super::text::{count, digits, escaped, time};
use super::{rows, waiting};

const STYLE: &str = include_str!("style.css");
/// How much wider it can be drawn; the style sheet has them, too.
const ZOOMS: [u64; 4] = [1, 4, 16, 64];

/// Draws records below each other, on one scale: a page with this title, of parts with these names.
///
/// ```
/// use httpocean_driver::timeline::{Record, page};
///
/// let (with, without) = (Record::default(), Record::default());
/// let page = page("What a pool saves", &[("With it", &with), ("Without it", &without)]);
/// assert!(page.contains("Without it"));
/// ```
pub fn page(title: &str, parts: &[(&str, &Record)]) -> String {
    let mut html = Html::default();
    let title = escaped(title);
    html.put(format_args!(
        "<!doctype html>\n<html lang=en><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <meta name=color-scheme content=\"light dark\">\
         <meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\
         <link rel=icon href=\"data:,\"><title>{title}</title><style>{STYLE}</style>\n<h1>{title}</h1>\n"
    ));
    legend(&mut html);
    let length = parts.iter().map(|(_, record)| record.length()).max().unwrap_or_default();
    for (number, (name, record)) in parts.iter().enumerate() {
        part(number, name, record, length, &mut html);
    }
    html.put(format_args!("</html>\n"));
    html.0
}

/// A text of elements.
#[derive(Default)]
pub(super) struct Html(String);

impl Html {
    pub(super) fn put(&mut self, text: fmt::Arguments<'_>) {
        // A string takes all.
        let _ = self.0.write_fmt(text);
    }

    /// Spans as bars at that height. What is too short to be seen is a line.
    pub(super) fn bars(&mut self, scale: &Scale, spans: &[Span], y: usize, height: usize) {
        for span in spans {
            let (from, to) = (scale.at(span.from), scale.at(span.to));
            self.put(format_args!(
                "<rect class={} x={from:.3}% y={y} width={:.3}% height={height} />",
                span.kind.class(),
                to - from
            ));
        }
    }
}

impl Record {
    pub(super) fn length(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| self.last - began)
    }
}

fn legend(html: &mut Html) {
    html.put(format_args!("<p class=legend>"));
    for kind in Kind::ALL {
        html.put(format_args!(
            "<span title=\"{}\"><i class={}></i>{}</span>",
            kind.explained(),
            kind.class(),
            kind.name()
        ));
    }
    html.put(format_args!(
        "<span><svg width=26 height=12><line class=redirect x1=0 y1=6 x2=26 y2=6 /><circle class=redirect cx=5 cy=6 r=3.5 />\
         </svg>redirect</span>\
         <span><svg width=26 height=12><line class=retry x1=0 y1=6 x2=26 y2=6 /><circle class=retry cx=5 cy=6 r=3.5 />\
         </svg>asked again</span>\
         <span><svg width=26 height=12><line class=life x1=0 y1=6 x2=26 y2=6 /></svg>open, idle</span>\
         <span class=end>✕ closed, or not made</span></p>\n<p class=zoom>Zoom "
    ));
    for zoom in ZOOMS {
        let checked = if zoom == 1 { " checked" } else { "" };
        html.put(format_args!("<label><input type=radio name=z id=z{zoom}{checked}>{zoom}×</label> "));
    }
    html.put(format_args!(
        "<small>Point at a bar to read all about it; click on it in a lane to find its request.</small></p>\n"
    ));
}

fn part(number: usize, name: &str, record: &Record, length: Duration, html: &mut Html) {
    html.put(format_args!("<section>"));
    if !name.is_empty() {
        html.put(format_args!("<h2>{}</h2>", escaped(name)));
    }
    summary(record, html);
    left_out(record, html);
    let scale = Scale::new(record.began.unwrap_or_default(), length);
    let prefix = format!("p{number}r");
    html.put(format_args!("\n<div class=scroll><div class=wide>"));
    let steps = waiting::waiting(record);
    let most = steps.iter().map(|(_, waits)| *waits).max().unwrap_or(0);
    axis(&scale, html);
    if most > 0 {
        html.put(format_args!("<div class=\"row wait\"><b>requests that wait</b>"));
        waiting::draw(&steps, &scale, html);
        html.put(format_args!("<span>at most {most} at a time</span></div>"));
    }
    html.put(format_args!("<h3>Which connection served what</h3>"));
    Lanes::new(record, scale, &prefix).draw(html);
    html.put(format_args!("<h3>Who waited for what</h3>"));
    axis(&scale, html);
    rows::draw(record, &scale, &prefix, html);
    html.put(format_args!("</div></div></section>\n"));
}

fn axis(scale: &Scale, html: &mut Html) {
    html.put(format_args!("<div class=\"row axis\"><b></b><div>"));
    for zoom in ZOOMS {
        html.put(format_args!("<svg class=x{zoom}>"));
        for mark in scale.marks(zoom) {
            let at = mark.at;
            html.put(format_args!(
                "<line x1={at:.3}% x2={at:.3}% y1=14 y2=20 /><text x={at:.3}% y=14 dx=2>{}</text>",
                mark.label
            ));
        }
        html.put(format_args!("</svg>"));
    }
    html.put(format_args!("</div><span></span></div>"));
}

fn summary(record: &Record, html: &mut Html) {
    let totals = &record.totals;
    html.put(format_args!("<p class=sum>"));
    let mut tile = |number: String, what: String| {
        html.put(format_args!("<span><strong>{number}</strong> {what}</span>"));
    };
    let noun = |number: u64, one: &'static str, many: &'static str| if number == 1 { one } else { many };
    tile(digits(totals.requests), noun(totals.requests, "request", "requests").to_owned());
    tile(digits(totals.made), noun(totals.made, "connection made", "connections made").to_owned());
    tile(digits(totals.reused), noun(totals.reused, "handshake saved", "handshakes saved").to_owned());
    if totals.queued > 0 {
        let longest = time(totals.longest_wait);
        tile(digits(totals.queued), format!("waited until a connection came free, {longest} at most"));
    }
    if totals.redirects > 0 {
        tile(digits(totals.redirects), noun(totals.redirects, "redirect", "redirects").to_owned());
    }
    if totals.retries + totals.stale > 0 {
        let stale = if totals.stale == 0 {
            String::new()
        } else {
            format!(" ({} of a stale connection)", totals.stale)
        };
        tile(digits(totals.retries + totals.stale), format!("asked again{stale}"));
    }
    if totals.dials_failed > 0 {
        tile(digits(totals.dials_failed), "connections could not be made".to_owned());
    }
    if totals.failed > 0 {
        tile(digits(totals.failed), "failed".to_owned());
    }
    tile(time(record.length()), "in all".to_owned());
    html.put(format_args!("</p>"));
}

/// What is not drawn is said.
fn left_out(record: &Record, html: &mut Html) {
    let totals = &record.totals;
    let attempts: usize = record.requests.iter().map(|request| request.left_out).sum();
    let drawn = |drawn: usize, all: u64, what: &str| {
        let drawn = drawn as u64;
        (drawn < all).then(|| format!("the first {} of {}", digits(drawn), count(all, what, what)))
    };
    let parts: Vec<_> = [
        drawn(record.requests.len(), totals.requests, "requests"),
        drawn(record.connections.len(), totals.dials, "connections"),
        (attempts > 0)
            .then(|| format!("all but {}", count(attempts as u64, "further attempt", "further attempts"))),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !parts.is_empty() {
        html.put(format_args!(
            "<p class=left>Drawn are {}; the numbers above count all.</p>",
            parts.join(", ")
        ));
    }
}

//! What the demo found, in numbers and in few words.

use super::bars::bar;
use super::pages::{Cost, Visit};
use super::site::Site;
use crate::output::{Out, note};
use crate::stop::{Done, Stop};

/// The pool's own numbers.
pub(super) fn totals(visit: &Visit, out: &mut Out) -> Done {
    out.line("")?;
    out.line(format_args!("requests: {}", visit.requests))?;
    out.line(format_args!("connections: {}", visit.connections))?;
    Ok(out.line(format_args!("source ports: {}", visit.ports.len()))?)
}

/// Whether all who counted agree. If they don't, a number above is wrong, and that is said.
pub(super) fn cross_check(visit: &Visit) -> Done {
    let mut agreed = true;
    let mut compare = |what: &str, ours: u64, whose: &str, theirs: u64| {
        if ours != theirs {
            note(format_args!("httpocean: the client counted {ours} {what}, but {whose} {theirs}"));
            agreed = false;
        }
    };
    compare("connections", visit.connections, "the responses named", visit.numbers.len() as u64);
    if let Some(server) = visit.server {
        compare("connections", visit.connections, "the server", server.connections);
        compare("requests", visit.requests, "the server", server.requests);
    }
    if agreed { Ok(()) } else { Err(Stop::Failed) }
}

/// What the pool saved.
pub(super) fn comparison(site: &Site, with: &Cost, without: &Cost, out: &mut Out) -> Done {
    let paint = out.paint();
    let pages = with.pages;
    out.line(format_args!("\n{}", paint.bold(format_args!("What the pool saved on {pages} pages"))))?;
    out.line(format_args!("({})\n", site.conditions()))?;
    let counts = |with: u64, without: u64| (with as f64, without as f64);
    figure(
        out,
        "handshakes",
        counts(with.handshakes, without.handshakes),
        0,
        "each is a round trip in which nothing can be asked",
    )?;
    if let (Some(with), Some(without)) = (with.round_trips, without.round_trips) {
        let why = "handshakes, requests, and windows that a new connection has to open";
        figure(out, "round trips", counts(with, without), 0, why)?;
    }
    let seconds = (with.time.as_secs_f64(), without.time.as_secs_f64());
    figure(out, "seconds", seconds, 2, "the times of all pages")?;
    if seconds.0 > 0.0 {
        out.line(format_args!("With the pool it was {:.1} times as fast.", seconds.1 / seconds.0))?;
    }
    Ok(())
}

fn figure(out: &mut Out, name: &str, (with, without): (f64, f64), digits: usize, why: &str) -> Done {
    let paint = out.paint();
    let most = with.max(without);
    let saved = without - with;
    out.line(format_args!("  {} {}", paint.bold(format_args!("{name}:")), paint.dim(why)))?;
    out.line(format_args!("    with     {with:>8.digits$} {}", paint.green(bar(with, most))))?;
    out.line(format_args!("    without  {without:>8.digits$} {}", paint.red(bar(without, most))))?;
    Ok(out.line(format_args!("    saved    {saved:>8.digits$}\n"))?)
}

//! `httpocean get`: fetches URLs, and says what was decided on the way.

mod data;
mod fetch;
mod hints;
mod narrator;
mod order;
mod progress;
mod session;
mod sink;

use lexopt::Parser;

use crate::output::{Out, note};
use crate::picture::Picture;
use crate::stop::Done;
use crate::threads;
use fetch::Fetcher;
use narrator::Narrator;
use order::Order;

pub(crate) fn main(args: Parser) -> Done {
    match Order::parse(args)? {
        Some(order) => run(&order),
        None => Out::help(&order::help()),
    }
}

fn run(order: &Order) -> Done {
    let mut picture = match &order.timeline {
        Some(path) => Some(Picture::create(path, "What httpocean get did")?),
        None => None,
    };
    let narrator = order.verbose.then(Narrator::new);
    let timeline = picture.as_mut().map(|picture| picture.part(""));
    let observer = (narrator.is_some() || timeline.is_some()).then_some((narrator, timeline));
    let (session, cookies) = order.session.open()?;
    let client = order.run.clone().adding(session).observed_client(observer)?;
    let fetcher = Fetcher::new(order, &client)?;
    let count = order.urls.len().saturating_mul(order.times);
    let outcome = threads::share(order.concurrency, count, |number| fetcher.fetch(number));
    if order.verbose {
        let stats = client.stats()?;
        let (sent, made) = (stats.requests_sent, stats.connections_opened);
        note(format_args!("* {sent} requests sent, {made} connections made, {} idle now", stats.idle));
    }
    picture.map_or(Ok(()), Picture::finish)?;
    cookies.map_or(Ok(()), |cookies| cookies.save())?;
    outcome
}

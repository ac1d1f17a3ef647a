//! A dial, driven.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use httpocean_core::dial::{Options, Route};
use httpocean_core::{Config, Dial, DialStep, Instant, Io, Key, TransportError};

use super::debug::{elements, field, fields, inside, variant};
use super::document::Section;
use super::explore::{Answer, Input, Machine, Views, explore, said, silent};

struct Driven {
    dial: Dial,
    now: Instant,
}

const INPUTS: &[Input<Driven>] = &[
    Input { name: "step", give: |it| it.step() },
    Input { name: "resolved: two addresses", give: |it| it.resolved(Ok(addresses(2))) },
    Input { name: "resolved: none", give: |it| it.resolved(Ok(addresses(0))) },
    Input { name: "resolved: Direct", give: |it| it.resolved(Ok(Route::Direct)) },
    Input { name: "resolved: an error", give: |it| it.resolved(Err(TransportError::NotFound)) },
    Input { name: "connected: the first", give: |it| it.connected(0, Ok(())) },
    Input { name: "connected: the second", give: |it| it.connected(1, Ok(())) },
    Input { name: "connected: the first failed", give: |it| it.connected(0, Err(TransportError::Refused)) },
    Input { name: "connected: the second failed", give: |it| it.connected(1, Err(TransportError::Refused)) },
    Input { name: "step, 250 ms later", give: |it| it.later(Duration::from_millis(250)) },
    Input { name: "step, a minute later", give: |it| it.later(Duration::from_secs(60)) },
];

const INTRODUCTION: &str = "\
From a key to a ready connection. In `Racing` the attempts run, until one of them has won. A dial of an `https` key,
which has no layer for it yet, fails at its start.";

pub(crate) fn section() -> Section {
    let starts: &[fn() -> Driven] =
        &[|| Driven::of("http://example.com"), || Driven::of("https://example.com")];
    let seen = explore(starts, INPUTS, 10).remove(0);
    Section::new("Dial", INTRODUCTION, INPUTS, seen, true)
}

fn addresses(count: u8) -> Route {
    Route::Addresses((1..=count).map(|n| ([192, 0, 2, n], 80).into()).collect())
}

impl Driven {
    fn of(url: &str) -> Self {
        let dial = Options { resolve: Some(Duration::from_secs(30)), ..Options::default() };
        let config = Arc::new(Config { dial, ..Config::default() });
        let key = Key::of(&url.parse().unwrap()).unwrap();
        Self { dial: Dial::new(&key, &config, Instant::ZERO), now: Instant::ZERO }
    }

    fn step(&mut self) -> Option<Answer> {
        said(match self.dial.step(&mut Io::default(), self.now) {
            DialStep::Resolve => "Resolve",
            DialStep::Connect { .. } => "Connect",
            DialStep::Abandon { .. } => "Abandon",
            DialStep::Wait(_) => "Wait",
            DialStep::Ready(_) => "Ready",
            DialStep::Failed(_) => "Failed",
        })
    }

    fn later(&mut self, after: Duration) -> Option<Answer> {
        self.now = self.now + after;
        self.step()
    }

    fn resolved(&mut self, route: Result<Route, TransportError>) -> Option<Answer> {
        self.dial.resolved(route, self.now);
        silent()
    }

    fn connected(&mut self, attempt: u8, result: Result<(), TransportError>) -> Option<Answer> {
        self.dial.connected(attempt, result, self.now);
        silent()
    }
}

impl Machine for Driven {
    fn look(&self) -> (Views, String) {
        let printed = format!("{:?}", self.dial);
        let state = field(&printed, "state");
        let Some(race) = inside(state).filter(|_| variant(state) == "Racing").map(fields) else {
            return (vec![BTreeMap::from([(0, variant(state).to_owned())])], String::new());
        };
        let name = if race["won"] == "true" { "Racing (won)" } else { "Racing" };
        let attempts = |list| elements(list).into_iter().map(|it| field(it, "attempt")).collect::<Vec<_>>();
        let situation = format!(
            "{} {} {:?} {} {}",
            race["targets"],
            race["next"],
            attempts(race["running"]),
            race["stopped"],
            race["failed"]
        );
        (vec![BTreeMap::from([(0, name.to_owned())])], situation)
    }
}

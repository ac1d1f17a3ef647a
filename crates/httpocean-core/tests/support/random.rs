//! Random sequences of inputs. `HTTPOCEAN_CASES` says how many a property is tried with.

#![allow(unreachable_pub)]

use core::fmt;

use httpocean_core::pool::Options;
use httpocean_testkit::reference::{Event, Input, Said};
use httpocean_testkit::steps::{self, Step};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

#[derive(Clone)]
pub struct Sequence {
    pub options: Options,
    pub steps: Vec<Step>,
}

impl fmt::Debug for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.options)?;
        self.steps.iter().try_for_each(|step| write!(f, "\n  {step:?}"))
    }
}

pub fn sequences() -> impl Strategy<Value = Sequence> {
    prop::collection::vec(any::<u8>(), 0..600).prop_map(|bytes| {
        let (options, steps) = steps::from_bytes(&bytes);
        Sequence { options, steps: steps.collect() }
    })
}

/// So many cases, always the same, unless the environment asks for another number: then at random. What fails is shrunk, and not written to a file.
pub fn cases(usual: u32) -> ProptestConfig {
    #[expect(
        clippy::disallowed_methods,
        reason = "the ban is for the core; this is how a person asks for more"
    )]
    let asked = std::env::var("HTTPOCEAN_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(usual),
        rng_seed: if asked.is_some() { RngSeed::Random } else { RngSeed::Fixed(0) },
        max_shrink_iters: 50_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

pub fn commands(log: &[Event]) -> impl Iterator<Item = Said> + '_ {
    log.iter().filter_map(|event| match event {
        Event::Said(_, said) => Some(*said),
        Event::Input(..) | Event::Dry(_) => None,
    })
}

pub fn inputs(log: &[Event]) -> impl Iterator<Item = Input> + '_ {
    log.iter().filter_map(|event| match event {
        Event::Input(_, input) => Some(*input),
        Event::Said(..) | Event::Dry(_) => None,
    })
}

/// The request that ends with this event, by its number.
pub fn answered(event: &Event) -> Option<usize> {
    match *event {
        Event::Said(_, Said::Grant { waiter, .. } | Said::Refuse { waiter, .. })
        | Event::Input(_, Input::Cancel { waiter }) => Some(waiter),
        Event::Said(..) | Event::Input(..) | Event::Dry(_) => None,
    }
}

/// The connection that ends with this event, by its number.
pub fn ended(event: &Event) -> Option<usize> {
    match *event {
        Event::Said(_, Said::Close { conn, .. })
        | Event::Input(_, Input::DialFailed { conn } | Input::Forget { conn }) => Some(conn),
        Event::Said(..) | Event::Input(..) | Event::Dry(_) => None,
    }
}

/// The connection that a command names.
pub fn names_conn(said: &Said) -> Option<usize> {
    match *said {
        Said::Grant { conn, .. }
        | Said::Dial { conn, .. }
        | Said::Abandon { conn }
        | Said::Close { conn, .. } => Some(conn),
        Said::Refuse { .. } => None,
    }
}

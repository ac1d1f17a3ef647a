//! T27: ten thousand requests, each of which fails in a way of its own, leave nothing behind.

use core::ops::Range;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use httpocean_core::{Config, Engine, ErrorKind, call, dial, pool};

use crate::failing::World;
use crate::ways::{KINDS, way};
use crate::{alone, held, peak};

const MANY: usize = 10_000;
/// So many at a time, more than there are connections for: some wait.
const AT_ONCE: usize = 20;

fn engine() -> Engine {
    const MS: fn(u64) -> Option<Duration> = |ms| Some(Duration::from_millis(ms));
    let pool = pool::Options { max_total: 8, ..pool::Options::default() };
    let call =
        call::Options { send: MS(700), first_byte: MS(800), idle: MS(900), ..call::Options::default() };
    let dial = dial::Options { resolve: MS(500), connect: MS(600), ..dial::Options::default() };
    Engine::new(pool, Arc::new(Config { call, dial, ..Config::default() }))
}

#[track_caller]
fn is_empty(world: &mut World) {
    let counts = world.engine.counts();
    assert_eq!((counts.open, counts.dialing, counts.idle, counts.waiting), (0, 0, 0, 0), "{counts:?}");
    assert_eq!((counts.keys, counts.timers, counts.words), (0, 0, 0), "{counts:?}");
    assert_eq!((world.engine.calls(), world.engine.next_timeout()), (0, None));
}

/// What kind of error it was, without what differs from one to the next of its kind.
fn word(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::Protocol(error) => error.class().to_owned(),
        ErrorKind::Redirect(why) => why.word().to_owned(),
        other => format!("{other:?}").split('(').next().unwrap_or_default().to_lowercase(),
    }
}

/// All of them, and how often each kind of error came of each kind of way.
fn fail(world: &mut World, numbers: Range<usize>) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for first in numbers.step_by(AT_ONCE) {
        let batch = first..first + AT_ONCE;
        world.fail(batch.clone().map(|number| (number, way(number))));
        is_empty(world);
        let failed = core::mem::take(&mut world.failed);
        let numbers: BTreeSet<_> = failed.iter().map(|(number, _)| *number).collect();
        assert_eq!((numbers, failed.len()), (batch.collect(), AT_ONCE), "each fails, once");
        for (number, error) in failed {
            let what = format!("{:2} {}, {}", number % KINDS, word(error.kind()), error.phase());
            *told.entry(what).or_default() += 1;
        }
    }
    told
}

#[test]
fn t27_ten_thousand_failures_of_ten_thousand_kinds_leave_nothing() {
    alone(|| {
        let mut world = World::new(engine());
        // Tables stay as large as they were once.
        drop(fail(&mut world, 0..1_000));
        let before = held();
        let (most, told) = peak(|| fail(&mut world, 0..MANY));
        for (what, times) in &told {
            println!("{times:5} {what}");
        }
        let words: BTreeSet<_> = told.keys().map(|what| &what[3..]).collect();
        assert!(words.len() >= 25, "{words:?}");
        drop(told);
        let after = held();
        println!("{before} bytes held before, {most} more at the worst moment, {after} after");
        // A table may have doubled once more: less than a byte for each failure.
        assert!(after.saturating_sub(before) < 8 * 1024, "{before} before, {after} after");
    });
}

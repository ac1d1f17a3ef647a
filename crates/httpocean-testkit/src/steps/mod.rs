//! From bytes to sequences of inputs, so that a property test and a fuzzer share one generator. Those to a pool are
//! here.

pub(crate) mod call;
pub(crate) mod engine;

use core::time::Duration;

use httpocean_core::pool::{DialPolicy, Fate, Options, Order, Surplus};
use httpocean_core::{CloseReason, Instant};

use crate::bytes::Bytes;

/// How many keys there are in a sequence of steps.
pub const KEYS: u8 = 4;

/// One thing that the user of a pool does. Numbers pick one of what there is, modulo how many there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step {
    /// A request for a connection of key `key`.
    Acquire {
        /// Below [`KEYS`].
        key: u8,
        /// What it asks for.
        wish: Wish,
    },
    /// Connections are wished for before anybody asks.
    Preconnect {
        /// Below [`KEYS`].
        key: u8,
        /// How many.
        count: usize,
    },
    /// A waiting request gives up.
    Cancel(u8),
    /// A request that is long gone gives up again.
    CancelGone(u8),
    /// A dial succeeds.
    Dialed(u8),
    /// A dial fails.
    DialFailed(u8),
    /// A granted connection comes back.
    Release(u8, Fate),
    /// A granted connection was dead.
    Retake(u8, Wish),
    /// A granted connection leaves the pool.
    Forget(u8),
    /// Something was read on a connection, in whatever state it is.
    Stirred(u8),
    /// The keys whose bits are set are evicted.
    Evict(u8),
    /// Time goes on.
    Advance(Duration),
    /// The next inputs are told an earlier time, until time goes on.
    Backwards(Duration),
    /// So many commands are polled.
    Poll(u8),
    /// Commands are polled until there are none.
    PollDry,
    /// The pool is shut down.
    ShutDown,
}

/// A demand in terms of the time at which it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// Only a fresh connection.
    pub fresh: bool,
    /// For so long it waits for connections of others.
    pub patience: Option<Duration>,
    /// For so long it waits at all.
    pub deadline: Option<Duration>,
}

/// The options and the steps that `bytes` stand for. Every slice stands for something.
pub fn from_bytes(bytes: &[u8]) -> (Options, impl Iterator<Item = Step> + '_) {
    let mut bytes = Bytes::new(bytes);
    let options = options(&mut bytes);
    let steps = core::iter::from_fn(move || {
        let op = bytes.next()?;
        Some(step(op, &mut bytes))
    });
    (options, steps)
}

/// The moment that a wait of `wait` from `now` ends.
pub fn after(now: Instant, wait: Option<Duration>) -> Option<Instant> {
    wait.map(|wait| now + wait)
}

fn options(bytes: &mut Bytes<'_>) -> Options {
    const MS: fn(u64) -> Duration = Duration::from_millis;
    let options = Options {
        max_per_key: bytes.pick(&[2, 1, 3, 8]),
        max_total: bytes.pick(&[3, 1, 2, 4, 5, 64]),
        max_idle_per_key: bytes.pick(&[2, 2, 1, 1, 8, 0]),
        max_idle_total: bytes.pick(&[3, 3, 1, 2, 2, 8, 0]),
        max_waiters: bytes.pick(&[8, 1, 3, 64]),
        max_dials_per_key: bytes.pick(&[2, 1, 8]),
        max_dials: bytes.pick(&[3, 1, 2, 8]),
        order: bytes.pick(&[Order::Lifo, Order::Fifo, Order::RoundRobin]),
        dial: bytes.pick(&[DialPolicy::Eager, DialPolicy::Eager, DialPolicy::Wait(MS(20))]),
        surplus: bytes.pick(&[Surplus::Keep, Surplus::Cancel]),
        idle: bytes.pick(&[MS(10_000), MS(10_000), MS(100), MS(1_000), MS(1_000), MS(0)]),
        idle_margin: bytes.pick(&[MS(1_000), MS(0)]),
        lifetime: bytes.pick(&[None, None, None, Some(MS(500)), Some(MS(5_000))]),
        max_uses: bytes.pick(&[None, None, None, Some(1), Some(3)]),
        jitter_percent: bytes.pick(&[0, 0, 50]),
        turns: bytes.pick(&[1, 0, 8]),
        seed: u64::from(bytes.byte()),
        min_idle: 0,
    };
    // So that inputs that were kept stand for what they stood for.
    Options { min_idle: [0, 0, 0, 1, 2][options.seed as usize % 5], ..options }
}

fn step(op: u8, bytes: &mut Bytes<'_>) -> Step {
    match op % 64 {
        0..=11 => Step::Acquire { key: bytes.pick(&[0, 0, 0, 1, 1, 2, 2, 3]), wish: wish(bytes) },
        12..=13 => Step::Cancel(bytes.byte()),
        14..=23 => Step::Dialed(bytes.byte()),
        24..=25 => Step::DialFailed(bytes.byte()),
        26..=39 => Step::Release(bytes.byte(), fate(bytes)),
        40..=41 => Step::Retake(bytes.byte(), wish(bytes)),
        42 => Step::Forget(bytes.byte()),
        43..=44 => Step::Stirred(bytes.byte()),
        45 => Step::Evict(bytes.byte()),
        46..=49 => Step::Advance(duration(bytes)),
        50 => Step::Backwards(duration(bytes)),
        51..=55 => Step::Poll(bytes.byte() % 4),
        56 => Step::Preconnect { key: bytes.byte() % KEYS, count: bytes.pick(&[1, 2, 3, 8]) },
        57..=61 => Step::PollDry,
        62 => Step::CancelGone(bytes.byte()),
        // Rare, because little happens after it.
        _ if bytes.byte() < 16 => Step::ShutDown,
        _ => Step::PollDry,
    }
}

fn wish(bytes: &mut Bytes<'_>) -> Wish {
    let byte = bytes.byte();
    let wait = |bits: u8| match bits {
        6 => Some(Duration::from_millis(10)),
        7 => Some(Duration::from_millis(300)),
        _ => None,
    };
    Wish {
        fresh: byte & 0b1100_0000 == 0b1100_0000,
        patience: wait(byte & 7),
        deadline: wait((byte >> 3) & 7),
    }
}

fn fate(bytes: &mut Bytes<'_>) -> Fate {
    match bytes.byte() % 8 {
        0..=2 => Fate::REUSABLE,
        3 => Fate::Untouched,
        4 => Fate::Spent(CloseReason::CloseHeader),
        5 => Fate::Reusable { hint: Some(Duration::from_millis(1_500)), uses_left: None },
        6 => Fate::Reusable { hint: Some(Duration::from_secs(1)), uses_left: None },
        _ => Fate::Reusable { hint: None, uses_left: Some(u32::from(bytes.byte() % 3)) },
    }
}

/// Whole milliseconds: a driver that adds a microsecond at each input then has no two deadlines at once.
fn duration(bytes: &mut Bytes<'_>) -> Duration {
    Duration::from_millis(match bytes.byte() {
        short @ 0..=149 => u64::from(short),
        long @ 150..=229 => u64::from(long) * 7,
        longer @ 230..=254 => u64::from(longer) * 100,
        255 => 1 << 40,
    })
}

//! What a pool may hold, for how long, and in which order it hands out.

use core::time::Duration;

/// Bounds and habits of a [`Pool`](super::Pool).
///
/// The default bounds every quantity: urllib3's `maxsize` is `max_idle_per_key` here, its `block=True` is
/// `max_per_key`, its `num_pools` has no counterpart (a key that holds nothing costs nothing).
///
/// ```
/// use httpocean_core::pool::Options;
///
/// let options = Options { max_per_key: 8, ..Options::default() };
/// assert!(options.max_idle_per_key > 0);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Connections of one key, those being made included; at least 1. Default 64.
    pub max_per_key: usize,
    /// Connections in all, those being made included; at least 1. Default 512.
    pub max_total: usize,
    /// Idle connections of one key; 0 keeps none. Default 16.
    pub max_idle_per_key: usize,
    /// Idle connections in all; 0 keeps none. Default 128.
    pub max_idle_total: usize,
    /// So many connections of a key are there for the taking, idle or being made for nobody, while it is in use: from a
    /// dial that succeeded until [`idle`](Self::idle) after its last request. They are made within all limits, and not
    /// after a failed dial until one succeeds for somebody. Default 0.
    pub min_idle: usize,
    /// Requests that may wait for a connection; one more is refused at once. Default 16,384.
    pub max_waiters: usize,
    /// Dials of one key at a time. Default 16.
    pub max_dials_per_key: usize,
    /// Dials in all at a time. Default 64.
    pub max_dials: usize,
    /// Which idle connection is handed out. Default [`Order::Lifo`].
    pub order: Order,
    /// When a waiting request causes a dial. Default [`DialPolicy::Eager`].
    pub dial: DialPolicy,
    /// What becomes of a dial that nobody waits for any more. Default [`Surplus::Keep`].
    pub surplus: Surplus,
    /// How long a connection may be idle. Default 90 s.
    pub idle: Duration,
    /// Taken off what a server announces as `Keep-Alive: timeout`, because its clock started before ours.
    /// Default 1 s.
    pub idle_margin: Duration,
    /// How old a connection may get; it then closes at its next clean boundary. Default none.
    pub lifetime: Option<Duration>,
    /// How many requests a connection may serve. Default none.
    pub max_uses: Option<u32>,
    /// Deadlines of idleness and age are shortened by up to so many percent, so that connections made
    /// together don't end together. At most 50. Default 0.
    pub jitter_percent: u8,
    /// While another key waits for a place under `max_total`, so many further grants are made from
    /// connections that come back before one of them is closed for it. Default 8.
    pub turns: u32,
    /// Feeds the jitter and the hash of the keys. An adapter picks one at random, a test a fixed one.
    pub seed: u64,
}

impl Options {
    /// A pool that may hold nothing at all could never answer: one of each is the least.
    pub(super) fn sound(self) -> Self {
        Self {
            max_per_key: self.max_per_key.max(1),
            max_total: self.max_total.max(1),
            max_dials_per_key: self.max_dials_per_key.max(1),
            max_dials: self.max_dials.max(1),
            jitter_percent: self.jitter_percent.min(50),
            ..self
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_per_key: 64,
            max_total: 512,
            max_idle_per_key: 16,
            max_idle_total: 128,
            min_idle: 0,
            max_waiters: 16_384,
            max_dials_per_key: 16,
            max_dials: 64,
            order: Order::default(),
            dial: DialPolicy::default(),
            surplus: Surplus::default(),
            idle: Duration::from_secs(90),
            idle_margin: Duration::from_secs(1),
            lifetime: None,
            max_uses: None,
            jitter_percent: 0,
            turns: 8,
            seed: 0,
        }
    }
}

/// Which of several idle connections is handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The one that came back last: the warmest, and the rest may go cold and be closed.
    #[default]
    Lifo,
    /// The one that came back first.
    Fifo,
    /// The one whose last grant is the longest ago, whenever it came back.
    RoundRobin,
}

/// When a waiting request causes a dial.
///
/// Fifty requests of 2 ms at once, on five warm connections and with a connect of 150 ms: `Eager` dials 16 times, for
/// nobody; `Wait` of 50 ms never, unless the machine is so busy that some do wait as long. By either, and by either
/// adapter, the last is served after about 30 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DialPolicy {
    /// At once: one dial a waiter, within the limits.
    #[default]
    Eager,
    /// Only when the oldest waiter without a dial has waited so long: a connection may come back before.
    Wait(Duration),
}

/// What becomes of a dial whose request was served otherwise or cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Surplus {
    /// It goes on, and its connection is kept if there is room for an idle one.
    #[default]
    Keep,
    /// It is abandoned.
    Cancel,
}

//! What a client did so far, in numbers.

use std::collections::BTreeMap;

use httpocean_core::CloseReason;

/// What a client did so far, and what it holds now.
///
/// ```
/// let stats = httpocean_driver::Stats::default();
/// assert_eq!((stats.connections_opened, stats.idle), (0, 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections that were made.
    pub connections_opened: u64,
    /// Dials that failed.
    pub dials_failed: u64,
    /// Requests that were sent, each attempt counted.
    pub requests_sent: u64,
    /// Of these: sent once more because the connection had gone stale.
    pub stale_replays: u64,
    /// Requests that had to wait for a connection of others, because no further one could be made at once. One that
    /// only waits until its host may be dialed again after a failure is not counted.
    pub waited: u64,
    /// Connections that were closed, by reason.
    pub closed: BTreeMap<CloseReason, u64>,
    /// Connections open now, those being made included.
    pub open: usize,
    /// Of these: idle.
    pub idle: usize,
    /// Of these: being made.
    pub dialing: usize,
    /// Requests waiting for a connection now.
    pub waiting: usize,
    /// Keys that hold or want a connection now.
    pub keys: usize,
}

//! The options of all machines, gathered.

use std::net::IpAddr;

use crate::limits::Limits;
use crate::{call, dial};

/// Everything that a request can be told, apart from the pool's own options.
///
/// A client has one; a request may bring another. The key is derived from the request's URI and from this, and
/// from nothing else.
///
/// ```
/// use core::time::Duration;
/// use httpocean_core::{Config, call};
///
/// let config = Config {
///     call: call::Options { total: Some(Duration::from_secs(30)), ..call::Options::default() },
///     ..Config::default()
/// };
/// assert_eq!(config.dial.connect, Some(Duration::from_secs(10)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// What a call obeys: deadlines, expectations.
    pub call: call::Options,
    /// What a dial obeys: deadlines.
    pub dial: dial::Options,
    /// Bounds on what a peer may make us hold, or try.
    pub limits: Limits,
    /// The local address to connect from. A part of the key.
    pub local: Option<IpAddr>,
    /// Requests of different partitions never share a connection. A part of the key.
    pub partition: u64,
}

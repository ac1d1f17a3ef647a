//! What a dial obeys.

use core::time::Duration;

use super::filter::AddressFilter;
use super::pins::Pins;

/// What a dial obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long the look-up of the name may take. Default none; the system's resolver has its own. A look-up
    /// that can't be interrupted, as the system's, fails only when it returns.
    pub resolve: Option<Duration>,
    /// How long connecting may take, all addresses together. Default 10 s.
    pub connect: Option<Duration>,
    /// How long one address may take, if there are further ones. Default 3 s.
    pub connect_each: Option<Duration>,
    /// How long a proxy may take to make a tunnel, once it is connected. Default 10 s.
    pub proxy: Option<Duration>,
    /// How long securing a connection may take, once it is connected. Default 10 s.
    pub tls: Option<Duration>,
    /// How much of a head start an address has before the next one is tried as well; at least 10 ms. Default
    /// 250 ms (RFC 8305 section 5).
    pub attempt_delay: Duration,
    /// Which addresses may be connected to. Default all.
    pub filter: AddressFilter,
    /// Addresses of hosts that are not looked up. Default none.
    pub pins: Pins,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            resolve: None,
            connect: Some(Duration::from_secs(10)),
            connect_each: Some(Duration::from_secs(3)),
            proxy: Some(Duration::from_secs(10)),
            tls: Some(Duration::from_secs(10)),
            attempt_delay: Duration::from_millis(250),
            filter: AddressFilter::default(),
            pins: Pins::default(),
        }
    }
}

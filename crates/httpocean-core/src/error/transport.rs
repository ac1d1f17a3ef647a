//! How transports fail.

use core::fmt;
use std::net::SocketAddr;

/// An address that could not be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedAttempt {
    /// Which; `None` where the transport found its own way.
    pub addr: Option<SocketAddr>,
    /// Why not.
    pub why: TransportError,
}

/// How a transport failed, as far as the core cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportError {
    /// The name is not known.
    NotFound,
    /// Nobody listens there.
    Refused,
    /// The peer reset the connection, or it broke.
    Reset,
    /// It took too long.
    TimedOut,
    /// There is no way to that address.
    Unreachable,
    /// The address filter of the options lets nobody connect to any of the addresses.
    Filtered,
    /// A layer above it can't go on: [`ErrorKind::Tls`](crate::ErrorKind::Tls) says why.
    Layer,
    /// Anything else, by the system's error number; 0 where there is none.
    Other(i32),
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("not found"),
            Self::Refused => f.write_str("connection refused"),
            Self::Reset => f.write_str("connection reset"),
            Self::TimedOut => f.write_str("timed out"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Filtered => f.write_str("not allowed by the address filter"),
            Self::Layer => f.write_str("a layer above it failed"),
            Self::Other(0) => f.write_str("failed"),
            Self::Other(number) => write!(f, "failed with system error {number}"),
        }
    }
}

//! Every decision with its reason, told to whoever asks.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use httpocean_core::{CloseReason, Hop, Key};

use crate::Connection;

/// Is told what a client decides, at once, on the thread that does it and outside of every lock. A panic in it
/// ends there: no request notices.
///
/// ```
/// use httpocean_driver::{Observed, Observer};
///
/// struct Print;
///
/// impl Observer for Print {
///     fn observe(&self, event: &Observed<'_>) {
///         if let Observed::Closed { key, number, why } = event {
///             eprintln!("connection {number} to {key} closed: {}", why.explain());
///         }
///     }
/// }
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Something was decided. A panic here is told by the panic hook and goes no further: the request goes on.
    ///
    /// The thread that calls may hold a connection, so a request that is made from here may wait for itself.
    fn observe(&self, event: &Observed<'_>);
}

/// A decision, or what came of one.
#[derive(Debug)]
#[non_exhaustive]
pub enum Observed<'a> {
    /// A connection is being made.
    Dialing {
        /// To what.
        key: &'a Key,
    },
    /// A connection was made; it will be granted to the oldest waiter of its key, or kept.
    Dialed {
        /// To what.
        key: &'a Key,
        /// The address on this side.
        local: Option<SocketAddr>,
        /// The address on the other side.
        peer: Option<SocketAddr>,
        /// How long it took.
        took: Duration,
    },
    /// A connection could not be made.
    DialFailed {
        /// To what.
        key: &'a Key,
        /// Why.
        error: &'a httpocean_core::Error,
    },
    /// A request got its connection.
    Granted {
        /// Of which method.
        method: &'a Method,
        /// For which URL.
        uri: &'a Uri,
        /// To what.
        key: &'a Key,
        /// Which connection.
        connection: &'a Connection,
        /// How long the connection was idle before, if it was.
        idle_for: Option<Duration>,
        /// How long the request waited for it.
        waited: Duration,
    },
    /// A granted connection was found dead before it was used; another is asked for. Only a client that does not
    /// watch its idle connections finds one so.
    Stale {
        /// To what.
        key: &'a Key,
        /// Which connection.
        connection: &'a Connection,
        /// What was found.
        why: CloseReason,
    },
    /// The head of the response has come: the one that the user gets. Those that lead to another request are told by
    /// [`Hop`](Self::Hop).
    Response {
        /// To which method.
        method: &'a Method,
        /// To which URL.
        uri: &'a Uri,
        /// With which status.
        status: StatusCode,
        /// On which connection.
        connection: &'a Connection,
    },
    /// Another request follows: the same once more, or the one that a redirect leads to.
    Hop {
        /// For which URL; [`Hop::uri`] has the one before.
        uri: &'a Uri,
        /// Why, and after how long.
        hop: &'a Hop,
    },
    /// A request got no response, or not a whole one.
    Failed {
        /// Of which method.
        method: &'a Method,
        /// For which URL.
        uri: &'a Uri,
        /// Why.
        error: &'a httpocean_core::Error,
    },
    /// A connection went back to the pool and stays open.
    Parked {
        /// To what.
        key: &'a Key,
        /// Which connection.
        connection: &'a Connection,
    },
    /// A connection was closed.
    Closed {
        /// To what.
        key: &'a Key,
        /// Which connection; 0 if it was never granted.
        number: u64,
        /// Why.
        why: CloseReason,
    },
}

//! Every decision with its reason, told to whoever asks.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use httpocean_core::pool::Refusal;
use httpocean_core::{CloseReason, Hop, Key};

use crate::connection::Connection;

/// Is told what a client decides, at once, on the thread that does it and outside of every lock. A panic in it
/// ends there: no request notices.
///
/// ```
/// use httpocean_std::{Client, Event, Observer};
///
/// struct Print;
///
/// impl Observer for Print {
///     fn observe(&self, event: &Event<'_>) {
///         if let Event::Closed { key, number, why } = event {
///             eprintln!("connection {number} to {key} closed: {}", why.explain());
///         }
///     }
/// }
///
/// let client = Client::builder().observer(Print).build();
/// # drop(client);
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Something was decided. A panic here is told by the panic hook and goes no further: the request goes on.
    ///
    /// The thread that calls may hold a connection, so a request that is made from here may wait for itself.
    fn observe(&self, event: &Event<'_>);
}

/// A decision, or what came of one.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
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
        /// To what.
        key: &'a Key,
        /// Which connection.
        connection: &'a Connection,
        /// How long the connection was idle before, if it was.
        idle_for: Option<Duration>,
        /// How long the request waited for it.
        waited: Duration,
    },
    /// A request got no connection.
    Refused {
        /// To what.
        key: &'a Key,
        /// Why.
        why: Refusal,
    },
    /// A granted connection was found dead before it was used; another is asked for.
    Stale {
        /// To what.
        key: &'a Key,
        /// Which connection.
        connection: &'a Connection,
        /// What was found.
        why: CloseReason,
    },
    /// The head of a response has come.
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
    /// A request is made once more.
    Hop {
        /// For which URL.
        uri: &'a Uri,
        /// Why, and after how long.
        hop: &'a Hop,
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

//! Every decision with its reason, told to whoever asks.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use httpocean_core::{CloseReason, Hop, Key, TransportError};

use crate::connection::Connection;

/// Is told what a client decides, at once, on the thread that turns it. A panic in it ends there: no request
/// notices.
///
/// ```
/// use httpocean_mio::{Observed, Observer, Options};
/// use std::sync::Arc;
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
///
/// let options = Options { observer: Some(Arc::new(Print)), ..Options::default() };
/// # drop(options);
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Something was decided. A panic here is told by the panic hook and goes no further: the request goes on.
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
        /// What the last look-up or attempt met, if there was one. The request that asked for it gets the whole
        /// story.
        why: Option<TransportError>,
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

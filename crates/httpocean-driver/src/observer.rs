//! Every decision with its reason, told to whoever asks.

use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use httpocean_core::{CloseReason, ConnId, Hop, Key, Phase};

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
///         if let Observed::Closed { key, number, why, .. } = event {
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

/// Each of them is told, in this order.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn observe(&self, event: &Observed<'_>) {
        self.0.observe(event);
        self.1.observe(event);
    }
}

impl<A: Observer> Observer for Option<A> {
    fn observe(&self, event: &Observed<'_>) {
        if let Some(observer) = self {
            observer.observe(event);
        }
    }
}

/// Whose phase it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of the request of this number.
    Request(u64),
    /// That of the connection that is being made.
    Dial(ConnId),
}

/// A decision, or what came of one.
///
/// Requests of an observed client are numbered from 1, in order of their start; all that is told of one has its number.
/// What is told of a connection before it is granted has its id, since it gets its number only when it is ready; the id
/// of a connection that is closed comes back for another.
#[derive(Debug)]
#[non_exhaustive]
pub enum Observed<'a> {
    /// A request begins: it asks for a connection.
    Started {
        /// Which.
        request: u64,
        /// Of which method.
        method: &'a Method,
        /// For which URL.
        uri: &'a Uri,
    },
    /// Something has to be waited for, and it is something else than before. Phases in which nothing had to be waited
    /// for are not told.
    Phase {
        /// By whom.
        whose: Whose,
        /// For what.
        phase: Phase,
    },
    /// A connection is being made.
    Dialing {
        /// Which.
        conn: ConnId,
        /// To what.
        key: &'a Key,
    },
    /// A connection was made; it will be granted to the oldest waiter of its key, or kept.
    Dialed {
        /// Which.
        conn: ConnId,
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
        /// Which.
        conn: ConnId,
        /// To what.
        key: &'a Key,
        /// Why.
        error: &'a httpocean_core::Error,
    },
    /// A request got its connection.
    Granted {
        /// Which.
        request: u64,
        /// Of which method.
        method: &'a Method,
        /// For which URL.
        uri: &'a Uri,
        /// To what.
        key: &'a Key,
        /// Which connection.
        conn: ConnId,
        /// What is known of it.
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
        /// Of which request.
        request: u64,
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
        /// Of which request.
        request: u64,
        /// For which URL; [`Hop::uri`] has the one before.
        uri: &'a Uri,
        /// Why, and after how long.
        hop: &'a Hop,
    },
    /// A request is over: its response was read to the end or given up, or its connection speaks another protocol now.
    Ended {
        /// Which.
        request: u64,
    },
    /// A request got no response, or not a whole one. It is over.
    Failed {
        /// Which.
        request: u64,
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
        /// Which.
        conn: ConnId,
        /// To what.
        key: &'a Key,
        /// Its number; 0 if it was never granted.
        number: u64,
        /// Why.
        why: CloseReason,
    },
}

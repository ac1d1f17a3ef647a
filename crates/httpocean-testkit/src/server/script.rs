//! The words that a server's behaviour is described with.

use std::time::Duration;

/// What happens to a connection when it is accepted, before anything is read from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Greeting {
    /// Requests are read and answered.
    Serve,
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing is read or written until the idle timeout or the server's end.
    Silent,
    /// These bytes are sent unasked; then requests are read and answered.
    Send(Vec<u8>),
}

/// One step of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Writes the bytes in one go.
    Send(Vec<u8>),
    /// Does nothing for that long.
    Pause(Duration),
    /// Writes the bytes a piece at a time.
    SendInPieces {
        /// What to write.
        bytes: Vec<u8>,
        /// How many bytes are written at once; 0 counts as 1.
        piece: usize,
        /// How long to wait between two pieces.
        pause: Duration,
    },
    /// Reads what is left of the request's body.
    ReadBody,
}

/// What becomes of the connection after a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The next request is read and answered. What was left unread of this request's body is read before: a
    /// server that keeps the connection promises that (RFC 9110 section 10.1.1).
    KeepAlive,
    /// A lingering close: FIN, then what still comes in is read for a while, because a close with unread bytes
    /// is a reset that may destroy the answer (RFC 9112 section 9.6).
    Close,
    /// `close(2)` at once. With unread bytes the system turns that into a reset.
    CloseNow,
    /// A reset (RST).
    Reset,
    /// FIN, but the connection stays open to the client's bytes, which are discarded until the client closes or
    /// the idle timeout has passed.
    HalfClose,
    /// Nothing is read, written or closed for that long or until the server stops; then `close(2)`.
    Hold(Duration),
    /// Not HTTP any more: every byte is sent back until the client closes its side.
    Upgrade,
    /// The connection is left alone for a while, then something else happens to it.
    After {
        /// How long it is left alone.
        pause: Duration,
        /// What happens then.
        then: Box<End>,
    },
    /// The next request's head is read and recorded, then [`Close`](Self::Close): the client sees the idle
    /// connection end at the moment it uses it.
    CloseOnNextRequest,
    /// As [`CloseOnNextRequest`](Self::CloseOnNextRequest), but with a reset.
    ResetOnNextRequest,
    /// Bytes that nobody asked for are sent on the idle connection; then the next request is served.
    SendUnasked {
        /// How long the connection is idle before.
        after: Duration,
        /// What is sent.
        bytes: Vec<u8>,
    },
}

impl End {
    /// This end, after the connection was idle for a while.
    pub fn after(self, pause: Duration) -> Self {
        Self::After { pause, then: Box::new(self) }
    }
}

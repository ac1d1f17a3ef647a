//! One connection between its exchanges.

use crate::io::Io;
use crate::reason::CloseReason;

/// What is HTTP about a connection while nobody uses it; it is parked with its socket and moves with it.
///
/// Over plain TCP that is next to nothing: each exchange brings its own state. The layers of a TLS connection will
/// live here.
#[derive(Debug, Default)]
pub struct Conn {
    /// The peer has answered in HTTP/1.0: it can't be sent chunks (RFC 9112 section 6.1).
    pub(crate) http10: bool,
}

impl Conn {
    /// A connection fresh from its dial.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// What was read while the connection was idle: a reason to close it, or none.
    ///
    /// Whatever a server sends unasked is no response (RFC 9112 section 9.2).
    pub fn idle_input(&self, io: &Io) -> Option<CloseReason> {
        if !io.rx.bytes().is_empty() {
            Some(CloseReason::Unasked)
        } else if io.rx.ended() {
            Some(CloseReason::PeerClosed)
        } else {
            None
        }
    }
}

//! Byte transforms under HTTP, such as TLS: what a connection needs of one. None is implemented here.
//!
//! ```text
//!     HTTP      io.plain ◀── receive ──┐        ┌── send ◀── what the exchange writes
//!     ──────────────────────────── Layer ─────────────────────────────
//!     wire      io.rx ─────────────────┘        └──▶ io.tx
//! ```
//!
//! A driver never sees a layer: it moves the bytes of the wire, in [`Io::rx`](crate::Io::rx) and
//! [`Io::tx`](crate::Io::tx), and is told by [`Want`](crate::Want) when there are some to move. A handshake is a
//! stage of the [`Dial`](crate::Dial); what comes after it is a matter of the [`Conn`](crate::Conn).

mod error;
mod stack;

use core::fmt;
use core::net::IpAddr;
use std::sync::Arc;

pub use error::{LayerError, LayerFault};
pub(crate) use stack::Stack;

use crate::buf::{RecvBuf, SendBuf};

/// One byte transform of one connection: what is under it is called the wire, what is above it plain.
///
/// An error ends it: nothing is asked of it afterwards but [`close`](Self::close). What it had to say to the peer
/// before that, such as an alert, is still sent where that can be.
pub trait Layer: fmt::Debug + Send {
    /// Takes all of `wire_in`, what is only half of a record included, which it keeps, and puts what is in it to `plain`.
    /// What the peer has to be told goes to `wire_out`. It is called at the start of the handshake with nothing in
    /// `wire_in`, and whenever something was read; the end of the stream is none of its concern.
    ///
    /// An error does not take back what was put to `plain` before.
    fn receive(
        &mut self,
        wire_in: &[u8],
        wire_out: &mut SendBuf,
        plain: &mut RecvBuf,
    ) -> Result<LayerState, LayerError>;

    /// Takes all of `plain` and puts what becomes of it to `wire_out`.
    fn send(&mut self, plain: &[u8], wire_out: &mut SendBuf) -> Result<(), LayerError>;

    /// Says to the peer that nothing more will come from here.
    fn close(&mut self, wire_out: &mut SendBuf);
}

/// How far a layer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerState {
    /// Nothing can be sent yet.
    Handshaking,
    /// Both ways are open.
    Open,
    /// The peer has said that nothing more will come: the end of the stream after this is an orderly one.
    PeerClosed,
}

/// Makes the layer of each new connection that has to be secured.
pub trait Secure: fmt::Debug + Send + Sync {
    /// A layer for a connection to `host`, which is also who the peer has to show to be. What is remembered from
    /// one connection to the next, such as a session, is of that host and port alone.
    fn layer(&self, host: Host<'_>, port: u16) -> Result<Box<dyn Layer>, LayerError>;
}

/// Who a connection is made to, as the key has it: a name in lower case or an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host<'a> {
    /// A name, without a trailing dot.
    Name(&'a str),
    /// An address that was written in the URL.
    Address(IpAddr),
}

/// How connections are secured: a [`Secure`] that configurations and keys share.
///
/// It equals its clones and nothing else, so that two of them never share a connection, whatever their options are.
/// Make one and clone it: what is made of a [`Secure`] anew, by `into()` too, is another.
#[derive(Clone)]
pub struct Security(Arc<dyn Secure>);

impl Security {
    /// One that equals no other.
    pub fn new(secure: impl Secure + 'static) -> Self {
        Self(Arc::new(secure))
    }

    pub(crate) fn layer(&self, host: Host<'_>, port: u16) -> Result<Box<dyn Layer>, LayerError> {
        self.0.layer(host, port)
    }
}

impl<S: Secure + 'static> From<S> for Security {
    fn from(secure: S) -> Self {
        Self::new(secure)
    }
}

impl PartialEq for Security {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Security {}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

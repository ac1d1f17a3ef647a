//! The buffers of one connection, and what steps lend of them.

use crate::buf::{RecvBuf, SendBuf};
use crate::h1::head::{Head, HeadIndex};

/// The buffers of one connection. They travel with the socket: to a call, back, and are empty in between.
///
/// ```
/// use httpocean_core::Io;
///
/// let mut io = Io::default();
/// io.rx.append(b"HTTP/1.1 200 OK\r\n\r\n");
/// assert!(io.tx.pending().is_empty());
/// ```
#[derive(Debug, Default)]
pub struct Io {
    /// From the wire.
    pub rx: RecvBuf,
    /// To the wire.
    pub tx: SendBuf,
    /// Where the fields of the head in front of `rx` are; recycled, so that a head costs no allocation.
    pub(crate) index: HeadIndex,
}

impl Io {
    /// The response head that `Head(len)` or `Interim(len)` spoke of; valid until the next step.
    pub fn head(&self, len: usize) -> Head<'_> {
        Head::new(&self.rx.bytes()[..len.min(self.rx.bytes().len())], &self.index)
    }

    /// The body bytes that `Data(len)` spoke of; valid until the next step.
    pub fn data(&self, len: usize) -> &[u8] {
        &self.rx.bytes()[..len.min(self.rx.bytes().len())]
    }

    /// Makes ready for the next exchange or connection: the memory stays, all else goes.
    pub fn reset(&mut self) {
        self.rx.reset();
        self.tx.reset();
        self.index.clear();
    }
}

//! The buffers of one connection, and what steps lend of them.

use crate::buf::{RecvBuf, SendBuf};
use crate::h1::head::{Head, HeadIndex};

/// The buffers of one connection. They travel with the socket: to a dial, to a call, back, and are empty in between.
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
    /// What layers made of `rx`, where the connection has any.
    pub(crate) plain: RecvBuf,
    /// Whether it has.
    pub(crate) layered: bool,
    /// Where the fields of the head in front of the input are; recycled, so that a head costs no allocation.
    pub(crate) index: HeadIndex,
}

impl Io {
    /// The response head that `Head(len)` or `Interim(len)` spoke of; valid until the next step.
    #[inline]
    pub fn head(&self, len: usize) -> Head<'_> {
        Head::new(self.data(len), &self.index)
    }

    /// The body bytes that `Data(len)` spoke of; valid until the next step.
    #[inline]
    pub fn data(&self, len: usize) -> &[u8] {
        let bytes = self.input().bytes();
        &bytes[..len.min(bytes.len())]
    }

    /// What HTTP is read from.
    pub(crate) fn input(&self) -> &RecvBuf {
        if self.layered { &self.plain } else { &self.rx }
    }

    pub(crate) fn input_mut(&mut self) -> &mut RecvBuf {
        if self.layered { &mut self.plain } else { &mut self.rx }
    }

    /// The same, with what is known of the head in front of it.
    pub(crate) fn input_and_index(&mut self) -> (&mut RecvBuf, &mut HeadIndex) {
        (if self.layered { &mut self.plain } else { &mut self.rx }, &mut self.index)
    }

    /// Bytes of memory that its buffers have.
    pub fn capacity(&self) -> usize {
        self.rx.capacity() + self.tx.capacity() + self.plain.capacity()
    }

    /// Makes ready for the next exchange or connection: the memory stays, all else goes.
    pub fn reset(&mut self) {
        self.rx.reset();
        self.tx.reset();
        self.plain.reset();
        self.layered = false;
        self.index.clear();
    }
}

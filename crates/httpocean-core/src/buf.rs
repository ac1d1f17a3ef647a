//! Bytes: owned by the driver, lent to the core at each step.
//!
//! The core consumes from the front of `rx`, appends to `tx`, and never keeps either. An end of file or a
//! failure of the transport is put into the buffers like bytes are, and read after the bytes before it.

use core::fmt;
use core::ops::Range;

use crate::error::TransportError;

/// Reads of a transport land here.
///
/// Either read into [`space`](Self::space) and say [`filled`](Self::filled), or [`append`](Self::append) what
/// came in some other buffer.
///
/// ```
/// use httpocean_core::RecvBuf;
///
/// let mut rx = RecvBuf::default();
/// let space = rx.space(16);
/// space[..3].copy_from_slice(b"abc");
/// rx.filled(3);
/// rx.append(b"def");
/// assert_eq!(rx.bytes(), b"abcdef");
/// assert_eq!(rx.total_received(), 6);
/// ```
#[derive(Default)]
pub struct RecvBuf {
    /// Initialised up to its length; `start..end` of it holds bytes.
    buf: Vec<u8>,
    start: usize,
    end: usize,
    eof: bool,
    /// The end came without the goodbye of a layer.
    cut: bool,
    failed: Option<TransportError>,
    total: u64,
}

impl RecvBuf {
    /// At least `at_least` bytes to read into. Memory that was handed out once is not zeroed again.
    #[inline]
    pub fn space(&mut self, at_least: usize) -> &mut [u8] {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
        if self.buf.len() - self.end < at_least {
            self.buf.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let needed = self.end + at_least;
        if self.buf.len() < needed {
            self.buf.resize(needed.max(self.buf.len() * 2), 0);
        }
        &mut self.buf[self.end..]
    }

    /// The transport put `n` bytes at the front of what [`space`](Self::space) lent. More than was lent counts
    /// as all of it.
    #[inline]
    pub fn filled(&mut self, n: usize) {
        let n = n.min(self.buf.len() - self.end);
        self.end += n;
        self.total += n as u64;
    }

    /// Bytes that came in a buffer of the driver's.
    pub fn append(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.filled(bytes.len());
    }

    /// Whether it has memory to read into; [`space`](Self::space) gets some where it has none.
    #[inline]
    pub fn has_memory(&self) -> bool {
        self.buf.capacity() > 0
    }

    /// Memory to read into, which is passed over where it has some.
    #[inline]
    pub fn give_memory(&mut self, memory: Vec<u8>) {
        if !self.has_memory() {
            self.buf = memory;
        }
    }

    /// Its memory, if it has any that holds no bytes: a connection that waits for its peer needs none, and there may be very
    /// many. Nothing else about it changes.
    ///
    /// ```
    /// use httpocean_core::RecvBuf;
    ///
    /// let (mut rx, mut other) = (RecvBuf::default(), RecvBuf::default());
    /// rx.append(b"abc");
    /// assert_eq!(rx.take_memory(), None);
    /// assert_eq!(rx.take(), b"abc");
    /// other.give_memory(rx.take_memory().unwrap());
    /// rx.append(b"def");
    /// assert_eq!((rx.bytes(), rx.total_received()), (&b"def"[..], 6));
    /// ```
    #[inline]
    pub fn take_memory(&mut self) -> Option<Vec<u8>> {
        if self.start < self.end || !self.has_memory() {
            return None;
        }
        (self.start, self.end) = (0, 0);
        Some(core::mem::take(&mut self.buf))
    }

    /// The peer will send no more. Bytes received before stay readable.
    pub fn set_eof(&mut self) {
        self.eof = true;
    }

    /// The stream has ended, and it was not the peer who said so: some that came before may be missing.
    pub(crate) fn set_cut(&mut self) {
        (self.eof, self.cut) = (true, true);
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// The transport can't be read any more. Bytes received before stay readable.
    pub fn fail(&mut self, error: TransportError) {
        self.failed.get_or_insert(error);
    }

    /// All bytes received through this buffer, ever.
    pub fn total_received(&self) -> u64 {
        self.total
    }

    /// What was received and not yet consumed.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.buf[self.start..self.end]
    }

    /// Whether neither bytes nor an end nor a failure wait to be looked at.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.start == self.end && !self.eof && self.failed.is_none()
    }

    /// Takes the bytes that are left, as after an upgrade, when they belong to another protocol.
    pub fn take(&mut self) -> Vec<u8> {
        let bytes = self.bytes().to_vec();
        self.start = self.end;
        bytes
    }

    pub(crate) fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buf[self.start..self.end]
    }

    pub(crate) fn consume(&mut self, n: usize) {
        self.start = self.end.min(self.start + n);
    }

    pub(crate) fn ended(&self) -> bool {
        self.eof || self.failed.is_some()
    }

    /// Whether [`set_eof`](Self::set_eof) was said.
    pub fn is_eof(&self) -> bool {
        self.eof
    }

    /// What [`fail`](Self::fail) said first.
    pub fn failure(&self) -> Option<TransportError> {
        self.failed
    }

    /// Makes ready for another connection: the memory stays, all else goes.
    pub(crate) fn reset(&mut self) {
        *self = Self { buf: core::mem::take(&mut self.buf), ..Self::default() };
    }

    /// Bytes that were read around this buffer, straight to where they belong.
    pub(crate) fn count_direct(&mut self, n: u64) {
        self.total += n;
    }
}

/// Writes of a transport are taken from here.
///
/// ```
/// use httpocean_core::SendBuf;
///
/// let mut tx = SendBuf::default();
/// tx.append(b"GET / HTTP/1.1\r\n");
/// tx.sent(4);
/// assert_eq!(tx.pending(), b"/ HTTP/1.1\r\n");
/// assert_eq!(tx.total_sent(), 4);
/// ```
#[derive(Default)]
pub struct SendBuf {
    buf: Vec<u8>,
    start: usize,
    failed: Option<TransportError>,
    /// Whether bytes were dropped that no transport took.
    lost: bool,
    total: u64,
}

impl SendBuf {
    /// What is to be written next.
    #[inline]
    pub fn pending(&self) -> &[u8] {
        &self.buf[self.start..]
    }

    /// The transport took `n` bytes from the front of [`pending`](Self::pending). To be said before the core sees
    /// what was received afterwards: whether a request may be sent again depends on it.
    #[inline]
    pub fn sent(&mut self, n: usize) {
        let n = n.min(self.buf.len() - self.start);
        self.start += n;
        self.total += n as u64;
        if self.start == self.buf.len() {
            self.buf.clear();
            self.start = 0;
        }
    }

    /// The transport can't be written to any more. What is pending is dropped: nobody will take it.
    pub fn fail(&mut self, error: TransportError) {
        self.failed.get_or_insert(error);
        self.lost |= !self.pending().is_empty();
        self.clear();
    }

    /// All bytes that a transport took from this buffer, ever: what [`Sent`](crate::Sent) is computed from.
    pub fn total_sent(&self) -> u64 {
        self.total
    }

    /// Bytes for the transport, behind those that are pending. Dropped if it has failed.
    pub fn append(&mut self, bytes: &[u8]) {
        self.write(|buf| buf.extend_from_slice(bytes));
    }

    /// The same, for what is put together in place.
    pub(crate) fn write(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        self.reclaim();
        put(&mut self.buf);
        if self.failed.is_some() {
            self.lost |= !self.pending().is_empty();
            self.clear();
        }
    }

    /// Whether a transport took all that was ever put here.
    pub(crate) fn is_delivered(&self) -> bool {
        self.pending().is_empty() && !self.lost
    }

    /// Whether it took all up to where [`total_sent`](Self::total_sent) is `end`.
    pub(crate) fn is_delivered_to(&self, end: u64) -> bool {
        self.total >= end && !self.lost
    }

    /// What [`total_sent`](Self::total_sent) will be when all that is pending was taken.
    pub(crate) fn end(&self) -> u64 {
        self.total + self.pending().len() as u64
    }

    /// What [`fail`](Self::fail) said first.
    pub fn failure(&self) -> Option<TransportError> {
        self.failed
    }

    /// Makes ready for another connection: the memory stays, all else goes.
    pub(crate) fn reset(&mut self) {
        self.clear();
        *self = Self { buf: core::mem::take(&mut self.buf), ..Self::default() };
    }

    pub(crate) fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    pub(crate) fn clear(&mut self) {
        self.buf.clear();
        self.start = 0;
    }

    /// What is pending, as if a transport took it that is none.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        let bytes = self.pending().to_vec();
        self.clear();
        bytes
    }

    /// Moves the pending bytes to the front once most of the buffer was sent, so that it stays bounded.
    fn reclaim(&mut self) {
        if self.start > self.buf.len() / 2 {
            self.buf.drain(..self.start);
            self.start = 0;
        }
    }
}

/// How much there is, not what: it may hold secrets.
impl fmt::Debug for RecvBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { buf, start, end, eof, cut, failed, total } = self;
        f.debug_struct("RecvBuf")
            .field("len", &(end - start))
            .field("space", &buf.len())
            .field("eof", eof)
            .field("cut", cut)
            .field("failed", failed)
            .field("total", total)
            .finish()
    }
}

/// How much there is, not what: it may hold secrets.
impl fmt::Debug for SendBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { failed, lost, total, .. } = self;
        f.debug_struct("SendBuf")
            .field("len", &self.pending().len())
            .field("failed", failed)
            .field("lost", lost)
            .field("total", total)
            .finish()
    }
}

/// A part of a buffer, small enough to keep many of.
pub(crate) type Span = Range<u32>;

/// `inner`, which must lie within `outer`, as offsets into it.
pub(crate) fn span_in(outer: &[u8], inner: &[u8]) -> Span {
    let start = (inner.as_ptr() as usize).saturating_sub(outer.as_ptr() as usize);
    start as u32..(start + inner.len()) as u32
}

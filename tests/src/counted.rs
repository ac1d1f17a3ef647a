//! A connector that counts what it has open.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Instant;

use httpocean_std::core::dial::Route;
use httpocean_std::{Connect, Key, Ready, Transport};

/// How many sockets are open or being opened, and the most that ever were at once.
#[derive(Clone, Debug, Default)]
pub struct Open(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    now: AtomicUsize,
    peak: AtomicUsize,
    all: AtomicUsize,
    operations: AtomicUsize,
}

impl Open {
    /// Open or being opened now.
    pub fn now(&self) -> usize {
        self.0.now.load(SeqCst)
    }

    /// The most at once.
    pub fn peak(&self) -> usize {
        self.0.peak.load(SeqCst)
    }

    /// Attempts in all.
    pub fn all(&self) -> usize {
        self.0.all.load(SeqCst)
    }

    /// What was asked of the sockets, by reading, writing, waiting or probing; of httpocean-std alone.
    pub fn operations(&self) -> usize {
        self.0.operations.load(SeqCst)
    }

    pub(crate) fn another(&self) -> One {
        let now = self.0.now.fetch_add(1, SeqCst) + 1;
        self.0.peak.fetch_max(now, SeqCst);
        self.0.all.fetch_add(1, SeqCst);
        One(self.clone())
    }
}

/// A socket that is open, or being opened, until this is dropped.
pub(crate) struct One(Open);

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.now.fetch_sub(1, SeqCst);
    }
}

/// Connects like `C` and counts: from the start of an attempt until its socket is closed.
#[derive(Debug)]
pub struct Counted<C> {
    inner: C,
    open: Open,
}

impl<C: Connect> Counted<C> {
    /// What `inner` connects.
    pub fn over(inner: C) -> (Self, Open) {
        let open = Open::default();
        (Self::with(inner, open.clone()), open)
    }

    /// The same, counted there.
    pub fn with(inner: C, open: Open) -> Self {
        Self { inner, open }
    }
}

impl<C: Connect> Connect for Counted<C> {
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route> {
        self.inner.resolve(key, until)
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        let one = self.open.another();
        let inner = self.inner.connect(key, addr, until)?;
        Ok(Box::new(CountedTransport { inner, one }))
    }
}

impl One {
    fn asked(&self) {
        self.0.0.operations.fetch_add(1, SeqCst);
    }
}

/// The socket is closed before it is counted down: fields are dropped in order.
struct CountedTransport {
    inner: Box<dyn Transport>,
    one: One,
}

impl Transport for CountedTransport {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.one.asked();
        self.inner.read(buf, until)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.one.asked();
        self.inner.write(bytes)
    }

    fn wait(&mut self, read: bool, write: bool, until: Option<Instant>) -> io::Result<Ready> {
        self.one.asked();
        self.inner.wait(read, write, until)
    }

    fn probe(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.one.asked();
        self.inner.probe(buf)
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.inner.local_addr()
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.inner.peer_addr()
    }
}

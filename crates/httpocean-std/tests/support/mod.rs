//! TCP that misbehaves where a test says so.
#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use httpocean_std::core::dial::Route;
use httpocean_std::{Connect, Key, Ready, TcpConnector, Transport};

type Read = fn(&mut Wrapped, &mut [u8], Option<Instant>) -> io::Result<usize>;

/// Makes a [`Wrapped`].
pub struct Wrap {
    pub read: Read,
    pub write: fn(&mut Wrapped, &[u8]) -> io::Result<usize>,
    pub local_addr: fn(&Wrapped) -> Option<SocketAddr>,
    pub calls: Arc<AtomicUsize>,
}

impl Default for Wrap {
    fn default() -> Self {
        Self {
            read: Wrapped::read_inner,
            write: |tcp, bytes| tcp.inner.write(bytes),
            local_addr: |tcp| tcp.inner.local_addr(),
            calls: Arc::default(),
        }
    }
}

/// A TCP connection with methods of the test's.
pub struct Wrapped {
    pub inner: Box<dyn Transport>,
    /// Reads before this one.
    pub reads: usize,
    read: Read,
    write: fn(&mut Wrapped, &[u8]) -> io::Result<usize>,
    local_addr: fn(&Wrapped) -> Option<SocketAddr>,
    /// Reads, writes and waits.
    calls: Arc<AtomicUsize>,
}

impl Wrapped {
    pub fn read_inner(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.inner.read(buf, until)
    }
}

impl Connect for Wrap {
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route> {
        TcpConnector::default().resolve(key, until)
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        Ok(Box::new(Wrapped {
            inner: TcpConnector::default().connect(key, addr, until)?,
            reads: 0,
            read: self.read,
            write: self.write,
            local_addr: self.local_addr,
            calls: self.calls.clone(),
        }))
    }
}

impl Transport for Wrapped {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        self.calls.fetch_add(1, SeqCst);
        let result = (self.read)(self, buf, until);
        self.reads += 1;
        result
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls.fetch_add(1, SeqCst);
        (self.write)(self, bytes)
    }

    fn wait(&mut self, read: bool, write: bool, until: Option<Instant>) -> io::Result<Ready> {
        self.calls.fetch_add(1, SeqCst);
        self.inner.wait(read, write, until)
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        (self.local_addr)(self)
    }
}

/// What `act` gives, if it comes back at all within a time that is ample.
pub fn comes_back<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || done.send(act()));
    result.recv_timeout(Duration::from_secs(10)).ok()
}

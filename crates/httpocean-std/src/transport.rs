//! What a blocking client needs of a byte stream, and of whoever makes one.

use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use httpocean_core::Key;
use httpocean_core::dial::Route;

/// A byte stream of the caller's kind: TCP, a Unix socket and a pipe in memory are here, anything else is
/// yours.
///
/// No method waits past `until`; one that would returns [`io::ErrorKind::WouldBlock`] or
/// [`io::ErrorKind::TimedOut`], early rather than late: the client looks at its clocks and calls again. The
/// system's own `ETIMEDOUT` is no such wait but a dead connection, and is to be passed on as it is. Dropping a
/// transport closes it.
pub trait Transport: Send {
    /// Waits for bytes and reads what there is. `Ok(0)` is the end of the stream.
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize>;

    /// Writes what fits at once; `WouldBlock` when nothing does. `Ok(0)` counts as broken.
    ///
    /// After an error the client still reads, because the peer may have answered before: a read must not wait for
    /// ever then. A socket's does not.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Waits until a read or a write, as far as either is asked for, would not wait. An end of the stream and
    /// an error count as readable.
    fn wait(&mut self, read: bool, write: bool, until: Option<Instant>) -> io::Result<Ready>;

    /// Reads without waiting: `WouldBlock` is silence. What an idle connection is asked before it is used
    /// again, once a request, so it should be cheap.
    fn probe(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.read(buf, Some(Instant::now()))
    }

    /// The address on this side, if it has one.
    fn local_addr(&self) -> Option<SocketAddr> {
        None
    }

    /// The address on the other side, if it has one.
    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }
}

/// What [`Transport::wait`] found; nothing at the deadline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// A read would not wait.
    pub read: bool,
    /// A write would not wait.
    pub write: bool,
}

/// Makes transports. It is called on the client's dial threads, never on a caller's.
///
/// The addresses of a host race (RFC 8305): while one is silent, the next is tried as well, all by the one thread
/// of the dial. What can be connected without waiting says so by [`start`](Self::start). Whoever has only
/// [`connect`](Self::connect), which may block, has one address tried after the other.
///
/// ```
/// use std::io;
/// use std::net::SocketAddr;
/// use std::time::Instant;
/// use httpocean_core::{Key, dial::Route};
/// use httpocean_std::{Client, Connect, Started, TcpConnector, Transport};
///
/// /// Sends every request to one address, whatever its host is called.
/// struct Pinned(SocketAddr);
///
/// impl Connect for Pinned {
///     fn resolve(&self, _: &Key, _: Option<Instant>) -> io::Result<Route> {
///         Ok(Route::Addresses([self.0].into_iter().collect()))
///     }
///
///     fn connect(
///         &self,
///         key: &Key,
///         addr: Option<SocketAddr>,
///         until: Option<Instant>,
///     ) -> io::Result<Box<dyn Transport>> {
///         TcpConnector::default().connect(key, addr, until)
///     }
///
///     // Who wraps a connector that races passes this on as well, to race.
///     fn start(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Started> {
///         TcpConnector::default().start(key, addr)
///     }
/// }
///
/// let client = Client::builder().connector(Pinned("127.0.0.1:8080".parse().unwrap())).build();
/// # drop(client);
/// ```
pub trait Connect: Send + Sync + 'static {
    /// Where `key` can be reached.
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route>;

    /// Connects to `addr`, which is one of what [`resolve`](Self::resolve) found, or `None` if that said
    /// [`Route::Direct`]. It may block until the deadline that it is given. It is called only after
    /// [`start`](Self::start) said [`Started::Blocking`].
    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>>;

    /// Begins to connect to `addr`, without blocking. By default it can't.
    fn start(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Started> {
        let _ = (key, addr);
        Ok(Started::Blocking)
    }
}

/// What [`Connect::start`] has come to.
pub enum Started {
    /// It is connected already.
    Connected(Box<dyn Transport>),
    /// It is under way.
    Connecting(Box<dyn Connecting>),
    /// It can only be done by [`Connect::connect`]. While that blocks, nothing else happens in this dial.
    Blocking,
}

impl std::fmt::Debug for Started {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connected(_) => "Connected",
            Self::Connecting(_) => "Connecting",
            Self::Blocking => "Blocking",
        })
    }
}

/// A connection that is being made. Dropping it gives it up, which should close what it has open.
pub trait Connecting: Send {
    /// What becomes writable, or fails, when it is made.
    fn as_fd(&self) -> BorrowedFd<'_>;

    /// Called once, when that has happened: what it has become, without blocking.
    fn finish(self: Box<Self>) -> io::Result<Box<dyn Transport>>;
}

/// Whether a transport only says that it has nothing yet. A time-out that has a number of the system's is none
/// of ours: the connection is dead, and its next read would look like an orderly end.
pub(crate) fn is_wait(error: &io::Error) -> bool {
    let ours = error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none();
    ours || matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

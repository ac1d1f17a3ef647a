//! Sockets that never wait, and how they are connected.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use httpocean_core::Key;
use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

/// How connections are made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Connector {
    /// By TCP to what the resolver finds.
    Tcp(TcpConnector),
    /// To one Unix socket, whatever the URL's host is.
    Unix(UnixConnector),
}

impl Default for Connector {
    fn default() -> Self {
        Self::Tcp(TcpConnector::default())
    }
}

/// Connects by TCP.
///
/// ```
/// use std::time::Duration;
/// use httpocean_mio::{Connector, Options, TcpConnector};
///
/// let tcp = TcpConnector { keepalive: Some(Duration::from_secs(30)), ..TcpConnector::default() };
/// let options = Options { connector: Connector::Tcp(tcp), ..Options::default() };
/// # drop(options);
/// ```
#[derive(Clone, Debug)]
pub struct TcpConnector {
    /// Send small pieces at once (`TCP_NODELAY`). Default yes.
    pub nodelay: bool,
    /// Ask a silent peer so often whether it is still there (`SO_KEEPALIVE`). Default never.
    pub keepalive: Option<Duration>,
}

impl Default for TcpConnector {
    fn default() -> Self {
        Self { nodelay: true, keepalive: None }
    }
}

impl TcpConnector {
    pub(crate) fn begin(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Stream> {
        let addr = addr.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "TCP needs an address"))?;
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        if let Some(local) = key.local() {
            socket.bind(&SocketAddr::new(local, 0).into())?;
        }
        socket.set_tcp_nodelay(self.nodelay)?;
        if let Some(every) = self.keepalive {
            socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(every).with_interval(every))?;
        }
        match socket.connect(&addr.into()) {
            Err(error) if !is_under_way(&error) => Err(error),
            Ok(()) | Err(_) => Ok(Stream::Tcp(TcpStream::from_std(socket.into()))),
        }
    }
}

/// Connects every request to the Unix socket at one path. The URL still says the host for the `Host` field.
///
/// ```
/// use httpocean_mio::{Connector, Options, UnixConnector};
///
/// let unix = UnixConnector::new("/run/docker.sock");
/// let options = Options { connector: Connector::Unix(unix), ..Options::default() };
/// # drop(options);
/// ```
#[derive(Clone, Debug)]
pub struct UnixConnector {
    path: PathBuf,
}

impl UnixConnector {
    /// For the socket at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// [`io::ErrorKind::WouldBlock`] when the listener has no room at the moment; nothing tells when it has.
    pub(crate) fn begin(&self) -> io::Result<Stream> {
        UnixStream::connect(&self.path).map(Stream::Unix)
    }
}

/// A connected socket that never waits, as it leaves the client after an upgrade.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stream {
    /// By TCP.
    Tcp(TcpStream),
    /// By a Unix socket.
    Unix(UnixStream),
}

impl Stream {
    /// The address on this side, if it has one.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// The address on the other side, if it has one.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// Whether it is connected by now. Readiness is only a hint: a peer is proof.
    pub(crate) fn is_connected(&self) -> io::Result<bool> {
        let (failure, peer) = match self {
            Self::Tcp(stream) => (stream.take_error()?, stream.peer_addr().map(drop)),
            Self::Unix(stream) => (stream.take_error()?, stream.peer_addr().map(drop)),
        };
        match (failure, peer) {
            (Some(error), _) => Err(error),
            (None, Ok(())) => Ok(true),
            (None, Err(error)) if error.kind() == io::ErrorKind::NotConnected || is_under_way(&error) => {
                Ok(false)
            }
            (None, Err(error)) => Err(error),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buf),
            Self::Unix(stream) => stream.read(buf),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(buf),
            Self::Unix(stream) => stream.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Stream {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.register(registry, token, interests),
            Self::Unix(stream) => stream.register(registry, token, interests),
        }
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.reregister(registry, token, interests),
            Self::Unix(stream) => stream.reregister(registry, token, interests),
        }
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.deregister(registry),
            Self::Unix(stream) => stream.deregister(registry),
        }
    }
}

fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock || error.raw_os_error() == Some(libc::EINPROGRESS)
}

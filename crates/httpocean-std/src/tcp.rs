//! TCP, the transport of nearly everybody.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use httpocean_core::Key;
use httpocean_core::dial::Route;
use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

use crate::socket::SocketTransport;
use crate::transport::{Connect, Connecting, Started, Transport};

/// Connects by TCP to what the system's resolver finds. The addresses of a host race, on one thread.
///
/// ```
/// use std::time::Duration;
/// use httpocean_std::{Client, TcpConnector};
///
/// let tcp = TcpConnector { keepalive: Some(Duration::from_secs(30)), ..TcpConnector::default() };
/// let client = Client::builder().connector(tcp).build();
/// # drop(client);
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

impl Connect for TcpConnector {
    fn resolve(&self, key: &Key, _: Option<Instant>) -> io::Result<Route> {
        if let Some(address) = key.address() {
            return Ok(Route::Addresses([SocketAddr::new(address, key.port())].into_iter().collect()));
        }
        Ok(Route::Addresses((key.host(), key.port()).to_socket_addrs()?.collect()))
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        let (socket, addr) = self.socket(key, addr)?;
        match until.map(|until| until.saturating_duration_since(Instant::now())) {
            Some(Duration::ZERO) => return Err(io::ErrorKind::TimedOut.into()),
            Some(left) => socket.connect_timeout(&addr.into(), left)?,
            None => socket.connect(&addr.into())?,
        }
        connected(socket)
    }

    fn start(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Started> {
        let (socket, addr) = self.socket(key, addr)?;
        socket.set_nonblocking(true)?;
        match socket.connect(&addr.into()) {
            Ok(()) => Ok(Started::Connected(TcpConnecting(socket).into_transport()?)),
            Err(error) if is_under_way(&error) => Ok(Started::Connecting(Box::new(TcpConnecting(socket)))),
            Err(error) => Err(error),
        }
    }
}

impl TcpConnector {
    /// A socket that has yet to be connected, and to what.
    fn socket(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<(Socket, SocketAddr)> {
        let addr = addr.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "TCP needs an address"))?;
        let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
        if let Some(local) = key.local() {
            socket.bind(&SocketAddr::new(local, 0).into())?;
        }
        socket.set_tcp_nodelay(self.nodelay)?;
        if let Some(every) = self.keepalive {
            socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(every).with_interval(every))?;
        }
        Ok((socket, addr))
    }
}

/// A connect that a signal interrupts goes on by itself (connect(2)).
fn is_under_way(error: &io::Error) -> bool {
    [Errno::INPROGRESS, Errno::INTR].iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn connected(socket: Socket) -> io::Result<Box<dyn Transport>> {
    SocketTransport::new(socket).map(|transport| Box::new(transport) as Box<dyn Transport>)
}

/// A socket in non-blocking mode.
struct TcpConnecting(Socket);

impl TcpConnecting {
    fn into_transport(self) -> io::Result<Box<dyn Transport>> {
        self.0.set_nonblocking(false)?;
        connected(self.0)
    }
}

impl Connecting for TcpConnecting {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    fn finish(self: Box<Self>) -> io::Result<Box<dyn Transport>> {
        match self.0.take_error()? {
            Some(error) => Err(error),
            None => self.into_transport(),
        }
    }
}

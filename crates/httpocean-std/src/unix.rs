//! Unix sockets: every request goes to the server behind one path.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use httpocean_core::Key;
use httpocean_core::dial::Route;
use socket2::{Domain, SockAddr, Socket, Type};

use crate::socket::SocketTransport;
use crate::transport::{Connect, Transport};

/// Connects every request to the Unix socket at one path. The URL still says the host for the `Host` field.
///
/// ```no_run
/// use httpocean_std::{Client, UnixConnector};
///
/// let client = Client::builder().connector(UnixConnector::new("/run/docker.sock")).build();
/// let response = client.get("http://localhost/version")?.send()?;
/// # Ok::<(), httpocean_std::Error>(())
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
}

impl Connect for UnixConnector {
    fn resolve(&self, _: &Key, _: Option<Instant>) -> io::Result<Route> {
        Ok(Route::Direct)
    }

    fn connect(
        &self,
        _: &Key,
        _: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        let stream = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // A listener whose backlog is full makes connect(2) wait, as long as a write would.
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_write_timeout(left)?;
        stream.connect(&SockAddr::unix(&self.path)?)?;
        stream.set_write_timeout(None)?;
        Ok(Box::new(SocketTransport::new(stream)?))
    }
}

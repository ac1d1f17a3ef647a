//! How the command makes connections: as everybody, but for what the user pinned to other addresses.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use httpocean_mio::{Resolve, SystemResolver};
use httpocean_std::dial::Route;
use httpocean_std::http::Uri;
use httpocean_std::{Connect, Connecting, Key, Started, TcpConnector, Transport, UnixConnector};

/// Addresses to use for a host and port in place of what its name leads to. The request stays the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pins(BTreeMap<String, Vec<SocketAddr>>);

impl Pins {
    /// Pins `host_port`, such as `example.com:80`.
    pub(crate) fn pin(&mut self, host_port: &str, addresses: Vec<SocketAddr>) -> Result<(), String> {
        let wrong = || format!("`{host_port}` is not a host and a port, such as `example.com:80`");
        let uri: Uri = format!("http://{host_port}/").parse().map_err(|_| wrong())?;
        uri.port().ok_or_else(wrong)?;
        let key = Key::of(&uri).map_err(|_| wrong())?;
        self.0.insert(name(&key), addresses);
        Ok(())
    }

    /// One of an address in place of a name, if there is one.
    pub(crate) fn pinned_address(&self) -> Option<&str> {
        let is_address = |name: &&String| name.parse::<SocketAddr>().is_ok();
        self.0.keys().find(is_address).map(String::as_str)
    }

    fn of(&self, key: &Key) -> Option<&[SocketAddr]> {
        if self.0.is_empty() { None } else { self.0.get(&name(key)).map(Vec::as_slice) }
    }
}

impl Resolve for Pins {
    fn resolve(&self, key: &Key) -> io::Result<Vec<SocketAddr>> {
        match self.of(key) {
            Some([]) => Err(no_address()),
            Some(pinned) => Ok(pinned.to_vec()),
            None => SystemResolver.resolve(key),
        }
    }
}

/// How long each connection took to make, by its address on this side.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Arc<Mutex<BTreeMap<SocketAddr, Duration>>>);

impl Journal {
    pub(crate) fn take(&self, local: SocketAddr) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&local)
    }

    fn note(&self, started: Instant, transport: &dyn Transport) {
        if let Some(local) = transport.local_addr() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(local, started.elapsed());
        }
    }
}

/// Makes connections, by TCP or to one Unix socket.
#[derive(Debug)]
pub(crate) struct Connector {
    tcp: TcpConnector,
    unix: Option<UnixConnector>,
    pins: Pins,
    journal: Option<Journal>,
}

impl Connector {
    pub(crate) fn new(pins: Pins, unix_socket: Option<PathBuf>, journal: Option<Journal>) -> Self {
        Self { tcp: TcpConnector::default(), unix: unix_socket.map(UnixConnector::new), pins, journal }
    }

    fn way(&self) -> &dyn Connect {
        match &self.unix {
            Some(unix) => unix,
            None => &self.tcp,
        }
    }

    fn noted(&self, started: Instant, transport: Box<dyn Transport>) -> Box<dyn Transport> {
        if let Some(journal) = &self.journal {
            journal.note(started, &*transport);
        }
        transport
    }
}

impl Connect for Connector {
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route> {
        match (&self.unix, self.pins.of(key)) {
            (Some(unix), _) => unix.resolve(key, until),
            (None, Some([])) => Err(no_address()),
            (None, Some(pinned)) => Ok(Route::Addresses(pinned.iter().copied().collect())),
            (None, None) => self.tcp.resolve(key, until),
        }
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        let started = Instant::now();
        Ok(self.noted(started, self.way().connect(key, addr, until)?))
    }

    fn start(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Started> {
        let started = Instant::now();
        Ok(match (self.way().start(key, addr)?, &self.journal) {
            (Started::Connected(transport), _) => Started::Connected(self.noted(started, transport)),
            (Started::Connecting(inner), Some(journal)) => {
                Started::Connecting(Box::new(Noting { inner, started, journal: journal.clone() }))
            }
            (unchanged @ (Started::Connecting(_) | Started::Blocking), _) => unchanged,
        })
    }
}

/// A connection that is being made, and is put into the journal when it is.
struct Noting {
    inner: Box<dyn Connecting>,
    started: Instant,
    journal: Journal,
}

impl Connecting for Noting {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.as_fd()
    }

    fn finish(self: Box<Self>) -> io::Result<Box<dyn Transport>> {
        let transport = self.inner.finish()?;
        self.journal.note(self.started, &*transport);
        Ok(transport)
    }
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "pinned to no address")
}

/// What is pinned, in one spelling.
fn name(key: &Key) -> String {
    format!("{}:{}", key.host(), key.port())
}

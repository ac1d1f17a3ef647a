//! How the command makes connections: as everybody, but for what the user pinned to other addresses.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use httpocean_mio::{Resolve, SystemResolver};
use httpocean_std::dial::Route;
use httpocean_std::http::Uri;
use httpocean_std::{Connect, Key, Started, TcpConnector, Transport, UnixConnector};

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

    fn of(&self, key: &Key) -> Option<&[SocketAddr]> {
        if self.0.is_empty() { None } else { self.0.get(&name(key)).map(Vec::as_slice) }
    }
}

impl Resolve for Pins {
    fn overrides_addresses(&self) -> bool {
        !self.0.is_empty()
    }

    fn resolve(&self, key: &Key) -> io::Result<Vec<SocketAddr>> {
        match self.of(key) {
            Some([]) => Err(no_address()),
            Some(pinned) => Ok(pinned.to_vec()),
            None => match key.address() {
                Some(address) => Ok(vec![SocketAddr::new(address, key.port())]),
                None => SystemResolver.resolve(key),
            },
        }
    }
}

/// Makes connections, by TCP or to one Unix socket.
#[derive(Debug)]
pub(crate) struct Connector {
    tcp: TcpConnector,
    unix: Option<UnixConnector>,
    pins: Pins,
}

impl Connector {
    pub(crate) fn new(pins: Pins, unix_socket: Option<PathBuf>) -> Self {
        Self { tcp: TcpConnector::default(), unix: unix_socket.map(UnixConnector::new), pins }
    }

    fn way(&self) -> &dyn Connect {
        match &self.unix {
            Some(unix) => unix,
            None => &self.tcp,
        }
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
        self.way().connect(key, addr, until)
    }

    fn start(&self, key: &Key, addr: Option<SocketAddr>) -> io::Result<Started> {
        self.way().start(key, addr)
    }
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "pinned to no address")
}

/// What is pinned, in one spelling.
fn name(key: &Key) -> String {
    format!("{}:{}", key.host(), key.port())
}

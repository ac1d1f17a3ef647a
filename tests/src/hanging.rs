//! An address where connecting hangs.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// A listener that never accepts and whose backlog is full.
#[derive(Debug)]
pub struct Hanging {
    addr: SocketAddr,
    _listener: TcpListener,
    _filling: Vec<TcpStream>,
}

impl Hanging {
    /// On a free port of loopback.
    ///
    /// # Panics
    /// When the system has no port left, or takes any number of connections.
    #[expect(clippy::new_without_default, reason = "it takes a while and a socket")]
    pub fn new() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        socket.bind(&any.into()).expect("a free port");
        socket.listen(0).expect("a listener");
        let listener: TcpListener = socket.into();
        let addr = listener.local_addr().expect("a bound socket has an address");
        let mut filling = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&addr, Duration::from_millis(100)) {
            filling.push(stream);
            assert!(filling.len() < 1000, "the backlog has no end");
        }
        Self { addr, _listener: listener, _filling: filling }
    }

    /// Where it hangs.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A URL that can't be connected to.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }
}

/// A URL at which nobody listens.
///
/// # Panics
/// When the system has no port left.
pub fn refusing_url(path: &str) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let addr = listener.local_addr().expect("a bound socket has an address");
    format!("http://{addr}{path}")
}

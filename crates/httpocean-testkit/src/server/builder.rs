//! What can be set before a server starts.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::connection::Connection;
use super::log::{Log, RecordLimits};
use super::reply::Reply;
use super::request::Request;
use super::script::Greeting;
use super::wire::Wire;
use super::{Handler, Server};
use crate::acceptor::{Acceptor, listen};
use crate::front::Terminal;
use crate::switch::Switch;

type OnConnect = Box<dyn Fn(u64) -> Greeting + Send>;
type MakeLayer = Box<dyn FnMut() -> Box<dyn Terminal> + Send>;

/// Settings of a [`Server`]; start one with [`Server::builder`].
pub struct Builder {
    addr: SocketAddr,
    backlog: i32,
    max_connections: usize,
    idle_timeout: Duration,
    record: RecordLimits,
    on_connect: OnConnect,
    layer: Option<MakeLayer>,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            addr: (Ipv4Addr::LOCALHOST, 0).into(),
            backlog: 1024,
            max_connections: 512,
            idle_timeout: Duration::from_secs(30),
            record: RecordLimits { requests: 100_000, body_bytes: 1024 * 1024 },
            on_connect: Box::new(|_| Greeting::Serve),
            layer: None,
        }
    }

    /// The address to listen on, such as `(Ipv6Addr::LOCALHOST, 0)`. Default: a free port of 127.0.0.1.
    pub fn bind(mut self, addr: impl Into<SocketAddr>) -> Self {
        self.addr = addr.into();
        self
    }

    /// How many connections the system may establish before they are accepted; systems round it. Default 1024.
    ///
    /// Together with a small [`max_connections`](Self::max_connections) this makes an address where connecting
    /// hangs.
    pub fn backlog(mut self, connections: u16) -> Self {
        self.backlog = connections.into();
        self
    }

    /// How many connections are open at most; further ones wait in the backlog. Default 512.
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections;
        self
    }

    /// How long one read or write waits for the client before the connection is closed. Default 30 s.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How many bytes of each request's body are recorded; all are counted. Default 1 MiB.
    pub fn record_body(mut self, bytes: usize) -> Self {
        self.record.body_bytes = bytes;
        self
    }

    /// How many requests are recorded; all are counted. Default 100 000.
    pub fn record_requests(mut self, requests: usize) -> Self {
        self.record.requests = requests;
        self
    }

    /// Decides about each connection when it is accepted: the first has number 0.
    pub fn on_connect(mut self, greeting: impl Fn(u64) -> Greeting + Send + 'static) -> Self {
        self.on_connect = Box::new(greeting);
        self
    }

    /// HTTP is spoken through a layer, such as TLS, of which each connection gets its own: URLs begin with `https`. A
    /// server that closes in an orderly way says goodbye through it first. Without this: on the bare socket.
    pub fn layered<T: Terminal>(mut self, mut make: impl FnMut() -> T + Send + 'static) -> Self {
        self.layer = Some(Box::new(move || Box::new(make())));
        self
    }

    /// Listens, and serves until the server is stopped.
    ///
    /// The handler is called when a request's head is complete, on the connection's thread. A panic in it ends
    /// that connection.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub fn start(
        mut self,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> io::Result<Server> {
        let listener = listen(self.addr, self.backlog)?;
        let switch = Arc::new(Switch::default());
        let log = Arc::new(Log::new(self.record));
        let handler: Arc<Handler> = Arc::new(handler);
        let (server_log, server_switch) = (Arc::clone(&log), Arc::clone(&switch));
        let scheme = if self.layer.is_some() { "https" } else { "http" };
        let accepted = move |stream, peer| {
            let (number, open) = log.accepted();
            let greeting = (self.on_connect)(number);
            let layer = self.layer.as_mut().map(|make| make());
            let (switch, log, handler) = (Arc::clone(&switch), Arc::clone(&log), Arc::clone(&handler));
            let idle_timeout = self.idle_timeout;
            move || {
                if let Ok(wire) = Wire::new(stream, switch, idle_timeout, layer) {
                    Connection { wire, number, peer, log, handler, idle_timeout }.run(greeting);
                }
                drop(open);
            }
        };
        let acceptor = Acceptor::start(listener, server_switch, self.max_connections, accepted)?;
        Ok(Server { acceptor, log: server_log, scheme })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("addr", &self.addr)
            .field("backlog", &self.backlog)
            .field("max_connections", &self.max_connections)
            .field("idle_timeout", &self.idle_timeout)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

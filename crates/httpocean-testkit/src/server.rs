//! A scripted HTTP/1.1 server on loopback.
//!
//! A handler sees the head of each request and returns a [`Reply`]: a response, how it is sent, and the [`End`]
//! that its connection takes. The server counts and records, so a test can ask what really arrived.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use httpocean_testkit::server::{Reply, Request, Server};
//!
//! let server = Server::start(|request: &Request| match request.target.as_str() {
//!     "/hello" => Reply::ok("hello").close(),
//!     _ => Reply::status(404, "Not Found"),
//! });
//!
//! let mut client = TcpStream::connect(server.addr())?;
//! client.write_all(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer)?;
//! assert!(answer.ends_with("\r\n\r\nhello"));
//! assert_eq!(server.stats().requests, 1);
//! assert_eq!(server.requests()[0].request.header("host"), Some(&b"localhost"[..]));
//! # Ok::<(), std::io::Error>(())
//! ```

mod body;
mod builder;
mod connection;
mod head;
mod log;
mod message;
mod reply;
mod request;
mod script;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::acceptor::Acceptor;
use log::Log;

pub use builder::Builder;
pub use log::Stats;
pub use reply::Reply;
pub use request::{Field, Received, Request};
pub use script::{Act, End, Greeting};

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// A running server. It stops, and all its threads end, when it is dropped.
#[derive(Debug)]
pub struct Server {
    acceptor: Acceptor,
    log: Arc<Log>,
    scheme: &'static str,
}

impl Server {
    /// Serves on a free port of 127.0.0.1. More about the handler at [`Builder::start`].
    ///
    /// # Panics
    /// When the system has no such port or no thread left; [`Builder::start`] returns that as an error.
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::builder().start(handler).expect("loopback has a free port and the system a free thread")
    }

    /// Settings to start a server with.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// Where the server listens.
    pub fn addr(&self) -> SocketAddr {
        self.acceptor.addr()
    }

    /// An `http` URL at this server, or an `https` one if it is [layered](Builder::layered); `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.addr())
    }

    /// The same under the name or address of a host that is to lead there.
    pub fn url_at(&self, host: &str, path: &str) -> String {
        format!("{}://{host}:{}{path}", self.scheme, self.addr().port())
    }

    /// The counts so far.
    pub fn stats(&self) -> Stats {
        self.log.stats()
    }

    /// The requests so far, in the order in which their heads were complete.
    pub fn requests(&self) -> Vec<Received> {
        self.log.requests()
    }

    /// Waits until the counts satisfy a condition; `false` when they did not within that time.
    pub fn wait_for(&self, within: Duration, reached: impl Fn(&Stats) -> bool) -> bool {
        self.log.wait_for(within, reached)
    }

    /// Closes the listening socket and every connection. What was counted and recorded stays.
    pub fn stop(&self) {
        self.acceptor.stop();
    }
}

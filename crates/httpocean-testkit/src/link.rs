//! A link to a server on loopback that takes as long as one over a network.
//!
//! What is modelled:
//!
//! - The round-trip time: every byte, FIN and reset arrives half of it later. The bytes are on their way
//!   together, as in a cable, so only the 2 MiB that fit into each direction of a connection limit its throughput.
//! - The handshake: loopback connects at once, so a connection carries nothing during its first round trip.
//!   A client that needs that long before it sends anything loses nothing by it.
//! - With an [`initial_window`](LinkOptions::initial_window), slow start from the server to the client: a
//!   connection's first round trip carries one window at most, and each round trip that was filled doubles the
//!   next one's window. The window stays grown as long as the connection lives.
//!
//! What is not: loss, congestion and limited bandwidth, windows that shrink after idle time, slow start from the
//! client to the server. Connecting to a link whose target refuses looks like a reset one round trip later.
//!
//! The same can be [reckoned](Visit::over) in virtual time, for what would take too long to wait for.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use std::time::{Duration, Instant};
//! use httpocean_testkit::link::{Link, LinkOptions};
//! use httpocean_testkit::server::{Reply, Server};
//!
//! let server = Server::start(|_| Reply::ok("hello").close());
//! let rtt = Duration::from_millis(10);
//! let link = Link::start(server.addr(), LinkOptions { rtt, ..LinkOptions::default() })?;
//!
//! let start = Instant::now();
//! let mut client = TcpStream::connect(link.addr())?;
//! client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
//! client.read_to_end(&mut Vec::new())?;
//! assert!(start.elapsed() >= 2 * rtt, "one for the handshake, one for the request");
//! assert_eq!(link.stats().round_trips, 2);
//! # Ok::<(), std::io::Error>(())
//! ```

mod counters;
mod delay_line;
mod reckoning;
mod relay;
mod slow_start;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::acceptor::{Acceptor, listen};
use crate::switch::Switch;
use counters::Counters;

pub use counters::LinkStats;
pub use reckoning::{Reckoning, Visit};

/// Each connection takes four threads.
const CONNECTIONS_MAX: usize = 256;

/// How far away the server seems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkOptions {
    /// The time from a request to its answer, if the server takes none.
    pub rtt: Duration,
    /// The bytes that a new connection may bring to the client in its first round trip; ten segments of a
    /// usual network are 14 600. `None`: no limit.
    pub initial_window: Option<usize>,
}

/// A running link. It stops, and all its threads end, when it is dropped. It carries 256 connections at most;
/// further ones wait to be accepted.
#[derive(Debug)]
pub struct Link {
    acceptor: Acceptor,
    counters: Arc<Counters>,
}

impl Link {
    /// Listens on a free port of 127.0.0.1 and connects every connection through to `target`.
    ///
    /// # Errors
    /// When the system has no free port or thread. A target that cannot be reached is not noticed here.
    pub fn start(target: SocketAddr, options: LinkOptions) -> io::Result<Self> {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), 1024)?;
        let switch = Arc::new(Switch::default());
        let counters = Arc::new(Counters::default());
        let (link_counters, link_switch) = (Arc::clone(&counters), Arc::clone(&switch));
        let accepted = move |client, _| {
            counters.accepted();
            let (switch, counters) = (Arc::clone(&switch), Arc::clone(&counters));
            move || relay::run(client, target, &switch, options, &counters)
        };
        let acceptor = Acceptor::start(listener, link_switch, CONNECTIONS_MAX, accepted)?;
        Ok(Self { acceptor, counters: link_counters })
    }

    /// Where the link listens: connect here instead of to the target.
    pub fn addr(&self) -> SocketAddr {
        self.acceptor.addr()
    }

    /// The counts so far.
    pub fn stats(&self) -> LinkStats {
        self.counters.stats()
    }

    /// Closes the listening socket and every connection.
    pub fn stop(&self) {
        self.acceptor.stop();
    }
}

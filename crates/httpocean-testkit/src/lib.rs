//! What httpocean and its adapters are tested with, and what any other HTTP/1.1 client could be.
//!
//! - [`server`]: a server on loopback whose every answer and misbehaviour is a script, and which counts and
//!   records what it gets;
//! - [`link`]: a way to such a server that takes a round-trip time, for handshakes and slow start too;
//! - [`sim`]: a virtual network and virtual time for a whole client, with books that are kept of every run;
//! - [`reference`](mod@reference): a pool that is slow and obviously right, a ledger that checks any pool by its
//!   commands alone, and a second reading of responses, from RFC 9112 alone;
//! - [`steps`]: sequences of inputs out of any bytes, for property tests and fuzzers alike;
//! - [`fuzzing`]: what fuzzers run, and stable tests too;
//! - [`toy`]: a layer with a handshake and without cryptography, and its other end;
//! - [`front`]: what takes a layer off before such a server;
//! - [`conformance`]: one call that shows whether an adapter keeps the rules of the adapter guide.
//!
//! Everything happens on loopback, is bounded in count and time, and ends when it is dropped. Tests can wait for
//! [counts](server::Server::wait_for) instead of asserting on time.
//!
//! A client must not repeat a POST whose connection ended before the answer. The server ends it in that way and
//! knows what came:
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use std::time::Duration;
//! use httpocean_testkit::link::{Link, LinkOptions};
//! use httpocean_testkit::server::{End, Reply, Server};
//!
//! let server = Server::start(|_| Reply::ok("kept alive").then(End::CloseOnNextRequest));
//! let options = LinkOptions { rtt: Duration::from_millis(2), initial_window: Some(14_600) };
//! let link = Link::start(server.addr(), options)?;
//!
//! let mut client = TcpStream::connect(link.addr())?;
//! client.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
//! client.read_exact(&mut vec![0; b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nkept alive".len()])?;
//!
//! client.write_all(b"POST /order HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")?;
//! assert_eq!(client.read(&mut [0])?, 0, "the end instead of an answer");
//! assert_eq!(server.requests().iter().filter(|received| received.request.method == "POST").count(), 1);
//! assert_eq!(link.stats().round_trips, 3, "handshake, GET, POST");
//! # Ok::<(), std::io::Error>(())
//! ```
#![forbid(unsafe_code)]

mod acceptor;
mod bytes;
pub mod conformance;
pub mod front;
pub mod fuzzing;
pub mod link;
mod pattern;
pub mod reference;
pub mod server;
pub mod sim;
pub mod steps;
mod switch;
#[cfg(feature = "rustls")]
pub mod tls;
pub mod toy;

pub use pattern::{fill_pattern, is_pattern, pattern_byte};

/// How often a test repeats itself: `usual` times, or that multiplied by the environment's `HTTPOCEAN_TIMES`.
pub fn times(usual: usize) -> usize {
    let factor = std::env::var("HTTPOCEAN_TIMES").ok().and_then(|factor| factor.parse().ok());
    usual * factor.unwrap_or(1)
}

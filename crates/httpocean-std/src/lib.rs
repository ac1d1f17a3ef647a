//! A blocking HTTP/1.1 client with one pool for every host.
//!
//! ```
//! # let server = httpocean_testkit::server::Server::start(|_| httpocean_testkit::server::Reply::ok("hello"));
//! # let url = server.url("/");
//! let client = httpocean_std::Client::new();
//! let mut response = client.get(&url)?.send()?;
//! println!("{}", response.body_mut().read_to_string(1_000_000)?);
//! # Ok::<(), httpocean_std::Error>(())
//! ```
//!
//! What is decided, [`httpocean_core`] decides; here it is only carried out: by the caller's own thread, but for
//! connections, which are made by a few threads of the client's, so that a request takes the first connection
//! that comes free and never waits for the one that it caused.

mod added;
mod attempts;
mod body;
mod client;
mod contention;
mod dialer;
mod flow;
mod held;
mod incoming;
mod mailbox;
mod memory;
mod request;
mod shared;
mod socket;
mod tcp;
mod transport;
mod unix;
mod upgraded;
mod wire;

pub use http;
pub use httpocean_core as core;
pub use httpocean_core::{
    CloseReason, Config, ErrorKind, FailedAttempt, Fault, Hop, HopReason, Key, Limits, NotFollowed,
    NotReplayed, NotRetried, Phase, ProtocolError, ProxyAnswer, ProxyError, Sent, TransportError, call, dial,
    policy, pool, proxy,
};

#[cfg(feature = "tracing")]
pub use httpocean_driver::Tracing;
#[cfg(feature = "rustls")]
pub use httpocean_driver::rustls;
#[cfg(feature = "timeline")]
pub use httpocean_driver::timeline;
pub use httpocean_driver::{
    Connection, Error, Observed, Observer, Stats, Whose, netrc_from_env, proxies_from_env, read_netrc,
    session,
};

pub use body::Body;
pub use client::{Client, ClientBuilder};
pub use contention::Contention;
pub use memory::{MemoryConnector, PipeEnd, pipe};
pub use request::RequestBuilder;
pub use socket::SocketTransport;
pub use tcp::TcpConnector;
pub use transport::{Connect, Connecting, Ready, Started, Transport};
pub use unix::UnixConnector;
pub use upgraded::Upgraded;

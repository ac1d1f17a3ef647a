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
//! # Features
//! On by default: `rustls` for https, `gzip` for responses in that coding, `form` for queries and forms. Off by default:
//! `deflate`, `brotli` and `zstd` (which takes Rust 1.87) for these codings, `json`, `multipart`, `charset` for text in
//! other charsets than UTF-8, `tracing`. What they bring is the same for all: see
#![cfg_attr(feature = "_content", doc = "[`content`].")]
#![cfg_attr(not(feature = "_content"), doc = "`httpocean-content`.")]
//!
//! # How it works
//! What is decided, [`httpocean_core`] decides; here it is only carried out: by the caller's own thread, but for
//! connections, which are made by a few threads of the client's, so that a request takes the first connection
//! that comes free and never waits for the one that it caused.

mod added;
mod attempts;
mod body;
mod builder;
mod client;
mod comfort;
mod contention;
mod decoding;
mod dialer;
mod flow;
#[cfg(feature = "multipart")]
mod form;
mod held;
mod incoming;
#[cfg(feature = "multipart")]
mod joined;
mod mailbox;
mod memory;
mod request;
mod response;
mod shared;
mod socket;
mod tcp;
mod transport;
mod unix;
mod upgraded;
mod wire;

pub use http;
#[cfg(feature = "_content")]
pub use httpocean_content as content;
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
pub use builder::ClientBuilder;
pub use client::Client;
pub use contention::Contention;
#[cfg(feature = "_codings")]
pub use decoding::Decoding;
#[cfg(feature = "multipart")]
pub use form::{Form, Part};
pub use memory::{MemoryConnector, PipeEnd, pipe};
pub use request::RequestBuilder;
pub use response::{COLLECT_LIMIT, Response};
pub use socket::SocketTransport;
pub use tcp::TcpConnector;
pub use transport::{Connect, Connecting, Ready, Started, Transport};
pub use unix::UnixConnector;
pub use upgraded::Upgraded;

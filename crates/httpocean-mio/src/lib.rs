//! An HTTP/1.1 client for programs that own their event loop.
//!
//! A [`Client`] lives in a [`mio::Poll`] beside whatever else is there: it takes a range of tokens, the events that
//! bear them, and says what happened. A [`Loop`] is the same with a poll of its own:
//!
//! ```
//! # let server = httpocean_testkit::server::Server::start(|_| httpocean_testkit::server::Reply::ok("hello"));
//! # let url = server.url("/");
//! use httpocean_mio::{BodyPlan, Event, Loop, Options, http::Request};
//!
//! let mut looped = Loop::new(Options::default())?;
//! looped.client().start(Request::get(url).body(()).unwrap(), BodyPlan::empty()).unwrap();
//! while let Some((_, event)) = looped.next_event()? {
//!     match event {
//!         Event::Data(bytes) => println!("{}", String::from_utf8_lossy(bytes)),
//!         Event::Failed(error) => eprintln!("{error}"),
//!         _ => {}
//!     }
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! What is decided, [`httpocean_core`] decides; here it is only carried out, on the thread that calls. Idle
//! connections stay registered, so that one that its server closes is closed here at once. Names are resolved on a
//! few threads, which wake the poll; a host that is an address needs none.

mod calls;
mod client;
mod dialing;
mod event;
mod links;
mod looped;
mod options;
mod resolver;
mod sockets;
mod stream;
mod turn;
mod wire;

pub use http;
pub use httpocean_core as core;
pub use httpocean_core::{
    BodyPlan, CallId, Channel, CloseReason, Config, ErrorKind, FailedAttempt, Fault, Head, Hop, HopReason,
    Key, Limits, NotFollowed, NotReplayed, NotRetried, Phase, ProtocolError, ProxyAnswer, ProxyError, Sent,
    TransportError, call, dial, policy, pool, proxy,
};
#[cfg(feature = "tracing")]
pub use httpocean_driver::Tracing;
pub use httpocean_driver::record;
#[cfg(feature = "rustls")]
pub use httpocean_driver::rustls;
#[cfg(feature = "timeline")]
pub use httpocean_driver::timeline;
pub use httpocean_driver::{
    Connection, Error, Observed, Observer, Stats, Whose, netrc_from_env, proxies_from_env, read_netrc,
    session,
};
pub use mio;

pub use client::Client;
pub use event::{Event, Upgraded};
pub use looped::Loop;
pub use options::Options;
pub use resolver::{Resolve, SystemResolver};
pub use stream::{Connector, Stream, TcpConnector, UnixConnector};

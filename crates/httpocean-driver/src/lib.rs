//! What every driver of [`httpocean_core`] tells its users in the same words, and needs to do so.
//!
//! An adapter re-exports [`Error`], [`Connection`], [`Stats`], [`Observer`] and [`Observed`], so that a program that
//! looks at them works with all adapters. For itself it has a [`Clock`] that gives the core its time, a [`Teller`]
//! that counts and passes on, and [`transport_error`], which names what a system reports.
//!
//! Nothing here decides anything or does any IO, the reading of the system's clock and of a `.netrc` excepted.

mod clock;
mod connection;
mod environment;
mod error;
mod names;
mod observer;
pub mod record;
mod seed;
mod stats;
mod teller;
#[cfg(feature = "timeline")]
pub mod timeline;
mod tls;
#[cfg(feature = "tracing")]
mod trace;

pub use clock::Clock;
pub use connection::{Connection, Ends};
pub use environment::{netrc_from_env, proxies_from_env, read_netrc};
pub use error::{Error, resolve_error, transport_error, without_userinfo};
#[cfg(feature = "rustls")]
pub use httpocean_rustls as rustls;
pub use httpocean_session as session;
pub use names::{Look, Names};
pub use observer::{Observed, Observer, Whose};
pub use seed::random_seed;
pub use stats::Stats;
pub use teller::Teller;
pub use tls::with_tls;
#[cfg(feature = "tracing")]
pub use trace::Tracing;

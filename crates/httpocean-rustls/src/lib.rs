//! TLS for httpocean, by [`rustls`]: a [`Layer`](httpocean_core::layer::Layer) that every adapter carries without
//! knowing of it.
//!
//! `httpocean-std` and `httpocean-mio` have it by default. Whoever drives the core by themselves puts it into their
//! [`Config`](httpocean_core::Config), and changes nothing else:
//!
//! ```
//! use httpocean_core::Config;
//! use httpocean_rustls::Tls;
//!
//! let config = Config { tls: Some(Tls::default().into()), ..Config::default() };
//! # drop(config);
//! ```
//!
//! By default it speaks TLS 1.2 and 1.3 by *ring*, offers `http/1.1`, sends the host's name, trusts Mozilla's
//! certificate authorities, and resumes sessions. All of that is an option:
//!
//! ```
//! use httpocean_rustls::{Tls, Version};
//!
//! # let ca = rcgen::generate_simple_self_signed(vec!["ca.example".into()]).unwrap().cert.pem();
//! let tls = Tls::builder().ca_pem(ca).versions(&[Version::Tls13]).build()?;
//! # drop(tls);
//! # Ok::<(), httpocean_rustls::OptionsError>(())
//! ```
//!
//! # Connections and sessions
//! A [`Tls`] equals its clones and no other, however alike their options are. Connections and sessions that were made
//! by one are never used by another, so what one was told not to verify never serves who verifies. Make one and clone
//! it.
#![forbid(unsafe_code)]

mod builder;
mod error;
mod sentence;
mod session;
mod tls;
mod verifier;

pub use builder::{Builder, Version};
pub use error::OptionsError;
pub use rustls;
pub use tls::Tls;

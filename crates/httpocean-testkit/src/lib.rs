//! Scripted loopback servers, and links that add a round-trip time: what httpocean and its adapters are tested
//! with.
#![forbid(unsafe_code)]

mod acceptor;
mod pattern;
pub mod server;
mod switch;

pub use pattern::{fill_pattern, is_pattern, pattern_byte};

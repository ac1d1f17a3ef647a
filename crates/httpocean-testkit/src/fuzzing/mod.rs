//! What fuzzers run: functions that take any bytes and panic when a promise is broken.
//!
//! Everything that is tried is made of the bytes, so that an input is a test by itself: the corpus in `fuzz/corpus` is
//! replayed by a test on stable Rust, and each target also runs on bytes from [`Noise`], which knows what bytes of HTTP
//! look like.

mod call;
mod conn;
mod content;
mod cookies;
mod differential;
mod engine;
mod key;
mod noise;
mod play;
mod redirect;
mod retry_after;
mod socks_connect;
mod wire;

use crate::reference::{faithfully, loosely};
use crate::steps;

pub use call::call;
pub use conn::conn;
pub use content::content;
pub use cookies::cookies;
pub use differential::differential;
pub use engine::engine;
pub use key::key;
pub use noise::Noise;
pub use play::{End, Heard, How, Peer, connected};
pub use redirect::redirect;
pub use retry_after::retry_after;
pub use socks_connect::socks_connect;
pub use wire::{chunked_body, exchange, response_head};

/// Takes any bytes, and panics when a promise is broken.
pub type Target = fn(&[u8]);

/// All targets by name.
pub const TARGETS: [(&str, Target); 14] = [
    ("response_head", response_head),
    ("chunked_body", chunked_body),
    ("exchange", exchange),
    ("differential", differential),
    ("conn", conn),
    ("pool", pool),
    ("call", call),
    ("engine", engine),
    ("redirect", redirect),
    ("key", key),
    ("retry_after", retry_after),
    ("socks_connect", socks_connect),
    ("content", content),
    ("cookies", cookies),
];

/// A pool under any user: the ledger's rules hold, and it does what the slow one does.
pub fn pool(bytes: &[u8]) {
    let (options, steps) = steps::from_bytes(bytes);
    let steps: Vec<_> = steps.take(400).collect();
    loosely(options.clone(), steps.iter().copied());
    faithfully(options, steps);
}

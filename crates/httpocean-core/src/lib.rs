//! An HTTP/1.1 client engine with the IO taken out.
#![forbid(unsafe_code)]

mod arena;
mod limits;
mod rng;
mod time;

pub use arena::{ConnId, WaitId};
pub use limits::Limits;
pub use time::Instant;

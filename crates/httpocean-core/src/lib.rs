//! An HTTP/1.1 client engine with the IO taken out.

mod arena;
mod buf;
mod error;
mod h1;
mod key;
mod limits;
pub mod pool;
mod rng;
mod time;

pub use arena::{ConnId, WaitId};
pub use buf::{Io, RecvBuf, SendBuf};
pub use error::{
    CloseReason, Error, ErrorKind, Fault, NotReplayed, Phase, ProtocolError, Sent, TransportError,
};
pub use h1::head::Head;
pub use key::{Key, Scheme};
pub use limits::Limits;
pub use pool::{Pool, PoolCommand};
pub use time::Instant;

//! An HTTP/1.1 client engine with the IO taken out.

mod arena;
mod buf;
pub mod call;
mod config;
mod conn;
pub mod dial;
mod error;
mod h1;
mod key;
mod limits;
mod policy;
pub mod pool;
mod rng;
mod time;
mod want;

pub use arena::{ConnId, WaitId};
pub use buf::{Io, RecvBuf, SendBuf};
pub use call::{Call, CallStep, Hop, HopReason};
pub use config::Config;
pub use conn::Conn;
pub use dial::{Dial, DialStep};
pub use error::{
    CloseReason, Error, ErrorKind, Fault, NotReplayed, Phase, ProtocolError, Sent, TransportError,
};
pub use h1::encode::BodyPlan;
pub use h1::head::Head;
pub use key::{Key, Scheme};
pub use limits::Limits;
pub use pool::{Pool, PoolCommand};
pub use time::Instant;
pub use want::Want;

//! An HTTP/1.1 client engine with the IO taken out.
//!
//! It decides everything that an HTTP/1.1 client decides: which connection serves which request, when to open
//! one, wait, reuse, send again, give up, and how a message is framed. It does none of it: facts go in, commands
//! come out, and a *driver* carries them out. You will notably not find a socket, a clock, a thread, an `async`
//! or a callback in here. Who only wants a client takes an adapter, such as `httpocean-std`.
//!
//! ```text
//! request ─▶ Call ──Acquire──▶ Pool ──Grant(idle)──────────────▶ Call+Conn ──Head/Data/End──▶ user
//!             ▲                  └──Dial──▶ Dial ──Ready(Conn)──▶ Pool ──Grant──┘   │
//!             └───── Hop (once more: Release, then Acquire again) ◀─────────────────┘
//! ```
//!
//! # The machines
//! | machine | decides | shared by threads |
//! |---|---|---|
//! | [`Pool`] | who gets which connection, who waits, who dials, what is closed | yes, behind the driver's lock |
//! | [`Dial`] | from a [`Key`] to a ready connection | no |
//! | [`Conn`] | what is HTTP about one connection; it moves with its socket | no |
//! | [`Call`] | one request of a user, through every attempt | no |
//!
//! TLS is none of them but a [`layer`] under HTTP, implemented elsewhere: its handshake is a stage of a [`Dial`], the
//! rest of it a matter of the [`Conn`], and a driver moves the bytes of the wire and hears nothing of it.
//!
//! # The contract
//! > Do what a machine says, in the order in which it says it; sleep only when it says `Wait` (or, of a pool,
//! > nothing), and no longer than it says; show it only what was read, not what might be.
//!
//! In detail:
//! 1. Ask [`Call::step`] until it says [`CallStep::Wait`]. Each step is one thing to do. Then write what is
//!    pending in [`Io::tx`], read into [`Io::rx`], or sleep until [`Want::until`], rounded up, and step again.
//! 2. An end of the stream, and an error of it, are put into the buffers like bytes: [`RecvBuf::set_eof`],
//!    [`RecvBuf::fail`], [`SendBuf::fail`].
//! 3. What a step lends by its length, [`Io::head`] and [`Io::data`], is there until the next step.
//! 4. After every input to a [`Pool`], poll it until it says nothing. Commands carry everything that they need;
//!    keep them in a queue if you like, but keep their order: a `Close` frees the place that a later `Dial` takes.
//! 5. Time is an argument, of your own epoch. It may jump.
//! 6. A connection that is connected may have more to agree on: a [`Dial`] whose `Wait` wants to read or to write is
//!    about the transport that won. Before a socket is closed, write once what [`Conn::goodbye`] gives.
//! 7. A late answer, and an id of something that is gone, do nothing.
//!
//! A driver of forty lines on plain `std` sockets stands in the project's README; the example at [`Call`] is the
//! same without any socket.
//!
//! # Guarantees
//! - No unsafe code, no panic on any input, no IO.
//! - Same inputs, same commands: randomness is a seed in the options, and no order is an accident.
//! - Whatever a peer sends, memory is bounded by [`Limits`], and work is linear in bytes.
//! - Every error says whose fault it is ([`Fault`]), in which [`Phase`], and how much of the request the peer may
//!   have seen ([`Sent`]). Every close has a [`CloseReason`].

mod arena;
pub mod auth;
mod authority;
mod buf;
pub mod call;
mod channel;
mod config;
mod conn;
pub mod dial;
mod engine;
mod error;
mod exchange;
mod h1;
mod io;
mod key;
mod keys;
pub mod layer;
mod limits;
pub mod policy;
pub mod pool;
pub mod proxy;
mod reason;
mod rng;
mod time;
mod timers;
mod want;

pub use arena::{ConnId, WaitId};
pub use authority::Scheme;
pub use buf::{RecvBuf, SendBuf};
pub use call::{Call, CallStep};
pub use channel::Channel;
pub use config::Config;
pub use conn::Conn;
pub use dial::{Dial, DialStep};
pub use engine::{CallId, Driven, Engine, Event, Task};
pub use error::{
    Error, ErrorKind, FailedAttempt, Fault, Hop, Phase, ProtocolError, ProxyAnswer, ProxyError, Sent,
    TransportError,
};
pub use h1::arrival::Arrival;
pub use h1::encode::BodyPlan;
pub use h1::head::Head;
pub use io::Io;
pub use key::Key;
pub use keys::Keys;
pub use limits::Limits;
pub use pool::{Pool, PoolCommand};
pub use reason::{CloseReason, HopReason, NotFollowed, NotReplayed, NotRetried, RetryClass};
pub use time::Instant;
pub use want::Want;

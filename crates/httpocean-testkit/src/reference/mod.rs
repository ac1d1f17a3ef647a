//! What a pool should do, said twice more: by a pool so simple that it is obviously right, and by a ledger
//! that judges commands.
//!
//! A response is read once more in [`exchange`].
//!
//! Pool and ledger speak of things by number: requests in order of their coming, connections in order of their `Dial`.

pub mod exchange;
mod ledger;
mod model;
mod rig;

use httpocean_core::pool::{Demand, Facts, Fate, Refusal};
use httpocean_core::{CloseReason, Instant};

pub use ledger::Ledger;
pub use model::Model;
pub use rig::{Rig, faithfully, loosely};

/// What a pool was told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Input {
    /// A request for a connection.
    Acquire {
        /// Its number.
        waiter: usize,
        /// Of which key.
        key: u8,
        /// What it asks for.
        demand: Demand,
    },
    /// Connections were wished for before anybody asks.
    Preconnect {
        /// Of which key.
        key: u8,
        /// How many.
        count: usize,
    },
    /// A request does not wait any more.
    Cancel {
        /// Its number.
        waiter: usize,
    },
    /// A connection was made.
    Dialed {
        /// Its number.
        conn: usize,
    },
    /// A connection was not made. The error is its number.
    DialFailed {
        /// Its number.
        conn: usize,
    },
    /// A granted connection came back.
    Release {
        /// Its number.
        conn: usize,
        /// In which state.
        fate: Fate,
        /// Whether the pool said that it stays open.
        kept: bool,
    },
    /// A granted connection was dead.
    Retake {
        /// Its number.
        conn: usize,
        /// Why.
        why: CloseReason,
        /// The number of the request that waits for another.
        waiter: usize,
        /// What that asks for.
        demand: Demand,
    },
    /// A granted connection left the pool.
    Forget {
        /// Its number.
        conn: usize,
    },
    /// Something was read on a connection.
    Stirred {
        /// Its number.
        conn: usize,
        /// What.
        why: CloseReason,
    },
    /// The keys whose bits are set were evicted.
    Evict {
        /// The bits.
        keys: u8,
    },
    /// The pool was shut down.
    ShutDown,
}

/// What a pool said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Said {
    /// `PoolCommand::Grant`
    Grant {
        /// For whom.
        waiter: usize,
        /// Which.
        conn: usize,
        /// Its key, as the lease has it.
        key: u8,
        /// What is known of it.
        facts: Facts,
    },
    /// `PoolCommand::Dial`
    Dial {
        /// Which.
        conn: usize,
        /// Of which key.
        key: u8,
    },
    /// `PoolCommand::Abandon`
    Abandon {
        /// Which.
        conn: usize,
    },
    /// `PoolCommand::Refuse`
    Refuse {
        /// Whom.
        waiter: usize,
        /// Why.
        why: Refusal,
        /// The number of the connection that was not made.
        error: Option<usize>,
    },
    /// `PoolCommand::Close`
    Close {
        /// Which.
        conn: usize,
        /// Its key.
        key: u8,
        /// The pool's own number for it.
        number: u64,
        /// Why.
        why: CloseReason,
    },
}

/// What happened, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The pool was told something.
    Input(Instant, Input),
    /// The pool said something.
    Said(Instant, Said),
    /// The pool had nothing more to say.
    Dry(Instant),
}

//! Who gets which connection, who waits, who dials, what is closed.

/// Why a waiter leaves the pool without a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// It waited until its deadline while every connection that it could have had was busy.
    WaitedTooLong,
    /// Its deadline passed while a connection was being made for it.
    DialTooSlow,
    /// As many requests wait as may.
    QueueFull,
    /// The connection that was being made for it could not be made.
    DialFailed,
    /// The pool was shut down.
    ShutDown,
}

impl Refusal {
    /// The reason as a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::WaitedTooLong => "all connections that it could have had stayed busy until its deadline",
            Self::DialTooSlow => "its deadline passed while a connection was being made for it",
            Self::QueueFull => "as many requests wait for a connection as may",
            Self::DialFailed => "the connection for it could not be made",
            Self::ShutDown => "the pool is shut down",
        }
    }
}

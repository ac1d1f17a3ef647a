//! What a call says.

use core::time::Duration;

use http::{StatusCode, Uri};

use crate::error::Error;
use crate::pool::{Demand, Fate};
use crate::want::Want;

/// What a driver has to do for a call, one thing at a time.
#[must_use]
#[derive(Debug)]
pub enum CallStep {
    /// Ask the pool for a connection of [`Call::key`](crate::Call::key); answer with [`Call::attach`](crate::Call::attach) or [`Call::refused`](crate::Call::refused).
    Acquire(Demand),
    /// Take the connection with [`Call::detach`](crate::Call::detach) and give it back with this fate. The buffers are clean.
    Release(Fate),
    /// Flush `io.tx`, fill `io.rx`, sleep.
    Wait(Want),
    /// The next piece of the request's body is wanted, from offset `from` on: answer with
    /// [`Call::send_body`](crate::Call::send_body), [`Call::finish_body`](crate::Call::finish_body) or [`Call::body_failed`](crate::Call::body_failed). Said once for each piece; until the
    /// answer the call waits for an early response.
    NeedBody {
        /// How many bytes of the body were handed over. Less than the driver remembers: start over from there.
        from: u64,
    },
    /// Another request follows: the same once more, or the one that a redirect leads to. Its connection was given
    /// back; the body, if it has one, is asked for from its start.
    Hop(Box<Hop>),
    /// An interim (1xx) response: [`Io::head`](crate::Io::head) of so many bytes.
    Interim(usize),
    /// The head of the response: [`Io::head`](crate::Io::head) of so many bytes.
    Head(usize),
    /// Bytes of the response's body: [`Io::data`](crate::Io::data).
    Data(usize),
    /// The response is whole. [`Call::trailers`](crate::Call::trailers) may have some.
    End,
    /// The connection speaks another protocol now, and so many bytes of that are in `io.rx`. Take it with
    /// [`Call::detach`](crate::Call::detach); its lease is for [`Pool::forget`](crate::Pool::forget).
    Upgraded(usize),
    /// There is no response, or no whole one. A waiter that is still in the pool is the driver's to cancel.
    Failed(Error),
}

/// One more attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hop {
    /// The URL of the attempt before.
    pub uri: Uri,
    /// The status of the response that caused it, if one did.
    pub status: Option<StatusCode>,
    /// The failure that caused it, if one did.
    pub error: Option<Error>,
    /// Why it is made.
    pub why: HopReason,
    /// How long it waits before.
    pub after: Duration,
}

/// Why another request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HopReason {
    /// Its connection went bad while it was idle: the peer closed it, or sent what nobody had asked for. This is
    /// no retry, and not counted as one.
    StaleConnection,
    /// The response leads to another URL.
    Redirect,
    /// No connection could be made.
    ConnectFailed,
    /// The connection failed before a byte of the request was sent.
    SendFailed,
    /// The request was sent, or some of it, and no response came.
    ReadFailed,
    /// The response has a status that is retried.
    Status,
    /// The same, and the server said when to come back.
    RetryAfter,
}

impl HopReason {
    /// The reason as one stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::StaleConnection => "stale-connection",
            Self::Redirect => "redirect",
            Self::ConnectFailed => "connect-failed",
            Self::SendFailed => "send-failed",
            Self::ReadFailed => "read-failed",
            Self::Status => "status",
            Self::RetryAfter => "retry-after",
        }
    }

    /// The reason as a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::StaleConnection => "the connection had gone bad while it was idle",
            Self::Redirect => "the response leads to another URL",
            Self::ConnectFailed => "no connection could be made",
            Self::SendFailed => "the connection failed before the request was sent",
            Self::ReadFailed => "the request was sent, and no response came",
            Self::Status => "the response has a status that is retried",
            Self::RetryAfter => "the server said when to come back",
        }
    }

    /// Whether it is a retry: one that is counted against [`Retries`](crate::policy::Retries).
    pub fn is_retry(&self) -> bool {
        match self {
            Self::StaleConnection | Self::Redirect => false,
            Self::ConnectFailed | Self::SendFailed | Self::ReadFailed | Self::Status | Self::RetryAfter => {
                true
            }
        }
    }
}

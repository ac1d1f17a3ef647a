//! What a call says.

use crate::error::{Error, Hop};
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
    /// The head of a response that is not the answer, because another attempt follows or an error: [`Io::head`](crate::Io::head)
    /// of so many bytes. Said only where [`Common::shows_passing`](crate::policy::Common) wants it.
    Passing(usize),
    /// The head of the response: [`Io::head`](crate::Io::head) of so many bytes.
    Head(usize),
    /// Bytes of the response's body: [`Io::data`](crate::Io::data).
    Data(usize),
    /// The response is whole. [`Call::trailers`](crate::Call::trailers) may have some.
    End,
    /// The connection speaks another protocol now, and so many bytes of that are there ([`Io::data`](crate::Io::data)).
    /// Take it with [`Call::detach`](crate::Call::detach) for a [`Channel`](crate::Channel); its lease is for
    /// [`Pool::forget`](crate::Pool::forget).
    Upgraded(usize),
    /// There is no response, or no whole one. A waiter that is still in the pool is the driver's to cancel.
    Failed(Error),
}

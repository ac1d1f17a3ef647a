//! What an engine says: to its driver, and to the users of its calls.

use std::net::SocketAddr;

use http::HeaderMap;

use super::CallId;
use crate::arena::ConnId;
use crate::error::{Error, Hop};
use crate::key::Key;
use crate::reason::CloseReason;
use crate::want::Want;

/// What a driver has to do, in the order in which it is said.
#[must_use]
#[derive(Debug)]
pub enum Task {
    /// A connection is going to be made; what there is to do for it follows.
    Dial {
        /// Which.
        conn: ConnId,
        /// To what.
        key: Key,
    },
    /// Look up where [`Engine::target`](crate::Engine::target) can be reached; answer with [`Engine::resolved`](crate::Engine::resolved).
    Resolve(ConnId),
    /// Connect; answer with [`Engine::connected`](crate::Engine::connected).
    Connect {
        /// Of which connection.
        conn: ConnId,
        /// Which attempt of it.
        attempt: u8,
        /// Where to; `None` after [`Route::Direct`](crate::dial::Route::Direct).
        addr: Option<SocketAddr>,
    },
    /// Stop that attempt: another one won, or it took too long.
    Abandon {
        /// Of which connection.
        conn: ConnId,
        /// Which attempt of it.
        attempt: u8,
    },
    /// Read what there is without waiting, then [`Engine::drive`](crate::Engine::drive). While a user still holds what an event of this
    /// connection lent, do nothing: it is driven when they are done.
    Drive(ConnId),
    /// Close whatever there is of it, attempts included, before any later task. The id ends here.
    Close {
        /// Which.
        conn: ConnId,
        /// Why.
        why: CloseReason,
        /// Of one that was never made: what went wrong.
        error: Option<Error>,
    },
    /// Something happened to a call that has no connection.
    Event {
        /// Which call.
        call: CallId,
        /// What.
        event: Event,
    },
}

/// What came of driving a connection.
#[must_use]
#[derive(Debug)]
pub enum Driven {
    /// Something for the user of a call. What it lends is there until the next drive; drive again when they are
    /// done with it, and not before: that is what holds a fast peer back.
    Event {
        /// Which call.
        call: CallId,
        /// What.
        event: Event,
    },
    /// Write what is pending, and drive again when one of these happens.
    Wait(Want),
    /// Nobody uses it. The buffers are clean and may be taken away; bytes that come are a reason to drive.
    Free,
}

/// What a user of a call is told.
#[must_use]
#[derive(Debug)]
pub enum Event {
    /// Another request follows: the same once more, or the one that a redirect leads to.
    Hop(Box<Hop>),
    /// An interim response: [`Io::head`](crate::Io::head) of so many bytes.
    Interim(usize),
    /// The head of a response that is not the answer, because another attempt follows or an error: [`Io::head`](crate::Io::head)
    /// of so many bytes. Said only where [`Common::shows_passing`](crate::policy::Common) wants it.
    Passing(usize),
    /// The head of the response: [`Io::head`](crate::Io::head) of so many bytes.
    Head(usize),
    /// Bytes of its body: [`Io::data`](crate::Io::data).
    Data(usize),
    /// The next piece of the request's body is wanted: [`Engine::send_body`](crate::Engine::send_body) and its like. Said once a piece. It
    /// lends nothing: drive on at once, the answer may come later.
    NeedBody {
        /// Where it starts. Less than was handed over: start over from there.
        from: u64,
    },
    /// The response is whole. The call's id ends here.
    End {
        /// Trailer fields, if there were any: rare, so boxed.
        trailers: Option<Box<HeaderMap>>,
    },
    /// The connection speaks another protocol now; so many bytes of that are there ([`Io::data`](crate::Io::data)).
    /// Socket and buffers are the driver's, both ids end here, and no `Close` follows; what goes on is an
    /// [`Engine::channel`](crate::Engine::channel).
    Upgraded(usize),
    /// There is no response, or no whole one. The call's id ends here.
    Failed(Error),
}

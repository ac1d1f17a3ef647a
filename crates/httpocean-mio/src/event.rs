//! What a user of a call is told.

use http::HeaderMap;
use httpocean_core::{Channel, ConnId, Head, Hop};
use httpocean_driver::Error;

use crate::stream::Stream;

/// What happened to a call. What it lends is there until the client is asked for the next one.
#[derive(Debug)]
#[must_use]
pub enum Event<'a> {
    /// Another request follows: the same once more, with its body from the start, or the one that a redirect leads to.
    Hop(Box<Hop>),
    /// An interim (1xx) response.
    Interim(Head<'a>),
    /// The head of a response that is not the answer, because another attempt follows or an error. Said only to clients
    /// with [`Options::shows_passing`](crate::Options::shows_passing).
    Passing(Head<'a>),
    /// The head of the response.
    Head(Head<'a>),
    /// Bytes of its body.
    Data(&'a [u8]),
    /// The next piece of the request's body is wanted: answer, now or later, with
    /// [`send_body`](crate::Client::send_body), [`finish_body`](crate::Client::finish_body) or
    /// [`body_failed`](crate::Client::body_failed). Said once for each piece, as soon as there is room for it.
    NeedBody {
        /// How many bytes of the body were taken. Less than you gave: start over from there.
        from: u64,
    },
    /// The response is whole. The call's id ends here.
    End {
        /// Trailer fields, if there were any.
        trailers: Option<Box<HeaderMap>>,
        /// Whether the connection stays open for other requests.
        parked: bool,
    },
    /// The connection speaks another protocol now, and is yours. The call's id ends here.
    Upgraded(Upgraded),
    /// There is no response, or no whole one. The call's id ends here.
    Failed(Error),
}

/// What was an HTTP connection: no longer the client's, and registered with no poll.
#[derive(Debug)]
pub struct Upgraded {
    /// The socket. Register it with a token of your own.
    pub stream: Stream,
    /// What is spoken over it, of which some may have come along with the response. Without layers
    /// ([`Channel::is_layered`]), what it has [to take](Channel::take) is all that it is needed for.
    pub channel: Box<Channel>,
}

/// An [`Event`] that says where its bytes lie, instead of lending them.
#[derive(Debug)]
pub(crate) enum Said {
    Hop(Box<Hop>),
    Interim(ConnId, usize),
    Passing(ConnId, usize),
    Head(ConnId, usize),
    Data(ConnId, usize),
    NeedBody { from: u64 },
    End { trailers: Option<Box<HeaderMap>>, parked: bool },
    Upgraded(Upgraded),
    Failed(Error),
}

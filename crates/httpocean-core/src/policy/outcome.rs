//! What a policy looks at: a request that was tried, and what came of it.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use crate::error::Error;
use crate::h1::head::Head;

/// One attempt of a request that is over.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The request's method.
    pub method: &'a Method,
    /// The request's header fields: an `Idempotency-Key` makes it one that may be made twice.
    pub fields: &'a HeaderMap,
    /// What came of it.
    pub outcome: Outcome<'a>,
}

/// What came of an attempt.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// A response, of which only the head has come. Not a redirect that is followed: those are no retries.
    Answer(Answer<'a>),
    /// No response, and why. Its [`sent`](Error::sent) is that of this attempt alone.
    Failure(&'a Error),
}

/// The head of a response, as an engine sees it or as an adapter does.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    status: StatusCode,
    fields: Fields<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Fields<'a> {
    View(&'a Head<'a>),
    Map(&'a HeaderMap),
}

impl<'a> Answer<'a> {
    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The value of the first field of that name, in whichever case.
    pub fn field(&self, name: &str) -> Option<&'a [u8]> {
        self.values(name).next()
    }

    /// The values of all fields of that name, in whichever case.
    pub fn values<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        let (view, map) = match self.fields {
            Fields::View(head) => (Some(head), None),
            Fields::Map(fields) => (None, Some(fields)),
        };
        let seen = view.into_iter().flat_map(move |head| head.values(name));
        seen.chain(map.into_iter().flat_map(move |fields| fields.get_all(name)).map(HeaderValue::as_bytes))
    }
}

impl<'a> From<&'a Head<'a>> for Answer<'a> {
    fn from(head: &'a Head<'a>) -> Self {
        Self { status: head.status(), fields: Fields::View(head) }
    }
}

impl<'a, B> From<&'a Response<B>> for Answer<'a> {
    fn from(response: &'a Response<B>) -> Self {
        Self { status: response.status(), fields: Fields::Map(response.headers()) }
    }
}

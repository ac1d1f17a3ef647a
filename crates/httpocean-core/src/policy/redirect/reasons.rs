//! Why a response is not followed.

/// Why a response is simply the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoRedirect {
    /// Its status is none of 301, 302, 303, 307, 308. 300 leaves the choice to the user, 304 leads nowhere, 305 is
    /// a trap and 306 unused (RFC 9110 section 15.4).
    Status,
    /// It has no `Location`, or an empty one.
    NoLocation,
    /// Redirects are turned off: [`Redirects::limit`](super::Redirects::limit) is 0.
    Off,
    /// The request was a CONNECT: it has no URL that a `Location` could be relative to.
    Connect,
}

impl NoRedirect {
    /// The reason as a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::Status => "its status is not one that is followed",
            Self::NoLocation => "it names no Location",
            Self::Off => "the options hand redirects to the user",
            Self::Connect => "a CONNECT request is not redirected",
        }
    }
}

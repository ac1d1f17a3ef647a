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

/// Why a redirect can't be followed, or may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotFollowed {
    /// As many were followed as may be. What goes round in a circle ends here too: the same URL again need not be
    /// the same answer.
    TooMany,
    /// Its `Location` leads nowhere; the sentence says what is wrong with it.
    BadLocation(&'static str),
    /// It has several `Location` fields that differ.
    DifferentLocations,
    /// It leads to a URL that is neither `http` nor `https`.
    SchemeNotSupported,
    /// It leads to plain `http`, and the options want `https`.
    NotHttps,
    /// It leads to another scheme, host or port, and the options want the same.
    OtherHost,
    /// Its `Location` holds a user name or a password (RFC 9110 section 4.2.4).
    Userinfo,
    /// The body would have to be sent again, and was read once and can't be read again.
    BodyNotReplayable,
}

impl NotFollowed {
    /// The reason as one stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::TooMany => "too-many",
            Self::BadLocation(_) => "bad-location",
            Self::DifferentLocations => "different-locations",
            Self::SchemeNotSupported => "scheme-not-supported",
            Self::NotHttps => "not-https",
            Self::OtherHost => "other-host",
            Self::Userinfo => "userinfo",
            Self::BodyNotReplayable => "body-not-replayable",
        }
    }

    /// The reason as a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::TooMany => "as many redirects were followed as may be",
            Self::BadLocation(what) => what,
            Self::DifferentLocations => "the response has several Locations that differ",
            Self::SchemeNotSupported => "it leads to a URL that is neither http nor https",
            Self::NotHttps => "it leads to plain http, and the options want https",
            Self::OtherHost => "it leads to another scheme, host or port, and the options want the same",
            Self::Userinfo => "its Location holds a user name or a password",
            Self::BodyNotReplayable => "the body would have to be sent again and can be read only once",
        }
    }
}

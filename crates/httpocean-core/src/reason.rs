//! Why: connections are closed, waiters refused, requests not sent again or not retried, redirects not followed.

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CloseReason {
    /// As many connections are idle as may be; this one was the coldest.
    IdleFull,
    /// Idle until its deadline, ours or the one that the server announced.
    IdleTooLong,
    /// Older than the lifetime that the options allow.
    TooOld,
    /// Used as often as the options or the server allow.
    UsedUp,
    /// Dialed for a request that no longer wanted it, and there was no room to keep it.
    Unwanted,
    /// It could not be made.
    NotMade,
    /// The peer sent bytes that belong to no request.
    Unasked,
    /// The peer closed or broke the idle connection.
    PeerClosed,
    /// `Connection: close`, sent or received (RFC 9112 section 9.6).
    CloseHeader,
    /// HTTP/1.0 without `Connection: keep-alive` (RFC 9112 section 9.3).
    Http10,
    /// The body was delimited by the end of the connection (RFC 9112 section 6.3).
    UntilClose,
    /// The body was not read to its end.
    NotDrained,
    /// The request was not written to its end.
    HalfSent,
    /// The response was not acceptable HTTP/1.1, or framed in two ways at once.
    Protocol,
    /// A deadline passed in the middle of an exchange.
    TimedOut,
    /// The connection broke in the middle of an exchange.
    Broken,
    /// The caller gave up in the middle of an exchange.
    Cancelled,
    /// Closed to make room for another key, or by the caller's wish.
    Evicted,
    /// The pool was shut down.
    ShutDown,
}

impl CloseReason {
    /// Every reason, in a fixed order.
    pub const ALL: [Self; 19] = [
        Self::IdleFull,
        Self::IdleTooLong,
        Self::TooOld,
        Self::UsedUp,
        Self::Unwanted,
        Self::NotMade,
        Self::Unasked,
        Self::PeerClosed,
        Self::CloseHeader,
        Self::Http10,
        Self::UntilClose,
        Self::NotDrained,
        Self::HalfSent,
        Self::Protocol,
        Self::TimedOut,
        Self::Broken,
        Self::Cancelled,
        Self::Evicted,
        Self::ShutDown,
    ];

    /// The reason as one stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::IdleFull => "idle-full",
            Self::IdleTooLong => "idle-too-long",
            Self::TooOld => "too-old",
            Self::UsedUp => "used-up",
            Self::Unwanted => "unwanted",
            Self::NotMade => "not-made",
            Self::Unasked => "unasked",
            Self::PeerClosed => "peer-closed",
            Self::CloseHeader => "close-header",
            Self::Http10 => "http10",
            Self::UntilClose => "until-close",
            Self::NotDrained => "not-drained",
            Self::HalfSent => "half-sent",
            Self::Protocol => "protocol",
            Self::TimedOut => "timed-out",
            Self::Broken => "broken",
            Self::Cancelled => "cancelled",
            Self::Evicted => "evicted",
            Self::ShutDown => "shut-down",
        }
    }

    /// The reason as a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::IdleFull => "the pool holds as many idle connections as it may, and this was the coldest",
            Self::IdleTooLong => "it was idle until its deadline",
            Self::TooOld => "it reached the lifetime that the options allow",
            Self::UsedUp => "it was used as often as it may be",
            Self::Unwanted => {
                "the request it was dialed for no longer wanted it, and there was no room to keep it"
            }
            Self::NotMade => "it could not be made",
            Self::Unasked => "the peer sent bytes that belong to no request",
            Self::PeerClosed => "the peer closed it",
            Self::CloseHeader => "one side announced Connection: close",
            Self::Http10 => "the peer speaks HTTP/1.0 without keep-alive",
            Self::UntilClose => "the end of the connection was the end of the body",
            Self::NotDrained => "the body was not read to its end",
            Self::HalfSent => "the request was not written to its end",
            Self::Protocol => "the peer's framing can't be trusted",
            Self::TimedOut => "a deadline passed in the middle of an exchange",
            Self::Broken => "it broke in the middle of an exchange",
            Self::Cancelled => "the caller gave up in the middle of an exchange",
            Self::Evicted => "its place was needed, or the caller asked for it",
            Self::ShutDown => "the pool was shut down",
        }
    }
}

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

/// Why a request whose connection died, or brought late bytes of another exchange, was not sent again by itself (RFC
/// 9110 section 9.2.2, RFC 9112 section 9.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotReplayed {
    /// The connection was a fresh one, so it can't have been stale.
    FreshConnection,
    /// It took the place of a stale one already: twice in a row is no accident.
    ReplayedAlready,
    /// The response had begun, so the peer has seen the request.
    ResponseBegun,
    /// The peer may have acted on the request, and acting on it twice may do harm.
    NotIdempotent,
    /// The body was read once and can't be read again.
    BodyNotReplayable,
}

impl NotReplayed {
    /// The reason as a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::ReplayedAlready => "it had just been sent again for the same reason",
            Self::FreshConnection => "the connection was fresh, so it did not die of old age",
            Self::ResponseBegun => "the response had begun",
            Self::NotIdempotent => "the peer may have acted on it, and its method is not idempotent",
            Self::BodyNotReplayable => "its body can be read only once",
        }
    }
}

/// What a retry is charged to: what went wrong with the attempt before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RetryClass {
    /// No connection was made: the name, the address, or the time for them.
    Connect,
    /// The peer may have seen the request, and no whole head of a response came.
    Read,
    /// A response came whose status is retried.
    Status,
    /// There was a connection, and it failed before a byte of the request was sent.
    Other,
}

impl RetryClass {
    /// Every class, in a fixed order.
    pub const ALL: [Self; 4] = [Self::Connect, Self::Read, Self::Status, Self::Other];

    /// The class as one stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Read => "read",
            Self::Status => "status",
            Self::Other => "other",
        }
    }

    /// The class as a sentence about the attempt.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::Connect => "no connection could be made",
            Self::Read => "the request was sent, and no response came",
            Self::Status => "the response has a status that is retried",
            Self::Other => "the connection failed before the request was sent",
        }
    }
}

/// Why what came of an attempt is the result of the call: why there is no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotRetried {
    /// The options allow no retries.
    Off,
    /// As many retries were made as the options allow.
    Exhausted,
    /// As many retries were made as the options allow for this class.
    ClassExhausted(RetryClass),
    /// The peer may have acted on the request, and its method is not one that is retried.
    MethodNotAllowed,
    /// It would be the same again: the fault is ours, or the peer does not speak HTTP/1.1, or it asks for something
    /// that the request does not have.
    Permanent,
    /// The response is an answer: nobody listed its status.
    NotListed,
    /// The head of the response was given to the user already.
    ResponseBegun,
    /// As many calls of this client are being retried as the budget allows.
    BudgetEmpty,
    /// The wait before the next attempt would pass the call's deadline, or the deadline has passed.
    WouldPassDeadline,
    /// The body was read once and can't be read again.
    BodyNotReplayable,
    /// The user's own predicate said no.
    UserSaidNo,
}

impl NotRetried {
    /// The reason as one stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Exhausted => "exhausted",
            Self::ClassExhausted(RetryClass::Connect) => "connect-exhausted",
            Self::ClassExhausted(RetryClass::Read) => "read-exhausted",
            Self::ClassExhausted(RetryClass::Status) => "status-exhausted",
            Self::ClassExhausted(RetryClass::Other) => "other-exhausted",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Permanent => "permanent",
            Self::NotListed => "not-listed",
            Self::ResponseBegun => "response-begun",
            Self::BudgetEmpty => "budget-empty",
            Self::WouldPassDeadline => "would-pass-deadline",
            Self::BodyNotReplayable => "body-not-replayable",
            Self::UserSaidNo => "user-said-no",
        }
    }

    /// The reason as a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::Off => "retries are off",
            Self::Exhausted => "all retries were used up",
            Self::ClassExhausted(RetryClass::Connect) => "all retries for failed connects were used up",
            Self::ClassExhausted(RetryClass::Read) => "all retries for missing responses were used up",
            Self::ClassExhausted(RetryClass::Status) => "all retries for a status were used up",
            Self::ClassExhausted(RetryClass::Other) => "all retries for other failures were used up",
            Self::MethodNotAllowed => {
                "the peer may have acted on it, and its method is not one that is retried"
            }
            Self::Permanent => "it would fail in the same way again",
            Self::NotListed => "its status is not one that is retried",
            Self::ResponseBegun => "the response had begun",
            Self::BudgetEmpty => "too many calls of this client are being retried already",
            Self::WouldPassDeadline => "the next attempt would come after the deadline",
            Self::BodyNotReplayable => "its body can be read only once",
            Self::UserSaidNo => "the user's predicate said no",
        }
    }

    /// Whether there would be a further attempt if only there were more retries, time, room in the budget, or body.
    /// A response that is given up on may be made an error of, as [`Exhausted`](crate::policy::Exhausted) says; any
    /// other is the answer.
    pub fn gave_up(&self) -> bool {
        match self {
            Self::Exhausted
            | Self::ClassExhausted(_)
            | Self::BudgetEmpty
            | Self::WouldPassDeadline
            | Self::BodyNotReplayable => true,
            Self::Off
            | Self::MethodNotAllowed
            | Self::Permanent
            | Self::NotListed
            | Self::ResponseBegun
            | Self::UserSaidNo => false,
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
    /// The request that would follow can't be sent; the sentence says what is wrong with it.
    NotSendable(&'static str),
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
            Self::NotSendable(_) => "not-sendable",
        }
    }

    /// The reason as a sentence.
    pub fn explain(&self) -> &'static str {
        match self {
            Self::TooMany => "as many redirects were followed as may be",
            Self::BadLocation(what) | Self::NotSendable(what) => what,
            Self::DifferentLocations => "the response has several Locations that differ",
            Self::SchemeNotSupported => "it leads to a URL that is neither http nor https",
            Self::NotHttps => "it leads to plain http, and the options want https",
            Self::OtherHost => "it leads to another scheme, host or port, and the options want the same",
            Self::Userinfo => "its Location holds a user name or a password",
            Self::BodyNotReplayable => "the body would have to be sent again and can be read only once",
        }
    }
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

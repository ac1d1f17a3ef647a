//! The error of a request: the core's verdict, with what only the adapter knows.

use std::fmt;
use std::io;

use http::{StatusCode, Uri};
use httpocean_core::proxy::Proxy;
use httpocean_core::{
    ErrorKind, FailedAttempt, Fault, Hop, NotReplayed, NotRetried, Phase, ProxyAnswer, Sent, TransportError,
};

use crate::Connection;

/// A request that got no response, or not a whole one.
///
/// ```
/// use httpocean_core::{ErrorKind, Fault, Phase, Sent, TransportError};
///
/// let verdict = httpocean_core::Error::new(ErrorKind::Connect(TransportError::Refused), Phase::Connect);
/// let error = httpocean_driver::Error::new(verdict, "http://127.0.0.1:1/".parse().unwrap());
/// assert!(error.is_connect() && !error.is_timeout());
/// assert_eq!((error.fault(), error.sent()), (Fault::Network, Sent::Nothing));
/// println!("{error}");
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    verdict: httpocean_core::Error,
    uri: Uri,
    /// What was given in place of a URL, where it is none.
    given: Option<Box<str>>,
    connection: Option<Connection>,
    status: Option<StatusCode>,
    source: Option<io::Error>,
}

impl Error {
    /// The core's verdict on the request of this URL.
    pub fn new(verdict: httpocean_core::Error, uri: Uri) -> Self {
        Self(Box::new(Inner {
            verdict,
            uri: without_userinfo(uri),
            given: None,
            connection: None,
            status: None,
            source: None,
        }))
    }

    /// What is wrong with a request, in the words of its maker's documentation.
    pub fn request(what: &'static str, uri: Uri) -> Self {
        Self::new(httpocean_core::Error::new(ErrorKind::Request(what), Phase::Start), uri)
    }

    /// What was given for a URL is none.
    pub fn url(given: &str) -> Self {
        let authority = given.split_once("://").and_then(|(_, rest)| rest.split(['/', '?', '#']).next());
        let what = if authority.is_none_or(str::is_ascii) {
            "its URL is not one, or holds bytes that no URL may hold"
        } else {
            "its URL has a host that is not all ASCII: such a name is written as xn--..., by Punycode"
        };
        let mut error = Self::request(what, Uri::default());
        // Where such a text has a password is anybody's guess: before the last `@`.
        let told = match given.rsplit_once('@') {
            Some((_, rest)) => format!("...@{rest}"),
            None if given.is_empty() => "no URL".to_owned(),
            None => given.to_owned(),
        };
        error.0.given = Some(told.escape_debug().collect::<String>().into());
        error
    }

    /// With the connection of the last attempt, and the status of its response, if a head had come.
    #[must_use]
    pub fn with_story(mut self, connection: Option<Connection>, status: Option<StatusCode>) -> Self {
        self.0.connection = connection;
        self.0.status = status;
        self
    }

    /// With what the system reported, if it did.
    #[must_use]
    pub fn with_source(mut self, source: Option<io::Error>) -> Self {
        self.0.source = source;
        self
    }

    /// What happened.
    pub fn kind(&self) -> &ErrorKind {
        self.0.verdict.kind()
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.0.verdict.fault()
    }

    /// What was going on.
    pub fn phase(&self) -> Phase {
        self.0.verdict.phase()
    }

    /// How much of the request the peer may have seen.
    pub fn sent(&self) -> Sent {
        self.0.verdict.sent()
    }

    /// Whether a deadline passed; [`phase`](Self::phase) says which.
    pub fn is_timeout(&self) -> bool {
        matches!(self.kind(), ErrorKind::Timeout)
    }

    /// Whether no connection could be made, for whatever reason.
    pub fn is_connect(&self) -> bool {
        matches!(self.kind(), ErrorKind::Connect(_) | ErrorKind::Resolve(_))
            || matches!(self.phase(), Phase::Resolve | Phase::Connect | Phase::Proxy | Phase::Tls)
    }

    /// Of a connection that could not be made: each address that was tried, with its reason, in the order in which
    /// they failed.
    pub fn attempts(&self) -> &[FailedAttempt] {
        self.0.verdict.attempts()
    }

    /// What a proxy said instead of making a tunnel.
    pub fn proxy_answer(&self) -> Option<&ProxyAnswer> {
        self.0.verdict.proxy_answer()
    }

    /// The proxy, where it is the one whose name was not found, that could not be connected to, or with which the
    /// connection could not be secured, rather than the host of the URL.
    pub fn unreached_proxy(&self) -> Option<&Proxy> {
        self.0.verdict.unreached_proxy()
    }

    /// Why a request that died with its connection was not sent again, where that was a question.
    pub fn not_replayed(&self) -> Option<NotReplayed> {
        self.0.verdict.not_replayed()
    }

    /// Why there was no further attempt, where the options allow any.
    pub fn not_retried(&self) -> Option<NotRetried> {
        self.0.verdict.not_retried()
    }

    /// What the first of several attempts failed with: often it tells more than the last.
    pub fn first(&self) -> Option<&httpocean_core::Error> {
        self.0.verdict.first()
    }

    /// The URL of the request, of the last one where redirects were followed; without the user name and the
    /// password that it may not have, so that nobody logs them.
    pub fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// The attempts that were made before the last one, with their reasons; of more than 64 the first and the
    /// last 32.
    pub fn hops(&self) -> &[Hop] {
        self.0.verdict.history()
    }

    /// The connection that it happened on, if there was one.
    pub fn connection(&self) -> Option<&Connection> {
        self.0.connection.as_ref()
    }

    /// The status of the response, if its head had come.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status.or_else(|| self.0.verdict.status())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all else has no kind of its own")]
    fn io_kind(&self) -> io::ErrorKind {
        match self.kind() {
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Closed => io::ErrorKind::UnexpectedEof,
            ErrorKind::Reset(_) => io::ErrorKind::ConnectionReset,
            ErrorKind::Protocol(_) | ErrorKind::Content(_) | ErrorKind::Tls(_) => io::ErrorKind::InvalidData,
            ErrorKind::Connect(TransportError::Refused) => io::ErrorKind::ConnectionRefused,
            ErrorKind::Resolve(TransportError::Filtered) => io::ErrorKind::PermissionDenied,
            ErrorKind::Request(_) => io::ErrorKind::InvalidInput,
            ErrorKind::Unsupported(_) => io::ErrorKind::Unsupported,
            _ => io::ErrorKind::Other,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.given {
            Some(given) => write!(f, "{given}: {}", self.0.verdict),
            None => write!(f, "{}: {}", self.0.uri, self.0.verdict),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.io_kind(), error)
    }
}

/// A URL without the user name and the password that it may have.
pub fn without_userinfo(uri: Uri) -> Uri {
    let Some((_, host)) = uri.authority().and_then(|authority| authority.as_str().rsplit_once('@')) else {
        return uri;
    };
    let host = host.parse().ok();
    let mut parts = uri.into_parts();
    parts.authority = host;
    Uri::from_parts(parts).unwrap_or_default()
}

/// How the core calls what the system reports.
#[expect(clippy::wildcard_enum_match_arm, reason = "the rest are told by their numbers")]
pub fn transport_error(error: &io::Error) -> TransportError {
    match error.kind() {
        io::ErrorKind::NotFound => TransportError::NotFound,
        io::ErrorKind::ConnectionRefused => TransportError::Refused,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => TransportError::Reset,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => TransportError::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => TransportError::Unreachable,
        _ => TransportError::Other(error.raw_os_error().unwrap_or(0)),
    }
}

/// The same of a look-up. The system's resolver has error codes of its own, and says in words what they mean: what
/// has no better name was not found.
pub fn resolve_error(error: &io::Error) -> TransportError {
    let named = transport_error(error);
    if named == TransportError::Other(0) { TransportError::NotFound } else { named }
}

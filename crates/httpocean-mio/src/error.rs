//! The error of a request: the core's verdict, with what only the adapter knows.

use std::fmt;
use std::io;

use http::{StatusCode, Uri};
use httpocean_core::{ErrorKind, FailedAttempt, Fault, Hop, NotReplayed, Phase, Sent, TransportError};

use crate::connection::Connection;

/// A request that got no response, or not a whole one.
///
/// ```
/// use httpocean_mio::{BodyPlan, ErrorKind, Event, Fault, Loop, Options, Sent, http::Request};
///
/// let mut looped = Loop::new(Options::default())?;
/// let request = Request::get("http://127.0.0.1:1/").body(()).unwrap();
/// looped.client().start(request, BodyPlan::empty()).unwrap();
/// let Some((_, Event::Failed(error))) = looped.next_event()? else { panic!() };
/// assert!(matches!(error.kind(), ErrorKind::Connect(_)));
/// assert_eq!((error.fault(), error.sent()), (Fault::Network, Sent::Nothing));
/// println!("{error}");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    verdict: httpocean_core::Error,
    uri: Uri,
    hops: Vec<Hop>,
    connection: Option<Connection>,
    status: Option<StatusCode>,
}

impl Error {
    pub(crate) fn new(verdict: httpocean_core::Error, uri: Uri) -> Self {
        Self(Box::new(Inner { verdict, uri, hops: Vec::new(), connection: None, status: None }))
    }

    pub(crate) fn with_story(
        mut self,
        hops: Vec<Hop>,
        connection: Option<Connection>,
        status: Option<StatusCode>,
    ) -> Self {
        self.0.hops = hops;
        self.0.connection = connection;
        self.0.status = status;
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
            || matches!(self.phase(), Phase::Resolve | Phase::Connect)
    }

    /// Of a connection that could not be made: each address that was tried, with its reason, in the order in which
    /// they failed.
    pub fn attempts(&self) -> &[FailedAttempt] {
        self.0.verdict.attempts()
    }

    /// Why a request that died with its connection was not sent again, where that was a question.
    pub fn not_replayed(&self) -> Option<NotReplayed> {
        self.0.verdict.not_replayed()
    }

    /// The URL of the request.
    pub fn uri(&self) -> &Uri {
        &self.0.uri
    }

    /// The attempts that were made before the last one, with their reasons.
    pub fn hops(&self) -> &[Hop] {
        &self.0.hops
    }

    /// The connection that it happened on, if there was one.
    pub fn connection(&self) -> Option<&Connection> {
        self.0.connection.as_ref()
    }

    /// The status of the response, if its head had come.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all else has no kind of its own")]
    fn io_kind(&self) -> io::ErrorKind {
        match self.kind() {
            ErrorKind::Timeout => io::ErrorKind::TimedOut,
            ErrorKind::Closed => io::ErrorKind::UnexpectedEof,
            ErrorKind::Reset(_) => io::ErrorKind::ConnectionReset,
            ErrorKind::Protocol(_) | ErrorKind::Content(_) => io::ErrorKind::InvalidData,
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
        write!(f, "{}: {}", self.0.uri, self.0.verdict)
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.io_kind(), error)
    }
}

/// How the core calls what the system reports.
#[expect(clippy::wildcard_enum_match_arm, reason = "the rest are told by their numbers")]
pub(crate) fn transport_error(error: &io::Error) -> TransportError {
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

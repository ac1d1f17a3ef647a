//! What went wrong: whose fault, in which phase, and how much of the request the peer may have seen.

mod protocol;
mod proxy;
mod transport;

use core::fmt;
use core::time::Duration;

use http::{StatusCode, Uri};

pub use protocol::ProtocolError;
pub use proxy::{ProxyAnswer, ProxyError};
pub use transport::{FailedAttempt, TransportError};

use crate::layer::{LayerError, LayerFault};
use crate::proxy::Proxy;
use crate::reason::{HopReason, NotFollowed, NotReplayed, NotRetried, Refusal};

/// A request that got no response, or not a whole one.
///
/// Three questions have a field each: [`fault`](Self::fault) says who is to blame, [`phase`](Self::phase) what
/// was going on, [`sent`](Self::sent) whether the peer may have acted on the request.
///
/// ```
/// use httpocean_core::{Call, BodyPlan, Config, ErrorKind, Fault, Instant, Sent};
/// use std::sync::Arc;
///
/// let request = http::Request::get("http://example.com/").header("content-length", "5").body(()).unwrap();
/// let error = Call::new(request, BodyPlan::empty(), &Arc::new(Config::default()), Instant::ZERO).unwrap_err();
/// assert_eq!(error.fault(), Fault::Local);
/// assert_eq!(error.sent(), Sent::Nothing);
/// assert!(matches!(error.kind(), ErrorKind::Request(_)));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

/// Every step may be an error and hardly any is: what is moved about has to be small.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    fault: Fault,
    phase: Phase,
    sent: Sent,
    not_replayed: Option<NotReplayed>,
    attempts: Vec<FailedAttempt>,
    not_retried: Option<NotRetried>,
    history: Vec<Hop>,
    status: Option<StatusCode>,
    proxy: Option<Box<ProxyAnswer>>,
    unreached_proxy: Option<Proxy>,
}

impl Error {
    /// An error of `kind` that came up in `phase`, before a byte of the request was sent.
    pub fn new(kind: ErrorKind, phase: Phase) -> Self {
        let fault = kind.usual_fault(phase);
        Self(Box::new(Inner {
            kind,
            fault,
            phase,
            sent: Sent::Nothing,
            not_replayed: None,
            attempts: Vec::new(),
            not_retried: None,
            history: Vec::new(),
            status: None,
            proxy: None,
            unreached_proxy: None,
        }))
    }

    /// The error of a dial whose attempts came to nothing. `in_time`: no address was left, rather than no time.
    pub(crate) fn connect(attempts: Vec<FailedAttempt>, in_time: bool) -> Self {
        let mut reasons = attempts.iter().rev().map(|attempt| attempt.why);
        let telling = reasons.find(|why| *why != TransportError::TimedOut).filter(|_| in_time);
        let kind = telling.map_or(ErrorKind::Timeout, ErrorKind::Connect);
        let mut error = Self::new(kind, Phase::Connect);
        error.0.attempts = attempts;
        error
    }

    /// The error of a proxy that answers, and makes no tunnel.
    pub(crate) fn refused_by_proxy(answer: ProxyAnswer) -> Self {
        let status = answer.status;
        let mut error =
            Self::new(ErrorKind::Proxy(ProxyError::Refused(status)), Phase::Proxy).with_status(status);
        error.0.proxy = Some(Box::new(answer));
        error
    }

    /// What happened.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        self.0.fault
    }

    /// What was going on.
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// How much of the request the peer may have seen.
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// Of a connection that could not be made: each address that was tried, with its reason, in the order in which
    /// they failed.
    pub fn attempts(&self) -> &[FailedAttempt] {
        &self.0.attempts
    }

    /// Why a request that died with its connection was not sent again, where that was a question.
    pub fn not_replayed(&self) -> Option<NotReplayed> {
        self.0.not_replayed
    }

    /// Why there was no further attempt, where the options allow any.
    pub fn not_retried(&self) -> Option<NotRetried> {
        self.0.not_retried
    }

    /// The attempts of the call before the last one, and why each was not the last.
    pub fn history(&self) -> &[Hop] {
        &self.0.history
    }

    /// What the first of several attempts failed with: often it tells more than the last.
    pub fn first(&self) -> Option<&Error> {
        self.history().iter().find_map(|hop| hop.error.as_ref())
    }

    /// The status of the response that it is about, if it is about one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// What a proxy said instead of making a tunnel.
    pub fn proxy_answer(&self) -> Option<&ProxyAnswer> {
        self.0.proxy.as_deref()
    }

    /// The proxy, where it is the one whose name was not found, that could not be connected to, or with which the
    /// connection could not be secured, rather than the host of the URL.
    pub fn unreached_proxy(&self) -> Option<&Proxy> {
        self.0.unreached_proxy.as_ref()
    }

    /// The same error, of a request of which so much was sent.
    #[must_use]
    pub fn with_sent(mut self, sent: Sent) -> Self {
        self.0.sent = sent;
        self
    }

    /// The same error, of which somebody else is to blame than usually for its kind.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.0.fault = fault;
        self
    }

    /// The same error, of a dial that did not come as far as the host of the URL.
    pub(crate) fn on_the_way_to(mut self, proxy: Option<&Proxy>) -> Self {
        self.0.unreached_proxy = proxy.cloned();
        self
    }

    pub(crate) fn with_not_replayed(mut self, why: NotReplayed) -> Self {
        self.0.not_replayed = Some(why);
        self
    }

    pub(crate) fn with_not_retried(mut self, why: NotRetried) -> Self {
        self.0.not_retried = Some(why);
        self
    }

    pub(crate) fn with_history(mut self, history: Vec<Hop>) -> Self {
        if !history.is_empty() {
            self.0.history = history;
        }
        self
    }

    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {}", self.0.kind, self.0.fault, self.0.phase)?;
        if let Some(proxy) = self.unreached_proxy() {
            let with = [(Phase::Resolve, "of"), (Phase::Connect, "to")];
            let with = with.iter().find(|(phase, _)| *phase == self.0.phase).map_or("with", |(_, with)| with);
            write!(f, " {with} the proxy {proxy}")?;
        }
        match self.0.sent {
            Sent::Nothing => write!(f, ", nothing sent)")?,
            Sent::Part => write!(f, ", part of the request sent)")?,
            Sent::All => write!(f, ", request sent)")?,
        }
        for (i, FailedAttempt { addr, why }) in self.0.attempts.iter().enumerate() {
            let before = if i == 0 { ": " } else { ", " };
            match addr {
                Some(addr) => write!(f, "{before}{addr} {why}")?,
                None => write!(f, "{before}{why}")?,
            }
        }
        if let Some(why) = self.0.not_replayed {
            write!(f, "; not sent again: {}", why.explain())?;
        }
        if let Some(why) = self.not_retried().filter(NotRetried::gave_up) {
            write!(f, "; not retried: {}", why.explain())?;
        }
        match self.first().filter(|first| first.kind() != self.kind()) {
            Some(first) => write!(f, "; at first: {}", first.kind()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

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

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request can't be sent as it is; the sentence says what is wrong with it.
    Request(&'static str),
    /// Something that was asked for is not built in; the sentence says what.
    Unsupported(&'static str),
    /// The host's name led to no address.
    Resolve(TransportError),
    /// No address of the host could be connected to. The reason is that of the last to fail by more than taking too
    /// long; [`Error::attempts`] has all of them.
    Connect(TransportError),
    /// A deadline passed. The error's phase says which.
    Timeout,
    /// There is no way through the proxy.
    Proxy(ProxyError),
    /// The peer closed the connection before it answered with a single byte.
    Closed,
    /// The connection broke.
    Reset(TransportError),
    /// The connection can't be secured, or is so no more; the sentence inside says why.
    Tls(LayerError),
    /// What the peer sent is not HTTP/1.1, or more of it than our limits allow.
    Protocol(ProtocolError),
    /// The response is a redirect that can't be followed, or may not be.
    Redirect(NotFollowed),
    /// The response has this status, which its reader wants for an error, or for which no further attempt is left:
    /// [`Exhausted::Error`](crate::policy::Exhausted::Error).
    Status(StatusCode),
    /// The request's body could not be produced, or is not what was announced.
    Body(&'static str),
    /// The response is acceptable HTTP/1.1, but not what its reader asked for.
    Content(&'static str),
    /// The pool gave no connection.
    Pool(Refusal),
    /// The caller gave up.
    Cancelled,
}

impl ErrorKind {
    fn usual_fault(&self, phase: Phase) -> Fault {
        match self {
            // Nobody was asked for anything yet.
            Self::Timeout if phase == Phase::Start => Fault::Local,
            Self::Request(_)
            | Self::Resolve(TransportError::Filtered)
            | Self::Proxy(ProxyError::Unusable(_))
            | Self::Unsupported(_)
            | Self::Redirect(
                NotFollowed::NotHttps
                | NotFollowed::OtherHost
                | NotFollowed::BodyNotReplayable
                | NotFollowed::NotSendable(_),
            )
            | Self::Body(_)
            | Self::Content(_)
            | Self::Pool(_)
            | Self::Cancelled => Fault::Local,
            Self::Tls(error) if error.fault() == LayerFault::Local => Fault::Local,
            Self::Resolve(_) | Self::Connect(_) | Self::Timeout | Self::Reset(_) => Fault::Network,
            Self::Proxy(ProxyError::Closed | ProxyError::Reset(_)) => Fault::Network,
            Self::Proxy(_)
            | Self::Tls(_)
            | Self::Closed
            | Self::Protocol(_)
            | Self::Redirect(_)
            | Self::Status(_) => Fault::Peer,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(what) => write!(f, "the request can't be sent: {what}"),
            Self::Unsupported(what) => write!(f, "not supported: {what}"),
            Self::Resolve(why) => write!(f, "the host's name was not resolved: {why}"),
            Self::Connect(why) => write!(f, "no connection could be made: {why}"),
            Self::Timeout => write!(f, "a deadline passed"),
            Self::Proxy(what) => write!(f, "{what}"),
            Self::Closed => write!(f, "the peer closed the connection without an answer"),
            Self::Reset(why) => write!(f, "the connection broke: {why}"),
            Self::Tls(why) => write!(f, "the connection is not secure: {why}"),
            Self::Protocol(what) => write!(f, "the peer's answer is not acceptable HTTP/1.1: {what}"),
            Self::Redirect(why) => write!(f, "the redirect was not followed: {}", why.explain()),
            Self::Status(status) => write!(f, "the server answers {status}"),
            Self::Body(what) => write!(f, "the request's body failed: {what}"),
            Self::Content(what) => write!(f, "the response is not what was asked for: {what}"),
            Self::Pool(why) => write!(f, "the pool gave no connection: {}", why.explain()),
            Self::Cancelled => write!(f, "the request was cancelled"),
        }
    }
}

/// Whose fault an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// This side: the request, an option, a limit of the pool, a caller that gave up.
    Local,
    /// The server, or the proxy that we speak to.
    Peer,
    /// What lies in between, or nobody can tell.
    Network,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "our fault",
            Self::Peer => "the peer's fault",
            Self::Network => "the network's fault",
        })
    }
}

/// How much of a request the peer may have seen, and so may have acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sent {
    /// The transport took no byte of it.
    Nothing,
    /// The transport took some of it.
    Part,
    /// The transport took all of it.
    All,
}

/// What a call or a dial is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// The request is looked at; nothing was done yet.
    Start,
    /// Waiting in the pool for a connection.
    PoolWait,
    /// Looking up the host's addresses.
    Resolve,
    /// Connecting to an address.
    Connect,
    /// Asking a proxy for a tunnel.
    Proxy,
    /// Agreeing with the peer on how to secure the connection.
    Tls,
    /// Writing the request head.
    SendHead,
    /// Waiting for `100 Continue`.
    Await100,
    /// Writing the request body.
    SendBody,
    /// Waiting for the response head, or within it.
    RecvHead,
    /// Reading the response body.
    RecvBody,
    /// Reading an unwanted body to save its connection.
    Drain,
    /// Waiting before the next attempt.
    Backoff,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "before the start",
            Self::PoolWait => "waiting for a connection",
            Self::Resolve => "resolving the name",
            Self::Connect => "connecting",
            Self::Proxy => "speaking with the proxy",
            Self::Tls => "in the TLS handshake",
            Self::SendHead => "sending the head",
            Self::Await100 => "waiting for 100 Continue",
            Self::SendBody => "sending the body",
            Self::RecvHead => "waiting for the head of the response",
            Self::RecvBody => "reading the body of the response",
            Self::Drain => "draining the body of the response",
            Self::Backoff => "waiting before the next attempt",
        })
    }
}

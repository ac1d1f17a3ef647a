//! What went wrong with a proxy.

use core::fmt;

use http::{HeaderMap, StatusCode};

use super::{ProtocolError, TransportError};

/// What went wrong with a proxy, before it was any use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyError {
    /// The proxy that was asked for can't be used; the sentence says why.
    Unusable(&'static str),
    /// It answers a CONNECT with this status. [`Error::proxy_answer`](super::Error::proxy_answer) has the rest.
    Refused(StatusCode),
    /// A SOCKS proxy does not let us in: it wants other credentials, or none of them will do.
    NoEntry(&'static str),
    /// A SOCKS proxy lets us in, but made no connection, with this code (RFC 1928 section 6; of SOCKS 4, 91 to 93).
    NotConnected(u8),
    /// It closed the connection in the middle of the handshake.
    Closed,
    /// The connection to it broke in the middle of the handshake.
    Reset(TransportError),
    /// Its answer to a CONNECT is not acceptable HTTP/1.1.
    Protocol(ProtocolError),
    /// Its answer is not that of a SOCKS proxy.
    NotSocks(&'static str),
}

/// What a proxy said that made no tunnel.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyAnswer {
    /// The status.
    pub status: StatusCode,
    /// The fields.
    pub fields: HeaderMap,
    /// The first bytes of the body, no more than [`Limits::proxy_body_bytes`](crate::Limits::proxy_body_bytes).
    pub body: Vec<u8>,
}

impl ProxyError {
    /// Whether another attempt would end in the same way.
    pub(crate) fn is_permanent(self) -> bool {
        match self {
            Self::Refused(status) => !status.is_server_error() && status != StatusCode::TOO_MANY_REQUESTS,
            Self::Unusable(_) | Self::NoEntry(_) | Self::NotSocks(_) => true,
            // Not allowed, and what it does not know: commands and kinds of addresses. SOCKS 4 tells nothing apart.
            Self::NotConnected(code) => matches!(code, 2 | 7 | 8 | 92 | 93),
            Self::Closed | Self::Reset(_) | Self::Protocol(ProtocolError::Truncated(_)) => false,
            Self::Protocol(_) => true,
        }
    }
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(why) => write!(f, "the proxy can't be used: {why}"),
            Self::Refused(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => {
                write!(f, "the proxy wants to know who we are: it answers 407")
            }
            Self::Refused(status) => write!(f, "the proxy makes no tunnel: it answers {status}"),
            Self::NoEntry(why) => write!(f, "the proxy does not let us in: {why}"),
            Self::NotConnected(code) => write!(f, "the proxy made no connection: {}", explain(*code)),
            Self::Closed => write!(f, "the proxy closed the connection in the middle of the handshake"),
            Self::Reset(why) => {
                write!(f, "the connection to the proxy broke in the middle of the handshake: {why}")
            }
            Self::Protocol(what) => write!(f, "the proxy's answer is not acceptable HTTP/1.1: {what}"),
            Self::NotSocks(what) => write!(f, "the proxy's answer is not one of SOCKS: {what}"),
        }
    }
}

/// How much there is, not what: its cookies and challenges are nobody's business.
impl fmt::Debug for ProxyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, fields, body } = self;
        f.debug_struct("ProxyAnswer")
            .field("status", status)
            .field("fields", &fields.len())
            .field("body", &body.len())
            .finish()
    }
}

fn explain(code: u8) -> &'static str {
    match code {
        1 => "it failed without saying why",
        2 => "its rules do not allow it",
        3 => "the network can't be reached",
        4 => "the host can't be reached",
        5 => "connection refused",
        6 => "the packets' time to live was over",
        7 => "it does not know the command",
        8 => "it does not know that kind of address",
        91 => "rejected or failed",
        92 | 93 => "it does not believe who we are",
        _ => "it gives a code that means nothing",
    }
}

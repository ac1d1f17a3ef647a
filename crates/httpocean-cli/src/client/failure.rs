//! Why a request failed, by whichever adapter.

use std::error::Error as _;
use std::fmt;
use std::io;

use httpocean_cli::reactor;
use httpocean_mio::core;
use httpocean_std::http::{StatusCode, Uri};
use httpocean_std::{Connection, ErrorKind, Fault, Hop, Phase, Sent};

/// Why a request, or the reading of its response, failed.
#[derive(Debug)]
pub(crate) struct Failure(Box<Story>);

#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) kind: ErrorKind,
    pub(crate) fault: Fault,
    pub(crate) phase: Phase,
    pub(crate) sent: Sent,
    pub(crate) status: Option<StatusCode>,
    pub(crate) hops: Vec<Hop>,
    pub(crate) connection: Option<Connection>,
    pub(crate) uri: Uri,
    pub(crate) source: Option<String>,
    message: String,
}

impl Failure {
    pub(crate) fn of_url(given: &str) -> Self {
        let what = "its URL is not one, or holds bytes that no URL may hold";
        let verdict = core::Error::new(ErrorKind::Request(what), Phase::Start);
        let message = format!("{}: {verdict}", given.escape_debug());
        Self::before(&verdict, Uri::default(), message)
    }

    pub(crate) fn of_request(what: &'static str, uri: &Uri) -> Self {
        let verdict = core::Error::new(ErrorKind::Request(what), Phase::Start);
        Self::before(&verdict, uri.clone(), format!("{uri}: {verdict}"))
    }

    /// The body to send can't be read.
    pub(crate) fn of_source(error: &io::Error, uri: Uri) -> Self {
        let verdict = core::Error::new(ErrorKind::Body("reading it failed"), Phase::Start);
        let message = format!("{uri}: {verdict}");
        let mut failure = Self::before(&verdict, uri, message);
        failure.0.source = Some(error.to_string());
        failure
    }

    /// Of a request for `uri` by way of the reactor.
    pub(crate) fn of_reactor(failure: reactor::Failure, uri: &Uri) -> Self {
        match failure {
            reactor::Failure::Client(error, source) => {
                let mut failure = Self::from(error);
                failure.0.source = source.map(|source| source.to_string());
                failure
            }
            reactor::Failure::Source(error) => Self::of_source(&error, uri.clone()),
            reactor::Failure::Deserted => {
                let verdict = core::Error::new(ErrorKind::Cancelled, Phase::Start);
                Self::before(&verdict, uri.clone(), format!("{uri}: {verdict}"))
            }
        }
    }

    pub(crate) fn story(&self) -> &Story {
        &self.0
    }

    fn before(verdict: &core::Error, uri: Uri, message: String) -> Self {
        Self(Box::new(Story {
            kind: verdict.kind().clone(),
            fault: verdict.fault(),
            phase: verdict.phase(),
            sent: verdict.sent(),
            status: None,
            hops: Vec::new(),
            connection: None,
            uri,
            source: None,
            message,
        }))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.message.fmt(f)
    }
}

impl From<httpocean_std::Error> for Failure {
    fn from(error: httpocean_std::Error) -> Self {
        Self(Box::new(Story {
            kind: error.kind().clone(),
            fault: error.fault(),
            phase: error.phase(),
            sent: error.sent(),
            status: error.status(),
            hops: error.hops().to_vec(),
            connection: error.connection().copied(),
            uri: error.uri().clone(),
            source: error.source().map(ToString::to_string),
            message: error.to_string(),
        }))
    }
}

impl From<httpocean_mio::Error> for Failure {
    fn from(error: httpocean_mio::Error) -> Self {
        Self(Box::new(Story {
            kind: error.kind().clone(),
            fault: error.fault(),
            phase: error.phase(),
            sent: error.sent(),
            status: error.status(),
            hops: error.hops().to_vec(),
            connection: error.connection().map(super::told),
            uri: error.uri().clone(),
            source: error.source().map(ToString::to_string),
            message: error.to_string(),
        }))
    }
}

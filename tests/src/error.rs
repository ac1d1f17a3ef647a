//! The error of a request by whichever adapter.

use std::fmt;
use std::io;

use http::{StatusCode, Uri};
use httpocean_cli::reactor::Failure;
use httpocean_std::{Connection, ErrorKind, FailedAttempt, Fault, Hop, NotReplayed, Phase, Sent};

/// A request that got no response, or not a whole one.
#[derive(Debug)]
pub enum Error {
    /// Of httpocean-std.
    Std(httpocean_std::Error),
    /// Of httpocean-mio; its connection, and what was to blame.
    Mio(httpocean_mio::Error, Option<Connection>, Option<io::Error>),
}

macro_rules! told {
    ($($name:ident: $type:ty,)*) => {
        $(#[doc = "What the adapter says."]
        pub fn $name(&self) -> $type {
            match self {
                Self::Std(error) => error.$name(),
                Self::Mio(error, ..) => error.$name(),
            }
        })*
    };
}

impl Error {
    told! {
        kind: &ErrorKind,
        fault: Fault,
        phase: Phase,
        sent: Sent,
        is_timeout: bool,
        is_connect: bool,
        attempts: &[FailedAttempt],
        not_replayed: Option<NotReplayed>,
        uri: &Uri,
        hops: &[Hop],
        status: Option<StatusCode>,
    }

    /// The connection that it happened on.
    pub fn connection(&self) -> Option<&Connection> {
        match self {
            Self::Std(error) => error.connection(),
            Self::Mio(_, connection, _) => connection.as_ref(),
        }
    }

    /// What a received body's reading says.
    ///
    /// # Panics
    /// When it says nothing of the kind.
    pub fn of_reading(error: io::Error) -> Self {
        let inner = error.into_inner().expect("it is an adapter's");
        match inner.downcast::<Self>() {
            Ok(error) => *error,
            Err(inner) => Self::Std(*inner.downcast().expect("it is an adapter's")),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Client(error, source) => {
                let connection = error.connection().map(crate::by_mio::told);
                Self::Mio(error, connection, source)
            }
            Failure::Source(_) | Failure::Deserted => panic!("{failure}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Std(error) => error.fmt(f),
            Self::Mio(error, ..) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Std(error) => error.source(),
            Self::Mio(_, _, source) => source.as_ref().map(|source| source as _),
        }
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::Std(_) => io::ErrorKind::InvalidData,
            Error::Mio(..) => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, error)
    }
}

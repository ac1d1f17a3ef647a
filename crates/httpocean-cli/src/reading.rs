//! Bodies, read piece by piece.

use std::fmt;
use std::io::{self, Read};

use httpocean_std::{Body, Error};

/// Why a request, or the reading of its response, failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Request(Error),
    /// Nothing that a received body says.
    Other(io::Error),
}

/// The next bytes of a body; 0 at its end.
pub(crate) fn read(body: &mut Body, buffer: &mut [u8]) -> Result<usize, Failure> {
    body.read(buffer).map_err(|error| match error.downcast() {
        Ok(error) => Failure::Request(error),
        Err(error) => Failure::Other(error),
    })
}

/// Reads all of a body through `buffer`; its length.
pub(crate) fn count(body: &mut Body, buffer: &mut [u8]) -> Result<u64, Failure> {
    let mut all = 0;
    loop {
        match read(body, buffer)? {
            0 => return Ok(all),
            n => all += n as u64,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => error.fmt(f),
            Self::Other(error) => error.fmt(f),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Request(error)
    }
}

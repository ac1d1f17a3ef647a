//! Where bodies go.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::stop::{Done, Stop};

/// Where the user wants bodies.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Stdout,
    File(PathBuf),
    /// Into files named as the URLs end.
    ByName,
}

impl Target {
    pub(super) fn file(path: OsString) -> Self {
        if path == "-" { Self::Stdout } else { Self::File(path.into()) }
    }
}

/// The name of the file for a URL: the last part of its path.
pub(super) fn remote_name(url: &str) -> Option<&str> {
    let after_scheme = url.split_once("://")?.1;
    let path = after_scheme.split(['?', '#']).next()?.split_once('/')?.1;
    let name = path.rsplit('/').next()?;
    if matches!(name, "" | "." | "..") || name.contains(['\\', '\0']) { None } else { Some(name) }
}

/// Where bodies go.
pub(super) enum Sink {
    /// One body after the other; whoever comes while one is written waits, with its connection.
    Shared {
        stream: Mutex<Box<dyn Write + Send>>,
        on_terminal: bool,
    },
    ByName,
}

impl Sink {
    pub(super) fn open(target: &Target) -> Done<Self> {
        Ok(match target {
            Target::Stdout => {
                let stdout = io::stdout();
                let on_terminal = stdout.is_terminal();
                // A stream with a buffer of its own keeps no line back at the end of a run.
                Self::Shared { stream: Mutex::new(Box::new(stdout)), on_terminal }
            }
            Target::File(path) => {
                let file = File::create(path)
                    .map_err(|error| Stop::Trouble(format!("{} can't be made: {error}", path.display())))?;
                Self::Shared { stream: Mutex::new(Box::new(file)), on_terminal: false }
            }
            Target::ByName => Self::ByName,
        })
    }

    pub(super) fn on_terminal(&self) -> bool {
        matches!(self, Self::Shared { on_terminal: true, .. })
    }

    /// The place of one body, which is its own until it is dropped.
    pub(super) fn place(&self, url: &str) -> io::Result<Place<'_>> {
        match self {
            Self::Shared { stream, .. } => {
                Ok(Place::Shared(stream.lock().unwrap_or_else(PoisonError::into_inner)))
            }
            Self::ByName => match remote_name(url) {
                Some(name) => File::create(name).map(Place::Own),
                None => Err(io::Error::new(io::ErrorKind::InvalidInput, "the URL ends in no name")),
            },
        }
    }
}

/// The place of one body.
pub(super) enum Place<'a> {
    Shared(MutexGuard<'a, Box<dyn Write + Send>>),
    Own(File),
}

impl Write for Place<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Shared(stream) => stream.write(bytes),
            Self::Own(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Shared(stream) => stream.flush(),
            Self::Own(file) => file.flush(),
        }
    }
}

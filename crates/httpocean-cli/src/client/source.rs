//! Where the body of a request comes from.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use bytes::Bytes;
use httpocean_mio::http::Uri;
use httpocean_mio::{BodyPlan, ErrorKind, Phase, core};
use httpocean_std::Body;

use super::Failure;

const PIECE: usize = 64 * 1024;

/// Where the body of a request comes from.
pub(crate) enum Source {
    Bytes(Bytes),
    /// Read to its end, from its start as often as need be.
    Seekable(Box<dyn ReadSeek>),
    /// Read to its end, once, and sent chunked.
    Reader(Box<dyn Read + Send>),
}

pub(crate) trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

impl Source {
    pub(crate) fn empty() -> Self {
        Self::Bytes(Bytes::new())
    }

    /// What is no regular file, such as a pipe, is read once.
    pub(crate) fn file(file: File) -> io::Result<Self> {
        let regular = file.metadata()?.is_file();
        Ok(if regular { Self::Seekable(Box::new(file)) } else { Self::Reader(Box::new(file)) })
    }

    pub(super) fn into_body(self) -> io::Result<Body> {
        Ok(match self {
            Self::Bytes(bytes) => bytes.into(),
            Self::Seekable(source) => Body::from_seekable(source)?,
            Self::Reader(source) => Body::from_reader(source),
        })
    }
}

/// A body that is asked for piece by piece.
pub(super) struct Feed {
    source: Source,
    size: Option<u64>,
    handed: u64,
    /// What reading it met.
    pub(super) trouble: Option<io::Error>,
}

impl Feed {
    pub(super) fn new(source: Source) -> io::Result<Self> {
        let (source, size) = match source {
            Source::Bytes(bytes) => {
                let size = bytes.len() as u64;
                (Source::Seekable(Box::new(Cursor::new(bytes))), Some(size))
            }
            Source::Seekable(mut source) => {
                let size = source.seek(SeekFrom::End(0))?;
                source.rewind()?;
                (Source::Seekable(source), Some(size))
            }
            Source::Reader(source) => (Source::Reader(source), None),
        };
        Ok(Self { source, size, handed: 0, trouble: None })
    }

    pub(super) fn plan(&self) -> BodyPlan {
        BodyPlan { size: self.size, replayable: self.size.is_some(), trailers: false }
    }

    /// The bytes that begin at `from`; none at the end.
    pub(super) fn piece(&mut self, from: u64) -> Result<Vec<u8>, &'static str> {
        if from < self.handed {
            self.rewind().map_err(|error| self.troubled(error, "going back to its start failed"))?;
        }
        let mut piece = vec![0; PIECE];
        let read = self.read(&mut piece).map_err(|error| self.troubled(error, "reading it failed"))?;
        piece.truncate(read);
        self.handed += read as u64;
        Ok(piece)
    }

    fn rewind(&mut self) -> io::Result<()> {
        self.handed = 0;
        match &mut self.source {
            Source::Seekable(source) => source.rewind(),
            Source::Bytes(_) | Source::Reader(_) => {
                Err(io::Error::new(io::ErrorKind::Unsupported, "a reader can't be read twice"))
            }
        }
    }

    fn read(&mut self, piece: &mut [u8]) -> io::Result<usize> {
        let left = self.size.map_or(u64::MAX, |size| size.saturating_sub(self.handed));
        let room = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        loop {
            let read = match &mut self.source {
                Source::Seekable(source) => source.read(&mut piece[..room]),
                Source::Reader(source) => source.read(&mut piece[..room]),
                Source::Bytes(_) => Ok(0),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    fn troubled(&mut self, error: io::Error, what: &'static str) -> &'static str {
        self.trouble = Some(error);
        what
    }
}

/// The body to send can't be read.
pub(super) fn failed(error: io::Error, uri: Uri) -> Failure {
    Failure::new(core::Error::new(ErrorKind::Body("reading it failed"), Phase::Start), uri)
        .with_source(Some(error))
}

//! Where the body of a request comes from.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use bytes::Bytes;
use httpocean_mio::BodyPlan;
use httpocean_mio::http::HeaderMap;

use super::service::Memory;

pub(super) const PIECE: usize = 64 * 1024;

/// Where the body of a request comes from.
pub enum Source {
    /// Memory.
    Bytes(Bytes),
    /// Read from where it stands to its end, as often as need be.
    Seekable(Box<dyn ReadSeek>),
    /// Read to its end, once, and sent chunked.
    Reader(Box<dyn Read + Send>),
    /// So many bytes of it are read, once.
    Sized(Box<dyn Read + Send>, u64),
}

/// What can be read again from any place.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

impl Source {
    /// Nothing.
    pub fn empty() -> Self {
        Self::Bytes(Bytes::new())
    }

    /// What is no regular file, such as a pipe, is read once.
    pub fn file(file: File) -> io::Result<Self> {
        let regular = file.metadata()?.is_file();
        Ok(if regular { Self::Seekable(Box::new(file)) } else { Self::Reader(Box::new(file)) })
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes(_) => "Bytes",
            Self::Seekable(_) => "Seekable",
            Self::Reader(_) => "Reader",
            Self::Sized(..) => "Sized",
        })
    }
}

/// A body that is asked for piece by piece.
#[derive(Debug)]
pub(super) struct Feed {
    source: Source,
    /// Where it begins, if it can be read again.
    start: u64,
    size: Option<u64>,
    pub(super) trailers: Option<HeaderMap>,
    handed: u64,
    /// What reading it met.
    pub(super) trouble: Option<io::Error>,
}

impl Feed {
    pub(super) fn new(mut source: Source, trailers: Option<HeaderMap>) -> io::Result<Self> {
        let (start, size) = match &mut source {
            Source::Seekable(source) => {
                let start = source.stream_position()?;
                let size = source.seek(SeekFrom::End(0))?.saturating_sub(start);
                source.seek(SeekFrom::Start(start))?;
                (start, Some(size))
            }
            Source::Bytes(bytes) => (0, Some(bytes.len() as u64)),
            Source::Sized(_, size) => (0, Some(*size)),
            Source::Reader(_) => (0, None),
        };
        Ok(Self { source, start, size, trailers, handed: 0, trouble: None })
    }

    pub(super) fn plan(&self) -> BodyPlan {
        let replayable = matches!(self.source, Source::Bytes(_) | Source::Seekable(_));
        BodyPlan { size: self.size, replayable, trailers: self.trailers.is_some() }
    }

    /// All of it, if it lies in memory.
    pub(super) fn memory(&self) -> Option<Memory> {
        match &self.source {
            Source::Bytes(bytes) => Some(Memory { bytes: bytes.clone(), trailers: self.trailers.clone() }),
            Source::Seekable(_) | Source::Reader(_) | Source::Sized(..) => None,
        }
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
            Source::Seekable(source) => source.seek(SeekFrom::Start(self.start)).map(|_| ()),
            Source::Bytes(_) | Source::Reader(_) | Source::Sized(..) => {
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
                Source::Reader(source) | Source::Sized(source, _) => source.read(&mut piece[..room]),
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

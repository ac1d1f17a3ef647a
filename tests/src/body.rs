//! Bodies, to send and received, by whichever adapter.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};

use bytes::Bytes;
use http::{HeaderMap, Response};
use httpocean_cli::reactor::{ReadSeek, Source};
use httpocean_std::{Connection, Error, Hop};

use crate::adapter::{Received, Stream};

/// A body to send, or one that was received.
pub struct Body {
    kind: Kind,
    trailers: Option<Box<HeaderMap>>,
}

enum Kind {
    ToSend(Source),
    File(File),
    Received(Box<Told>),
}

/// A received body, with what was told along with its head.
pub(crate) struct Told {
    pub(crate) body: Box<dyn Received>,
    pub(crate) reason: Vec<u8>,
    pub(crate) interim: Vec<Response<()>>,
    pub(crate) hops: Vec<Hop>,
    pub(crate) connection: Option<Connection>,
    pub(crate) url: String,
}

impl Body {
    /// None.
    pub fn empty() -> Self {
        Source::empty().into()
    }

    /// Read once, sent chunked.
    pub fn from_reader(source: impl Read + Send + 'static) -> Self {
        Source::Reader(Box::new(source)).into()
    }

    /// Read once, sent with a length.
    pub fn from_sized_reader(source: impl Read + Send + 'static, size: u64) -> Self {
        Source::Sized(Box::new(source), size).into()
    }

    /// Sent from where it stands to its end, again where need be.
    pub fn from_seekable(source: impl ReadSeek + 'static) -> Self {
        Source::Seekable(Box::new(source)).into()
    }

    /// A file from where it stands.
    pub fn from_file(file: File) -> Self {
        Self { kind: Kind::File(file), trailers: None }
    }

    /// With trailer fields behind it.
    #[must_use]
    pub fn with_trailers(mut self, trailers: HeaderMap) -> Self {
        self.trailers = Some(Box::new(trailers));
        self
    }

    /// What an adapter is to send.
    ///
    /// # Panics
    /// When it was received.
    pub(crate) fn into_source(self) -> io::Result<(Source, Option<HeaderMap>)> {
        let source = match self.kind {
            Kind::ToSend(source) => source,
            Kind::File(file) => Source::file(file)?,
            Kind::Received(_) => panic!("sending on what was received is not what every adapter does"),
        };
        Ok((source, self.trailers.map(|trailers| *trailers)))
    }

    pub(crate) fn received(told: Told) -> Self {
        Self { kind: Kind::Received(Box::new(told)), trailers: None }
    }

    /// The connection it comes on.
    pub fn connection(&self) -> Option<&Connection> {
        self.told().connection.as_ref()
    }

    /// The reason phrase of its response as it was sent, maybe empty.
    pub fn reason(&self) -> &[u8] {
        &self.told().reason
    }

    /// The interim responses before its own.
    pub fn interim(&self) -> &[Response<()>] {
        &self.told().interim
    }

    /// The attempts before the one that brought it.
    pub fn hops(&self) -> &[Hop] {
        &self.told().hops
    }

    /// The URL it comes from, redirects and all, with its fragment.
    pub fn url(&self) -> &str {
        &self.told().url
    }

    /// Whether its connection went back to the pool; `None` while it is in use.
    pub fn parked(&self) -> Option<bool> {
        self.told().body.parked()
    }

    /// When it was read to its end: the trailer fields, once.
    pub fn take_trailers(&mut self) -> Option<HeaderMap> {
        self.told_mut().body.take_trailers()
    }

    /// Reads the rest.
    ///
    /// # Errors
    /// The adapter's.
    ///
    /// # Panics
    /// When it is more than `limit`.
    pub fn read_to_vec(&mut self, limit: u64) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        let read = self.take(limit.saturating_add(1)).read_to_end(&mut all);
        read.map_err(of_reading)?;
        assert!(all.len() as u64 <= limit, "the body is larger than {limit} bytes");
        Ok(all)
    }

    /// Reads the rest, which has to be text.
    ///
    /// # Errors
    /// The adapter's.
    ///
    /// # Panics
    /// When it is more than `limit`, or no text.
    pub fn read_to_string(&mut self, limit: u64) -> Result<String, Error> {
        Ok(String::from_utf8(self.read_to_vec(limit)?).expect("the body is text"))
    }

    /// What is left is read within the limits. Whether the connection was saved.
    ///
    /// # Errors
    /// The adapter's.
    pub fn finish(self) -> Result<bool, Error> {
        self.into_told().body.finish()
    }

    /// The connection, if it speaks another protocol now.
    pub fn upgrade(self) -> Result<Box<dyn Stream>, Self> {
        let told = *self.into_told();
        let Told { body, reason, interim, hops, connection, url } = told;
        body.upgrade().map_err(|body| Self::received(Told { body, reason, interim, hops, connection, url }))
    }

    fn told(&self) -> &Told {
        match &self.kind {
            Kind::Received(told) => told,
            Kind::ToSend(_) | Kind::File(_) => panic!("it was not received"),
        }
    }

    fn told_mut(&mut self) -> &mut Told {
        match &mut self.kind {
            Kind::Received(told) => told,
            Kind::ToSend(_) | Kind::File(_) => panic!("it was not received"),
        }
    }

    fn into_told(self) -> Box<Told> {
        match self.kind {
            Kind::Received(told) => told,
            Kind::ToSend(_) | Kind::File(_) => panic!("it was not received"),
        }
    }
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.told_mut().body.read(buf)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body")
    }
}

impl From<Source> for Body {
    fn from(source: Source) -> Self {
        Self { kind: Kind::ToSend(source), trailers: None }
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Source::Bytes(Bytes::from(bytes)).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Body {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

/// The error that a received body's reading brought.
///
/// # Panics
/// When it is another.
pub fn of_reading(error: io::Error) -> Error {
    error.downcast().expect("a received body's errors are its adapter's")
}

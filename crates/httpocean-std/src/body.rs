//! Bodies, of requests and of responses.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use bytes::Bytes;
use http::{HeaderMap, Response};
use httpocean_core::{BodyPlan, ErrorKind, Phase};
use httpocean_driver::{Connection, Error};

use crate::incoming::Incoming;
use crate::upgraded::Upgraded;

/// The body of a request or of a response.
///
/// To send: from bytes, a string, a file, or any reader. What can be had again from its start is sent again
/// where a request has to be; a reader that can't be rewound is read once.
///
/// Received: a [`Read`], straight from the connection. Read to its end the connection goes back to the pool;
/// dropped earlier, the connection is closed unless the rest had already arrived; [`finish`](Self::finish) waits
/// a moment for the rest. A received body can be sent on as the body of another request.
///
/// ```
/// use httpocean_std::Body;
///
/// let from_bytes = Body::from("hello");
/// let sized = Body::from_sized_reader(std::io::repeat(b'x'), 1_000_000);
/// let unsized_ = Body::from_reader(&b"who knows how long"[..]);
/// ```
#[derive(Default)]
pub struct Body {
    kind: Kind,
    trailers: Option<Box<HeaderMap>>,
}

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Bytes(Cursor<Bytes>),
    Seekable {
        source: Box<dyn ReadSeek>,
        start: u64,
        left: u64,
        size: u64,
    },
    Reader {
        source: Box<dyn Read + Send>,
        left: Option<u64>,
    },
    Incoming(Box<Incoming>),
}

trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

impl Body {
    /// No body.
    pub fn empty() -> Self {
        Self::default()
    }

    /// All that `source` gives, sent chunked. It is read once.
    pub fn from_reader(source: impl Read + Send + 'static) -> Self {
        Kind::Reader { source: Box::new(source), left: None }.into()
    }

    /// The next `size` bytes of `source`, sent with a length. It is read once, and it is an error if there are
    /// fewer.
    pub fn from_sized_reader(source: impl Read + Send + 'static, size: u64) -> Self {
        Kind::Reader { source: Box::new(source), left: Some(size) }.into()
    }

    /// What `source` gives from where it stands to its end, sent with a length; it can be sent again.
    pub fn from_seekable(mut source: impl Read + Seek + Send + 'static) -> io::Result<Self> {
        let start = source.stream_position()?;
        let size = source.seek(SeekFrom::End(0))?.saturating_sub(start);
        source.seek(SeekFrom::Start(start))?;
        Ok(Kind::Seekable { source: Box::new(source), start, left: size, size }.into())
    }

    /// A file from where it stands to its end. What is no regular file, such as a pipe, is sent chunked, once.
    pub fn from_file(file: File) -> io::Result<Self> {
        if file.metadata()?.is_file() { Self::from_seekable(file) } else { Ok(Self::from_reader(file)) }
    }

    /// The same, with trailer fields behind it; it is then sent chunked.
    #[must_use]
    pub fn with_trailers(mut self, trailers: HeaderMap) -> Self {
        self.trailers = Some(Box::new(trailers));
        self
    }

    /// Of a received body: the connection it comes on.
    pub fn connection(&self) -> Option<&Connection> {
        self.incoming().and_then(|incoming| incoming.told().connection.as_ref())
    }

    /// Of a received body: the reason phrase as the server sent it, maybe empty. Nothing should depend on it.
    pub fn reason(&self) -> Option<&[u8]> {
        let told = self.incoming()?.told();
        let usual = told.status.and_then(|status| status.canonical_reason()).unwrap_or_default();
        Some(told.reason.as_deref().unwrap_or(usual.as_bytes()))
    }

    /// Of a received body: the interim responses that came before its own.
    pub fn interim(&self) -> &[Response<()>] {
        self.incoming().map_or(&[], |incoming| &incoming.told().interim)
    }

    /// Of a received body: the attempts that were made before the one that brought it, with their reasons; of
    /// more than 64 the first and the last 32.
    pub fn hops(&self) -> &[httpocean_core::Hop] {
        self.incoming().map_or(&[], Incoming::hops)
    }

    /// Of a received body: the URL that it came from, redirects and all, with the fragment that the last of them or
    /// the request had.
    pub fn url(&self) -> Option<String> {
        self.incoming().map(Incoming::url)
    }

    /// Of a received body: whether its connection went back to the pool and stayed open. `None` while it is in
    /// use.
    pub fn parked(&self) -> Option<bool> {
        self.incoming().and_then(|incoming| incoming.told().parked)
    }

    /// Of a received body that was read to its end: the trailer fields, once.
    pub fn take_trailers(&mut self) -> Option<HeaderMap> {
        match &mut self.kind {
            Kind::Incoming(incoming) => incoming.take_trailers(),
            Kind::Empty | Kind::Bytes(_) | Kind::Seekable { .. } | Kind::Reader { .. } => {
                self.trailers.take().map(|trailers| *trailers)
            }
        }
    }

    /// Reads the rest, which must be at most `limit` bytes. What was read of a longer one is lost.
    pub fn read_to_vec(&mut self, limit: u64) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        let mut room = limit;
        loop {
            let old = all.len();
            let want = usize::try_from(room.saturating_add(1)).unwrap_or(usize::MAX).min(64 * 1024);
            all.resize(old + want, 0);
            let n = self.read_some(&mut all[old..]);
            all.truncate(old + *n.as_ref().unwrap_or(&0));
            let n = n? as u64;
            if n == 0 {
                return Ok(all);
            }
            if n > room {
                return Err(self.rejected("its body is larger than the limit given"));
            }
            room -= n;
        }
    }

    /// Reads the rest, which must be at most `limit` bytes of UTF-8.
    pub fn read_to_string(&mut self, limit: u64) -> Result<String, Error> {
        let bytes = self.read_to_vec(limit)?;
        String::from_utf8(bytes).map_err(|_| self.rejected("its body is not UTF-8"))
    }

    /// Done with a received body: what is left is read within [`Limits`](crate::Limits), so that its connection
    /// can be used again. Whether it can.
    pub fn finish(self) -> Result<bool, Error> {
        match self.kind {
            Kind::Incoming(mut incoming) => incoming.finish(),
            Kind::Empty | Kind::Bytes(_) | Kind::Seekable { .. } | Kind::Reader { .. } => Ok(true),
        }
    }

    /// Of a `101 Switching Protocols` that was asked for, and of a successful CONNECT: the connection itself.
    /// Any other body comes back as it is.
    pub fn upgrade(self) -> Result<Upgraded, Self> {
        match self.kind {
            Kind::Incoming(mut incoming) => match incoming.take_stream() {
                Some((transport, channel)) => Ok(Upgraded::new(transport, channel)),
                None => Err(Kind::Incoming(incoming).into()),
            },
            kind @ (Kind::Empty | Kind::Bytes(_) | Kind::Seekable { .. } | Kind::Reader { .. }) => {
                Err(Self { kind, trailers: self.trailers })
            }
        }
    }

    pub(crate) fn incoming_from(incoming: Box<Incoming>) -> Self {
        Kind::Incoming(incoming).into()
    }

    /// Several behind each other: they can be sent again if each of them can.
    #[cfg(feature = "multipart")]
    pub(crate) fn joined(bodies: Vec<Self>) -> Self {
        let plans = || bodies.iter().map(Self::plan);
        let size = plans().map(|plan| plan.size).sum::<Option<u64>>();
        let replayable = plans().all(|plan| plan.replayable);
        let source = Box::new(crate::joined::Joined::new(bodies));
        match size {
            Some(size) if replayable => Kind::Seekable { source, start: 0, left: size, size }.into(),
            left => Kind::Reader { source, left }.into(),
        }
    }

    /// What was read of it already is not sent: its start is where it stands.
    pub(crate) fn start_here(&mut self) {
        match &mut self.kind {
            Kind::Bytes(bytes) if bytes.position() > 0 => {
                let at = bytes.get_ref().len().min(usize::try_from(bytes.position()).unwrap_or(usize::MAX));
                *bytes = Cursor::new(bytes.get_ref().slice(at..));
            }
            Kind::Seekable { start, left, size, .. } => {
                *start += *size - *left;
                *size = *left;
            }
            Kind::Empty | Kind::Bytes(_) | Kind::Reader { .. } | Kind::Incoming(_) => {}
        }
    }

    pub(crate) fn plan(&self) -> BodyPlan {
        let (size, replayable) = match &self.kind {
            Kind::Empty => (Some(0), true),
            Kind::Bytes(bytes) => (Some(bytes.get_ref().len() as u64), true),
            Kind::Seekable { size, .. } => (Some(*size), true),
            Kind::Reader { left, .. } => (*left, false),
            Kind::Incoming(incoming) => (incoming.left(), false),
        };
        BodyPlan { size, replayable, trailers: self.trailers.is_some() }
    }

    /// Whether its next bytes may have to be waited for, unlike what lies in memory or in a file.
    pub(crate) fn may_take_long(&self) -> bool {
        match &self.kind {
            Kind::Empty | Kind::Bytes(_) | Kind::Seekable { .. } => false,
            Kind::Reader { .. } | Kind::Incoming(_) => true,
        }
    }

    pub(crate) fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_deref()
    }

    /// Whether it has to go on where it gives nothing more.
    #[cfg(feature = "multipart")]
    pub(crate) fn is_short(&self) -> bool {
        match &self.kind {
            Kind::Seekable { left, .. } | Kind::Reader { left: Some(left), .. } => *left > 0,
            Kind::Empty | Kind::Bytes(_) | Kind::Reader { left: None, .. } | Kind::Incoming(_) => false,
        }
    }

    /// The next bytes to send; 0 at the end.
    pub(crate) fn read_piece(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.read(buf) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }

    /// Back to the start, where that can be done.
    pub(crate) fn rewind(&mut self) -> io::Result<()> {
        match &mut self.kind {
            Kind::Empty => Ok(()),
            Kind::Bytes(bytes) => bytes.rewind(),
            Kind::Seekable { source, start, left, size } => {
                *left = *size;
                source.seek(SeekFrom::Start(*start)).map(|_| ())
            }
            Kind::Reader { .. } | Kind::Incoming(_) => {
                Err(io::Error::new(io::ErrorKind::Unsupported, "a reader can't be read twice"))
            }
        }
    }

    pub(crate) fn read_some(&mut self, buf: &mut [u8]) -> Result<usize, Error> {
        match &mut self.kind {
            Kind::Incoming(incoming) => incoming.read_some(buf),
            Kind::Empty | Kind::Bytes(_) | Kind::Seekable { .. } | Kind::Reader { .. } => self
                .read(buf)
                .map_err(|error| unsent(ErrorKind::Body("reading it failed")).with_source(Some(error))),
        }
    }

    fn rejected(&mut self, what: &'static str) -> Error {
        self.fault(httpocean_core::Error::new(ErrorKind::Content(what), Phase::RecvBody))
    }

    /// The error of a reader who can't use it, with what is known of its request.
    pub(crate) fn fault(&mut self, error: httpocean_core::Error) -> Error {
        match &mut self.kind {
            Kind::Incoming(incoming) => incoming.rejected(error),
            Kind::Empty | Kind::Bytes(_) | Kind::Seekable { .. } | Kind::Reader { .. } => {
                Error::new(error, http::Uri::default())
            }
        }
    }

    fn incoming(&self) -> Option<&Incoming> {
        match &self.kind {
            Kind::Incoming(incoming) => Some(incoming),
            Kind::Empty | Kind::Bytes(_) | Kind::Seekable { .. } | Kind::Reader { .. } => None,
        }
    }
}

/// An error of a body that belongs to no request.
fn unsent(kind: ErrorKind) -> Error {
    Error::new(httpocean_core::Error::new(kind, Phase::Start), http::Uri::default())
}

impl Read for Body {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.kind {
            Kind::Empty => Ok(0),
            Kind::Bytes(bytes) => bytes.read(buf),
            Kind::Seekable { source, left, .. } => {
                let n = source.by_ref().take(*left).read(buf)?;
                *left -= n as u64;
                Ok(n)
            }
            Kind::Reader { source, left: None } => source.read(buf),
            Kind::Reader { source, left: Some(left) } => {
                let n = source.by_ref().take(*left).read(buf)?;
                *left -= n as u64;
                Ok(n)
            }
            Kind::Incoming(incoming) => Ok(incoming.read_some(buf)?),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.kind {
            Kind::Empty => "empty",
            Kind::Bytes(_) => "bytes",
            Kind::Seekable { .. } => "seekable",
            Kind::Reader { .. } => "reader",
            Kind::Incoming(_) => "incoming",
        };
        f.debug_struct("Body").field("kind", &what).field("size", &self.plan().size).finish_non_exhaustive()
    }
}

impl From<Kind> for Body {
    fn from(kind: Kind) -> Self {
        Self { kind, trailers: None }
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::empty()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        if bytes.is_empty() { Self::empty() } else { Kind::Bytes(Cursor::new(bytes)).into() }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}

impl From<&str> for Body {
    /// Copies; [`Bytes::from_static`] is the way around that.
    fn from(text: &str) -> Self {
        text.as_bytes().into()
    }
}

impl From<&[u8]> for Body {
    /// Copies; [`Bytes::from_static`] is the way around that.
    fn from(bytes: &[u8]) -> Self {
        Bytes::copy_from_slice(bytes).into()
    }
}

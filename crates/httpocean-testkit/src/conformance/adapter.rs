//! What an adapter is to the checks: a way to make clients, and clients to send requests with.

use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, StatusCode};
use httpocean_core::{BodyPlan, Config, Error, ErrorKind, Phase, pool};

/// An adapter, as its author shows it to [`run`](super::run).
pub trait Adapter: Send + Sync + 'static {
    /// What it is called in the report.
    fn name(&self) -> &str;

    /// A new client with these options. One that has an event loop is a [`Turned`](super::Turned).
    fn client(&self, setup: Setup) -> Arc<dyn Client>;

    /// What it cannot do. What would need it is skipped, and the report says so.
    fn lacks(&self) -> &[Lack] {
        &[]
    }

    /// How long to wait for what should happen at once, before it counts as something that never happens. Default
    /// 5 s, for machines that are busy.
    fn patience(&self) -> Duration {
        Duration::from_secs(5)
    }
}

/// What a client is made with. What an adapter has of its own is left at its default.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// What the pool may hold.
    pub pool: pool::Options,
    /// What requests and dials obey.
    pub config: Config,
    /// What every name resolves to, in place of what the system says.
    pub addresses: Option<Vec<SocketAddr>>,
}

/// What an adapter may say that it cannot do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lack {
    /// It sends no bodies.
    Uploads,
    /// Its users cannot hold a response back.
    SlowUsers,
    /// It does not notice what happens to an idle connection until it uses it again, as a blocking adapter may.
    WatchedIdle,
    /// Its connects hold up its other requests. That breaks the guide's fourth check for all but demonstrations.
    FreeConnects,
    /// Its names can be resolved by the system only.
    Addresses,
}

impl Lack {
    pub(super) const fn explain(self) -> &'static str {
        match self {
            Self::Uploads => "the adapter says it sends no bodies",
            Self::SlowUsers => "the adapter says its users cannot hold a response back",
            Self::WatchedIdle => "the adapter says it watches no idle connections",
            Self::FreeConnects => "the adapter says its connects hold up other requests",
            Self::Addresses => "the adapter says only the system can resolve its names",
        }
    }
}

/// A client, used by several threads at once. Dropped, it closes what is idle.
pub trait Client: Send + Sync {
    /// Sends a request and waits for the head of its response.
    fn send(&self, request: Request<()>, body: Upload) -> Result<Box<dyn Answer>, Failure>;

    /// Sends a request and takes it back after so long, before its head has come. `false`: nobody can do that.
    fn send_and_cancel(&self, _request: Request<()>, _after: Duration) -> bool {
        false
    }

    /// Wishes for so many connections to where a URL leads, before anybody asks for them. `false`: nobody can do that.
    fn preconnect(&self, _url: &str, _count: usize) -> bool {
        false
    }

    /// What it holds; `None` if it does not say.
    fn counts(&self) -> Option<Counts> {
        None
    }

    /// Closes what has been idle for too long, where nothing but a call does that. `false`: there is no such call.
    fn tend(&self) -> bool {
        false
    }

    /// Makes it believe, without any reason, that all its sockets can be read. `false`: nobody can do that.
    fn stir(&self) -> bool {
        false
    }
}

/// A response whose head has come. Dropped, its user wants no more of it.
pub trait Answer: Send {
    /// Of the head.
    fn status(&self) -> StatusCode;

    /// The next bytes of the body, when there are any; 0 at its end.
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Failure>;
}

/// The body of a request.
pub enum Upload {
    /// None.
    None,
    /// In memory, and so there again for another attempt.
    Bytes(Vec<u8>),
    /// Read once: so many bytes, or, where nobody knows how many, sent chunked.
    Reader(Option<u64>, Box<dyn Read + Send>),
}

impl Upload {
    /// What the core is told of it.
    pub fn plan(&self) -> BodyPlan {
        match self {
            Self::None => BodyPlan::empty(),
            Self::Bytes(bytes) => BodyPlan::sized(bytes.len() as u64),
            Self::Reader(size, _) => BodyPlan { size: *size, replayable: false, trailers: false },
        }
    }

    /// The bytes from `from` on, if it can be had again; else those that come next.
    pub(super) fn into_pieces(self) -> Pieces {
        match self {
            Self::None => Pieces::Again(Cursor::new(Vec::new())),
            Self::Bytes(bytes) => Pieces::Again(Cursor::new(bytes)),
            Self::Reader(_, reader) => Pieces::Once(reader),
        }
    }
}

/// A body that is read piece by piece.
pub(super) enum Pieces {
    Again(Cursor<Vec<u8>>),
    Once(Box<dyn Read + Send>),
}

impl Pieces {
    /// Up to 64 KiB; none at the end.
    pub(super) fn next(&mut self, from: u64) -> io::Result<Vec<u8>> {
        let mut piece = vec![0; 64 * 1024];
        let read = match self {
            Self::Again(bytes) => {
                bytes.seek(SeekFrom::Start(from))?;
                bytes.read(&mut piece)?
            }
            Self::Once(reader) => reader.read(&mut piece)?,
        };
        piece.truncate(read);
        Ok(piece)
    }
}

/// Why there is no response, or no whole one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whether a deadline passed.
    pub timed_out: bool,
    /// What was going on.
    pub phase: Phase,
    /// In words.
    pub text: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let timed_out = matches!(error.kind(), ErrorKind::Timeout);
        Self { timed_out, phase: error.phase(), text: error.to_string() }
    }
}

/// What a client holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections open, those being made included.
    pub open: usize,
    /// Of these: idle.
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
    /// Inputs that named something that was gone, if it counts them.
    pub late: Option<u64>,
}

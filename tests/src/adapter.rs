//! What both adapters are to a scenario: one trait, with an implementation over each.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderMap, Request, Response};
use httpocean_std::policy::Budget;
use httpocean_std::session::Session;
use httpocean_std::{Config, Connection, Error, Hop, Observer, Stats, pool};

use crate::body::Body;
use crate::client::{Builder, Client};
use crate::counted::Open;
use crate::names::Names;

/// A client by some adapter. It is shared by threads; dropped, it closes what is idle, and what is being read is
/// read on.
pub trait Adapter: Send + Sync {
    /// Sends a request and waits for the head of its response.
    fn send(&self, request: Request<()>, body: Body) -> Result<Answer, Error>;

    /// What it did so far, and what it holds.
    fn stats(&self) -> Stats;

    /// Closes what has been idle for too long, where nothing but a call does that.
    fn tend(&self) {}

    /// Closes all idle connections.
    fn clear_idle(&self);

    /// Closes all idle connections, and refuses all requests from now on.
    fn close(&self);
}

/// The head of a response, and what is told along with it.
pub struct Answer {
    /// Status, version and fields.
    pub head: Response<()>,
    /// Its reason phrase as it was sent, maybe empty.
    pub reason: Vec<u8>,
    /// The interim responses before it.
    pub interim: Vec<Response<()>>,
    /// The attempts before the one that brought it.
    pub hops: Vec<Hop>,
    /// The connection that it came on.
    pub connection: Option<Connection>,
    /// Where it came from, redirects and all, with its fragment.
    pub url: String,
    /// The rest of it.
    pub body: Box<dyn Received>,
}

/// The body of a response. Its errors hold an [`Error`]. Dropped early, it holds up nobody.
pub trait Received: Read + Send {
    /// Whether its connection went back to the pool; `None` while it is in use.
    fn parked(&self) -> Option<bool>;

    /// Of a body that was read to its end: the trailer fields, once.
    fn take_trailers(&mut self) -> Option<HeaderMap>;

    /// What is left is read within the limits. Whether the connection was saved.
    fn finish(self: Box<Self>) -> Result<bool, Error>;

    /// The connection, if it speaks another protocol now.
    fn upgrade(self: Box<Self>) -> Result<Box<dyn Stream>, Box<dyn Received>>;
}

/// A connection that speaks another protocol now.
pub trait Stream: Read + Write + Send {}

impl<T: Read + Write + Send> Stream for T {}

/// What a client is made with.
#[derive(Clone, Default)]
pub struct Setup {
    /// What the pool may hold.
    pub pool: pool::Options,
    /// What requests and dials obey.
    pub config: Arc<Config>,
    /// How many requests may be retrying at a time.
    pub budget: Budget,
    /// What is added to requests.
    pub session: Session,
    /// Who is told what is decided.
    pub observer: Option<Arc<dyn Observer>>,
    /// The Unix socket to connect to in place of TCP.
    pub unix: Option<PathBuf>,
    /// Who knows the addresses of hosts, if not the system.
    pub names: Option<Names>,
    /// Who counts sockets.
    pub open: Option<Open>,
}

/// An adapter to run a scenario on.
#[derive(Clone, Copy)]
pub struct On {
    build: fn(Setup) -> Arc<dyn Adapter>,
}

impl On {
    /// httpocean-std.
    pub const STD: Self = Self { build: crate::by_std::build };
    /// httpocean-mio, turned by a thread of its own.
    pub const MIO: Self = Self { build: crate::by_mio::build };

    /// A client with the default options.
    pub fn client(self) -> Client {
        self.builder().build()
    }

    /// A client with other options.
    pub fn builder(self) -> Builder {
        Builder::new(self.build)
    }
}

/// Makes two tests of each scenario, a `fn(On)` of that name: `name::std` and `name::mio`.
#[macro_export]
macro_rules! on_both_adapters {
    ($($scenario:ident),* $(,)?) => {
        $(mod $scenario {
            #[test]
            fn std() {
                super::$scenario($crate::On::STD);
            }

            #[test]
            fn mio() {
                super::$scenario($crate::On::MIO);
            }
        })*
    };
}

//! What both adapters are to a scenario: one trait, with an implementation over each.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Response, Uri};
use httpocean_std::policy::Budget;
use httpocean_std::session::Session;
use httpocean_std::{Config, Connection, Error, Hop, Observer, Stats, pool};
use httpocean_testkit::server::{self, Reply, Server};
use httpocean_testkit::times;

use crate::body::Body;
use crate::client::{Builder, Client};
use crate::counted::Open;
use crate::names::Names;
use crate::way::{Journey, Way};

/// A client by some adapter. It is shared by threads; dropped, it closes what is idle, and what is being read is
/// read on.
pub trait Adapter: Send + Sync {
    /// Sends a request and waits for the head of its response.
    fn send(&self, request: Request<()>, body: Body) -> Result<Answer, Error>;

    /// What it did so far, and what it holds.
    fn stats(&self) -> Stats;

    /// Makes connections before anybody asks, until so many are there for the taking.
    fn preconnect(&self, url: Uri, count: usize) -> Result<(), Error>;

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
    /// How long addresses are kept.
    pub names_for: Duration,
    /// Who counts sockets.
    pub open: Option<Open>,
}

/// Which adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// httpocean-std.
    Std,
    /// httpocean-mio, turned by a thread of its own.
    Mio,
}

/// An adapter to run a scenario on, and the way from there to its servers.
#[derive(Clone, Copy, Debug)]
pub struct On {
    build: fn(Setup) -> Arc<dyn Adapter>,
    journey: &'static Journey,
}

impl On {
    /// That adapter, and that way.
    pub fn new(by: By, way: Way) -> Self {
        let build: fn(Setup) -> Arc<dyn Adapter> = match by {
            By::Std => crate::by_std::build,
            By::Mio => crate::by_mio::build,
        };
        // Scenarios hand themselves on to threads; what this takes is as little as it is seldom.
        Self { build, journey: Box::leak(Box::new(Journey::begin(way))) }
    }

    /// Runs a scenario.
    ///
    /// # Panics
    /// When the scenario does, and when nothing of it went that way.
    pub fn run(self, scenario: fn(Self)) {
        scenario(self);
        self.journey.end();
    }

    /// Runs a scenario where the environment's `HTTPOCEAN_WAYS` is `all`, and says that it does not where it is not.
    ///
    /// # Panics
    /// As [`run`](Self::run) does.
    pub fn run_if_all(self, scenario: fn(Self)) {
        if std::env::var_os("HTTPOCEAN_WAYS").is_some_and(|ways| ways == "all") {
            self.run(scenario);
        } else {
            let test = std::thread::current().name().unwrap_or_default().to_owned();
            crate::vectors::say(&format!("skipped: {test} (HTTPOCEAN_WAYS=all runs it)"));
        }
    }

    /// How often a scenario repeats itself, `usual` times as [`times`] has it: a tenth of that where each handshake and
    /// each byte costs more, since the order of things is the same there.
    pub fn times(self, usual: usize) -> usize {
        match self.journey.way {
            Way::Plain => times(usual),
            Way::Tls | Way::Tunnel => times(usual.div_ceil(10)),
        }
    }

    /// A client with the default options.
    pub fn client(self) -> Client {
        self.builder().build()
    }

    /// A client with other options.
    pub fn builder(self) -> Builder {
        Builder::new(self.build, self.journey)
    }

    /// A server of clients on this adapter, as [`Server::start`] has it.
    ///
    /// # Panics
    /// As that does.
    pub fn serve(self, handler: impl Fn(&server::Request) -> Reply + Send + Sync + 'static) -> Server {
        self.server().start(handler).expect("loopback has a free port and the system a free thread")
    }

    /// Settings to start such a server with.
    pub fn server(self) -> server::Builder {
        self.journey.server()
    }
}

/// Makes tests of each scenario, a `fn(On)` of that name: one for each adapter and way, such as `name::std` and
/// `name::mio_tunnel`. Scenarios behind a word are tested on bare sockets alone, and the word says why: `ways.rs` has
/// those that there are. Behind `"direct"` they go over TLS as well, but through no tunnel; behind `"load"` they go all ways, but for their cost only where `HTTPOCEAN_WAYS=all`.
#[macro_export]
macro_rules! on_both_adapters {
    ("load": $($scenario:ident),* $(,)?) => {
        $(mod $scenario {
            $crate::on_both_adapters!(@tests $scenario, run: std Std Plain, mio Mio Plain);
            $crate::on_both_adapters!(@tests $scenario, run_if_all:
                std_tls Std Tls, mio_tls Mio Tls, std_tunnel Std Tunnel, mio_tunnel Mio Tunnel);
        })*
    };
    ("direct": $($scenario:ident),* $(,)?) => {
        $(mod $scenario {
            $crate::on_both_adapters!(@tests $scenario, run:
                std Std Plain, mio Mio Plain, std_tls Std Tls, mio_tls Mio Tls);
        })*
    };
    ($why:literal: $($scenario:ident),* $(,)?) => {
        $(mod $scenario {
            $crate::on_both_adapters!(@tests $scenario, run: std Std Plain, mio Mio Plain);
        })*
    };
    (@tests $scenario:ident, $run:ident: $($name:ident $adapter:ident $way:ident),*) => {
        $(#[test]
        fn $name() {
            $crate::On::new($crate::By::$adapter, $crate::Way::$way).$run(super::$scenario);
        })*
    };
    ($($scenario:ident),* $(,)?) => {
        $(mod $scenario {
            $crate::on_both_adapters!(@tests $scenario, run:
                std Std Plain, mio Mio Plain,
                std_tls Std Tls, mio_tls Mio Tls, std_tunnel Std Tunnel, mio_tunnel Mio Tunnel);
        })*
    };
}

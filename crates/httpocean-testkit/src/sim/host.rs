//! Who is on the other side: names, addresses, servers.

use core::fmt;
use core::time::Duration;

use httpocean_core::TransportError;

use super::faults::Faults;
use super::reply::{Piece, Reply};

/// A request as a server sees it, when its head has come.
#[derive(Clone, Debug)]
pub struct Received {
    /// `GET` and the like.
    pub method: String,
    /// What stands in the request line.
    pub target: String,
    /// The host that it came to, by the name that the simulation has for it.
    pub host: String,
    /// Which call of the simulation it belongs to: its number is in the field `sim-call`.
    pub call: Option<usize>,
    /// How many connections the host had before this one.
    pub conn: usize,
    /// How many requests came before on this connection.
    pub nth: usize,
    /// How many requests came before to this host.
    pub of_host: usize,
    /// Whether it waits for `100 Continue`.
    pub expects: bool,
    /// Whether a body follows.
    pub has_body: bool,
    pub(super) head: String,
}

impl Received {
    /// The value of a field, by its name in lower case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    }
}

/// What a name server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// When; `None` is never.
    pub after: Option<Duration>,
    /// So many addresses, or why none. With 0 the transport finds its own way, without an address.
    pub found: Result<usize, TransportError>,
}

/// How an attempt to connect goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// When it is over; `None` is never.
    pub after: Option<Duration>,
    /// How.
    pub result: Result<(), TransportError>,
}

/// A host, as a client meets it. All but the answers has a default: everything works, at once.
///
/// `faults` is for counting what goes wrong on purpose; a server that is not random need not care.
pub trait Server {
    /// A look-up of its name; `nth` counts them from 0.
    fn lookup(&mut self, nth: usize, faults: &mut Faults) -> Lookup {
        let _ = (nth, faults);
        Lookup { after: Some(Duration::ZERO), found: Ok(0) }
    }

    /// An attempt to connect to its `address`; `nth` counts attempts from 0.
    fn connect(&mut self, nth: usize, address: usize, faults: &mut Faults) -> Connect {
        let _ = (nth, address, faults);
        Connect { after: Some(Duration::ZERO), result: Ok(()) }
    }

    /// The answer to a request whose head has come.
    fn answer(&mut self, request: &Received, faults: &mut Faults) -> Reply;

    /// What it does when a connection, the `conn`-th of the host, is silent for so long after `served` requests.
    fn silence(&mut self, conn: usize, served: usize) -> Option<(Duration, Vec<Piece>)> {
        let _ = (conn, served);
        None
    }

    /// What became of the silence: it happened to a connection that was still there.
    fn broke_silence(&mut self, pieces: &[Piece], faults: &mut Faults) {
        let _ = (pieces, faults);
    }
}

/// A host that is a few closures: one for the answers, and delays.
///
/// ```
/// use core::time::Duration;
/// use httpocean_testkit::sim::{Host, Reply};
///
/// let host = Host::new(|request| match request.of_host {
///     0 => Reply::status(503).field("retry-after", "1"),
///     _ => Reply::ok("here I am"),
/// });
/// let far = host.connects_in(Duration::from_millis(80)).closes_idle(Duration::from_secs(5));
/// ```
pub struct Host {
    answer: Box<Answers>,
    lookup: Lookup,
    connects: Vec<Connect>,
    idle: Option<Duration>,
}

type Answers = dyn FnMut(&Received) -> Reply;

impl Host {
    /// A host that answers so, and is connected to at once.
    pub fn new(answer: impl FnMut(&Received) -> Reply + 'static) -> Self {
        Self {
            answer: Box::new(answer),
            lookup: Lookup { after: Some(Duration::ZERO), found: Ok(0) },
            connects: vec![Connect { after: Some(Duration::ZERO), result: Ok(()) }],
            idle: None,
        }
    }

    /// Its name server says so.
    #[must_use]
    pub fn looked_up(self, lookup: Lookup) -> Self {
        Self { lookup, ..self }
    }

    /// It takes so long to connect.
    #[must_use]
    pub fn connects_in(self, after: Duration) -> Self {
        self.connects([Connect { after: Some(after), result: Ok(()) }])
    }

    /// Attempts go like these, in turn; the last goes for all that follow.
    #[must_use]
    pub fn connects(self, connects: impl IntoIterator<Item = Connect>) -> Self {
        Self { connects: connects.into_iter().collect(), ..self }
    }

    /// It closes connections that are silent for so long.
    #[must_use]
    pub fn closes_idle(self, after: Duration) -> Self {
        Self { idle: Some(after), ..self }
    }
}

impl Server for Host {
    fn lookup(&mut self, _: usize, _: &mut Faults) -> Lookup {
        self.lookup.clone()
    }

    fn connect(&mut self, nth: usize, _: usize, _: &mut Faults) -> Connect {
        let connect = self.connects.get(nth).or(self.connects.last());
        connect.cloned().unwrap_or(Connect { after: None, result: Ok(()) })
    }

    fn answer(&mut self, request: &Received, _: &mut Faults) -> Reply {
        (self.answer)(request)
    }

    fn silence(&mut self, _: usize, _: usize) -> Option<(Duration, Vec<Piece>)> {
        self.idle.map(|after| (after, vec![Piece::Close]))
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("lookup", &self.lookup).field("connects", &self.connects).finish()
    }
}

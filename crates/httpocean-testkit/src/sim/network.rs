//! The network: hosts, sockets, bytes in flight, and the time of it all.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::net::SocketAddr;

use httpocean_core::dial::Route;
use httpocean_core::{Instant, RecvBuf, TransportError};

use super::agenda::Agenda;
use super::dice::Dice;
use super::faults::{Fault, Faults};
use super::host::Server;
use super::socket::Socket;

/// How a network treats bytes. The default delivers them whole, a millisecond later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weather {
    /// From one end to the other and back.
    pub round_trip: Duration,
    /// In how many of a hundred connections what a server says is split into random pieces.
    pub split_percent: u64,
    /// The longest that one of those pieces may be late.
    pub jitter: Duration,
    /// In how many of a hundred connections writes are taken in random parts, or not for a while.
    pub narrow_percent: u64,
}

impl Default for Weather {
    fn default() -> Self {
        Self {
            round_trip: Duration::from_millis(1),
            split_percent: 0,
            jitter: Duration::ZERO,
            narrow_percent: 0,
        }
    }
}

/// A socket of a [`Network`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub(super) u32);

/// What happens in a network, for its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The answer to a [`lookup`](Network::lookup) with that token.
    Resolved(u64, Result<Route, TransportError>),
    /// The answer to a [`connect`](Network::connect).
    Connected(SocketId, Result<(), TransportError>),
    /// There is something to [`read`](Network::read).
    Readable(SocketId),
    /// There is room to [`write`](Network::write) again.
    Writable(SocketId),
    /// The time of an [`alarm`](Network::alarm) has come.
    Alarm(u64),
}

#[derive(Debug)]
pub(super) enum Planned {
    ToClient(Happening),
    Arrives(SocketId, super::reply::Piece),
    Silent(SocketId, u64),
    Drains(SocketId),
}

/// Hosts behind names, sockets to them, and a clock that only [`advance`](Self::advance) moves. It knows nothing of
/// clients: any that can be driven by hand can be run on it, such as one made of [`Pool`](httpocean_core::Pool) and
/// [`Call`](httpocean_core::Call).
///
/// ```
/// use httpocean_core::{Instant, RecvBuf};
/// use httpocean_testkit::sim::{Happening, Host, Network, Reply};
///
/// let mut net = Network::new(1);
/// net.host("example.test", Host::new(|_| Reply::ok("hi")));
/// let socket = net.connect("example.test", None);
/// assert_eq!(net.advance(), Some(Happening::Connected(socket, Ok(()))));
/// net.write(socket, b"GET / HTTP/1.1\r\nhost: example.test\r\n\r\n").unwrap();
/// assert_eq!(net.advance(), Some(Happening::Readable(socket)));
/// let mut rx = RecvBuf::default();
/// net.read(socket, &mut rx, usize::MAX);
/// assert!(rx.bytes().starts_with(b"HTTP/1.1 200"));
/// assert_eq!(net.now(), Instant::from_micros(1_000));
/// ```
pub struct Network {
    pub(super) now: Instant,
    pub(super) weather: Weather,
    pub(super) seed: u64,
    pub(super) faults: Faults,
    pub(super) hosts: Vec<HostEntry>,
    names: HashMap<String, usize>,
    pub(super) sockets: Vec<Option<Box<Socket>>>,
    plan: Agenda<Planned>,
}

pub(super) struct HostEntry {
    pub(super) name: String,
    pub(super) server: Box<dyn Server>,
    lookups: usize,
    connects: usize,
    pub(super) conns: usize,
    pub(super) requests: usize,
}

impl Network {
    /// Without hosts; the seed decides whatever is random.
    pub fn new(seed: u64) -> Self {
        Self {
            now: Instant::ZERO,
            weather: Weather::default(),
            seed,
            faults: Faults::default(),
            hosts: Vec::new(),
            names: HashMap::new(),
            sockets: Vec::new(),
            plan: Agenda::default(),
        }
    }

    /// Puts a server behind a name. Names without one are not found.
    pub fn host(&mut self, name: &str, server: impl Server + 'static) {
        let server = Box::new(server);
        let entry =
            HostEntry { name: name.to_owned(), server, lookups: 0, connects: 0, conns: 0, requests: 0 };
        self.names.insert(name.to_owned(), self.hosts.len());
        self.hosts.push(entry);
    }

    /// How it treats bytes.
    pub fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// What went wrong so far.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Looks a name up: [`Happening::Resolved`] with that token follows, or nothing ever.
    pub fn lookup(&mut self, name: &str, token: u64) {
        let Some(at) = self.names.get(name).copied() else {
            let answer = Happening::Resolved(token, Err(TransportError::NotFound));
            return self.plan_after(Duration::ZERO, Planned::ToClient(answer));
        };
        let host = &mut self.hosts[at];
        let lookup = host.server.lookup(host.lookups, &mut self.faults);
        host.lookups += 1;
        let address = |n: usize| SocketAddr::from(([10, (at >> 8) as u8, at as u8, n as u8], 80));
        let route = lookup.found.map(|count| match count {
            0 => Route::Direct,
            _ => Route::Addresses((0..count).map(address).collect()),
        });
        if let Some(after) = lookup.after {
            self.plan_after(after, Planned::ToClient(Happening::Resolved(token, route)));
        }
    }

    /// Connects: [`Happening::Connected`] follows, or nothing ever. The address is one that the name's look-up gave,
    /// or none where it gave none.
    pub fn connect(&mut self, name: &str, address: Option<SocketAddr>) -> SocketId {
        let id = SocketId(self.sockets.len() as u32);
        let Some(at) = self.names.get(name).copied() else {
            self.sockets.push(None);
            let refused = Happening::Connected(id, Err(TransportError::Refused));
            self.plan_after(Duration::ZERO, Planned::ToClient(refused));
            return id;
        };
        let place = match address {
            Some(SocketAddr::V4(v4)) => usize::from(v4.ip().octets()[3]),
            Some(SocketAddr::V6(_)) | None => 0,
        };
        let host = &mut self.hosts[at];
        let connect = host.server.connect(host.connects, place, &mut self.faults);
        let dice = Dice::of(&[self.seed, at as u64, host.connects as u64]);
        host.connects += 1;
        let socket = Socket::new(at, dice, self.weather, &mut self.faults);
        self.sockets.push(Some(Box::new(socket)));
        if let Some(after) = connect.after {
            self.plan_after(after, Planned::ToClient(Happening::Connected(id, connect.result)));
        }
        id
    }

    /// Bytes for a server; how many were taken. 0: [`Happening::Writable`] will say when to go on, or never will.
    pub fn write(&mut self, socket: SocketId, bytes: &[u8]) -> Result<usize, TransportError> {
        self.send(socket, bytes)
    }

    /// Moves what has arrived, `most` bytes at most, an end or a failure included. Whether something is left.
    pub fn read(&mut self, socket: SocketId, into: &mut RecvBuf, most: usize) -> bool {
        match self.socket(socket) {
            Some(socket) => socket.read(into, most),
            None => false,
        }
    }

    /// The client has no use for it any more.
    pub fn close(&mut self, socket: SocketId) {
        if let Some(place) = self.sockets.get_mut(socket.0 as usize) {
            *place = None;
        }
    }

    /// When something will happen.
    pub fn next(&self) -> Option<Instant> {
        self.plan.next()
    }

    /// [`Happening::Alarm`] with this token at `at`.
    pub fn alarm(&mut self, at: Instant, token: u64) {
        self.plan_at(at, Planned::ToClient(Happening::Alarm(token)));
    }

    /// Goes on to what happens next, if anything does.
    pub fn advance(&mut self) -> Option<Happening> {
        loop {
            let at = self.next()?;
            self.sleep_until(at);
            if let Some(what) = self.due() {
                return Some(what);
            }
        }
    }

    /// Goes on to that time, which should not be later than [`next`](Self::next).
    pub fn sleep_until(&mut self, at: Instant) {
        self.now = self.now.max(at);
    }

    /// The next thing that has happened by now.
    pub fn due(&mut self) -> Option<Happening> {
        while let Some(what) = self.plan.due(self.now) {
            let told = match what {
                Planned::ToClient(Happening::Connected(id, Ok(()))) => self.opens(id),
                Planned::ToClient(what) => Some(what),
                Planned::Arrives(id, piece) => self.arrives(id, piece),
                Planned::Silent(id, heard) => self.falls_silent(id, heard),
                Planned::Drains(id) => {
                    self.socket(id)?.stalled = false;
                    Some(Happening::Writable(id))
                }
            };
            if told.is_some() {
                return told;
            }
        }
        None
    }

    pub(super) fn socket(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.sockets.get_mut(id.0 as usize)?.as_deref_mut()
    }

    pub(super) fn hit(&mut self, fault: Fault) -> bool {
        self.faults.hit(fault)
    }

    pub(super) fn plan_after(&mut self, after: Duration, what: Planned) {
        self.plan_at(self.now + after, what);
    }

    pub(super) fn plan_at(&mut self, at: Instant, what: Planned) {
        self.plan.push(at.max(self.now), what);
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("now", &self.now)
            .field("faults", &self.faults)
            .finish_non_exhaustive()
    }
}

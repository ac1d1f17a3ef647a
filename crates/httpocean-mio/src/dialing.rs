//! The making of connections: look-ups on threads, attempts as sockets on their way.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use httpocean_core::dial::Route;
use httpocean_core::{ConnId, Instant, Key, Phase};
use httpocean_driver::{Ends, Observed, Teller, Whose, resolve_error, transport_error};

use crate::client::Client;
use crate::links::{Link, Making};
use crate::sockets::Place;
use crate::stream::{Connector, Stream};

/// How often a Unix socket whose listener has no room is tried again: nothing tells when there is some.
const AGAIN: Duration = Duration::from_millis(5);

impl Client {
    pub(crate) fn dial(&mut self, conn: ConnId, key: Key) {
        self.teller.tell(&Observed::Dialing { conn, key: &key });
        self.links.insert(conn, Link::new(key, self.now));
    }

    pub(crate) fn resolve(&mut self, conn: ConnId) {
        let Some(key) = self.engine.target(conn).cloned() else { return };
        let route = match (&self.connector, key.address()) {
            (Connector::Unix(_), _) => Route::Direct,
            (Connector::Tcp(_), Some(address)) if !self.resolvers.overrides_addresses() => {
                Route::Addresses([SocketAddr::new(address, key.port())].into_iter().collect())
            }
            (Connector::Tcp(_), _) => {
                self.tell_dial(conn, Phase::Resolve);
                return self.resolvers.ask(conn, key, self.now);
            }
        };
        self.engine.resolved(conn, Ok(route), self.now);
    }

    pub(crate) fn tell_dial(&mut self, conn: ConnId, phase: Phase) {
        if let Some(making) = self.links.making(conn) {
            self.teller.tell_phase(Whose::Dial(conn), &mut making.phase, phase);
        }
    }

    pub(crate) fn connect(&mut self, conn: ConnId, attempt: u8, addr: Option<SocketAddr>) {
        self.tell_dial(conn, Phase::Connect);
        match self.try_to_connect(conn, addr).and_then(|stream| self.sockets.insert(conn, attempt, stream)) {
            Ok(place) => {
                if let Some(making) = self.links.making(conn) {
                    making.attempts.push((attempt, place));
                }
                // On loopback it is connected already.
                self.connecting.push(place);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.crowded.push((conn, attempt));
                self.retry_at.get_or_insert(self.now + AGAIN);
            }
            Err(error) => self.failed(conn, attempt, &error),
        }
    }

    pub(crate) fn abandon(&mut self, conn: ConnId, attempt: u8) {
        self.crowded.retain(|crowded| *crowded != (conn, attempt));
        let Some(making) = self.links.making(conn) else { return };
        if let Some(at) = making.attempts.iter().position(|(other, _)| *other == attempt) {
            let (_, place) = making.attempts.swap_remove(at);
            self.sockets.remove(place);
        }
    }

    /// Looks at one thing that may have become of a dial. Whether there was any.
    pub(crate) fn go_on_dialing(&mut self) -> bool {
        if let Some((conn, found)) = self.resolvers.answer(self.now) {
            self.resolved(conn, found);
        } else if let Some(place) = self.connecting.pop() {
            self.look_at_attempt(place);
        } else if self.retry_at.is_some_and(|at| at <= self.now) {
            self.retry_at = None;
            for (conn, attempt) in std::mem::take(&mut self.crowded) {
                self.connect(conn, attempt, None);
            }
        } else {
            return false;
        }
        true
    }

    /// Nothing of a dial that is over is left behind.
    pub(crate) fn forget_dial(&mut self, conn: ConnId, link: &Link) {
        if link.place.is_none() {
            self.resolvers.forget(conn);
            self.crowded.retain(|(other, _)| *other != conn);
        }
        for (_, place) in link.making.iter().flat_map(|making| &making.attempts) {
            self.sockets.remove(*place);
        }
    }

    fn try_to_connect(&self, conn: ConnId, addr: Option<SocketAddr>) -> io::Result<Stream> {
        match (&self.connector, self.links.get(conn)) {
            (_, None) => Err(io::ErrorKind::NotFound.into()),
            (Connector::Tcp(tcp), Some(link)) => tcp.begin(&link.key, addr),
            (Connector::Unix(unix), Some(_)) => unix.begin(),
        }
    }

    fn resolved(&mut self, conn: ConnId, found: io::Result<Vec<SocketAddr>>) {
        let route = found
            .map(|addrs| Route::Addresses(addrs.into_iter().collect()))
            .map_err(|error| resolve_error(&error));
        self.engine.resolved(conn, route, self.now);
    }

    fn look_at_attempt(&mut self, place: Place) {
        let Some(socket) = self.sockets.get_mut(place) else { return };
        let (conn, Some(attempt)) = (socket.conn, socket.attempt) else { return };
        match socket.stream.is_connected() {
            Ok(true) => self.connected(conn, attempt, place),
            Ok(false) => {}
            Err(error) => {
                self.sockets.remove(place);
                if let Some(making) = self.links.making(conn) {
                    making.attempts.retain(|(_, other)| *other != place);
                }
                self.failed(conn, attempt, &error);
            }
        }
    }

    fn connected(&mut self, conn: ConnId, attempt: u8, place: Place) {
        let (Some(link), Some(socket)) = (self.links.get_mut(conn), self.sockets.get_mut(place)) else {
            return;
        };
        (socket.attempt, socket.writable) = (None, true);
        link.ends = Ends::new(socket.stream.local_addr(), socket.stream.peer_addr());
        link.place = Some(place);
        let attempts = link.making.as_mut().map(|making| std::mem::take(&mut making.attempts));
        for (_, other) in attempts.into_iter().flatten().filter(|(_, other)| *other != place) {
            self.sockets.remove(other);
        }
        self.engine.connected(conn, attempt, Ok(()), self.now);
        self.note_made(conn);
    }

    /// A connection may have more to agree on when it is connected.
    #[inline(never)]
    pub(crate) fn note_made(&mut self, conn: ConnId) {
        let Some(link) = self.links.get_mut(conn).filter(|link| link.making.is_some()) else { return };
        if self.engine.target(conn).is_none() || self.engine.is_dialing(conn) {
            return;
        }
        // Taken, so that an idle connection has no memory of its dial.
        if let Some(making) = link.making.take() {
            tell_made(&self.teller, conn, link, &making, self.clock.now());
        }
    }

    fn failed(&mut self, conn: ConnId, attempt: u8, error: &io::Error) {
        self.engine.connected(conn, attempt, Err(transport_error(error)), self.now);
    }
}

pub(crate) fn tell_made(teller: &Teller, conn: ConnId, link: &Link, making: &Making, now: Instant) {
    let ((local, peer), took) = (link.ends.both(), now - making.since);
    teller.tell(&Observed::Dialed { conn, key: &link.key, local, peer, took });
}

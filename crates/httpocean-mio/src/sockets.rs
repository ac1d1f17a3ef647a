//! Sockets by token. A token is a place in a table, and, as far as the range allows, how often that place was used.

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroU32;
use std::ops::Range;

use httpocean_core::ConnId;
use mio::event::Event;
use mio::{Interest, Registry, Token};

use crate::links::reserve_some;
use crate::stream::Stream;

/// One socket, connected or on its way.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) conn: ConnId,
    /// While it is being connected: the attempt that it is.
    pub(crate) attempt: Option<u8>,
    pub(crate) stream: Stream,
    /// Set by events, cleared by `WouldBlock`: a poll tells of each change once.
    pub(crate) readable: bool,
    pub(crate) writable: bool,
    /// The peer sends no more, or the socket is broken, an event said.
    pub(crate) ends: bool,
}

#[derive(Debug)]
pub(crate) struct Sockets {
    registry: Registry,
    start: usize,
    capacity: usize,
    /// So many generations of a place have tokens of their own. With one only, an event of the same batch that was
    /// meant for the socket before counts as a hint for the one that took its place, and a hint does no harm.
    rounds: usize,
    places: Vec<Entry>,
    free: VecDeque<Place>,
}

/// Where a socket lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(NonZeroU32);

impl Place {
    fn new(at: usize) -> Option<Self> {
        u32::try_from(at + 1).ok().and_then(NonZeroU32::new).map(Self)
    }

    fn at(self) -> usize {
        self.0.get() as usize - 1
    }
}

#[derive(Debug)]
struct Entry {
    generation: u32,
    socket: Option<Socket>,
}

impl Sockets {
    /// `tokens` must have room for `capacity` at least.
    pub(crate) fn new(registry: Registry, tokens: &Range<usize>, capacity: usize) -> Self {
        let rounds = tokens.len() / capacity.max(1);
        let (places, free) = (Vec::new(), VecDeque::new());
        Self { registry, start: tokens.start, capacity, rounds: rounds.max(1), places, free }
    }

    /// Takes a socket in and registers it for everything; where it lies from now on.
    pub(crate) fn insert(&mut self, conn: ConnId, attempt: u8, mut stream: Stream) -> io::Result<Place> {
        let fresh = Place::new(self.places.len()).filter(|_| self.places.len() < self.capacity);
        let place = match (self.free.pop_front(), fresh) {
            (Some(place), _) => place,
            (None, Some(place)) => {
                reserve_some(&mut self.places, 1);
                self.places.push(Entry { generation: 0, socket: None });
                place
            }
            (None, None) => return Err(io::Error::other("no token is left for another attempt")),
        };
        let token = self.token(place);
        if let Err(error) =
            self.registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)
        {
            self.free.push_front(place);
            return Err(error);
        }
        let attempt = Some(attempt);
        self.places[place.at()].socket =
            Some(Socket { conn, attempt, stream, readable: false, writable: false, ends: false });
        Ok(place)
    }

    pub(crate) fn get_mut(&mut self, place: Place) -> Option<&mut Socket> {
        self.places.get_mut(place.at())?.socket.as_mut()
    }

    /// Lets a socket go: dropped, it is closed, and with that the poll forgets it.
    pub(crate) fn remove(&mut self, place: Place) -> Option<Socket> {
        let entry = self.places.get_mut(place.at())?;
        let socket = entry.socket.take()?;
        entry.generation = entry.generation.wrapping_add(1);
        self.free.push_back(place);
        Some(socket)
    }

    /// Lets a socket go that lives on elsewhere.
    pub(crate) fn hand_out(&mut self, place: Place) -> Option<Stream> {
        let mut stream = self.remove(place)?.stream;
        // One that was never registered, or is broken, is out of the poll anyhow.
        let _ = self.registry.deregister(&mut stream);
        Some(stream)
    }

    /// Notes what an event says. `None` if it is about a socket that is gone; the place if it is not.
    pub(crate) fn note(&mut self, event: &Event) -> Option<Place> {
        let offset = event.token().0.checked_sub(self.start)?;
        let place = Place::new(offset % self.capacity)?;
        let entry = self.places.get_mut(place.at())?;
        if entry.generation as usize % self.rounds != offset / self.capacity {
            return None;
        }
        let socket = entry.socket.as_mut()?;
        socket.ends |= event.is_read_closed() || event.is_error();
        socket.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        socket.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
        Some(place)
    }

    fn token(&self, place: Place) -> Token {
        let round = self.places[place.at()].generation as usize % self.rounds;
        Token(self.start + place.at() + self.capacity * round)
    }
}

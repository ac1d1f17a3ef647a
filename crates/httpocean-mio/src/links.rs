//! What a client holds of each connection: its socket, and buffers while somebody uses it.

use httpocean_core::{CallId, ConnId, Instant, Io, Key, Phase};
use httpocean_driver::Connection;

/// So many sets of buffers are kept for connections that will need some.
const SPARE: usize = 16;

#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) key: Key,
    pub(crate) since: Instant,
    /// Where its socket lies, once it is connected.
    pub(crate) place: Option<usize>,
    /// Attempts to connect it, and where their sockets lie.
    pub(crate) attempts: Vec<(u8, usize)>,
    pub(crate) facts: Connection,
    /// It is made, and that was told.
    pub(crate) made: bool,
    /// What its dial was last told to wait for.
    pub(crate) phase: Phase,
    pub(crate) serving: Option<CallId>,
    /// Apart from the rest: most connections are idle, and have none.
    pub(crate) io: Option<Box<Io>>,
    /// The core has said all that it can say of what was read.
    pub(crate) hungry: bool,
    /// The end of the stream, or an error of it, is in the buffer.
    pub(crate) ended: bool,
    /// When the core wants to be asked again.
    pub(crate) until: Option<Instant>,
    /// Bytes read and written in this round.
    pub(crate) moved: usize,
    pub(crate) round: u64,
    pub(crate) deferred: bool,
}

impl Link {
    pub(crate) fn new(key: Key, since: Instant) -> Self {
        Self {
            key,
            since,
            place: None,
            attempts: Vec::new(),
            facts: Connection::default(),
            made: false,
            phase: Phase::Start,
            serving: None,
            io: None,
            hungry: true,
            ended: false,
            until: None,
            moved: 0,
            round: 0,
            deferred: false,
        }
    }
}

/// Connections by the places of their ids, and buffers that nobody uses.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: Vec<Option<(ConnId, Link)>>,
    #[expect(clippy::vec_box, reason = "they move between here and the links without a copy")]
    spare: Vec<Box<Io>>,
}

impl Links {
    pub(crate) fn insert(&mut self, conn: ConnId, link: Link) {
        let at = conn.index();
        if self.links.len() <= at {
            self.links.resize_with(at + 1, || None);
        }
        self.links[at] = Some((conn, link));
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Link> {
        self.links.get(conn.index())?.as_ref().filter(|(id, _)| *id == conn).map(|(_, link)| link)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Link> {
        let slot = self.links.get_mut(conn.index())?;
        slot.as_mut().filter(|(id, _)| *id == conn).map(|(_, link)| link)
    }

    /// Its buffers, lent if it has none, with what else there is to it.
    pub(crate) fn with_io(&mut self, conn: ConnId) -> Option<&mut Link> {
        if self.get(conn)?.io.is_none() {
            let io = self.spare.pop().unwrap_or_default();
            self.get_mut(conn)?.io = Some(io);
        }
        self.get_mut(conn)
    }

    /// Nobody uses it: it needs no buffers.
    pub(crate) fn strip(&mut self, conn: ConnId) {
        let io = self.get_mut(conn).and_then(|link| link.io.take());
        self.spare(io);
    }

    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<Link> {
        self.get(conn)?;
        self.strip(conn);
        self.links[conn.index()].take().map(|(_, link)| link)
    }

    #[cfg(test)]
    pub(crate) fn with_buffers(&self) -> usize {
        self.links.iter().flatten().filter(|(_, link)| link.io.is_some()).count()
    }

    fn spare(&mut self, io: Option<Box<Io>>) {
        if let Some(mut io) = io.filter(|_| self.spare.len() < SPARE) {
            io.reset();
            self.spare.push(io);
        }
    }
}

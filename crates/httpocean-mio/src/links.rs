//! What a client holds of each connection: its socket, and buffers while somebody uses it.

use httpocean_core::{CallId, ConnId, Instant, Io, Key, Phase};
use httpocean_driver::{Connection, Ends};

use crate::sockets::Place;
use crate::wire::Rooms;

/// So many sets of buffers are kept for connections that will need some.
const SPARE: usize = 16;

/// There may be very many, most of them idle: what an idle one does not need is elsewhere.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) key: Key,
    /// 0 before the first request.
    pub(crate) number: u64,
    pub(crate) ends: Ends,
    /// Where its socket lies, once it is connected.
    pub(crate) place: Option<Place>,
    /// Bytes read and written in this round.
    pub(crate) moved: u32,
    pub(crate) round: u32,
    /// Until it is made, and that was told.
    pub(crate) making: Option<Box<Making>>,
    /// While somebody uses it, or it has something to say.
    pub(crate) awake: Option<Box<Awake>>,
}

#[derive(Debug)]
pub(crate) struct Making {
    pub(crate) since: Instant,
    /// Attempts to connect it, and where their sockets lie.
    pub(crate) attempts: Vec<(u8, Place)>,
    /// What was last told that it waits for.
    pub(crate) phase: Phase,
}

#[derive(Debug)]
pub(crate) struct Awake {
    pub(crate) io: Io,
    pub(crate) serving: Option<CallId>,
    pub(crate) facts: Connection,
    /// The core has said all that it can say of what was read.
    pub(crate) hungry: bool,
    /// The end of the stream, or an error of it, is in the buffer.
    pub(crate) ended: bool,
    /// When the core wants to be asked again.
    pub(crate) until: Option<Instant>,
    pub(crate) deferred: bool,
}

impl Default for Awake {
    fn default() -> Self {
        Self {
            io: Io::default(),
            serving: None,
            facts: Connection::default(),
            hungry: true,
            ended: false,
            until: None,
            deferred: false,
        }
    }
}

impl Awake {
    /// The core has cleaned the buffers: what ended before is to be read again.
    pub(crate) fn calm(&mut self) {
        (self.hungry, self.ended, self.until) = (true, false, None);
    }
}

impl Link {
    pub(crate) fn new(key: Key, since: Instant) -> Self {
        let making = Some(Box::new(Making { since, attempts: Vec::new(), phase: Phase::Start }));
        Self { key, number: 0, ends: Ends::default(), place: None, moved: 0, round: 0, making, awake: None }
    }

    pub(crate) fn serving(&self) -> Option<CallId> {
        self.awake.as_ref()?.serving
    }
}

/// Connections by the places of their ids, and buffers that nobody uses.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: Vec<Option<(ConnId, Link)>>,
    #[expect(clippy::vec_box, reason = "they move between here and the links without a copy")]
    spare: Vec<Box<Awake>>,
    rooms: Rooms,
}

impl Links {
    pub(crate) fn insert(&mut self, conn: ConnId, link: Link) {
        let at = conn.index();
        if self.links.len() <= at {
            let more = at + 1 - self.links.len();
            reserve_some(&mut self.links, more);
            self.links.resize_with(at + 1, || None);
        }
        self.links[at] = Some((conn, link));
    }

    pub(crate) fn get(&self, conn: ConnId) -> Option<&Link> {
        self.links.get(conn.index())?.as_ref().filter(|(id, _)| *id == conn).map(|(_, link)| link)
    }

    pub(crate) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Link> {
        find(&mut self.links, conn)
    }

    pub(crate) fn making(&mut self, conn: ConnId) -> Option<&mut Making> {
        self.get_mut(conn)?.making.as_deref_mut()
    }

    /// With its buffers, lent if it has none.
    pub(crate) fn wake(&mut self, conn: ConnId) -> Option<&mut Link> {
        self.wake_to_read(conn).map(|(link, _)| link)
    }

    /// The same, and memory that it can read into.
    #[inline]
    pub(crate) fn wake_to_read(&mut self, conn: ConnId) -> Option<(&mut Link, &mut Rooms)> {
        let link = find(&mut self.links, conn)?;
        link.awake.get_or_insert_with(|| self.spare.pop().unwrap_or_default());
        Some((link, &mut self.rooms))
    }

    /// The core has cleaned its buffers: what ended before is to be read again.
    pub(crate) fn calm(&mut self, conn: Option<ConnId>) {
        let link = conn.and_then(|conn| find(&mut self.links, conn));
        if let Some(awake) = link.and_then(|link| link.awake.as_deref_mut()) {
            awake.calm();
            self.rooms.take_back(&mut awake.io.rx);
        }
    }

    /// Nobody uses it: it needs no buffers.
    pub(crate) fn strip(&mut self, conn: ConnId) {
        let awake = self.get_mut(conn).and_then(|link| link.awake.take());
        self.spare(awake);
    }

    pub(crate) fn remove(&mut self, conn: ConnId) -> Option<Link> {
        self.get(conn)?;
        self.strip(conn);
        self.links[conn.index()].take().map(|(_, link)| link)
    }

    #[cfg(test)]
    pub(crate) fn with_buffers(&self) -> usize {
        self.links.iter().flatten().filter(|(_, link)| link.awake.is_some()).count()
    }

    /// Bytes of memory for reads and writes that all of them have together.
    #[cfg(test)]
    pub(crate) fn bytes_of_buffers(&self) -> usize {
        let awake = self.links.iter().flatten().filter_map(|(_, link)| link.awake.as_ref());
        awake.map(|awake| awake.io.capacity()).sum()
    }

    fn spare(&mut self, awake: Option<Box<Awake>>) {
        let Some(mut awake) = awake else { return };
        awake.io.reset();
        self.rooms.take_back(&mut awake.io.rx);
        if self.spare.len() < SPARE {
            *awake = Awake { io: std::mem::take(&mut awake.io), ..Awake::default() };
            self.spare.push(awake);
        }
    }
}

fn find(links: &mut [Option<(ConnId, Link)>], conn: ConnId) -> Option<&mut Link> {
    let slot = links.get_mut(conn.index())?;
    slot.as_mut().filter(|(id, _)| *id == conn).map(|(_, link)| link)
}

/// Makes room for so many more, and for an eighth: twice as much, as vectors make it by themselves, is for the average of all
/// lengths half as much again as is used, and there may be very many connections.
pub(crate) fn reserve_some<T>(entries: &mut Vec<T>, more: usize) {
    let len = entries.len() + more;
    if len > entries.capacity() {
        entries.reserve_exact(more + len / 8 + 4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_is_small() {
        assert!(size_of::<Option<(ConnId, Link)>>() <= 72, "{}", size_of::<Option<(ConnId, Link)>>());
    }
}

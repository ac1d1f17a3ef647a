//! What an engine keeps of each call and of each connection.

use smallvec::SmallVec;

use crate::arena::{ConnId, WaitId, reserve_some};
use crate::call::Call;
use crate::dial::Dial;
use crate::key::Key;
use crate::pool::{Facts, Lease};

use super::CallId;
use super::timers::Alarm;

/// One call, and what it holds or waits for.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) call: Call,
    pub(super) lease: Option<Lease>,
    pub(super) facts: Facts,
    pub(super) waiter: Option<WaitId>,
    pub(super) alarm: Alarm,
    /// Its `Hop` is in the queue: it goes on when that was said.
    pub(super) hops: bool,
    /// Its last event is in the queue: it has nothing more to say.
    pub(super) ended: bool,
}

impl Entry {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            lease: None,
            facts: Facts::default(),
            waiter: None,
            alarm: Alarm::default(),
            hops: false,
            ended: false,
        }
    }
}

/// One connection, as long as the driver knows its id.
#[derive(Debug)]
pub(super) struct LinkEntry {
    pub(super) id: ConnId,
    pub(super) key: Key,
    pub(super) state: Link,
    /// Whether a `Drive` of it is in the queue.
    pub(super) queued: bool,
}

/// There may be very many, most of them idle: what only a dial needs is elsewhere.
#[derive(Debug)]
pub(super) enum Link {
    Dialing(Box<Dialing>),
    Busy(CallId),
    Idle,
}

#[derive(Debug)]
pub(super) struct Dialing {
    pub(super) dial: Dial,
    pub(super) lease: Lease,
    pub(super) alarm: Alarm,
    /// Attempts whose `Connect` is in the queue: nobody was asked for them yet.
    pub(super) unsaid: SmallVec<[u8; 4]>,
}

impl Dialing {
    /// Takes the attempt out of those that are unsaid; whether it was one.
    pub(super) fn take_unsaid(&mut self, attempt: u8) -> bool {
        let at = self.unsaid.iter().position(|unsaid| *unsaid == attempt);
        at.map(|at| self.unsaid.swap_remove(at)).is_some()
    }
}

/// Connections and waiters by the places of their ids: the pool gave the ids, so the places are dense.
#[derive(Debug, Default)]
pub(super) struct Links {
    conns: Vec<Option<LinkEntry>>,
    waiters: Vec<Option<(WaitId, CallId)>>,
}

impl Links {
    pub(super) fn insert(&mut self, dial: Dial, lease: Lease) {
        let (id, key) = (lease.conn(), lease.key().clone());
        let dialing = Dialing { dial, lease, alarm: Alarm::default(), unsaid: SmallVec::new() };
        let state = Link::Dialing(Box::new(dialing));
        let at = id.index();
        if self.conns.len() <= at {
            let more = at + 1 - self.conns.len();
            reserve_some(&mut self.conns, more);
            self.conns.resize_with(at + 1, || None);
        }
        self.conns[at] = Some(LinkEntry { id, key, state, queued: false });
    }

    #[inline]
    pub(super) fn get(&self, id: ConnId) -> Option<&LinkEntry> {
        self.conns.get(id.index())?.as_ref().filter(|link| link.id == id)
    }

    pub(super) fn get_mut(&mut self, id: ConnId) -> Option<&mut LinkEntry> {
        self.conns.get_mut(id.index())?.as_mut().filter(|link| link.id == id)
    }

    pub(super) fn remove(&mut self, id: ConnId) -> Option<LinkEntry> {
        self.get(id)?;
        self.conns[id.index()].take()
    }

    pub(super) fn dialing(&self, id: ConnId) -> Option<&Dialing> {
        match &self.get(id)?.state {
            Link::Dialing(dialing) => Some(dialing),
            Link::Busy(_) | Link::Idle => None,
        }
    }

    pub(super) fn dialing_mut(&mut self, id: ConnId) -> Option<&mut Dialing> {
        match &mut self.get_mut(id)?.state {
            Link::Dialing(dialing) => Some(dialing),
            Link::Busy(_) | Link::Idle => None,
        }
    }

    /// All that there are.
    pub(super) fn iter(&self) -> impl Iterator<Item = &LinkEntry> {
        self.conns.iter().flatten()
    }

    /// How many calls wait in the pool.
    pub(super) fn expected(&self) -> usize {
        self.waiters.iter().flatten().count()
    }

    pub(super) fn expect(&mut self, waiter: WaitId, call: CallId) {
        let at = waiter.index();
        if self.waiters.len() <= at {
            self.waiters.resize_with(at + 1, || None);
        }
        self.waiters[at] = Some((waiter, call));
    }

    pub(super) fn take_waiter(&mut self, waiter: WaitId) -> Option<CallId> {
        match self.waiters.get_mut(waiter.index()) {
            Some(slot @ Some(_)) if slot.is_some_and(|(id, _)| id == waiter) => {
                slot.take().map(|(_, call)| call)
            }
            Some(_) | None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Driven, Task};
    use super::*;

    #[test]
    fn what_is_said_all_the_time_is_small() {
        // An address, or an id and what is wanted; what is rare and larger is boxed.
        assert!(size_of::<Driven>() <= 48, "{}", size_of::<Driven>());
        assert!(size_of::<Task>() <= 48, "{}", size_of::<Task>());
    }

    #[test]
    fn an_idle_connection_is_small() {
        // Its id, a key that is shared, and a word or two; there may be a hundred thousand.
        assert!(size_of::<Option<LinkEntry>>() <= 48, "{}", size_of::<Option<LinkEntry>>());
    }
}

//! What a pool is made of: slots, waiters, hosts, and the words it has yet to say.

use core::marker::PhantomData;
use std::hash::{BuildHasher, Hasher};

use super::list::{Chain, Links, List};
use super::{Demand, Lease, Refusal};
use crate::arena::{ConnId, WaitId, id};
use crate::key::Key;
use crate::reason::CloseReason;
use crate::rng::mix;
use crate::time::Instant;

id!(
    /// A key that holds or wants something.
    pub(super) HostId
);

/// One connection, from the decision to dial it until its `Close` is said.
#[derive(Debug)]
pub(super) struct Slot<T> {
    pub(super) host: HostId,
    pub(super) state: State<T>,
    /// 0 until it is ready.
    pub(super) number: u64,
    /// Requests that it has served.
    pub(super) uses: u32,
    pub(super) uses_left: Option<u32>,
    /// Until when it may be idle; set anew at each return.
    pub(super) idle_until: Instant,
    pub(super) dies_at: Option<Instant>,
    /// Counts grants, so that round robin knows whose turn it is.
    pub(super) granted: u64,
    /// Why it is to be closed at its next clean boundary.
    pub(super) doomed: Option<CloseReason>,
    pub(super) armed: Option<Instant>,
    /// In the list of all idle connections or in that of its key's dials without an owner.
    pub(super) in_idle: Links,
    /// In its key's list of idle connections or of dials; it is never in both.
    pub(super) in_host: Links,
}

#[derive(Debug)]
pub(super) enum State<T> {
    Dialing(Dialing),
    Granted {
        parked: T,
        waiter: WaitId,
        idle_since: Option<Instant>,
    },
    Busy {
        idle_since: Option<Instant>,
    },
    Idle {
        parked: T,
        since: Instant,
    },
    Closing {
        parked: T,
        why: CloseReason,
        room_for: Option<HostId>,
    },
    /// Only within a transition, while the parked thing changes hands.
    Moving,
}

#[derive(Debug)]
pub(super) struct Dialing {
    /// Who counts on it: who caused it, or took it over from somebody who left.
    pub(super) owner: Option<WaitId>,
    /// Whether the owner caused it, and so has to answer for its failure.
    pub(super) charged: bool,
    /// Whether `Dial` was polled.
    pub(super) said: bool,
    pub(super) abandoned: bool,
    pub(super) started: Instant,
}

impl<T> Slot<T> {
    /// One that is being made; who asks for it has to answer for its failure.
    pub(super) fn dialing(host: HostId, asker: Option<WaitId>, now: Instant) -> Self {
        Self {
            host,
            state: State::Dialing(Dialing {
                owner: asker,
                charged: asker.is_some(),
                said: false,
                abandoned: false,
                started: now,
            }),
            number: 0,
            uses: 0,
            uses_left: None,
            idle_until: now,
            dies_at: None,
            granted: 0,
            doomed: None,
            armed: None,
            in_idle: Links::default(),
            in_host: Links::default(),
        }
    }

    pub(super) fn idle_mut(&mut self) -> Option<&mut T> {
        match &mut self.state {
            State::Idle { parked, .. } => Some(parked),
            State::Dialing(_)
            | State::Granted { .. }
            | State::Busy { .. }
            | State::Closing { .. }
            | State::Moving => None,
        }
    }

    /// Its place in round robin: by its last grant, or by when it was ready if it had none.
    pub(super) fn turn(&self) -> (u64, u64) {
        (self.granted, self.number)
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle { .. })
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state, State::Busy { .. })
    }
}

/// One request in the pool.
#[derive(Debug)]
pub(super) struct Waiter {
    pub(super) host: HostId,
    pub(super) demand: Demand,
    pub(super) since: Instant,
    /// Its place in the order of arrival; negative for those who came back to the front.
    pub(super) arrival: i64,
    /// Whether it had a grant before, and so may be in front of those who never had one.
    pub(super) returned: bool,
    pub(super) state: Waiting,
    /// The dial that it caused or took over, while both last.
    pub(super) dial: Option<ConnId>,
    pub(super) armed: Option<Instant>,
    pub(super) in_queue: Links,
    pub(super) in_unasked: Links,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    Queued,
    /// A grant of this connection is about to be said.
    Assigned(ConnId),
    /// A refusal is about to be said.
    Refused,
}

/// One key, while it holds or wants something.
#[derive(Debug)]
pub(super) struct Host<T> {
    pub(super) key: Key,
    /// Connections in any state.
    pub(super) open: u32,
    /// Dials that were not answered, abandoned ones included.
    pub(super) dialing: u32,
    /// Connections whose closing is decided and not said.
    pub(super) closing: u32,
    /// Closings under way that make room for a dial of this key.
    pub(super) promised: u32,
    /// Dials that count, the newest at the back.
    pub(super) dials: List<InHost<T>>,
    /// Of these: dials whose owner left, the last of them in front. While there are any, nobody waits without a dial.
    pub(super) orphans: List<Idle<T>>,
    /// So many of those that count are for nobody: as many may be without an owner, whatever is done with surplus.
    pub(super) spare: u32,
    /// So many connections are to be there for the taking, until they are or can't be.
    pub(super) wish: u32,
    /// Whether the last dial that ended was a success, and nothing that it made for nobody was lost since.
    pub(super) is_sound: bool,
    /// When it was last asked for, in the order of such inputs.
    pub(super) touched: u64,
    /// Until when it counts as used, after its last request.
    pub(super) in_use_until: Instant,
    /// Idle connections, the coldest in front.
    pub(super) idle: List<InHost<T>>,
    /// Who takes any connection.
    pub(super) waiting: List<Queue>,
    /// Who takes only a fresh one.
    pub(super) waiting_fresh: List<Queue>,
    /// Who waits without a dial of its own, the longest in front.
    pub(super) unasked: List<Unasked>,
    /// Dials that failed in a row, those under way at the same time counted once.
    pub(super) failures: u32,
    pub(super) failed_at: Option<Instant>,
    pub(super) no_dial_before: Instant,
    pub(super) in_ring: bool,
    /// Whether it is among those to be forgotten once their pause is over.
    pub(super) is_fading: bool,
    pub(super) armed: Option<Instant>,
}

impl<T> Host<T> {
    pub(super) fn new(key: Key) -> Self {
        Self {
            key,
            open: 0,
            dialing: 0,
            closing: 0,
            promised: 0,
            dials: List::default(),
            orphans: List::default(),
            spare: 0,
            wish: 0,
            is_sound: false,
            touched: 0,
            in_use_until: Instant::ZERO,
            idle: List::default(),
            waiting: List::default(),
            waiting_fresh: List::default(),
            unasked: List::default(),
            failures: 0,
            failed_at: None,
            no_dial_before: Instant::ZERO,
            in_ring: false,
            is_fading: false,
            armed: None,
        }
    }

    pub(super) fn waiters(&self) -> usize {
        self.waiting.len() + self.waiting_fresh.len()
    }

    /// Connections when all closings that are decided are said and all places that are promised are taken.
    pub(super) fn will_be_open(&self) -> usize {
        (self.open + self.promised - self.closing) as usize
    }

    /// Dials when all places that are promised are taken.
    pub(super) fn will_dial(&self) -> usize {
        (self.dialing + self.promised) as usize
    }

    /// Waiters for whom no dial runs and no room is being made.
    pub(super) fn wants(&self) -> usize {
        self.unasked.len().saturating_sub(self.promised as usize)
    }
}

/// What will be said at the next polls. Each names what it is about by id: what is gone by then is not said.
#[derive(Debug)]
pub(super) enum Word<T, E> {
    Grant {
        waiter: WaitId,
        conn: ConnId,
    },
    Dial(ConnId),
    Abandon(ConnId),
    Refuse {
        waiter: WaitId,
        why: Refusal,
        error: Option<E>,
    },
    Close(ConnId),
    /// Something came back with a lease that was of no use any more: it must not be lost.
    Stray(Box<(Lease, T)>),
}

/// The list of all idle connections, or of the dials without an owner of one key.
#[derive(Debug)]
pub(super) struct Idle<T>(PhantomData<T>);

impl<T> Chain for Idle<T> {
    type Id = ConnId;
    type Node = Slot<T>;

    fn links(node: &mut Slot<T>) -> &mut Links {
        &mut node.in_idle
    }

    fn peek(node: &Slot<T>) -> &Links {
        &node.in_idle
    }
}

/// A list of one key's connections.
#[derive(Debug)]
pub(super) struct InHost<T>(PhantomData<T>);

impl<T> Chain for InHost<T> {
    type Id = ConnId;
    type Node = Slot<T>;

    fn links(node: &mut Slot<T>) -> &mut Links {
        &mut node.in_host
    }

    fn peek(node: &Slot<T>) -> &Links {
        &node.in_host
    }
}

/// A list of one key's waiters.
#[derive(Debug)]
pub(super) struct Queue;

impl Chain for Queue {
    type Id = WaitId;
    type Node = Waiter;

    fn links(node: &mut Waiter) -> &mut Links {
        &mut node.in_queue
    }

    fn peek(node: &Waiter) -> &Links {
        &node.in_queue
    }
}

/// A list of one key's waiters without a dial of their own.
#[derive(Debug)]
pub(super) struct Unasked;

impl Chain for Unasked {
    type Id = WaitId;
    type Node = Waiter;

    fn links(node: &mut Waiter) -> &mut Links {
        &mut node.in_unasked
    }

    fn peek(node: &Waiter) -> &Links {
        &node.in_unasked
    }
}

/// Spreads the hash that a key carries with the pool's seed, so that who chooses hosts can't choose buckets.
#[derive(Clone, Debug)]
pub(super) struct Seeded(u64);

impl Seeded {
    pub(super) fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x6874_7470_6F63_6561))
    }
}

impl BuildHasher for Seeded {
    type Hasher = Spread;

    fn build_hasher(&self) -> Spread {
        Spread(self.0)
    }
}

#[derive(Debug)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = mix(self.0 ^ value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conn::Conn;

    #[test]
    fn what_is_kept_of_idle_connections_is_small() {
        // There may be a hundred thousand, and as many keys.
        assert!(size_of::<Option<Slot<Conn>>>() <= 120, "{}", size_of::<Option<Slot<Conn>>>());
        assert!(size_of::<Option<Host<Conn>>>() <= 152, "{}", size_of::<Option<Host<Conn>>>());
    }
}

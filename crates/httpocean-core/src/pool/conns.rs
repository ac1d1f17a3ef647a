//! Connections changing hands: granted, given back, closed, said.

use core::mem;
use std::collections::BTreeSet;

use super::parts::{Host, HostId, Slot, State, Waiting, Word};
use super::{Demand, Facts, Fate, Lease, Pool, PoolCommand, Refusal};
use crate::arena::{ConnId, WaitId};
use crate::key::Key;
use crate::reason::CloseReason;
use crate::time::Instant;

impl<T, E> Pool<T, E> {
    pub(super) fn give_back(&mut self, lease: Lease, parked: T, fate: Fate) -> bool {
        let conn = lease.conn;
        let Some(slot) = self.conns.get_mut(conn).filter(|slot| slot.is_busy()) else {
            self.stray(lease, parked);
            return false;
        };
        match fate {
            Fate::Spent(why) => {
                self.close(conn, parked, why, None);
                false
            }
            Fate::Untouched => self.offer(conn, parked),
            Fate::Reusable { hint, uses_left } => {
                slot.uses = slot.uses.saturating_add(1);
                // A server that stops saying how many more it takes still meant what it said.
                slot.uses_left = uses_left.or(slot.uses_left.map(|left| left.saturating_sub(1)));
                slot.state = State::Busy { idle_since: None };
                self.set_idle_deadline(conn, hint);
                self.offer(conn, parked)
            }
        }
    }

    pub(super) fn exchange(
        &mut self,
        lease: Lease,
        parked: T,
        why: CloseReason,
        demand: Demand,
        arrival: i64,
    ) -> WaitId {
        let host = self.host_of(&lease.key);
        // Closed first: the next dial takes its place, not that of an idle one.
        if self.conns.get(lease.conn).is_some_and(Slot::is_busy) {
            self.close(lease.conn, parked, why, None);
        } else {
            self.stray(lease, parked);
        }
        self.admit(host, demand, arrival)
    }

    pub(super) fn stray(&mut self, lease: Lease, parked: T) {
        self.stale_inputs += 1;
        self.push_word(Word::Stray(Box::new((lease, parked))));
    }

    pub(super) fn let_go(&mut self, conn: ConnId) {
        match self.conns.get(conn) {
            Some(slot) if slot.is_busy() => self.free(conn),
            Some(_) | None => self.stale_inputs += 1,
        }
    }

    pub(super) fn close_stirred(&mut self, conn: ConnId, why: CloseReason) {
        match self.conns.get(conn).map(|slot| &slot.state) {
            Some(State::Idle { .. }) => {
                self.note_unused(conn);
                self.close_idle(conn, why, None);
            }
            Some(State::Granted { waiter, .. }) => {
                let waiter = *waiter;
                self.ungrant(conn, why);
                self.requeue(waiter);
            }
            Some(State::Dialing(_) | State::Busy { .. } | State::Closing { .. } | State::Moving) | None => {
                self.stale_inputs += 1;
            }
        }
    }

    pub(super) fn evict_keys(&mut self, mut which: impl FnMut(&Key) -> bool) {
        let picked: BTreeSet<HostId> =
            self.hosts.iter().filter(|(_, host)| which(&host.key)).map(|(id, _)| id).collect();
        let conns: Vec<ConnId> =
            self.conns.iter().filter(|(_, slot)| picked.contains(&slot.host)).map(|(id, _)| id).collect();
        for host in picked {
            if let Some(host) = self.hosts.get_mut(host) {
                // Nobody wants what is evicted back before the next request.
                (host.wish, host.in_use_until) = (0, Instant::ZERO);
            }
        }
        for conn in conns {
            if let Some(slot) = self.conns.get_mut(conn) {
                slot.doomed = Some(CloseReason::Evicted);
                if slot.is_idle() {
                    self.close_idle(conn, CloseReason::Evicted, None);
                }
            }
        }
    }

    pub(super) fn end(&mut self) {
        self.shut = true;
        self.lacking.clear();
        while let Some(conn) = self.idle.front(&self.conns) {
            self.close_idle(conn, CloseReason::ShutDown, None);
        }
        let granted: Vec<ConnId> = self
            .conns
            .iter()
            .filter(|(_, slot)| matches!(slot.state, State::Granted { .. }))
            .map(|(id, _)| id)
            .collect();
        for conn in granted {
            self.ungrant(conn, CloseReason::ShutDown);
        }
        let waiters: Vec<WaitId> =
            self.waiters.iter().filter(|(_, w)| w.state != Waiting::Refused).map(|(id, _)| id).collect();
        for waiter in waiters {
            self.refuse(waiter, Refusal::ShutDown, None);
        }
        let hosts: Vec<HostId> = self.hosts.iter().map(|(id, _)| id).collect();
        for host in hosts {
            self.wish_no_more(host);
            self.abandon_all(host);
            self.forget_empty(host);
        }
        self.fading.clear();
    }

    /// A usable connection goes to the oldest waiter that takes it, or becomes idle. Whether it stays open.
    pub(super) fn offer(&mut self, conn: ConnId, parked: T) -> bool {
        let Some(slot) = self.conns.get(conn) else { return false };
        let host = slot.host;
        let never_used = slot.uses == 0 && slot.idle_since().is_none();
        if let Some(why) = self.reason_to_end(slot) {
            self.close(conn, parked, why, None);
            return false;
        }
        // Where nobody waits, it is nobody's turn.
        if self.hosts.get(host).is_none_or(|host| host.waiters() == 0) {
            return self.park(conn, parked);
        }
        if !never_used && self.is_turn_of_fresh(host) {
            self.close(conn, parked, CloseReason::Evicted, Some(host));
            return false;
        }
        if let Some(starving) = self.whose_turn(host) {
            self.close(conn, parked, CloseReason::Evicted, Some(starving));
            return false;
        }
        match self.oldest_waiter(host, never_used) {
            Some(waiter) => {
                self.assign(conn, parked, waiter);
                true
            }
            None => self.park(conn, parked),
        }
    }

    /// Decides a grant to one who waits.
    pub(super) fn assign(&mut self, conn: ConnId, parked: T, waiter: WaitId) {
        self.unqueue(waiter);
        if let Some(host) = self.grant(conn, parked, waiter) {
            self.trim_dials(host);
        }
    }

    /// Decides a grant to one who is in no queue; [`say`](Self::say) says it. The key of both.
    pub(super) fn grant(&mut self, conn: ConnId, parked: T, waiter: WaitId) -> Option<HostId> {
        self.grants += 1;
        if let Some(slot) = self.conns.get_mut(conn) {
            let idle_since = slot.idle_since();
            slot.granted = self.grants;
            slot.state = State::Granted { parked, waiter, idle_since };
        }
        let waiting = self.waiters.get_mut(waiter)?;
        waiting.state = Waiting::Assigned(conn);
        let host = waiting.host;
        self.push_word(Word::Grant { waiter, conn });
        Some(host)
    }

    /// Takes a grant back that was decided and not said, because the connection is gone.
    fn ungrant(&mut self, conn: ConnId, why: CloseReason) {
        if let Some(State::Granted { parked, .. }) = self.move_out(conn) {
            self.close(conn, parked, why, None);
        }
    }

    /// Decides a close. The slot stays taken until it is said. `room_for` is the key that gets the place.
    pub(super) fn close(&mut self, conn: ConnId, parked: T, why: CloseReason, room_for: Option<HostId>) {
        let Some(slot) = self.conns.get_mut(conn) else { return };
        slot.state = State::Closing { parked, why, room_for };
        let host = slot.host;
        self.push_word(Word::Close(conn));
        self.closing += 1;
        if let Some(host) = self.hosts.get_mut(host) {
            host.closing += 1;
        }
        if let Some(host) = room_for.and_then(|host| self.hosts.get_mut(host)) {
            host.promised += 1;
            self.promised += 1;
        }
    }

    /// Takes note of what to say. Words that became moot before anybody polled don't pile up.
    pub(super) fn push_word(&mut self, word: Word<T, E>) {
        if self.words.len() >= self.words_limit {
            let mut words = mem::take(&mut self.words);
            self.work += words.len() as u64;
            words.retain(|word| !self.is_moot(word));
            self.words_limit = 2 * words.len() + 64;
            self.words = words;
        }
        self.words.push_back(word);
    }

    fn is_moot(&self, word: &Word<T, E>) -> bool {
        match word {
            Word::Grant { waiter, conn } => {
                self.waiters.get(*waiter).is_none_or(|waiter| waiter.state != Waiting::Assigned(*conn))
            }
            Word::Refuse { waiter, .. } => !self.waiters.contains(*waiter),
            Word::Abandon(conn) => !self.is_abandoned(*conn),
            Word::Dial(conn) | Word::Close(conn) => !self.conns.contains(*conn),
            Word::Stray(_) => false,
        }
    }

    /// What waits to be said, or has become due. Apart from the question whether there is any: mostly there is not.
    #[inline(never)]
    pub(super) fn speak(&mut self) -> Option<PoolCommand<T, E>> {
        self.run_timers();
        loop {
            while let Some(word) = self.words.pop_front() {
                self.work += 1;
                if let Some(command) = self.say(word) {
                    self.verified(());
                    return Some(command);
                }
            }
            // What is for nobody comes last.
            if !self.make_ready() {
                self.verified(());
                return None;
            }
        }
    }

    /// Whether nothing waits to be said or to be made ready, and nothing is due.
    #[inline]
    pub(super) fn is_silent(&self) -> bool {
        self.words.is_empty() && self.lacking.is_empty() && !self.has_due()
    }

    /// What a decided word has become by now; `None` when it is moot.
    pub(super) fn say(&mut self, word: Word<T, E>) -> Option<PoolCommand<T, E>> {
        match word {
            Word::Grant { waiter, conn } => self.say_grant(waiter, conn),
            Word::Dial(conn) => self.say_dial(conn),
            // It may have been answered before anybody polled.
            Word::Abandon(conn) => self.is_abandoned(conn).then_some(PoolCommand::Abandon { conn }),
            Word::Refuse { waiter, why, error } => {
                let waiting = self.waiters.remove(waiter)?;
                self.forget_empty(waiting.host);
                Some(PoolCommand::Refuse { waiter, why, error })
            }
            Word::Close(conn) => self.say_close(conn),
            Word::Stray(stray) => {
                let (Lease { conn, key }, parked) = *stray;
                Some(PoolCommand::Close { conn, number: 0, key, parked, why: CloseReason::Unwanted })
            }
        }
    }

    fn say_grant(&mut self, waiter: WaitId, conn: ConnId) -> Option<PoolCommand<T, E>> {
        if self.waiters.get(waiter)?.state != Waiting::Assigned(conn) {
            return None;
        }
        let now = self.now;
        let slot = self.conns.get_mut(conn)?;
        let State::Granted { parked, idle_since, .. } = mem::replace(&mut slot.state, State::Moving) else {
            return None;
        };
        // Much time may have gone by since the grant was decided, if the driver was asleep.
        let unused = slot.uses == 0 && idle_since.is_none();
        if !unused && slot.idle_until <= now {
            self.close(conn, parked, CloseReason::IdleTooLong, None);
            self.requeue(waiter);
            return None;
        }
        slot.state = State::Busy { idle_since };
        self.waiters.discard(waiter);
        let (lease, facts) = self.lease(conn)?;
        Some(PoolCommand::Grant { waiter, lease, parked, facts })
    }

    /// The right to a connection that changes hands, and what is known of it.
    pub(super) fn lease(&self, conn: ConnId) -> Option<(Lease, Facts)> {
        let slot = self.conns.get(conn)?;
        let idle_for = slot.idle_since().map(|since| self.now - since);
        let key = self.hosts.get(slot.host)?.key.clone();
        Some((Lease { conn, key }, Facts { number: slot.number, reused: slot.uses, idle_for }))
    }

    fn say_dial(&mut self, conn: ConnId) -> Option<PoolCommand<T, E>> {
        let slot = self.conns.get_mut(conn)?;
        let State::Dialing(dialing) = &mut slot.state else { return None };
        dialing.said = true;
        let key = self.hosts.get(slot.host)?.key.clone();
        Some(PoolCommand::Dial { lease: Lease { conn, key } })
    }

    fn say_close(&mut self, conn: ConnId) -> Option<PoolCommand<T, E>> {
        let slot = self.conns.get_mut(conn)?;
        let number = slot.number;
        let host = self.hosts.get_mut(slot.host)?;
        let key = host.key.clone();
        let State::Closing { parked, why, room_for } = mem::replace(&mut slot.state, State::Moving) else {
            return None;
        };
        self.closing -= 1;
        host.closing -= 1;
        if let Some(host) = room_for.and_then(|host| self.hosts.get_mut(host)) {
            host.promised -= 1;
            self.promised -= 1;
        }
        self.free_for(conn, room_for);
        Some(PoolCommand::Close { conn, number, key, parked, why })
    }

    pub(super) fn free(&mut self, conn: ConnId) {
        self.free_for(conn, None);
    }

    /// A slot is free: it goes to `first` if that still wants it, then to its own key, then round.
    fn free_for(&mut self, conn: ConnId, first: Option<HostId>) {
        self.disarm_conn(conn);
        let Some(slot) = self.conns.remove(conn) else { return };
        if let Some(host) = self.hosts.get_mut(slot.host) {
            host.open -= 1;
        }
        if let Some(first) = first {
            self.balance(first);
            self.forget_empty(first);
        }
        self.feed();
        self.balance(slot.host);
        self.may_lack(slot.host);
        self.forget_empty(slot.host);
    }

    /// Takes the state out of a slot, to put another in.
    pub(super) fn move_out(&mut self, conn: ConnId) -> Option<State<T>> {
        self.conns.get_mut(conn).map(|slot| mem::replace(&mut slot.state, State::Moving))
    }

    pub(super) fn host_of(&mut self, key: &Key) -> HostId {
        if let Some(host) = self.by_key.get(key).copied() {
            if !self.fading.is_empty() {
                self.forget_failures(host);
            }
            return host;
        }
        let host = self.hosts.insert(Host::new(key.clone()));
        self.by_key.insert(key.clone(), host);
        host
    }

    /// A key that stands behind another with a longer pause is as good as one that was forgotten, if nothing is left of it.
    fn forget_failures(&mut self, id: HostId) {
        let Some(host) = self.hosts.get_mut(id) else { return };
        let is_left = host.open > 0 || host.waiters() > 0 || host.promised > 0;
        if !host.is_fading || is_left || host.no_dial_before > self.now {
            return;
        }
        (host.failures, host.failed_at, host.is_sound) = (0, None, false);
        if core::mem::take(&mut host.in_ring) {
            self.ring.retain(|other| *other != id);
        }
    }

    /// A key that holds and wants nothing costs nothing.
    pub(super) fn forget_empty(&mut self, id: HostId) {
        let Some(host) = self.hosts.get_mut(id) else { return };
        let may_lack = !self.lacking.is_empty() && self.lacking.contains(&(host.touched, id));
        if host.open > 0 || host.waiters() > 0 || host.promised > 0 || may_lack {
            return;
        }
        // A key whose dials fail is remembered while that matters.
        if host.no_dial_before > self.now && !self.shut {
            if !host.is_fading {
                host.is_fading = true;
                self.fading.push_back((host.no_dial_before, id));
            }
            return;
        }
        self.disarm_host(id);
        if let Some(host) = self.hosts.remove(id) {
            self.by_key.remove(&host.key);
        }
    }

    fn reason_to_end(&self, slot: &Slot<T>) -> Option<CloseReason> {
        if self.shut {
            return Some(CloseReason::ShutDown);
        }
        if slot.doomed.is_some() {
            return slot.doomed;
        }
        if slot.dies_at.is_some_and(|at| at <= self.now) {
            return Some(CloseReason::TooOld);
        }
        if slot.uses_left == Some(0) || self.options.max_uses.is_some_and(|max| slot.uses >= max) {
            return Some(CloseReason::UsedUp);
        }
        // A connection fresh from its dial has no idle deadline yet.
        (slot.number > 0 && slot.idle_until <= self.now).then_some(CloseReason::IdleTooLong)
    }
}

impl<T> Slot<T> {
    /// Since when it was idle before the grant that it is in.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        match &self.state {
            State::Granted { idle_since, .. } | State::Busy { idle_since } => *idle_since,
            State::Idle { since, .. } => Some(*since),
            State::Dialing(_) | State::Closing { .. } | State::Moving => None,
        }
    }
}

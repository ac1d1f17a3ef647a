//! Idle connections: until when they are kept, which is handed out, which has to go.

use super::parts::{HostId, State};
use super::{Order, Pool};
use crate::arena::ConnId;
use crate::reason::CloseReason;
use core::time::Duration;

impl<T, E> Pool<T, E> {
    /// Keeps a connection for later, unless nobody may be idle; then the coldest have to go. Whether it stays.
    pub(super) fn park(&mut self, conn: ConnId, parked: T) -> bool {
        if self.options.max_idle_per_key == 0 || self.options.max_idle_total == 0 {
            self.close(conn, parked, CloseReason::IdleFull, None);
            return false;
        }
        let now = self.now;
        let Some(slot) = self.conns.get_mut(conn) else { return false };
        // Granted and not used, it has been silent all the while.
        let since = slot.idle_since().unwrap_or(now);
        slot.state = State::Idle { parked, since };
        let (id, turn, until) = (slot.host, slot.turn(), slot.idle_until);
        self.idle.push_back(&mut self.conns, conn);
        if let Some(host) = self.hosts.get_mut(id) {
            host.idle.push_back(&mut self.conns, conn);
            if self.options.order == Order::RoundRobin {
                self.rotation.insert((id, turn), conn);
            }
        }
        self.arm_conn(conn, until);
        self.evict_surplus(id);
        self.feed();
        // At the key's limit its own idle connections are what a fresh one can take the place of.
        if self.hosts.get(id).is_some_and(|host| host.wants() > 0) {
            self.balance(id);
        }
        self.conns.get(conn).is_some_and(|slot| slot.is_idle())
    }

    /// The idle connection whose turn it is. What is past its deadline is closed on the way, whether or not a
    /// timer fired.
    pub(super) fn take_idle(&mut self, id: HostId) -> Option<ConnId> {
        loop {
            self.work += 1;
            let host = self.hosts.get(id)?;
            let conn = match self.options.order {
                Order::Lifo => host.idle.back(&self.conns),
                Order::Fifo => host.idle.front(&self.conns),
                Order::RoundRobin => self.next_in_rotation(id),
            }?;
            match self.overdue(conn) {
                Some(why) => self.close_idle(conn, why, None),
                None => return Some(conn),
            }
        }
    }

    fn next_in_rotation(&self, id: HostId) -> Option<ConnId> {
        let next = self.rotation.range((id, (0, 0))..).next();
        next.filter(|((host, _), _)| *host == id).map(|(_, conn)| *conn)
    }

    /// Why an idle connection may not be used any more, if so.
    pub(super) fn overdue(&self, conn: ConnId) -> Option<CloseReason> {
        let slot = self.conns.get(conn)?;
        if slot.idle_until > self.now {
            return None;
        }
        let aged = slot.dies_at.is_some_and(|at| at <= self.now);
        Some(if aged { CloseReason::TooOld } else { CloseReason::IdleTooLong })
    }

    /// Takes an idle connection out of the lists, and what is parked out of it.
    pub(super) fn unpark(&mut self, conn: ConnId) -> Option<T> {
        let slot = self.conns.get_mut(conn).filter(|slot| slot.is_idle())?;
        let (id, turn) = (slot.host, slot.turn());
        let State::Idle { parked, since } = core::mem::replace(&mut slot.state, State::Moving) else {
            return None;
        };
        slot.state = State::Busy { idle_since: Some(since) };
        self.idle.remove(&mut self.conns, conn);
        if let Some(host) = self.hosts.get_mut(id) {
            host.idle.remove(&mut self.conns, conn);
        }
        if self.options.order == Order::RoundRobin {
            self.rotation.remove(&(id, turn));
        }
        Some(parked)
    }

    pub(super) fn close_idle(&mut self, conn: ConnId, why: CloseReason, room_for: Option<HostId>) {
        if let Some(parked) = self.unpark(conn) {
            self.close(conn, parked, why, room_for);
        }
    }

    /// The shortest of what we allow, what the server announced less a margin, and what is left of its life.
    pub(super) fn set_idle_deadline(&mut self, conn: ConnId, hint: Option<Duration>) {
        let announced = hint.map(|hint| hint.saturating_sub(self.options.idle_margin));
        let allowed = announced.map_or(self.options.idle, |announced| announced.min(self.options.idle));
        let until = self.now + self.jittered(allowed);
        if let Some(slot) = self.conns.get_mut(conn) {
            slot.idle_until = slot.dies_at.map_or(until, |dies_at| dies_at.min(until));
        }
    }

    /// `duration`, shortened by a part that the seed decides.
    pub(super) fn jittered(&mut self, duration: Duration) -> Duration {
        if self.options.jitter_percent == 0 {
            return duration;
        }
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        let most = (u128::from(micros) * u128::from(self.options.jitter_percent) / 100) as u64;
        Duration::from_micros(micros - self.rng.up_to(most))
    }

    /// Closes the coldest of one key and of all until the limits hold. The one just returned is the warmest.
    fn evict_surplus(&mut self, id: HostId) {
        while let Some(host) = self.hosts.get(id) {
            match host.idle.front(&self.conns) {
                Some(coldest) if host.idle.len() > self.options.max_idle_per_key => {
                    self.close_idle(coldest, CloseReason::IdleFull, None);
                }
                Some(_) | None => break,
            }
        }
        while self.idle.len() > self.options.max_idle_total {
            match self.idle.front(&self.conns) {
                Some(coldest) => self.close_idle(coldest, CloseReason::IdleFull, None),
                None => break,
            }
        }
    }
}

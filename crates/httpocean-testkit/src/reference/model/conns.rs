//! Connections changing hands: granted, given back, kept, closed.

use httpocean_core::CloseReason;
use httpocean_core::pool::{Facts, Fate, Order};

use super::{Conn, Model, State};
use crate::reference::Said;

impl Model {
    pub(super) fn pick_idle(&self, key: u8) -> Option<usize> {
        let mut own = self.idle.iter().copied().filter(|id| self.conn(*id).key == key);
        match self.options.order {
            Order::Lifo => own.next_back(),
            Order::Fifo => own.next(),
            Order::RoundRobin => own.min_by_key(|id| (self.conn(*id).granted, self.conn(*id).number)),
        }
    }

    pub(super) fn grant(&mut self, conn: usize, waiter: usize) {
        self.unqueue(waiter);
        self.grants += 1;
        let (grants, now) = (self.grants, self.now);
        self.idle.retain(|id| *id != conn);
        let c = self.conn_mut(conn);
        let idle_since = match c.state {
            State::Idle { since } => Some(since),
            State::Busy { idle_since } => idle_since,
            State::Dialing { .. } => None,
        };
        c.granted = grants;
        c.state = State::Busy { idle_since };
        let facts = Facts { number: c.number, reused: c.uses, idle_for: idle_since.map(|since| now - since) };
        let key = c.key;
        self.said.push(Said::Grant { waiter, conn, key, facts });
        self.trim(key);
    }

    pub(super) fn release(&mut self, conn: usize, fate: Fate) {
        let (now, options) = (self.now, self.options.clone());
        let c = self.conn_mut(conn);
        match fate {
            Fate::Untouched => {}
            Fate::Spent(why) => {
                let key = self.close(conn, why);
                return self.free(key, None);
            }
            Fate::Reusable { hint, uses_left } => {
                c.uses += 1;
                c.uses_left = uses_left.or(c.uses_left.map(|left| left.saturating_sub(1)));
                c.state = State::Busy { idle_since: None };
                let hint = hint.map_or(options.idle, |hint| hint.saturating_sub(options.idle_margin));
                c.idle_until = now + hint.min(options.idle);
                c.idle_until = c.dies_at.map_or(c.idle_until, |at| at.min(c.idle_until));
            }
        }
        let never_used = c.uses == 0 && c.state == State::Busy { idle_since: None };
        let key = c.key;
        let why = if self.shut {
            Some(CloseReason::ShutDown)
        } else {
            let c = self.conn(conn);
            let used_up = c.uses_left == Some(0) || options.max_uses.is_some_and(|max| c.uses >= max);
            match () {
                () if c.doomed => Some(CloseReason::Evicted),
                () if c.dies_at.is_some_and(|at| at <= now) => Some(CloseReason::TooOld),
                () if used_up => Some(CloseReason::UsedUp),
                () if c.idle_until <= now => Some(CloseReason::IdleTooLong),
                () => None,
            }
        };
        if let Some(why) = why {
            self.close(conn, why);
            self.free(key, None);
        } else if !never_used && self.is_turn_of_fresh(key) {
            self.close(conn, CloseReason::Evicted);
            self.free(key, Some(key));
        } else if let Some(next) = self.whose_turn(key) {
            self.close(conn, CloseReason::Evicted);
            self.free(key, Some(next));
        } else if let Some(waiter) = self.oldest(key, never_used) {
            self.grant(conn, waiter);
        } else {
            self.park(conn);
        }
    }

    pub(super) fn park(&mut self, conn: usize) {
        let key = self.conn(conn).key;
        if self.options.max_idle_per_key == 0 || self.options.max_idle_total == 0 {
            self.close(conn, CloseReason::IdleFull);
            return self.free(key, None);
        }
        let now = self.now;
        let c = self.conn_mut(conn);
        let since = match c.state {
            State::Busy { idle_since } => idle_since.unwrap_or(now),
            State::Dialing { .. } | State::Idle { .. } => now,
        };
        c.state = State::Idle { since };
        self.idle.push(conn);
        let own: Vec<usize> = self.idle.iter().copied().filter(|id| self.conn(*id).key == key).collect();
        let victim = if own.len() > self.options.max_idle_per_key {
            own.first().copied()
        } else if self.idle.len() > self.options.max_idle_total {
            self.idle.first().copied()
        } else {
            None
        };
        if let Some(victim) = victim {
            let key = self.close(victim, CloseReason::IdleFull);
            self.free(key, None);
        }
        self.feed();
        self.balance(key);
    }

    pub(super) fn close(&mut self, conn: usize, why: CloseReason) -> u8 {
        let Conn { key, number, .. } = self.take(conn);
        self.said.push(Said::Close { conn, key, number, why });
        key
    }

    pub(super) fn take(&mut self, conn: usize) -> Conn {
        self.idle.retain(|id| *id != conn);
        let at = self.conns.iter().position(|c| c.id == conn).expect("a live connection");
        self.conns.remove(at)
    }
}

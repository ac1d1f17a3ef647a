//! Connections that are made before anybody asks for them.

use super::Pool;
use super::parts::{Host, HostId, Slot, Word};
use crate::arena::ConnId;
use crate::key::Key;
use crate::time::Instant;

/// Whether one more connection may be made for nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Free,
    /// When a dial of the key has ended.
    Later,
    None,
}

impl<T, E> Pool<T, E> {
    /// Makes connections before anybody asks, until `count` of that key are there for the taking: idle, or being made
    /// for nobody. Requests that come meanwhile wait for what is being made, as for any dial.
    ///
    /// It is a wish: it is obeyed within all limits, those of idle connections included, and past nobody. It ends where
    /// there is no room, where requests wait for a place, and where a dial of that key has failed, until one succeeds or
    /// the failure does not matter any more. Only [`Options::max_dials_per_key`](super::Options::max_dials_per_key) makes it wait.
    ///
    /// ```
    /// use httpocean_core::pool::{Options, Pool, PoolCommand};
    /// use httpocean_core::{Instant, Key};
    ///
    /// let mut pool: Pool<&str, &str> = Pool::new(Options::default());
    /// let key = Key::of(&"http://example.com".parse().unwrap()).unwrap();
    /// pool.preconnect(&key, 1, Instant::ZERO);
    /// let Some(PoolCommand::Dial { lease }) = pool.poll(Instant::ZERO) else { panic!() };
    /// pool.dialed(lease, "a socket", Instant::ZERO);
    /// assert_eq!(pool.counts().idle, 1);
    /// ```
    pub fn preconnect(&mut self, key: &Key, count: usize, now: Instant) {
        self.tick(now);
        self.wish_for(key, count);
        self.verified(());
    }

    pub(super) fn wish_for(&mut self, key: &Key, count: usize) {
        if self.shut || count == 0 {
            return;
        }
        let id = self.host_of(key);
        self.touches += 1;
        if let Some(host) = self.hosts.get_mut(id) {
            host.wish = host.wish.max(u32::try_from(count).unwrap_or(u32::MAX));
            host.touched = self.touches;
        }
        self.may_lack(id);
    }

    /// A request asks for a connection of that key, where some are to be ready.
    pub(super) fn note_use(&mut self, id: HostId) {
        self.touches += 1;
        if let Some(host) = self.hosts.get_mut(id) {
            host.in_use_until = self.now + self.options.idle;
            host.touched = self.touches;
        }
        self.may_lack(id);
    }

    /// Something has happened that may leave a key with less than it is to have.
    pub(super) fn may_lack(&mut self, id: HostId) {
        if let Some(host) = self.hosts.get(id) {
            if (self.options.min_idle > 0 || host.wish > 0) && !self.shut {
                self.lacking.insert((host.touched, id));
            }
        }
    }

    /// Begins the dials that nobody waits for, when there is nothing else to say: whether there is now.
    pub(super) fn make_ready(&mut self) -> bool {
        while let Some((touched, id)) = self.lacking.pop_first() {
            self.work += 1;
            if self.hosts.get(id).is_some_and(|host| host.touched == touched) {
                self.keep_ready(id);
                self.forget_empty(id);
            }
        }
        !self.words.is_empty()
    }

    fn keep_ready(&mut self, id: HostId) {
        loop {
            let now = self.now;
            let Some(host) = self.hosts.get_mut(id) else { return };
            let least = if host.is_sound && now < host.in_use_until { self.options.min_idle } else { 0 };
            let ready = host.idle.len() + host.orphans.len();
            if ready >= host.wish as usize {
                host.wish = 0;
            }
            if ready >= least.max(host.wish as usize) {
                return;
            }
            self.work += 1;
            match self.room(id) {
                Room::Free => self.start_spare_dial(id),
                Room::Later => return,
                Room::None => return self.wish_no_more(id),
            }
        }
    }

    pub(super) fn wish_no_more(&mut self, id: HostId) {
        if let Some(host) = self.hosts.get_mut(id) {
            host.wish = 0;
        }
    }

    /// A connection is lost while it is idle. A peer that does not even wait for the first request would be asked again
    /// and again.
    pub(super) fn note_unused(&mut self, conn: ConnId) {
        let unused = self.conns.get(conn).filter(|slot| slot.uses == 0).map(|slot| slot.host);
        if let Some(host) = unused.and_then(|host| self.hosts.get_mut(host)) {
            host.dies_unused();
        }
    }

    /// Takes note that a dial that nobody owns is about to end: whether it was wished for.
    pub(super) fn take_spare(&mut self, conn: ConnId) -> bool {
        if self.is_abandoned(conn) || self.owner(conn).is_some() {
            return false;
        }
        let Some(host) = self.conns.get(conn).map(|slot| slot.host) else { return false };
        let Some(host) = self.hosts.get_mut(host).filter(|host| host.spare > 0) else { return false };
        host.spare -= 1;
        true
    }

    /// A place for nobody is one that nobody wants, for a connection that could be idle.
    fn room(&self, id: HostId) -> Room {
        let (options, Some(host)) = (&self.options, self.hosts.get(id)) else { return Room::None };
        let wanted = host.unasked.len() > 0 || !self.ring.is_empty();
        // Who has failed is asked again when somebody needs it.
        if self.shut || wanted || host.failures > 0 || host.no_dial_before > self.now {
            return Room::None;
        }
        let key_is_full = (host.open + host.promised) as usize >= options.max_per_key;
        let all_is_full = self.conns.len() + self.promised >= options.max_total;
        let idle_is_full = host.idle.len() + host.orphans.len() >= options.max_idle_per_key
            || self.idle.len() + self.dialing >= options.max_idle_total;
        if key_is_full || all_is_full || idle_is_full {
            return Room::None;
        }
        if (host.dialing + host.promised) as usize >= options.max_dials_per_key {
            return Room::Later;
        }
        if self.dialing + self.promised >= options.max_dials { Room::None } else { Room::Free }
    }

    fn start_spare_dial(&mut self, id: HostId) {
        let conn = self.conns.insert(Slot::dialing(id, None, self.now));
        self.dialing += 1;
        if let Some(host) = self.hosts.get_mut(id) {
            host.open += 1;
            host.dialing += 1;
            host.dials.push_back(&mut self.conns, conn);
            host.orphans.push_back(&mut self.conns, conn);
            // Those that requests have taken over since are theirs.
            host.spare = host.orphans.len() as u32;
        }
        self.push_word(Word::Dial(conn));
    }
}

impl<T> Host<T> {
    /// What was made for nobody was of no use: no more of it, until a dial succeeds for somebody.
    pub(super) fn dies_unused(&mut self) {
        (self.is_sound, self.wish) = (false, 0);
    }

    /// A dial that counted is none any more: no more than those that are left are for nobody.
    pub(super) fn clamp_spare(&mut self) {
        self.spare = self.spare.min(self.dials.len() as u32);
    }
}

//! Connections that are made before anybody asks.

use super::{Model, State};

impl Model {
    pub(super) fn may_lack(&mut self, key: u8) {
        self.lacking.push(key);
    }

    /// When all else is said, first for the key that nobody has asked for for the longest.
    pub(super) fn make_ready(&mut self) {
        let mut keys = core::mem::take(&mut self.lacking);
        keys.retain(|key| !self.shut && self.keys.iter().any(|known| known.key == *key));
        keys.sort_by_key(|key| self.keys.iter().find(|known| known.key == *key).map(|known| known.touched));
        for key in keys {
            self.keep_ready(key);
        }
    }

    pub(super) fn dies_unused(&mut self, key: u8) {
        let known = self.known(key);
        (known.sound, known.wish) = (false, 0);
    }

    fn keep_ready(&mut self, key: u8) {
        loop {
            let (now, min_idle) = (self.now, self.options.min_idle);
            let own_idle = self.idle.iter().filter(|id| self.conn(**id).key == key).count();
            let known = self.known(key);
            let least = if known.sound && now < known.in_use_until { min_idle } else { 0 };
            let ready = own_idle + known.orphans.len();
            if ready >= known.wish {
                known.wish = 0;
            }
            if ready >= known.wish.max(least) {
                return;
            }
            if !self.has_room(key, ready) {
                self.known(key).wish = 0;
                return;
            }
            if self.dialing(Some(key)) >= self.options.max_dials_per_key {
                return;
            }
            if self.dialing(None) >= self.options.max_dials {
                self.known(key).wish = 0;
                return;
            }
            let dial = self.dial(key, false);
            let known = self.known(key);
            known.orphans.push(dial);
            known.spare = known.orphans.len();
        }
    }

    /// But for the limits of dials.
    fn has_room(&mut self, key: u8, ready: usize) -> bool {
        let (now, known) = (self.now, self.known(key));
        let pauses = known.failures > 0 || known.no_dial_before > now;
        let wanted = !known.unasked.is_empty();
        let options = &self.options;
        !self.shut
            && !pauses
            && !wanted
            && self.ring.is_empty()
            && self.open(key) < options.max_per_key
            && self.conns.len() < options.max_total
            && ready < options.max_idle_per_key
            && self.idle.len() + self.dialing(None) < options.max_idle_total
    }

    /// Whether a dial that is about to end was wished for.
    pub(super) fn take_spare(&mut self, dial: usize) -> bool {
        let abandoned = matches!(self.conn(dial).state, State::Dialing { abandoned: true, .. });
        let owned = self.queue.iter().any(|w| w.dial == Some(dial));
        let key = self.conn(dial).key;
        let known = self.known(key);
        let spare = !abandoned && !owned && known.spare > 0;
        known.spare -= usize::from(spare);
        spare
    }
}

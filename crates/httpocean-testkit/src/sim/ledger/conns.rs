//! Connections: each is in one state, is closed once, and there are never too many (I1, I2, I4, I8, I9, I11).

use httpocean_core::{CloseReason, ConnId, Key};

use super::{Conn, ConnState, Ledger, is_of_dial};
use crate::sim::network::SocketId;

impl Ledger {
    pub(in crate::sim) fn dials(&mut self, id: ConnId, key: &Key) {
        let known = self.conns.get(id.index()).is_some_and(Option::is_some);
        self.demand(!known, "I1", || format!("{id:?} is dialed while another is in its place"));
        // What was decided before it may be said after it.
        let late = self.shut.is_some_and(|shut| shut < self.now);
        self.demand(!late, "I2", || format!("{id:?} is dialed after the shut-down"));
        let key = self.key_of(key);
        let conn = Conn {
            id,
            key,
            state: ConnState::Dialing,
            socket: None,
            born: self.now,
            idle_since: self.now,
            uses: 0,
            stirred: false,
            dirty: false,
            too_much_left: false,
        };
        if self.conns.len() <= id.index() {
            self.conns.resize_with(id.index() + 1, || None);
        }
        self.conns[id.index()] = Some(conn);
        (self.open, self.dialing) = (self.open + 1, self.dialing + 1);
        let book = &mut self.keys[key];
        (book.open, book.dialing, book.dials) = (book.open + 1, book.dialing + 1, book.dials + 1);
        self.limits_hold(key);
    }

    fn limits_hold(&mut self, key: usize) {
        let options = &self.options;
        let book = &self.keys[key];
        // How many are made for nobody the model of the pool knows.
        let ready = options.min_idle > 0;
        let checks = [
            (book.open <= options.max_per_key.max(1), "I8", "more connections than a key may have"),
            (self.open <= options.max_total.max(1), "I9", "more connections than there may be"),
            (book.dialing <= options.max_dials_per_key.max(1), "I11", "more dials than a key may have"),
            (self.dialing <= options.max_dials.max(1), "I11", "more dials than there may be"),
            (
                ready || book.dials <= book.arrivals + book.failures,
                "I11",
                "more dials than demands and failures",
            ),
        ];
        for (holds, rule, what) in checks {
            self.demand(holds, rule, || what.to_owned());
        }
    }

    /// A command names it.
    pub(in crate::sim) fn names(&mut self, id: ConnId) {
        let lives = self.conn(id).is_some();
        self.demand(lives, "I4", || format!("a command names {id:?}, which is gone"));
    }

    pub(in crate::sim) fn is_made(&mut self, id: ConnId, socket: SocketId) {
        let now = self.now;
        let Some(conn) = self.conn(id) else { return self.breaks("I1", "made, and not dialed") };
        let was = conn.state;
        (conn.state, conn.socket) = (ConnState::Idle, Some(socket));
        (conn.born, conn.idle_since) = (now, now);
        let key = conn.key;
        self.demand(was == ConnState::Dialing, "I1", || format!("{id:?} is made while {was:?}"));
        self.dialing -= 1;
        self.keys[key].dialing -= 1;
    }

    pub(in crate::sim) fn closes(&mut self, id: ConnId, why: CloseReason) {
        let Some(conn) = self.conn(id) else {
            return self.breaks("I2", format!("{id:?} is closed and was not open"));
        };
        let (key, state) = (conn.key, conn.state);
        let dialing = state == ConnState::Dialing;
        self.demand(dialing || why != CloseReason::NotMade, "I2", || format!("{id:?} was made"));
        self.demand(!dialing || is_of_dial(why) || self.shut.is_some(), "I2", || {
            format!("{id:?}: {why:?} of a dial")
        });
        if let ConnState::Busy(number) = state {
            self.breaks("I1", format!("{id:?} is closed under call {number}"));
        }
        self.forget(id);
        if dialing {
            self.dialing -= 1;
            let now = self.now;
            let book = &mut self.keys[key];
            book.dialing -= 1;
            book.failures += 1;
            if why == CloseReason::NotMade {
                book.last_failure = Some(now);
            }
        }
    }

    /// Its socket is its user's now.
    pub(in crate::sim) fn hands_over(&mut self, id: ConnId) {
        let lives = self.conn(id).is_some();
        self.demand(lives, "I4", || format!("{id:?} is handed over and was not open"));
        self.forget(id);
    }

    fn forget(&mut self, id: ConnId) {
        if let Some(conn) = self.conns.get_mut(id.index()).and_then(Option::take) {
            self.open -= 1;
            self.keys[conn.key].open -= 1;
        }
    }

    /// Something arrived on its socket.
    pub(in crate::sim) fn stirs(&mut self, id: ConnId) {
        if let Some(conn) = self.conn(id) {
            conn.stirred |= conn.state == ConnState::Idle;
        }
    }

    /// The engine has no use for it: `clean` if its buffers are empty.
    pub(in crate::sim) fn is_free(&mut self, id: ConnId, clean: bool) {
        if let Some(conn) = self.conn(id) {
            conn.dirty = !clean;
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that can not go on fails")]
mod tests {
    use super::*;

    fn broken(wrongs: impl FnOnce(&mut Ledger, ConnId, &Key)) -> Option<&'static str> {
        let options = httpocean_core::pool::Options { max_per_key: 1, ..Default::default() };
        let mut ledger = Ledger::new(options);
        let key = Key::of(&"http://a.test".parse().unwrap()).unwrap();
        ledger.keys.clear();
        let at = ledger.key_of(&key);
        ledger.keys[at].arrivals = 9;
        wrongs(&mut ledger, ConnId::from_bits(0), &key);
        ledger.violation().map(|violation| violation.rule)
    }

    #[test]
    fn what_is_wrong_is_seen() {
        let (other, socket) = (ConnId::from_bits(1), SocketId(0));
        assert_eq!(broken(|l, c, k| l.dials(c, k)), None);
        assert_eq!(broken(|l, c, _| l.names(c)), Some("I4"));
        assert_eq!(broken(|l, c, _| l.closes(c, CloseReason::NotMade)), Some("I2"));
        let twice = |l: &mut Ledger, c, k: &Key| (l.dials(c, k), l.dials(c, k)).0;
        assert_eq!(broken(twice), Some("I1"));
        let too_many = |l: &mut Ledger, c, k: &Key| (l.dials(c, k), l.dials(other, k)).0;
        assert_eq!(broken(too_many), Some("I8"));
        let not_made = |l: &mut Ledger, c, k: &Key| {
            (l.dials(c, k), l.is_made(c, socket), l.closes(c, CloseReason::NotMade)).0
        };
        assert_eq!(broken(not_made), Some("I2"));
        let unserved = |l: &mut Ledger, c, k: &Key| (l.dials(c, k), l.is_made(c, socket), l.wrote(c, 1)).0;
        assert_eq!(broken(unserved), Some("I1"));
        let leaked = |l: &mut Ledger, c, k: &Key| {
            l.dials(c, k);
            let engine = httpocean_core::Engine::new(Default::default(), Default::default());
            l.is_over(&engine);
        };
        assert_eq!(broken(leaked), Some("I2"));
    }
}

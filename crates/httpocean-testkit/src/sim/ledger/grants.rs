//! Who got which connection, seen by asking the engine whom a call is served by after each of its steps: in order
//! of arrival (I15), what is usable at once (I14), nothing that is expired (I28) or unclean (I22).

use core::time::Duration;

use httpocean_core::pool::Facts;
use httpocean_core::{ConnId, Engine};

use super::{Attempt, CallState, ConnState, Ledger};
use crate::sim::network::Network;
use crate::sim::socket::Exchange;

impl Ledger {
    /// Takes note of what has changed hands since it was called last.
    pub(in crate::sim) fn watch(&mut self, engine: &Engine, net: &Network) {
        let counts = engine.counts();
        if self.seen == Some(counts) || self.is_broken() {
            return;
        }
        self.seen = Some(counts);
        self.looks += 1;
        let mut granted = Vec::new();
        for at in 0..self.active.len() {
            let number = self.active[at];
            let call = &self.calls[number];
            let served = call.id.and_then(|id| engine.connection(id));
            let had = (call.state == CallState::Busy).then_some((call.attempt.conn, call.attempt.facts));
            let has = served.map(|(conn, facts)| (Some(conn), facts));
            if had == has {
                continue;
            }
            if had.is_some() {
                self.leaves(number, net);
            }
            if let Some((conn, facts)) = served {
                granted.push((number, conn, facts));
            }
        }
        for (number, conn, facts) in granted {
            self.grants(number, conn, facts, net);
        }
    }

    /// A call gave its connection back: it waits for another, unless it turns out to do something else.
    fn leaves(&mut self, number: usize, net: &Network) {
        let call = &mut self.calls[number];
        let Some(id) = call.attempt.conn else { return };
        call.attempt.read = read(net, self.conns[id.index()].as_ref().and_then(|conn| conn.socket));
        call.attempt.read -= call.attempt.read_before.min(call.attempt.read);
        call.state = CallState::Waiting { stamp: self.looks, since: self.now, fresh: false, loose: true };
        call.left = true;
        let (key, untouched) = (call.key, call.attempt.flushed == 0);
        call.attempt.complete = Self::is_complete(self.conns[id.index()].as_ref(), number, net);
        self.keys[key].waiting.push(number);
        self.keys[key].arrivals += 1;
        let now = self.now;
        if let Some(conn) = self.conn(id) {
            conn.state = ConnState::Idle;
            if !untouched {
                conn.idle_since = now;
            }
        }
    }

    fn grants(&mut self, number: usize, id: ConnId, facts: Facts, net: &Network) {
        let Some(conn) = self.conn(id) else {
            return self.breaks("I1", format!("call {number} is given {id:?}, which is gone"));
        };
        let (state, key, socket) = (conn.state, conn.key, conn.socket);
        conn.state = ConnState::Busy(number);
        conn.stirred = false;
        let call = &self.calls[number];
        // Of a redirect the new key is known only when it is told of.
        let (was, same) = (call.state, call.key == key || call.left);
        self.demand(state == ConnState::Idle, "I1", || {
            format!("{id:?} is given to {number} while {state:?}")
        });
        self.demand(same, "I21", || format!("call {number} gets {id:?} of another key"));
        self.is_usable(id, facts, net);
        self.leaves_queue(number);
        self.overtakes(key, was, facts);
        let read_before = read(net, socket);
        let call = &mut self.calls[number];
        call.key = key;
        call.state = CallState::Busy;
        (call.passed_by, call.left, call.drains) = (false, false, None);
        call.attempt = Attempt { conn: Some(id), facts, read_before, ..Attempt::default() };
        (call.interims, call.received) = (0, 0);
    }

    /// Whoever came before, and could have used this connection, was passed by.
    fn overtakes(&mut self, key: usize, granted: CallState, facts: Facts) {
        let CallState::Waiting { stamp, since: came, loose, .. } = granted else { return };
        let now = self.now;
        for at in 0..self.keys[key].waiting.len() {
            let other = self.keys[key].waiting[at];
            let call = &self.calls[other];
            let CallState::Waiting { stamp: its, fresh, since, loose: its_loose } = call.state else {
                continue;
            };
            self.judged.note("I15");
            let patience = call.config.call.pool_wait.is_some_and(|patience| since + patience <= now);
            let late = patience || self.deadline(other).is_some_and(|deadline| deadline <= now);
            let older = if loose || its_loose { since < came } else { its < stamp };
            let takes_it = !(fresh && facts.may_be_stale());
            if older && takes_it && !late && !call.cancelled {
                self.calls[other].passed_by = true;
            }
        }
    }

    pub(super) fn leaves_queue(&mut self, number: usize) {
        let key = self.calls[number].key;
        self.keys[key].waiting.retain(|waiting| *waiting != number);
    }

    fn is_usable(&mut self, id: ConnId, facts: Facts, net: &Network) {
        self.is_clean(id, net);
        let now = self.now;
        let options = self.options.clone();
        let Some(conn) = self.conn(id) else { return };
        let (idle, age, uses) = (now - conn.idle_since, now - conn.born, conn.uses);
        let hint = conn.socket.and_then(|socket| exchange(net, socket)).and_then(|last| {
            (last.truth.known && last.truth.whole && !last.tainted).then_some(last.truth.hint).flatten()
        });
        if facts.idle_for.is_some() {
            let expired = idle >= options.idle || hint.is_some_and(|hint| idle >= hint.max(Duration::ZERO));
            self.demand(!expired, "I28", || {
                format!("{id:?} is given away after {idle:?} idle, {hint:?} hinted")
            });
        }
        if facts.may_be_stale() {
            let old = options.lifetime.is_some_and(|lifetime| age >= lifetime);
            self.demand(!old, "I28", || format!("{id:?} is given away at the age of {age:?}"));
        }
        let used_up = options.max_uses.is_some_and(|most| uses >= most.max(1));
        self.demand(!used_up, "I22", || format!("{id:?} is given away after {uses} uses"));
    }

    /// A connection that is kept has carried whole messages and nothing else (I22, I38).
    pub(super) fn is_clean(&mut self, id: ConnId, net: &Network) {
        let Some(conn) = self.conn(id) else { return };
        let (too_much, Some(socket)) = (conn.too_much_left, conn.socket) else { return };
        if too_much {
            return self.breaks("I38", format!("{id:?} is kept after more was drained than is allowed"));
        }
        let Some(state) = net.sockets.get(socket.0 as usize).and_then(|s| s.as_deref()) else { return };
        self.demand(!state.read_end, "I22", || format!("{id:?} is kept after its end was read"));
        if state.deaf {
            return;
        }
        let Some(last) = &state.exchange else {
            return self.demand(state.read == 0, "I23", || format!("{id:?} is kept after unasked bytes"));
        };
        if last.tainted || !last.truth.known {
            return;
        }
        let (end, read, truth) = (last.start + last.truth.end, state.read, &last.truth);
        self.demand(last.heard_all, "I22", || format!("{id:?} is kept before its request was written"));
        self.demand(truth.keep && truth.whole, "I22", || {
            format!("{id:?} is kept against its response's word")
        });
        self.demand(read <= end, "I23", || format!("{id:?} is kept with {} bytes too many", read - end));
        self.demand(read >= end, "I22", || format!("{id:?} is kept, {} bytes short", end - read));
    }

    /// Whether all of a whole response to that call was read.
    pub(super) fn is_complete(conn: Option<&super::Conn>, number: usize, net: &Network) -> bool {
        let Some(socket) = conn.and_then(|conn| conn.socket) else { return false };
        let Some(state) = net.sockets.get(socket.0 as usize).and_then(|s| s.as_deref()) else { return false };
        state.exchange.as_ref().is_some_and(|last| {
            let truth = &last.truth;
            let sound = truth.known && truth.valid && truth.whole && !last.tainted;
            let read = state.read >= last.start + truth.end && (!truth.until_close || state.read_end);
            last.call == Some(number) && sound && read
        })
    }

    pub(in crate::sim) fn wrote(&mut self, id: ConnId, taken: u64) {
        let Some(conn) = self.conn(id) else { return self.breaks("I4", "written to what is gone") };
        let ConnState::Busy(number) = conn.state else {
            return self.breaks("I1", format!("{id:?} is written to and serves nobody"));
        };
        let attempt = &mut self.calls[number].attempt;
        let first = attempt.flushed == 0 && taken > 0;
        attempt.flushed += taken;
        if first {
            if let Some(conn) = self.conn(id) {
                conn.uses += 1;
            }
        }
    }
}

fn read(net: &Network, socket: Option<crate::sim::network::SocketId>) -> u64 {
    let place = socket.and_then(|socket| net.sockets.get(socket.0 as usize)?.as_deref());
    place.map_or(0, |socket| socket.read)
}

fn exchange(net: &Network, socket: crate::sim::network::SocketId) -> Option<&Exchange> {
    net.sockets.get(socket.0 as usize)?.as_deref()?.exchange.as_ref()
}

//! Answers against what the servers know to be true (I23, I24, I36, I37, I39), and waits against deadlines (I34).

use httpocean_core::{ConnId, Engine, Event, Io, Phase, Want};

use super::{CallState, ConnState, Ledger};
use crate::sim::driver::READ;
use crate::sim::peer::POISON;
use crate::sim::socket::{Exchange, Socket};

impl Ledger {
    /// A user is told something.
    pub(in crate::sim) fn hears(
        &mut self,
        number: usize,
        conn: Option<ConnId>,
        event: &Event,
        io: &Io,
        socket: Option<&Socket>,
        engine: &Engine,
    ) {
        let call = &self.calls[number];
        let (ended, id) = (call.state == CallState::Ended, call.id);
        self.demand(!ended, "I4", || format!("call {number} hears {event:?} after its end"));
        let last = matches!(event, Event::End { .. } | Event::Failed(_) | Event::Upgraded(_));
        let gone = id.is_none_or(|id| engine.call(id).is_none());
        self.demand(gone == last, "I4", || format!("the id of call {number} ends with its last event"));
        let before = self.calls[number].attempt.read_before;
        // That of this attempt: a server that hears no more knows only of the one before.
        let own = |last: &&Exchange| last.call == Some(number) && last.start >= before;
        let exchange = socket.and_then(|socket| socket.exchange.as_ref());
        // What is lent on the wire is about the last request on it; a tainted wire can't be judged.
        let exchange = exchange.filter(own);
        let judged = exchange.filter(|last| last.truth.known && !last.tainted);
        match event {
            Event::Hop(hop) => self.hops(number, hop, engine),
            Event::Interim(_) => self.interim(number, exchange),
            Event::Passing(len) => self.passing(number, io.head(*len).status().as_u16(), exchange),
            Event::Head(len) => self.head(number, io.head(*len).status().as_u16(), exchange),
            Event::Data(len) => self.data(number, io.data(*len), judged),
            Event::NeedBody { .. } => self.calls[number].body_touched = true,
            Event::End { .. } => {
                self.whole(number, conn, judged, socket);
                self.ends(number);
            }
            Event::Upgraded(_) => self.ends(number),
            Event::Failed(error) => {
                let complete = Self::was_read(judged, socket);
                self.fails(number, error, complete);
                self.ends(number);
            }
        }
        let clean = io.rx.is_quiet() && io.tx.pending().is_empty();
        let over = matches!(event, Event::End { .. } | Event::Failed(_));
        self.demand(!over || clean, "I22", || format!("the buffers are not clean after {event:?}"));
    }

    /// What came over a connection.
    pub(in crate::sim) fn reads(&mut self, id: ConnId, bytes: &[u8]) {
        let Some(ConnState::Busy(number)) = self.conn(id).map(|conn| conn.state) else { return };
        let attempt = &mut self.calls[number].attempt;
        for byte in bytes {
            match b"HTTP/1.".get(attempt.begun) {
                Some(expected) if byte == expected && !attempt.begins_none => attempt.begun += 1,
                Some(_) => attempt.begins_none = true,
                None => return,
            }
        }
    }

    fn was_read(judged: Option<&Exchange>, socket: Option<&Socket>) -> bool {
        let (Some(last), Some(socket)) = (judged, socket) else { return false };
        let ended = !last.truth.until_close || socket.read_end;
        last.truth.valid && last.truth.whole && ended && socket.read >= last.start + last.truth.end
    }

    fn interim(&mut self, number: usize, exchange: Option<&Exchange>) {
        let call = &mut self.calls[number];
        call.interims += 1;
        let (interims, limit) = (call.interims, call.config.limits.interim);
        self.demand(interims <= limit, "I39", || format!("{interims} interim responses of {limit}"));
        self.demand(exchange.is_some() || self.is_half_said(number), "I24", || {
            format!("call {number} hears an interim response of another's")
        });
    }

    /// Some of the request is on its way, and not so much that its server knows whose it is. What is said then may be
    /// about it, as far as a client can tell. A fresh connection has no past: there it is.
    fn is_half_said(&self, number: usize) -> bool {
        let attempt = &self.calls[number].attempt;
        attempt.flushed > 0 || !attempt.facts.may_be_stale()
    }

    fn head(&mut self, number: usize, status: u16, exchange: Option<&Exchange>) {
        self.settles(number);
        let twice = core::mem::replace(&mut self.calls[number].head, true);
        self.demand(!twice, "I24", || format!("call {number} hears two heads"));
        self.is_the_head(number, status, exchange);
    }

    fn passing(&mut self, number: usize, status: u16, exchange: Option<&Exchange>) {
        let late = self.calls[number].head;
        self.demand(!late, "I24", || format!("call {number} hears {status} in passing after its answer"));
        self.is_the_head(number, status, exchange);
    }

    /// Whether that is what the server said to this attempt.
    fn is_the_head(&mut self, number: usize, status: u16, exchange: Option<&Exchange>) {
        let Some(last) = exchange else {
            let half = self.is_half_said(number);
            return self
                .demand(half, "I24", || format!("call {number} hears the head of another's response"));
        };
        if last.tainted {
            return;
        }
        self.demand(status != POISON, "I23", || format!("call {number} hears what nobody asked for"));
        if last.truth.known {
            let right = last.truth.valid && status == last.truth.status;
            self.demand(right, "I24", || format!("call {number} hears {status}, not {}", last.truth.status));
        }
    }

    fn data(&mut self, number: usize, data: &[u8], judged: Option<&Exchange>) {
        let call = &mut self.calls[number];
        let from = call.received;
        call.received += data.len();
        let Some(last) = judged else { return };
        let right = last.truth.body.get(from..from + data.len()) == Some(data);
        self.demand(right, "I24", || format!("call {number} hears other bytes than were said, at {from}"));
    }

    /// The user is told that the response is whole, or had no use for the rest.
    fn whole(
        &mut self,
        number: usize,
        id: Option<ConnId>,
        judged: Option<&Exchange>,
        socket: Option<&Socket>,
    ) {
        let call = &self.calls[number];
        let (head, received, acted) = (call.head, call.received, call.acted.is_some());
        self.demand(head, "I24", || format!("call {number} ends without a head"));
        let Some(last) = judged else { return };
        let len = last.truth.body.len();
        if acted {
            self.judges("I38");
            let limit = self.calls[number].config.limits.drain_bytes;
            let left = (len - received.min(len)) as u64;
            if let Some(conn) = id.and_then(|id| self.conn(id)) {
                conn.too_much_left |= left > limit;
            }
            return;
        }
        let whole = last.truth.whole && received == len;
        self.demand(whole, "I37", || format!("call {number} ends after {received} of {len} bytes"));
        let ended = !last.truth.until_close || socket.is_some_and(|socket| socket.read_end);
        self.demand(ended, "I37", || format!("call {number} ends before the stream does"));
    }

    /// A connection waits: within its call's deadline, with bounded memory, and for something.
    pub(in crate::sim) fn waits(&mut self, id: ConnId, want: &Want, io: &Io, engine: &Engine) {
        let (now, until) = (self.now, want.until);
        self.demand(until.is_none_or(|until| until > now), "contract", || format!("{want:?} is over"));
        let pending = !io.tx.pending().is_empty();
        self.demand(want.write == pending, "contract", || format!("{want:?} with {pending} to write"));
        let Some(number) = engine.serves(id).and_then(|call| self.number_of(call)) else {
            return self.breaks("I1", format!("{id:?} waits and serves nobody"));
        };
        if want.phase == Phase::Drain {
            let active = self.active.len();
            let call = &mut self.calls[number];
            call.drains.get_or_insert(now);
            call.among = call.among.max(active);
        }
        if let Some(deadline) = self.deadline(number) {
            let within = until.is_some_and(|until| until <= deadline);
            self.demand(within, "I34", || format!("call {number} waits until {until:?}, past {deadline:?}"));
        }
        let (held, limit) = (io.rx.bytes().len(), self.calls[number].config.limits.head_bytes + READ);
        self.demand(held <= limit, "I39", || format!("call {number} makes us hold {held} bytes"));
        let known = self.conn(id).map(|conn| conn.state);
        let right = matches!(known, Some(ConnState::Busy(n)) if n == number);
        self.demand(right, "I1", || format!("{id:?} serves {number}, and is {known:?}"));
    }

    pub(super) fn number_of(&self, call: httpocean_core::CallId) -> Option<usize> {
        self.active.iter().copied().find(|number| self.calls[*number].id == Some(call))
    }
}

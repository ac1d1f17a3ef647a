//! One call, carried out: the loop that does what the core says, on the caller's thread.

mod told;

use std::sync::Arc;

use http::Response;
use httpocean_core::pool::{Demand, Facts, Fate, Refusal};
use httpocean_core::{Call, CallStep, Channel, Hop, Instant, Io, Phase, Want};
use httpocean_driver::{Connection, Error, Observed, Whose, transport_error};

use crate::body::Body;
use crate::held::Held;
use crate::mailbox::Answer;
use crate::shared::Shared;
use crate::transport::{Transport, is_wait};
use crate::wire::{READ, carry, flush, probe};
pub(crate) use told::Told;

/// Bytes of a request body that are read at a time.
const PIECE: usize = 64 * 1024;

/// A call on its way.
pub(crate) struct Flow {
    pub(crate) shared: Arc<Shared>,
    /// Its number, and what it was last told to wait for; 0 where nobody is told.
    request: u64,
    phase: Phase,
    pub(crate) call: Call,
    pub(crate) io: Io,
    held: Option<Held>,
    demand: Demand,
    /// The request's body, and how much of it was handed over.
    source: Body,
    handed: u64,
    /// A piece was asked for and is read when there is nothing else to do: reading it may take long.
    owed: Option<u64>,
    piece: Vec<u8>,
    /// The first write of an exchange goes out at once; before each further one comes a look for an answer.
    wrote: bool,
    /// How much the next read of the wire asks for.
    room: usize,
    /// The time when something last took any.
    pub(crate) now: Instant,
    told: Told,
}

/// What the user of a flow gets to see.
pub(crate) enum Seen {
    /// The final head: so many bytes of it.
    Head(usize),
    /// Body bytes may be had from the wire; what to wait for, should they not be there.
    Wait(Want),
    /// So many body bytes that are in the buffer.
    Data(usize),
    End,
    Upgraded,
}

impl Flow {
    /// Of a call that was made at `now`.
    #[inline]
    pub(crate) fn new(shared: &Arc<Shared>, call: Call, source: Body, now: Instant) -> Self {
        Self {
            shared: shared.clone(),
            request: shared.teller.number_request(),
            phase: Phase::Start,
            call,
            io: Io::default(),
            held: None,
            demand: Demand::default(),
            source,
            handed: 0,
            owed: None,
            piece: Vec::new(),
            wrote: false,
            room: READ,
            now,
            told: Told::default(),
        }
    }

    /// To be called first, and once.
    pub(crate) fn start(&mut self) {
        if self.request > 0 {
            let (request, method, uri) = (self.request, self.call.request().method(), self.call.uri());
            self.shared.teller.tell(&Observed::Started { request, method, uri });
        }
        self.add_fields();
    }

    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    pub(crate) fn call(&self) -> &Call {
        &self.call
    }

    pub(crate) fn call_mut(&mut self) -> &mut Call {
        &mut self.call
    }

    /// To be called where time has gone by: after a wait, and after the user had the word.
    pub(crate) fn look_at_clock(&mut self) {
        self.now = self.shared.clock.now();
    }

    pub(crate) fn io(&self) -> &Io {
        &self.io
    }

    /// From the start to the final head.
    pub(crate) fn run_to_head(&mut self) -> Result<Response<()>, Error> {
        loop {
            match self.turn()? {
                Seen::Head(len) => return Ok(self.take_head(len)),
                Seen::Wait(want) => self.wait(want)?,
                // There is neither body nor end before the head.
                Seen::Data(_) | Seen::End | Seen::Upgraded => {}
            }
        }
    }

    /// Does what can be done without the peer; then says what the user may care about.
    pub(crate) fn turn(&mut self) -> Result<Seen, Error> {
        loop {
            match self.call.step(&mut self.io, self.now) {
                CallStep::Acquire(demand) => self.acquire(demand),
                CallStep::Release(fate) => self.release(fate),
                CallStep::Wait(want) => return Ok(Seen::Wait(want)),
                CallStep::NeedBody { from } if self.source.may_take_long() => {
                    self.owed = Some(from);
                    self.send_ready();
                }
                CallStep::NeedBody { from } => self.feed(from),
                CallStep::Hop(hop) => self.hop(&hop),
                CallStep::Interim(len) => self.told.interim.push(self.io.head(len).to_response()),
                CallStep::Passing(len) => self.learn(len),
                CallStep::Head(len) => return Ok(Seen::Head(len)),
                CallStep::Data(len) => return Ok(Seen::Data(len)),
                CallStep::End => {
                    self.tell_end();
                    return Ok(Seen::End);
                }
                CallStep::Upgraded(_) => {
                    self.tell_end();
                    return Ok(Seen::Upgraded);
                }
                CallStep::Failed(verdict) => return Err(self.error(verdict)),
            }
        }
    }

    /// Reads, writes or sleeps as told, once.
    pub(crate) fn wait(&mut self, want: Want) -> Result<(), Error> {
        self.shared.teller.tell_phase(Whose::Request(self.request), &mut self.phase, want.phase);
        // An answer may have come that leaves nobody to want it.
        if let Some(from) = self.owed.take().filter(|_| self.call.wants_body()) {
            self.feed(from);
            return Ok(());
        }
        let until = self.shared.clock.system(want.until);
        let Some(transport) = self.held.as_mut().and_then(Held::transport) else {
            return self.pause(until);
        };
        if want.write && !self.wrote {
            self.wrote = true;
            flush(transport, &mut self.io);
            return Ok(());
        }
        carry(transport, &mut self.io, &mut self.room, want, until);
        self.look_at_clock();
        Ok(())
    }

    /// Before another attempt.
    fn pause(&mut self, until: Option<std::time::Instant>) -> Result<(), Error> {
        let Some(until) = until else { return Err(self.broken("a call waits for nothing")) };
        let is_over = self.shared.is_over_by(until);
        self.look_at_clock();
        if is_over {
            self.call.refused(Refusal::ShutDown, None, self.now);
        }
        Ok(())
    }

    /// Reads what there is into `out`, around our own buffer: the next `limit` bytes on the wire are body and
    /// nothing else. 0 when the clocks have to be looked at, or the stream ended.
    pub(crate) fn read_direct(&mut self, out: &mut [u8], limit: u64, want: Want) -> usize {
        let until = self.shared.clock.system(want.until);
        let Some(transport) = self.held.as_mut().and_then(Held::transport) else { return 0 };
        let len = out.len().min(usize::try_from(limit).unwrap_or(usize::MAX));
        let read = transport.read(&mut out[..len], until);
        self.look_at_clock();
        match read {
            Ok(0) => self.io.rx.set_eof(),
            Ok(n) => {
                self.call.took(n as u64, &mut self.io);
                return n;
            }
            Err(error) if is_wait(&error) => {}
            Err(error) => self.io.rx.fail(transport_error(&error)),
        }
        0
    }

    pub(crate) fn read_buffered(&mut self, out: &mut [u8]) -> usize {
        self.call.read_body(&mut self.io, out)
    }

    pub(crate) fn direct(&mut self) -> u64 {
        self.call.direct(&mut self.io)
    }

    /// The user wants no more. Nothing here waits: what has arrived is looked at, and one read that does not
    /// wait; then the connection is saved or closed.
    pub(crate) fn abandon(&mut self) {
        self.told.given_up = true;
        self.look_at_clock();
        self.call.discard(self.now);
        let mut read = false;
        loop {
            match self.turn() {
                Ok(Seen::Wait(_)) if !read => {
                    read = true;
                    if let Some(transport) = self.held.as_mut().and_then(Held::transport) {
                        probe(transport, &mut self.io, &mut self.room);
                    }
                }
                Ok(Seen::Wait(_)) => self.call.cancel(self.now),
                Ok(Seen::End | Seen::Upgraded) | Err(_) => return,
                Ok(Seen::Head(_) | Seen::Data(_)) => {}
            }
        }
    }

    /// The user wants no more, and has a moment: what is left is read within the limits. Whether the
    /// connection went back to the pool alive.
    pub(crate) fn drain(&mut self) -> Result<bool, Error> {
        self.look_at_clock();
        self.call.discard(self.now);
        loop {
            match self.turn()? {
                Seen::Wait(want) => self.wait(want)?,
                Seen::End | Seen::Upgraded => return Ok(self.told.parked == Some(true)),
                Seen::Head(_) | Seen::Data(_) => {}
            }
        }
    }

    /// After an upgrade: the transport, and what is spoken over it.
    pub(crate) fn take_stream(&mut self) -> Option<(Box<dyn Transport>, Channel)> {
        let conn = self.call.detach()?;
        let transport = self.held.take()?.forget()?;
        Some((transport, Channel::new(conn, std::mem::take(&mut self.io))))
    }

    fn take_head(&mut self, len: usize) -> Response<()> {
        self.learn(len);
        let head = self.io.head(len);
        let response = head.to_response();
        if !self.call.wants_body() {
            // Whatever it holds on to, a file or a connection of its own, is free from here on.
            (self.source, self.piece) = (Body::empty(), Vec::new());
        }
        self.told.status = Some(response.status());
        let usual = response.status().canonical_reason().unwrap_or_default();
        self.told.reason = (head.reason() != usual.as_bytes()).then(|| head.reason().into());
        if let Some(connection) = &self.told.connection {
            self.shared.teller.tell_with(|| Observed::Response {
                request: self.request,
                method: self.call.request().method(),
                uri: self.call.uri(),
                status: response.status(),
                connection,
            });
        }
        response
    }

    // What a turn seldom does is kept out of it: it would be made ready for each time.
    #[inline(never)]
    fn acquire(&mut self, demand: Demand) {
        self.owed = None;
        self.demand = demand;
        let asked = self.now;
        let first = self.call.history().is_empty();
        let mut answer = self.shared.acquire(self.call.key(), demand, first, &mut self.now, &mut self.io);
        loop {
            match answer {
                Answer::Granted { lease, parked, facts } => {
                    let conn = lease.conn();
                    let connection = Connection::new(facts, &parked.ends);
                    let held = Held::new(&self.shared, lease, parked);
                    match self.try_grant(held, connection, facts) {
                        Ok(()) => return self.granted(conn, facts, self.now - asked),
                        Err(Some(another)) => answer = another,
                        Err(None) => return,
                    }
                }
                Answer::Refused { why, error } => {
                    let (verdict, source) = match error {
                        Some(error) => (Some(error.verdict), error.source),
                        None => (None, None),
                    };
                    self.told.source = source;
                    return self.call.refused(why, verdict, self.now);
                }
            }
        }
    }

    /// A connection that was idle is asked whether it is still there: what it has to say before it was asked
    /// anything is shown to the core. If it is dead, the answer to asking for another.
    fn try_grant(
        &mut self,
        mut held: Held,
        connection: Connection,
        facts: Facts,
    ) -> Result<(), Option<Answer>> {
        let mut conn = held.take_conn();
        let asked = facts.may_be_stale() && self.shared.probes(facts);
        if asked {
            if let Some(transport) = held.transport() {
                probe(transport, &mut self.io, &mut self.room);
            }
        }
        match conn.idle_input(&mut self.io) {
            None => {
                (self.wrote, self.room) = (false, READ);
                self.told.connection = Some(connection);
                self.held = Some(held);
                self.call.attach(conn, facts, self.now);
                Ok(())
            }
            Some(why) => {
                self.io.reset();
                self.shared.teller.tell(&Observed::Stale {
                    key: self.call.key(),
                    connection: &connection,
                    why,
                });
                let Some((lease, parked)) = held.into_grant() else { return Err(None) };
                Err(Some(self.shared.retake(lease, parked, why, self.demand, &mut self.now)))
            }
        }
    }

    #[inline(never)]
    fn release(&mut self, fate: Fate) {
        let conn = self.call.detach();
        if let Some(held) = self.held.take() {
            let key = held.key().filter(|_| self.shared.teller.is_observed()).cloned();
            let parked = held.release(conn, fate, &mut self.io, self.now);
            self.told.parked = Some(parked);
            if let (Some(key), Some(connection), true) = (&key, &self.told.connection, parked) {
                self.shared.teller.tell(&Observed::Parked { key, connection });
            }
            if self.io.capacity() > 0 {
                self.io = Io::default();
            }
        }
    }

    #[inline(never)]
    fn hop(&mut self, hop: &Hop) {
        self.shared.teller.tell(&Observed::Hop { request: self.request, uri: self.call.uri(), hop });
        // Those of a response that nobody gets to see.
        self.told.interim.clear();
        self.told.source = None;
        (self.told.connection, self.told.parked) = (None, None);
        self.add_fields();
    }

    /// Before a piece of the body that may be long in coming: what is ready goes out, and an answer that has
    /// come is taken in. Nothing here waits.
    fn send_ready(&mut self) {
        let Some(transport) = self.held.as_mut().and_then(Held::transport) else { return };
        if !self.io.tx.pending().is_empty() {
            self.wrote = true;
            flush(transport, &mut self.io);
            probe(transport, &mut self.io, &mut self.room);
        }
    }

    /// The next piece of the request's body.
    #[inline(never)]
    fn feed(&mut self, from: u64) {
        if from < self.handed {
            if let Err(error) = self.source.rewind() {
                self.told.source = Some(error);
                return self.call.body_failed("going back to its start failed");
            }
            self.handed = 0;
        }
        self.piece.resize(PIECE, 0);
        match self.source.read_piece(&mut self.piece) {
            Ok(0) => self.call.finish_body(self.source.trailers(), &mut self.io),
            Ok(n) => {
                self.handed += n as u64;
                self.call.send_body(&self.piece[..n], &mut self.io);
            }
            Err(error) => {
                self.told.source = Some(error);
                self.call.body_failed("reading it failed");
            }
        }
    }
}

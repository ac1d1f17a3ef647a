//! A turn: tasks of the engine are carried out until one of them has something to say.

use std::io::Write;

use httpocean_core::{CallId, CloseReason, ConnId, Driven, Error, Event as Spoken, Phase, Task};
use httpocean_driver::{Connection, Observed, Whose};

use crate::client::Client;
use crate::dialing::tell_made;
use crate::event::{Said, Upgraded};
use crate::links::Link;
use crate::wire;

/// So much a connection may read and write before all others had their turn, and the poll.
const ROUND: u32 = 256 * 1024;
/// What is said of it counts as so many: there are answers that move nothing, and whoever gives them must not keep the
/// others waiting.
const EVENT: u32 = 1024;

impl Client {
    pub(crate) fn turn(&mut self) -> Option<(CallId, Said)> {
        if let Some(call) = self.ended.take() {
            self.calls.remove(call);
        }
        if std::mem::take(&mut self.polls) {
            self.polled = self.now;
        }
        if std::mem::take(&mut self.round_is_over) {
            self.round = self.round.wrapping_add(1);
            for conn in std::mem::take(&mut self.deferred) {
                self.look_again(conn);
            }
        }
        if let Some(conn) = self.lent.take() {
            // Who was spoken of last goes on before others, as far as its round lets it: all of it is at hand, and what it
            // holds is free the sooner.
            let serving = self.links.get(conn).and_then(Link::serving);
            if serving.is_none() || serving != self.engine.serves(conn) {
                self.look_again(conn);
            } else if let Some(said) = self.drive(conn) {
                return Some(said);
            }
        }
        loop {
            while let Some(task) = self.engine.next_task(self.now) {
                if let Some(said) = self.carry_out(task) {
                    return Some(said);
                }
            }
            // Only now, when no attempt is about to be abandoned.
            if !self.go_on_dialing() {
                break;
            }
        }
        self.round_is_over = true;
        None
    }

    #[inline]
    fn look_again(&mut self, conn: ConnId) {
        if let Some(link) = self.links.get_mut(conn) {
            if let Some(awake) = &mut link.awake {
                awake.deferred = false;
            }
            if self.engine.target(conn).is_some() {
                self.engine.ready(conn, self.now);
            }
        }
    }

    fn carry_out(&mut self, task: Task) -> Option<(CallId, Said)> {
        match task {
            Task::Dial { conn, key } => self.dial(conn, key),
            Task::Resolve(conn) => self.resolve(conn),
            Task::Connect { conn, attempt, addr } => self.connect(conn, attempt, addr),
            Task::Abandon { conn, attempt } => self.abandon(conn, attempt),
            Task::Drive(conn) => return self.drive(conn),
            Task::Close { conn, why, error } => self.close_link(conn, why, error),
            Task::Event { call, event } => return self.say(call, event, None),
        }
        None
    }

    fn drive(&mut self, conn: ConnId) -> Option<(CallId, Said)> {
        self.note_user(conn);
        loop {
            match self.go_on(conn)? {
                Driven::Event { call, event } => {
                    // The connection was given back, or away.
                    if matches!(event, Spoken::End { .. } | Spoken::Failed(_) | Spoken::Upgraded(_)) {
                        self.note_user(conn);
                    }
                    return self.say(call, event, Some(conn));
                }
                Driven::Wait(_) => return None,
                Driven::Free => {
                    self.note_user(conn);
                    if self.engine.serves(conn).is_some() || self.engine.target(conn).is_none() {
                        return None;
                    }
                    let place = self.links.get(conn).and_then(|link| link.place);
                    let socket = place.and_then(|place| self.sockets.get_mut(place));
                    if !socket.is_some_and(|socket| socket.readable) {
                        self.links.strip(conn);
                        return None;
                    }
                }
            }
        }
    }

    /// Reads and writes until the core has something to say, or has to wait. `None`: it was not asked.
    fn go_on(&mut self, conn: ConnId) -> Option<Driven> {
        let (link, rooms) = self.links.wake_to_read(conn)?;
        let awake = link.awake.as_deref_mut()?;
        let socket = self.sockets.get_mut(link.place?)?;
        let io = &mut awake.io;
        if awake.serving.and_then(|call| self.calls.get(call)).is_some_and(|record| record.paused) {
            wire::write(socket, io);
            return None;
        }
        if link.round != self.round {
            (link.round, link.moved) = (self.round, 0);
        }
        loop {
            if link.moved >= ROUND {
                if !std::mem::replace(&mut awake.deferred, true) {
                    self.deferred.push(conn);
                }
                return None;
            }
            if awake.hungry && !awake.ended {
                // A late program may have slept over the bytes: no deadline is judged without a look.
                socket.readable |= awake.until.is_some_and(|until| until <= self.now);
                if socket.readable {
                    rooms.lend(&mut io.rx);
                }
                let (moved, ended) = wire::read(socket, io);
                link.moved = link.moved.saturating_add(moved as u32);
                awake.ended = ended;
            }
            let driven = self.engine.drive(conn, io, self.now);
            let want = match &driven {
                Driven::Wait(want) => want,
                Driven::Event { .. } => {
                    link.moved = link.moved.saturating_add(EVENT);
                    awake.hungry = false;
                    return Some(driven);
                }
                Driven::Free => {
                    awake.calm();
                    return Some(driven);
                }
            };
            (awake.hungry, awake.until) = (true, want.until);
            rooms.take_back(&mut io.rx);
            if self.teller.is_observed() {
                let record = awake.serving.and_then(|call| self.calls.get_mut(call));
                if let Some(record) = record {
                    let whose = Whose::Request(record.number);
                    self.teller.tell_phase(whose, &mut record.phase, want.phase);
                } else if let Some(making) = &mut link.making {
                    self.teller.tell_phase(Whose::Dial(conn), &mut making.phase, want.phase);
                }
            }
            let (moved, news) = wire::write(socket, io);
            link.moved = link.moved.saturating_add(moved as u32);
            let more = want.read && socket.readable && !awake.ended;
            if !news && !more {
                return Some(driven);
            }
        }
    }

    /// Who uses a connection is decided elsewhere; here it is noticed, told, and remembered.
    #[inline(always)]
    fn note_user(&mut self, conn: ConnId) {
        let serves = self.engine.serves(conn);
        let Some(link) = self.links.get(conn) else { return };
        let (is_making, changes) = (link.making.is_some(), link.serving() != serves);
        if is_making {
            self.note_made(conn);
        }
        if changes {
            self.user_changes(conn, serves);
        }
    }

    #[inline(never)]
    fn user_changes(&mut self, conn: ConnId, serves: Option<CallId>) {
        let Some(link) = self.links.wake(conn) else { return };
        let Some(awake) = link.awake.as_deref_mut() else { return };
        let before = std::mem::replace(&mut awake.serving, serves);
        if before.is_some() && self.engine.target(conn).is_some() {
            self.teller.tell_with(|| Observed::Parked { key: &link.key, connection: &awake.facts });
        }
        let Some(call) = serves else { return };
        let Some((_, facts)) = self.engine.connection(call) else { return };
        (link.number, awake.facts) = (facts.number, Connection::new(facts, &link.ends));
        awake.calm();
        // One look at what may have come since the last poll, if that was long ago, before the request is written.
        if let Some(socket) = link.place.and_then(|place| self.sockets.get_mut(place)) {
            let unwatched = facts.idle_for.map(|idle_for| idle_for.min(self.now - self.polled));
            socket.readable |= unwatched.is_some_and(|unwatched| unwatched >= self.probe_after);
        }
        let Some(record) = self.calls.get_mut(call) else { return };
        record.connection = Some(awake.facts);
        (record.status, record.phase) = (None, Phase::Start);
        self.teller.count_grant();
        self.teller.tell_with(|| Observed::Granted {
            request: record.number,
            method: &record.method,
            uri: &record.uri,
            key: &link.key,
            conn,
            connection: &awake.facts,
            idle_for: facts.idle_for,
            waited: self.now - record.since,
        });
    }

    fn say(&mut self, call: CallId, event: Spoken, conn: Option<ConnId>) -> Option<(CallId, Said)> {
        let record = self.calls.get_mut(call)?;
        self.lent = conn;
        let said = match (event, conn) {
            (Spoken::Hop(hop), _) => {
                record.owes_body = false;
                record.since = self.now + hop.after;
                (record.connection, record.status) = (None, None);
                if let Some(now) = self.engine.call(call) {
                    (record.method, record.uri) = (now.request().method().clone(), now.uri().clone());
                }
                self.teller.tell(&Observed::Hop { request: record.number, uri: &record.uri, hop: &hop });
                self.add_fields(call);
                Said::Hop(hop)
            }
            (Spoken::NeedBody { from }, _) => {
                record.owes_body = true;
                Said::NeedBody { from }
            }
            (Spoken::End { trailers }, _) => {
                self.tell_end(call);
                self.links.calm(conn);
                let parked = conn.is_some_and(|conn| self.engine.target(conn).is_some());
                Said::End { trailers, parked }
            }
            (Spoken::Failed(verdict), _) => {
                let (request, method, uri) = (record.number, &record.method, &record.uri);
                self.teller.tell(&Observed::Failed { request, method, uri, error: &verdict });
                let error = record.error(verdict);
                self.ended = Some(call);
                self.links.calm(conn);
                Said::Failed(error)
            }
            (Spoken::Interim(len), Some(conn)) => Said::Interim(conn, len),
            (Spoken::Passing(len), Some(conn)) => {
                self.learn(call, conn, len);
                Said::Passing(conn, len)
            }
            (Spoken::Data(len), Some(conn)) => Said::Data(conn, len),
            (Spoken::Head(len), Some(conn)) => {
                self.learn(call, conn, len);
                self.tell_response(call, conn, len);
                Said::Head(conn, len)
            }
            (Spoken::Upgraded(_), Some(conn)) => {
                self.tell_end(call);
                self.lent = None;
                Said::Upgraded(self.hand_over(conn)?)
            }
            // These need a connection.
            (
                Spoken::Interim(_)
                | Spoken::Passing(_)
                | Spoken::Data(_)
                | Spoken::Head(_)
                | Spoken::Upgraded(_),
                None,
            ) => return None,
        };
        Some((call, said))
    }

    fn tell_end(&mut self, call: CallId) {
        self.ended = Some(call);
        if let Some(record) = self.calls.get(call).filter(|record| record.number > 0) {
            self.teller.tell(&Observed::Ended { request: record.number });
        }
    }

    fn tell_response(&mut self, call: CallId, conn: ConnId, len: usize) {
        let awake = self.links.get(conn).and_then(|link| link.awake.as_deref());
        let (Some(awake), Some(record)) = (awake, self.calls.get_mut(call)) else { return };
        let status = awake.io.head(len).status();
        record.status = Some(status);
        let (request, method, uri, connection) = (record.number, &record.method, &record.uri, &awake.facts);
        self.teller.tell_with(|| Observed::Response { request, method, uri, status, connection });
    }

    fn hand_over(&mut self, conn: ConnId) -> Option<Upgraded> {
        let place = self.links.get(conn)?.place?;
        let link = self.links.wake(conn)?;
        let io = link.awake.take().map(|awake| awake.io).unwrap_or_default();
        self.links.remove(conn);
        let channel = Box::new(self.engine.channel(conn, io));
        Some(Upgraded { stream: self.sockets.hand_out(place)?, channel })
    }

    fn close_link(&mut self, conn: ConnId, why: CloseReason, error: Option<Error>) {
        let Some(link) = self.links.remove(conn) else { return };
        self.forget_dial(conn, &link);
        if let Some(mut socket) = link.place.and_then(|place| self.sockets.remove(place)) {
            // Whether it gets there is nobody's concern.
            let _ = socket.stream.write(&self.engine.goodbye(conn));
        }
        match error {
            Some(error) => self.teller.tell(&Observed::DialFailed { conn, key: &link.key, error: &error }),
            None => {
                // There was no room for it when it was made.
                if let Some(making) = &link.making {
                    tell_made(&self.teller, conn, &link, making, self.clock.now());
                }
                self.teller.count_close(why);
                self.teller.tell(&Observed::Closed { conn, key: &link.key, number: link.number, why });
            }
        }
    }
}

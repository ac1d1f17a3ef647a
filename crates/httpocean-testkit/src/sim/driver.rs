//! The faithful driver: it carries tasks out until there are none, then sleeps exactly as long as it was told.

use httpocean_core::dial::Route;
use httpocean_core::{ConnId, Driven, Instant, Io, Task, TransportError};

use super::faults::Fault;
use super::network::{Happening, SocketId};
use super::sim::{Plan, Sim};

/// So many bytes are read at once.
pub(super) const READ: usize = 16 * 1024;

/// A connection as its driver knows it, from `Dial` until `Close` or `Upgraded`.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: ConnId,
    host: String,
    pub(super) socket: Option<SocketId>,
    attempts: Vec<(u8, SocketId)>,
    pub(super) io: Io,
    /// The number of a user who holds what was lent, and how many bytes that is.
    pub(super) held: Option<(usize, usize)>,
}

impl Sim {
    /// Does what there is to do, and sleeps until there is more.
    pub(super) fn turn(&mut self, end: Option<Instant>) -> bool {
        self.carry_out();
        if self.ledger.is_broken() {
            return false;
        }
        let timeout = self.engine.next_timeout();
        let now = self.now();
        self.ledger.tick(now);
        self.ledger.sleeps(timeout);
        let (timeout, planned) = (timeout.map(|at| self.network_time(at)), self.net.next());
        let Some(next) =
            Instant::earliest(timeout, planned).filter(|next| end.is_none_or(|end| *next <= end))
        else {
            return false;
        };
        self.net.sleep_until(next);
        let (woken, said) = (planned != Some(next), self.said);
        // What happened comes before what time has come for.
        while let Some(what) = self.net.due() {
            self.happen(what);
            if !self.habits.batches {
                self.carry_out();
            }
        }
        self.carry_out();
        self.ledger.woke(woken && said == self.said, &self.engine);
        true
    }

    /// Tasks until there are none.
    pub(super) fn carry_out(&mut self) {
        loop {
            let now = self.now();
            self.haunt();
            self.ledger.tick(now);
            self.ledger.wake();
            let task = self.engine.next_task(now);
            self.watch();
            let Some(task) = task else { break };
            self.said += 1;
            self.carry_out_one(task);
            self.watch();
            if self.ledger.is_broken() {
                return;
            }
        }
        let held = |links: &[Option<Link>], conn: ConnId| {
            links.get(conn.index()).and_then(Option::as_ref).is_some_and(|link| link.held.is_some())
        };
        self.ledger.is_dry(&self.engine, &self.net, |conn| held(&self.links, conn));
    }

    fn carry_out_one(&mut self, task: Task) {
        match task {
            Task::Dial { conn, key } => {
                self.note(1, conn.to_bits(), 0, || format!("dial {conn:?} {key}"));
                self.ledger.dials(conn, &key);
                let host = key.host().to_owned();
                let link = Link {
                    id: conn,
                    host,
                    socket: None,
                    attempts: Vec::new(),
                    io: Io::default(),
                    held: None,
                };
                if self.links.len() <= conn.index() {
                    self.links.resize_with(conn.index() + 1, || None);
                }
                self.links[conn.index()] = Some(link);
            }
            Task::Resolve(conn) => {
                self.note(2, conn.to_bits(), 0, || format!("resolve {conn:?}"));
                self.ledger.names(conn);
                if let Some(Some(link)) = self.links.get(conn.index()) {
                    self.net.lookup(&link.host, conn.to_bits());
                }
            }
            Task::Connect { conn, attempt, addr } => {
                self.note(3, conn.to_bits(), attempt.into(), || {
                    format!("connect {conn:?} {attempt} {addr:?}")
                });
                self.ledger.names(conn);
                let Some(Some(link)) = self.links.get_mut(conn.index()) else { return };
                let socket = self.net.connect(&link.host, addr);
                self.sockets.push((conn, attempt));
                link.attempts.push((attempt, socket));
            }
            Task::Abandon { conn, attempt } => {
                self.note(4, conn.to_bits(), attempt.into(), || format!("abandon {conn:?} {attempt}"));
                self.ledger.names(conn);
                // Its answer may be on its way: it will come too late.
                if let Some(Some(link)) = self.links.get_mut(conn.index()) {
                    link.attempts.retain(|(n, _)| *n != attempt);
                }
            }
            Task::Drive(conn) => {
                self.note(5, conn.to_bits(), 0, || format!("drive {conn:?}"));
                self.ledger.names(conn);
                let held = self.links[conn.index()].as_ref().is_some_and(|link| link.held.is_some());
                if !held {
                    self.pump(conn);
                }
            }
            Task::Close { conn, why, error } => {
                self.note(6, conn.to_bits(), why as u64, || format!("close {conn:?}: {why:?} {error:?}"));
                self.ledger.closes(conn, why);
                self.drop_link(conn);
            }
            Task::Event { call, event } => {
                let mut nothing = Io::default();
                self.hear(call, event, None, &mut nothing);
            }
        }
    }

    pub(super) fn drop_link(&mut self, conn: ConnId) {
        if let Some(link) = self.links.get_mut(conn.index()).and_then(Option::take) {
            for socket in link.socket.into_iter().chain(link.attempts.into_iter().map(|(_, socket)| socket)) {
                self.net.close(socket);
            }
        }
        if self.habits.haunts_every > 0 {
            self.dead.push(conn);
        }
    }

    fn happen(&mut self, what: Happening) {
        let now = self.now();
        self.ledger.tick(now);
        match what {
            Happening::Resolved(token, route) => self.resolved(ConnId::from_bits(token), route),
            Happening::Connected(socket, result) => self.connected(socket, result),
            Happening::Readable(socket) => self.stirs(socket, true),
            Happening::Writable(socket) => self.stirs(socket, false),
            Happening::Alarm(token) => match self.take_plan(token) {
                Some(Plan::Start(number)) => self.begin(number),
                Some(Plan::Act(number, act)) => self.act(number, act),
                Some(Plan::Body(call, number)) => self.give_body(call, number),
                Some(Plan::Read(conn, call)) => self.has_read(conn, call),
                Some(Plan::Jump(micros)) => {
                    self.net.hit(if micros > 0 { Fault::JumpForward } else { Fault::JumpBackward });
                    // The engine knows the time before it.
                    self.carry_out();
                    self.jump(micros);
                }
                Some(Plan::ShutDown) => {
                    self.net.hit(Fault::ShutDown);
                    self.note(31, 0, 0, || "the client is shut down".to_owned());
                    self.ledger.shuts_down();
                    self.engine.shut_down(now);
                }
                None => {}
            },
        }
        self.watch();
    }

    fn resolved(&mut self, conn: ConnId, route: Result<Route, TransportError>) {
        if self.engine.target(conn).is_none() {
            self.net.hit(Fault::LateAnswer);
        }
        self.note(7, conn.to_bits(), 0, || format!("resolved {conn:?}: {route:?}"));
        self.engine.resolved(conn, route, self.now());
    }

    fn connected(&mut self, socket: SocketId, result: Result<(), TransportError>) {
        let (conn, attempt) = self.sockets[socket.0 as usize];
        // It may be over already, by a deadline or by another attempt, and the command to say so not yet polled.
        let runs = self.engine.target(conn).is_some();
        let link = self.links.get_mut(conn.index()).and_then(Option::as_mut);
        let link = link.filter(|link| runs && link.id == conn && link.socket.is_none());
        let place = link.and_then(|link| {
            let at = link.attempts.iter().position(|(_, id)| *id == socket)?;
            link.attempts.swap_remove(at);
            if result.is_ok() {
                link.socket = Some(socket);
            }
            Some(())
        });
        if place.is_none() {
            self.net.hit(Fault::LateAnswer);
        }
        self.note(8, conn.to_bits(), attempt.into(), || format!("connected {conn:?} {attempt}: {result:?}"));
        if place.is_none() || result.is_err() {
            self.net.close(socket);
        } else {
            self.ledger.is_made(conn, socket);
        }
        self.engine.connected(conn, attempt, result, self.now());
    }

    fn stirs(&mut self, socket: SocketId, readable: bool) {
        let (conn, _) = self.sockets[socket.0 as usize];
        let Some(link) = self.links.get(conn.index()).and_then(Option::as_ref) else { return };
        if link.id != conn || link.socket != Some(socket) {
            return;
        }
        if readable {
            self.ledger.stirs(conn);
        }
        if self.habits.drives_first && link.held.is_none() {
            self.pump(conn);
        } else {
            self.engine.ready(conn, self.now());
        }
    }

    /// Reads what there is without waiting, and drives until there is nothing to do.
    pub(super) fn pump(&mut self, conn: ConnId) {
        // A long body can come in very small chunks.
        for _ in 0..1_000_000 {
            let now = self.now();
            let Some(Some(link)) = self.links.get_mut(conn.index()) else { return };
            let mut io = core::mem::take(&mut link.io);
            let before = io.rx.bytes().len();
            let more = link.socket.is_some_and(|socket| self.net.read(socket, &mut io.rx, READ));
            self.ledger.reads(conn, &io.rx.bytes()[before..]);
            let driven = self.engine.drive(conn, &mut io, now);
            self.watch();
            let go_on = match driven {
                Driven::Event { call, event } => self.driven_event(conn, call, event, &mut io),
                Driven::Wait(want) => {
                    self.ledger.waits(conn, &want, &io, &self.engine);
                    self.flush(conn, &mut io) || more
                }
                Driven::Free => {
                    self.ledger.is_free(conn, io.rx.is_quiet() && io.tx.pending().is_empty());
                    false
                }
            };
            if let Some(Some(link)) = self.links.get_mut(conn.index()) {
                link.io = io;
            }
            self.watch();
            if !go_on || self.ledger.is_broken() {
                return;
            }
        }
        self.ledger.breaks("contract", "one drive after the other, without an end");
    }

    /// Whether anything was written.
    fn flush(&mut self, conn: ConnId, io: &mut Io) -> bool {
        let Some(socket) = self.socket_of(conn) else { return false };
        if io.tx.pending().is_empty() {
            return false;
        }
        match self.net.write(socket, io.tx.pending()) {
            Ok(taken) => {
                io.tx.sent(taken);
                self.ledger.wrote(conn, taken as u64);
                taken > 0
            }
            Err(error) => {
                io.tx.fail(error);
                true
            }
        }
    }

    pub(super) fn watch(&mut self) {
        self.ledger.watch(&self.engine, &self.net);
    }
}

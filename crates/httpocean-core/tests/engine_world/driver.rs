//! The driver's part: tasks, sockets, users.

use httpocean_core::dial::Route;
use httpocean_core::{CallId, ConnId, Driven, Event, Io, Task};

use super::{Act, Ending, Habits, Happening, Piece, Server, Socket, User, World, name};

impl World {
    /// Tasks until there are none.
    pub(super) fn carry_out(&mut self) {
        loop {
            self.step();
            let Some(task) = self.engine.next_task(self.now) else { break };
            self.said += 1;
            self.carry_out_one(task);
            self.limits_hold();
        }
        assert!(self.sockets.values().all(|socket| !socket.dirty), "free, not clean, and not closed");
    }

    fn carry_out_one(&mut self, task: Task) {
        match task {
            Task::Dial { conn, key } => self.begin(conn, key.host()),
            Task::Resolve(conn) => self.resolve(conn),
            Task::Connect { conn, attempt, addr } => {
                let socket = self.sockets.get_mut(&conn).expect("Connect names a live connection");
                assert!(!socket.open, "connected already");
                assert!(socket.asked.insert(attempt), "each attempt once");
                socket.attempts.insert(attempt);
                assert_eq!(addr.is_none(), matches!(socket.script.route, Ok(Route::Direct)));
                if let Some(Some((delay, _))) = socket.script.connects.get(usize::from(attempt)) {
                    let delay = *delay;
                    self.happens_after(delay, Happening::Connected(conn, attempt));
                }
            }
            Task::Abandon { conn, attempt } => {
                let socket = self.sockets.get_mut(&conn).expect("Abandon names a live connection");
                assert!(socket.attempts.remove(&attempt), "abandons what runs");
            }
            Task::Drive(conn) => {
                let socket = self.sockets.get(&conn).expect("Drive names a live connection");
                assert!(socket.open, "nobody drives what is not connected");
                if socket.held.is_none() {
                    self.pump(conn);
                }
            }
            Task::Close { conn, why, .. } => {
                let socket = self.sockets.remove(&conn).expect("each connection is closed once");
                self.closed.push((self.now, socket.number, why));
                self.dead_conns.insert(conn);
            }
            Task::Event { call, event } => {
                let mut nothing = Io::default();
                let holds = self.hear(call, event, None, &mut nothing);
                assert!(holds.is_none(), "a call without a connection lends nothing");
            }
        }
    }

    fn resolve(&mut self, conn: ConnId) {
        let host = self.engine.target(conn).expect("a task names what is live").host();
        let socket = &self.sockets[&conn];
        assert_eq!(host, socket.host);
        self.looked_up += 1;
        if let Some(delay) = socket.script.resolve {
            self.happens_after(delay, Happening::Resolved(conn));
        }
    }

    fn begin(&mut self, conn: ConnId, host: &str) {
        assert!(!self.sockets.contains_key(&conn) && !self.dead_conns.contains(&conn), "a new id");
        let host = host.to_owned();
        let (number, script) = (self.dials, (self.net.dial)(&host, self.dials));
        self.dials += 1;
        let socket = Socket {
            host,
            number,
            io: Io::default(),
            open: false,
            script,
            attempts: [].into(),
            asked: [].into(),
            server: Server::default(),
            inbox: Vec::new(),
            held: None,
            dirty: false,
        };
        self.sockets.insert(conn, socket);
        self.most = self.most.max(self.sockets.len());
    }

    pub(super) fn happen(&mut self, what: Happening) {
        let now = self.now;
        self.step();
        match what {
            Happening::Resolved(conn) => {
                let route = match self.sockets.get(&conn) {
                    Some(socket) => socket.script.route.clone(),
                    None => Ok(Route::Direct),
                };
                self.engine.resolved(conn, route, now);
            }
            Happening::Connected(conn, attempt) => self.connected(conn, attempt),
            Happening::Arrives(conn, piece) => {
                if let Some(socket) = self.sockets.get_mut(&conn) {
                    socket.inbox.push(piece);
                    if self.net.drives_first && socket.held.is_none() {
                        self.pump(conn);
                    } else {
                        self.engine.ready(conn, now);
                    }
                }
            }
            Happening::Silent(conn, heard) => {
                if self.sockets.get(&conn).is_some_and(|socket| socket.server.heard == heard) {
                    self.happen(Happening::Arrives(conn, Piece::Close));
                }
            }
            Happening::Read(conn, call) => self.read(conn, call),
            Happening::Body(call) => self.give_body(call),
            Happening::Start(number, request, plan, habits) => {
                let id = self.engine.start(request, plan, now).expect("an acceptable request");
                self.users.insert(number, User { habits, ..User::default() });
                self.ids.insert(number, id);
            }
            Happening::Act(user, act) => self.act(user, act),
        }
    }

    fn connected(&mut self, conn: ConnId, attempt: u8) {
        let Some(socket) = self.sockets.get_mut(&conn) else { return };
        let Some(Some((_, result))) = socket.script.connects.get(usize::from(attempt)).cloned() else {
            return;
        };
        // Of an abandoned attempt the answer may be on its way: it does nothing.
        let live = socket.attempts.remove(&attempt);
        socket.open |= live && result.is_ok();
        self.engine.connected(conn, attempt, result, self.now);
        if live && result.is_ok() {
            if let Some(idles) = self.net.idles {
                self.happens_after(idles, Happening::Silent(conn, 0));
            }
        }
    }

    /// Reads what there is without waiting, and drives until there is nothing to do.
    fn pump(&mut self, conn: ConnId) {
        for _ in 0..10_000 {
            let now = self.now;
            self.fill(conn);
            self.step();
            let Some(socket) = self.sockets.get_mut(&conn) else { return };
            let mut io = core::mem::take(&mut socket.io);
            let driven = self.engine.drive(conn, &mut io, now);
            let go_on = match driven {
                Driven::Event { call, event } => self.driven_event(conn, call, event, &mut io),
                Driven::Wait(want) => {
                    assert!(want.until.is_none_or(|until| until > now), "{want:?} at {now:?}");
                    assert_eq!(want.write, !io.tx.pending().is_empty());
                    self.flush(conn, &mut io)
                }
                Driven::Free => {
                    let clean = io.rx.is_quiet() && io.tx.pending().is_empty();
                    if let Some(socket) = self.sockets.get_mut(&conn) {
                        socket.dirty = !clean;
                    }
                    false
                }
            };
            if let Some(socket) = self.sockets.get_mut(&conn) {
                socket.io = io;
            }
            if !go_on {
                return;
            }
        }
        panic!("one drive after the other");
    }

    fn fill(&mut self, conn: ConnId) {
        let Some(socket) = self.sockets.get_mut(&conn) else { return };
        for piece in socket.inbox.drain(..) {
            match piece {
                Piece::Bytes(bytes) => socket.io.rx.append(&bytes),
                Piece::Close => socket.io.rx.set_eof(),
                Piece::Reset => {
                    socket.io.rx.fail(httpocean_core::TransportError::Reset);
                    socket.io.tx.fail(httpocean_core::TransportError::Reset);
                }
            }
        }
    }

    /// Whether to drive on at once.
    fn driven_event(&mut self, conn: ConnId, call: CallId, event: Event, io: &mut Io) -> bool {
        let ends = matches!(event, Event::End { .. } | Event::Failed(_));
        if ends {
            assert!(io.rx.is_quiet() && io.tx.pending().is_empty(), "clean after {event:?}");
        }
        let upgraded = matches!(event, Event::Upgraded(_));
        let held = self.hear(call, event, Some(conn), io);
        if upgraded {
            let socket = self.sockets.remove(&conn).expect("handed over once");
            self.handed_over.push(socket.number);
            self.dead_conns.insert(conn);
            return false;
        }
        let Some(len) = held else { return true };
        let reads = self.user(call).habits.reads;
        self.sockets.get_mut(&conn).expect("it is driven").held = Some((call, len));
        if reads.is_zero() {
            // It is in our hands, not yet in the socket.
            let data = io.data(len).to_vec();
            self.user(call).body.extend(data);
            self.sockets.get_mut(&conn).expect("it is driven").held = None;
            return true;
        }
        self.happens_after(reads, Happening::Read(conn, call));
        false
    }

    /// What was lent is still there; then the connection is driven on.
    fn read(&mut self, conn: ConnId, call: CallId) {
        let Some(socket) = self.sockets.get_mut(&conn) else { return };
        match socket.held {
            Some((holder, len)) if holder == call => {
                let data = socket.io.data(len).to_vec();
                assert_eq!(data.len(), len, "it was taken from under its reader");
                socket.held = None;
                self.user(call).body.extend(data);
                self.pump(conn);
            }
            Some(_) | None => {}
        }
    }

    fn flush(&mut self, conn: ConnId, io: &mut Io) -> bool {
        let len = io.tx.pending().len().min(self.net.write);
        if len == 0 {
            return false;
        }
        let bytes = io.tx.pending()[..len].to_vec();
        io.tx.sent(len);
        let Some(socket) = self.sockets.get_mut(&conn) else { return false };
        let place = (socket.host.as_str(), socket.number);
        let replies = socket.server.take(&bytes, place, &self.net, &mut self.seen);
        let heard = socket.server.heard;
        let mut arrivals = Vec::new();
        for (delay, piece) in replies {
            // In the order in which they are sent, however long the first take.
            socket.server.speaks_until = socket.server.speaks_until.max(self.now + delay);
            arrivals.push((socket.server.speaks_until, piece));
        }
        for (at, piece) in arrivals {
            self.happens(at, Happening::Arrives(conn, piece));
        }
        if let Some(idles) = self.net.idles {
            self.happens_after(idles, Happening::Silent(conn, heard));
        }
        true
    }

    fn user(&mut self, call: CallId) -> &mut User {
        let (number, _) = self.ids.iter().find(|(_, id)| **id == call).expect("the call of some user");
        self.users.get_mut(number).unwrap()
    }

    /// Passes an event on; how many bytes the user takes their time with.
    fn hear(&mut self, call: CallId, event: Event, conn: Option<ConnId>, io: &mut Io) -> Option<usize> {
        let now = self.now;
        let facts = self.engine.connection(call);
        let number = conn.and_then(|conn| self.sockets.get(&conn)).map(|socket| socket.number);
        let last = matches!(event, Event::End { .. } | Event::Failed(_) | Event::Upgraded(_));
        assert_eq!(self.engine.call(call).is_none(), last, "an id ends with its last event: {event:?}");
        let user = self.user(call);
        assert!(user.end.is_none(), "{event:?} after the end");
        in_order(&user.heard, &event);
        user.heard.push(name(&event));
        if let Some((_, facts)) = facts {
            (user.conn, user.reused) = (number, Some(facts.reused));
        }
        match event {
            Event::Hop(hop) => user.hops.push((now, *hop)),
            Event::Interim(_) | Event::Passing(_) => {}
            Event::Head(len) => user.status = Some(io.head(len).status().as_u16()),
            Event::Data(len) => return Some(len),
            Event::NeedBody { from } => {
                user.handed = usize::try_from(from).unwrap();
                let delay = user.habits.body_delay;
                self.happens_after(delay, Happening::Body(call));
            }
            Event::End { .. } => user.end = Some((now, Ending::Whole)),
            Event::Upgraded(len) => user.end = Some((now, Ending::Upgraded(io.rx.bytes()[..len].to_vec()))),
            Event::Failed(error) => user.end = Some((now, Ending::Failed(error))),
        }
        None
    }

    /// The piece of the body that starts where it was asked for.
    fn give_body(&mut self, call: CallId) {
        let user = self.user(call);
        let Habits { body, body_fails, .. } = user.habits.clone();
        if user.end.is_some() {
            return;
        }
        let mut start = 0;
        let handed = user.handed;
        let piece = body.into_iter().find(|piece| {
            start += piece.len();
            start > handed
        });
        let Some((conn, _)) = self.engine.connection(call) else { return };
        let Some(socket) = self.sockets.get_mut(&conn) else { return };
        match piece {
            _ if body_fails => self.engine.body_failed(call, "the disk is gone"),
            Some(piece) => self.engine.send_body(call, &piece, &mut socket.io),
            None => self.engine.finish_body(call, None, &mut socket.io),
        }
    }

    fn limits_hold(&self) {
        let counts = self.engine.counts();
        let options = &self.options;
        assert!(self.sockets.len() <= options.max_total, "max_total");
        assert!(counts.waiting <= options.max_waiters && counts.dialing <= options.max_dials);
        for socket in self.sockets.values() {
            let same = self.sockets.values().filter(|other| other.host == socket.host).count();
            assert!(same <= options.max_per_key, "max_per_key");
        }
    }
}

/// A hop, the body of the request and interim responses come before the one head, all else after it; and the first
/// question of an attempt is for the start of the body.
fn in_order(heard: &[&str], event: &Event) {
    let head = heard.contains(&"head");
    let asked = heard.rsplit(|name| *name == "hop").next().is_some_and(|now| now.contains(&"need-body"));
    match event {
        Event::Hop(_) | Event::Interim(_) | Event::Passing(_) | Event::Head(_) => {
            assert!(!head, "{event:?} after {heard:?}");
        }
        Event::NeedBody { from } => assert!(!head && (asked || *from == 0), "{event:?} after {heard:?}"),
        Event::Data(_) | Event::End { .. } => assert!(head, "{event:?} after {heard:?}"),
        Event::Upgraded(_) | Event::Failed(_) => {}
    }
}

impl World {
    pub fn shut_down_at(&mut self, at: httpocean_core::Instant) {
        // Any user's wish will do, if one has started.
        self.act_at(at, 0, Act::ShutDown);
    }
}

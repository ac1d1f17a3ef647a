//! A driver that plays a way to fail for each host, in virtual time, and writes down what its user was told.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use httpocean_core::{
    BodyPlan, CallId, ConnId, Driven, Engine, Error, Event, Instant, Io, Task, TransportError, dial::Route,
};

/// What a host does, and its user. What is left out goes well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    /// Whether its name is found; `None` within: nobody ever answers.
    pub(crate) lookup: Option<Option<TransportError>>,
    /// Whether it can be connected to; `None` within: nobody ever answers.
    pub(crate) connect: Option<Option<TransportError>>,
    /// How many bytes of a request it takes, if not all, and what becomes of the next: an error or no end.
    pub(crate) takes: Option<(usize, Option<TransportError>)>,
    /// What it answers as soon as the request is there, or its head for an early one.
    pub(crate) says: Vec<u8>,
    /// In pieces of so many bytes; 0 is at once.
    pub(crate) piece: usize,
    /// What comes behind it; nothing for ever, if it is left out.
    pub(crate) ends: Option<End>,
    /// What its user asks for.
    pub(crate) method: &'static str,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    /// After how many steps of the driver its user gives up.
    pub(crate) cancels: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Eof,
    Fails(TransportError),
}

/// A body, as its user brings it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Body {
    #[default]
    None,
    /// So many bytes were announced, so many come, and then it ends, or its source fails.
    Sized { announced: u64, comes: usize, fails: bool },
    /// So many bytes come once, in chunks.
    Once(usize),
}

impl Body {
    fn plan(self) -> BodyPlan {
        match self {
            Self::None => BodyPlan::empty(),
            Self::Sized { announced, .. } => BodyPlan::sized(announced),
            Self::Once(_) => BodyPlan { size: None, replayable: false, trailers: false },
        }
    }
}

/// One connection: its host's number, what it took, what it said.
#[derive(Default)]
struct Link {
    number: usize,
    io: Io,
    took: usize,
    said: usize,
    ended: bool,
}

/// An engine, and all who fail by it.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Instant,
    /// By the numbers of the hosts.
    ways: BTreeMap<usize, Rc<Way>>,
    links: BTreeMap<u64, Link>,
    driven: VecDeque<ConnId>,
    /// Of the calls that are under way: the host's number, and steps since it began.
    calls: BTreeMap<u64, (CallId, usize, usize)>,
    /// What came of each, in order of their ends.
    pub(crate) failed: Vec<(usize, Error)>,
}

impl World {
    pub(crate) fn new(engine: Engine) -> Self {
        Self {
            engine,
            now: Instant::ZERO,
            ways: BTreeMap::new(),
            links: BTreeMap::new(),
            driven: VecDeque::new(),
            calls: BTreeMap::new(),
            failed: Vec::new(),
        }
    }

    /// Makes these requests at once, and goes on until each has failed and nothing is left to wait for.
    pub(crate) fn fail(&mut self, ways: impl Iterator<Item = (usize, Way)>) {
        self.ways = ways.map(|(number, way)| (number, Rc::new(way))).collect();
        for (number, way) in self.ways.clone() {
            let uri = format!("http://host-{number}.test/{number}");
            let mut request = http::Request::builder().method(way.method).uri(uri);
            for (name, value) in &way.fields {
                request = request.header(*name, value);
            }
            match self.engine.start(request.body(()).unwrap(), way.body.plan(), self.now) {
                Ok(call) => _ = self.calls.insert(call.to_bits(), (call, number, 0)),
                Err(error) => self.failed.push((number, error)),
            }
        }
        for _ in 0..1_000_000 {
            self.give_up();
            if let Some(task) = self.engine.next_task(self.now) {
                self.carry_out(task);
            } else if let Some(conn) = self.driven.pop_front() {
                self.drive(conn);
            } else if let Some(next) = self.engine.next_timeout() {
                assert!(next > self.now, "a busy loop");
                self.now = next;
            } else {
                assert!(self.calls.is_empty(), "they wait for nothing: {:?}", self.calls);
                // Hosts whose dials failed are forgotten by whoever comes by later.
                self.now = self.now + Duration::from_secs(2);
                assert!(self.engine.next_task(self.now).is_none());
                assert!(self.links.is_empty(), "connections that nobody closed");
                self.ways.clear();
                return;
            }
        }
        panic!("it never ends");
    }

    fn give_up(&mut self) {
        for (call, number, steps) in self.calls.values_mut() {
            if self.ways[number].cancels == Some(*steps) {
                self.engine.cancel(*call, self.now);
            }
            *steps += 1;
        }
    }

    fn carry_out(&mut self, task: Task) {
        match task {
            Task::Dial { conn, key, .. } => {
                let number =
                    key.host().trim_start_matches("host-").trim_end_matches(".test").parse().unwrap();
                self.links.insert(conn.to_bits(), Link { number, ..Link::default() });
            }
            Task::Resolve(conn) => {
                match self.way_of(conn).lookup {
                    None => self.engine.resolved(conn, Ok(Route::Direct), self.now),
                    Some(Some(error)) => self.engine.resolved(conn, Err(error), self.now),
                    Some(None) => {}
                };
            }
            Task::Connect { conn, attempt, .. } => {
                match self.way_of(conn).connect {
                    None => self.engine.connected(conn, attempt, Ok(()), self.now),
                    Some(Some(error)) => self.engine.connected(conn, attempt, Err(error), self.now),
                    Some(None) => {}
                };
            }
            Task::Abandon { .. } => {}
            Task::Drive(conn) => self.driven.push_back(conn),
            Task::Close { conn, .. } => {
                self.links.remove(&conn.to_bits()).expect("it was dialed");
                self.driven.retain(|driven| *driven != conn);
            }
            Task::Event { call, event } => self.told(call, event),
        }
    }

    fn way_of(&self, conn: ConnId) -> Rc<Way> {
        self.ways[&self.links[&conn.to_bits()].number].clone()
    }

    fn drive(&mut self, conn: ConnId) {
        let Some(mut link) = self.links.remove(&conn.to_bits()) else { return };
        let way = self.ways[&link.number].clone();
        match self.engine.drive(conn, &mut link.io, self.now) {
            Driven::Event { call, event: Event::NeedBody { from } } => {
                bring(&mut self.engine, call, &mut link.io, way.body, from);
                self.driven.push_back(conn);
            }
            Driven::Event { call, event } => {
                self.told(call, event);
                self.driven.push_back(conn);
            }
            Driven::Wait(want) => {
                let moved = (want.write && link.write(&way)) | (want.read && link.read(&way));
                if moved {
                    self.driven.push_back(conn);
                }
            }
            Driven::Free => {}
        }
        self.links.insert(conn.to_bits(), link);
    }

    fn told(&mut self, call: CallId, event: Event) {
        match event {
            Event::Failed(error) => {
                let (_, number, _) = self.calls.remove(&call.to_bits()).expect("it is under way");
                self.failed.push((number, error));
            }
            Event::End { .. } | Event::Upgraded(_) => {
                panic!("it succeeds: {:?}", self.calls[&call.to_bits()])
            }
            Event::Hop(_)
            | Event::Interim(_)
            | Event::Passing(_)
            | Event::Head(_)
            | Event::Data(_)
            | Event::NeedBody { .. } => {}
        }
    }
}

fn bring(engine: &mut Engine, call: CallId, io: &mut Io, body: Body, from: u64) {
    let (comes, fails) = match body {
        Body::None => (0, false),
        Body::Sized { comes, fails, .. } => (comes, fails),
        Body::Once(comes) => (comes, false),
    };
    let left = comes.saturating_sub(from as usize);
    if left > 0 {
        engine.send_body(call, &vec![b'b'; left], io);
    } else if fails {
        engine.body_failed(call, "its source is gone");
    } else {
        engine.finish_body(call, None, io);
    }
}

impl Link {
    /// Whether bytes went, or an error came of it.
    fn write(&mut self, way: &Way) -> bool {
        let pending = self.io.tx.pending().len();
        let room = way.takes.map_or(usize::MAX, |(most, _)| most.saturating_sub(self.took));
        let takes = pending.min(room);
        self.io.tx.sent(takes);
        self.took += takes;
        match way.takes {
            Some((_, Some(error))) if takes < pending => {
                self.io.tx.fail(error);
                true
            }
            Some(_) | None => takes > 0,
        }
    }

    /// Whether bytes came, or their end.
    fn read(&mut self, way: &Way) -> bool {
        let left = way.says.len() - self.said;
        let piece = if way.piece == 0 { left } else { left.min(way.piece) };
        self.io.rx.append(&way.says[self.said..self.said + piece]);
        self.said += piece;
        let ends = piece == 0 && !self.ended && way.ends.is_some();
        match way.ends {
            Some(End::Eof) if ends => self.io.rx.set_eof(),
            Some(End::Fails(error)) if ends => self.io.rx.fail(error),
            Some(End::Eof | End::Fails(_)) | None => {}
        }
        self.ended |= ends;
        piece > 0 || ends
    }
}

//! An engine whose driver is made of bytes: it is late, early, repeats itself and forgets nothing that it must not.

mod ledger;

use httpocean_core::dial::Route;
use httpocean_core::{
    CallId, Config, ConnId, Driven, Engine, Event, Instant, Io, Key, Task, TransportError, pool,
};

use crate::steps::engine::{Act, Piece, from_bytes, request};
use ledger::{Ledger, Stage};

/// Whatever happens in whatever order: no panic, each call ends once, each connection is closed once, limits hold,
/// what came while a connection was idle answers nobody, and in the end there is nothing left.
pub fn engine(bytes: &[u8]) {
    let (options, config, acts) = from_bytes(bytes);
    let mut world = World::new(options, config);
    for act in acts {
        world.act(act);
    }
    world.wind_up();
}

struct World {
    engine: Engine,
    ledger: Ledger,
    now: Instant,
    /// The next inputs are told a time so much earlier.
    behind: core::time::Duration,
    ios: Vec<Io>,
}

impl World {
    fn new(options: pool::Options, config: Config) -> Self {
        Self {
            engine: Engine::new(options.clone(), std::sync::Arc::new(config)),
            ledger: Ledger::new(options),
            now: Instant::from_micros(1),
            behind: core::time::Duration::ZERO,
            ios: Vec::new(),
        }
    }

    fn act(&mut self, act: Act) {
        let now = self.told();
        match act {
            Act::Start { host, kind } => {
                let (request, body) = request(host, kind);
                let call = self.engine.start(request, body, now).expect("a sendable request");
                self.ledger.started(call);
            }
            Act::Cancel(call) => self.with_call(call, |engine, call, _| engine.cancel(call, now)),
            Act::Discard(call) => self.with_call(call, |engine, call, _| engine.discard(call, now)),
            Act::Tasks(n) => {
                let _ = (0..n).all(|_| self.task());
            }
            Act::Settle => self.settle(),
            Act::Resolved { conn, to } => {
                if let Some(conn) = self.ledger.conn(conn) {
                    self.engine.resolved(conn, route(to), now);
                }
            }
            Act::Connected { conn, attempt, well } => {
                if let Some(conn) = self.ledger.conn(conn) {
                    self.connected(conn, attempt % 4, well);
                }
            }
            Act::Ready(conn) => {
                if let Some(conn) = self.ledger.conn(conn) {
                    self.engine.ready(conn, now);
                }
            }
            Act::Drive(conn) => {
                if let Some(conn) = self.ledger.conn(conn) {
                    self.drive(conn);
                }
            }
            Act::Arrives { conn, piece } => self.arrives(conn, piece),
            Act::Flush { conn, most } => {
                if let Some(conn) = self.ledger.conn(conn) {
                    self.io(conn).tx.sent(usize::from(most));
                    self.engine.ready(conn, now);
                }
            }
            Act::Body { call, answer } => self.with_call(call, |engine, call, io| match answer % 8 {
                0 => engine.body_failed(call, "the disk is gone"),
                1..=2 => engine.finish_body(call, None, io),
                _ => engine.send_body(call, b"body", io),
            }),
            Act::Read { call, room } => self.with_call(call, |engine, call, io| {
                engine.read_body(call, io, &mut vec![0; usize::from(room)]);
            }),
            Act::Evict(hosts) => {
                let named =
                    |key: &Key| (0..3).any(|n| hosts & (1 << n) != 0 && key.host() == format!("host{n}"));
                self.engine.evict(named, now);
            }
            Act::Later(time) => {
                self.behind = core::time::Duration::ZERO;
                self.now = self.now + time;
            }
            Act::Earlier(time) => self.behind = time,
            Act::ShutDown => self.engine.shut_down(now),
        }
        self.ledger.limits_hold(&self.engine);
    }

    fn told(&self) -> Instant {
        Instant::from_micros(self.now.as_micros().saturating_sub(self.behind.as_micros() as u64))
    }

    fn io(&mut self, conn: ConnId) -> &mut Io {
        let at = self.ledger.number(conn);
        &mut self.ios[at]
    }

    /// With the buffers of its connection, or with others where it has none.
    fn with_call(&mut self, n: u8, then: impl FnOnce(&mut Engine, CallId, &mut Io)) {
        let Some(call) = self.ledger.call(n) else { return };
        match self.engine.connection(call).map(|(conn, _)| conn) {
            Some(conn) => {
                let at = self.ledger.number(conn);
                then(&mut self.engine, call, &mut self.ios[at]);
            }
            None => {
                let mut io = Io::default();
                then(&mut self.engine, call, &mut io);
                assert!(io.tx.pending().is_empty(), "a body for no connection");
            }
        }
    }

    fn connected(&mut self, conn: ConnId, attempt: u8, well: bool) {
        let result = if well { Ok(()) } else { Err(TransportError::Refused) };
        // Without having been asked to, nobody connects.
        if self.ledger.attempt_ends(conn, attempt, well) {
            let now = self.told();
            self.engine.connected(conn, attempt, result, now);
        }
    }

    fn arrives(&mut self, conn: u8, piece: Piece) {
        let Some(conn) = self.ledger.conn(conn).filter(|conn| self.ledger.is_open(*conn)) else { return };
        let idle = self.engine.serves(conn).is_none();
        let number = self.ledger.numbered(idle);
        let io = self.io(conn);
        match piece {
            Piece::Usual(text) => io.rx.append(text.replace('%', &number.to_string()).as_bytes()),
            Piece::Bytes(bytes) => io.rx.append(&bytes),
            Piece::Close => io.rx.set_eof(),
            Piece::Reset => {
                io.rx.fail(TransportError::Reset);
                io.tx.fail(TransportError::Reset);
            }
        }
        let now = self.told();
        self.engine.ready(conn, now);
    }

    /// One task; whether there was one.
    fn task(&mut self) -> bool {
        let now = self.told();
        self.ledger.told(now);
        let Some(task) = self.engine.next_task(now) else { return false };
        match task {
            Task::Dial { conn, .. } => {
                self.ledger.dials(conn);
                self.ios.push(Io::default());
            }
            Task::Resolve(conn) => self.ledger.names(conn, Stage::Dialing),
            Task::Connect { conn, attempt, .. } => self.ledger.connects(conn, attempt),
            Task::Abandon { conn, attempt } => self.ledger.abandons(conn, attempt),
            Task::Drive(conn) => {
                self.ledger.names(conn, Stage::Open);
                self.pump(conn);
            }
            Task::Close { conn, .. } => self.ledger.closes(conn),
            Task::Event { call, event } => {
                let lends = matches!(
                    event,
                    Event::Interim(_)
                        | Event::Passing(_)
                        | Event::Head(_)
                        | Event::Data(_)
                        | Event::Upgraded(_)
                );
                assert!(!lends, "a call without a connection lends nothing: {event:?}");
                self.ledger.hears(call, &event, None);
            }
        }
        self.ledger.limits_hold(&self.engine);
        true
    }

    fn settle(&mut self) {
        for _ in 0..20_000 {
            if !self.task() {
                let next = self.engine.next_timeout();
                let late = self.ledger.latest();
                assert!(next.is_none_or(|next| next > late), "a busy loop: {next:?} at {late:?}");
                return;
            }
        }
        panic!("one task after the other");
    }

    /// Drives until there is nothing more to do.
    fn pump(&mut self, conn: ConnId) {
        for _ in 0..20_000 {
            if !self.drive(conn) {
                return;
            }
            if !self.ledger.is_open(conn) {
                return;
            }
        }
        panic!("one drive after the other");
    }

    /// Once; whether it said something for a user.
    fn drive(&mut self, conn: ConnId) -> bool {
        let (now, at) = (self.told(), self.ledger.number(conn));
        self.ledger.told(now);
        let late = self.ledger.latest();
        let live = self.ledger.is_open(conn);
        match self.engine.drive(conn, &mut self.ios[at], now) {
            Driven::Event { call, event } => {
                assert!(live, "a dead connection speaks: {event:?}");
                self.ledger.hears(call, &event, Some(&self.ios[at]));
                if let Event::Upgraded(_) = event {
                    self.ledger.hands_over(conn);
                }
                true
            }
            Driven::Wait(want) => {
                assert!(live && want.until.is_none_or(|until| until > late), "{want:?} at {late:?}");
                assert_eq!(want.write, !self.ios[at].tx.pending().is_empty());
                false
            }
            Driven::Free => false,
        }
    }

    /// No more requests, everything fails, and time goes on: then all of it has to be gone.
    fn wind_up(&mut self) {
        self.behind = core::time::Duration::ZERO;
        self.engine.shut_down(self.now);
        for _ in 0..2_000 {
            self.settle();
            for conn in self.ledger.living() {
                let now = self.now;
                match self.ledger.stage(conn) {
                    Stage::Open => {
                        self.io(conn).rx.set_eof();
                        self.engine.ready(conn, now);
                    }
                    Stage::Dialing => {
                        self.engine.resolved(conn, Err(TransportError::NotFound), now);
                        (0..=u8::MAX).for_each(|attempt| self.connected(conn, attempt, false));
                    }
                    Stage::Gone => {}
                }
            }
            for call in self.ledger.unfinished() {
                if let Some((conn, _)) = self.engine.connection(call) {
                    let at = self.ledger.number(conn);
                    self.engine.finish_body(call, None, &mut self.ios[at]);
                }
            }
            self.settle();
            if self.engine.calls() == 0 && self.ledger.living().is_empty() {
                break;
            }
            self.now = self.engine.next_timeout().unwrap_or(self.now);
        }
        self.now = self.now + core::time::Duration::from_secs(10);
        self.settle();
        self.ledger.all_is_over(&mut self.engine);
    }
}

fn route(to: u8) -> Result<Route, TransportError> {
    let address = |n: u8| std::net::SocketAddr::from(([192, 0, 2, n], 80));
    match to % 4 {
        0 | 1 => Ok(Route::Direct),
        2 => Ok(Route::Addresses((0..to / 4 % 8).map(address).collect())),
        _ => Err(TransportError::NotFound),
    }
}

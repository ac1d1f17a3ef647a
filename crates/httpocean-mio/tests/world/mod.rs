//! A client and its server on one thread, taken one step at a time, so that something can be done after any of
//! them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod peer;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use httpocean_mio::http::Request;
use httpocean_mio::{BodyPlan, CallId, Config, ErrorKind, Event, Key, Loop, Options, Resolve, dial, pool};

use peer::{Peer, Seen, content};

/// So long a run may take.
const BOUND: Duration = Duration::from_secs(20);
const PIECES: [&str; 3] = ["one piece, ", "another piece, ", "the last piece"];

/// What runs side by side. The victim is an upload.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// How many requests for the same host are made before the victim's.
    pub(crate) before: usize,
    /// Connections of a key.
    pub(crate) room: usize,
    /// Its body is sent only when the server says so, with a length; otherwise at once, in chunks.
    pub(crate) expect: bool,
    /// The first address of the host does not answer.
    pub(crate) first: Option<SocketAddr>,
    pub(crate) surplus: pool::Surplus,
}

/// What the victim is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum At {
    BeforeTheGrant,
    Dialing,
    BetweenGrantAndUse,
    Sending,
    AwaitingTheHead,
    InTheBody,
    InTheDrain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Cancel,
    Discard,
    /// Discarded at its head, and cancelled while the rest is read.
    CancelTheDrain,
}

pub(crate) struct World {
    looped: Loop,
    peer: Peer,
    names: Arc<Names>,
    /// Look-ups that were waited for.
    released: u64,
    room: usize,
    users: BTreeMap<CallId, User>,
    victim: CallId,
}

#[derive(Debug, Default)]
struct User {
    target: String,
    status: Option<u16>,
    body: Vec<u8>,
    /// The next piece of its body, and whether it is wanted.
    piece: usize,
    owes: bool,
    discarded: bool,
    cancelled: bool,
    end: Option<Result<(), httpocean_mio::Error>>,
}

/// Answers a look-up when it is told to.
struct Names {
    addrs: Vec<SocketAddr>,
    /// Look-ups that wait, and those that may go on.
    state: Mutex<(usize, usize)>,
    changed: Condvar,
}

impl Resolve for Names {
    fn resolve(&self, _: &Key) -> std::io::Result<Vec<SocketAddr>> {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        self.changed.notify_all();
        let mut state = self.changed.wait_while(state, |state| state.1 == 0).unwrap();
        *state = (state.0 - 1, state.1.saturating_sub(1));
        Ok(self.addrs.clone())
    }
}

impl Names {
    /// Lets one look-up go on. Whether one waits; a thread may be about to begin with it.
    fn release_one(&self, within: Duration) -> bool {
        let state = self.state.lock().unwrap();
        let waits = |state: &(usize, usize)| state.0 > state.1;
        let (mut state, _) = self.changed.wait_timeout_while(state, within, |state| !waits(state)).unwrap();
        let released = waits(&state);
        state.1 += usize::from(released);
        self.changed.notify_all();
        released
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Ok(mut state) = self.names.state.lock() {
            state.1 = usize::MAX;
        }
        self.names.changed.notify_all();
    }
}

impl World {
    pub(crate) fn new(scene: &Scene) -> Self {
        let peer = Peer::start();
        let addrs = scene.first.into_iter().chain([peer.addr()]).collect();
        let names = Arc::new(Names { addrs, state: Mutex::default(), changed: Condvar::new() });
        let pool = pool::Options {
            max_per_key: scene.room,
            max_dials_per_key: 1,
            surplus: scene.surplus,
            ..pool::Options::default()
        };
        let dial = dial::Options { attempt_delay: Duration::ZERO, ..dial::Options::default() };
        let config = Arc::new(Config { dial, ..Config::default() });
        let options = Options { pool, config, resolver: names.clone(), ..Options::default() };
        let mut looped = Loop::new(options).unwrap();
        let mut users = BTreeMap::new();
        let mut get = |looped: &mut Loop, target: &str| {
            let request = Request::get(format!("http://key.test{target}")).body(()).unwrap();
            let call = looped.client().start(request, BodyPlan::empty()).unwrap();
            users.insert(call, User { target: target.into(), ..User::default() });
        };
        for n in 0..scene.before {
            get(&mut looped, &format!("/before/{n}"));
        }
        let victim = upload(&mut looped, scene.expect);
        get(&mut looped, "/after");
        users.insert(victim, User { target: "/upload".into(), ..User::default() });
        Self { looped, peer, names, released: 0, room: scene.room, users, victim }
    }

    /// Runs to the end, and does that to the victim after `k` steps. What it was doing then; `None` if it had
    /// ended before.
    pub(crate) fn run(&mut self, act: Act, k: usize) -> Option<At> {
        let (mut steps, mut found, start) = (0, None, Instant::now());
        while self.users.values().any(|user| user.end.is_none()) {
            let late = start.elapsed() > BOUND;
            assert!(!late, "it stands still: {:?}, {:?}", self.users, self.looped);
            self.peer.take_in();
            assert!(self.peer.peak <= self.room, "more connections than are allowed");
            if steps == k && self.users[&self.victim].end.is_none() {
                found = self.interrupt(act);
            }
            if self.step(act) {
                steps += 1;
            }
        }
        found
    }

    /// Nobody else was disturbed, nothing is left over, and there is room for everybody.
    pub(crate) fn check(&mut self, act: Act, found: Option<At>) {
        for (call, user) in &self.users {
            match user.end.as_ref().expect("all have ended") {
                Ok(()) if user.discarded => assert!(content(&user.target).as_bytes().starts_with(&user.body)),
                Ok(()) => {
                    assert_eq!(user.status, Some(200));
                    assert_eq!(String::from_utf8_lossy(&user.body), content(&user.target));
                }
                Err(error) => {
                    assert!(*call == self.victim && found.is_some(), "{} is disturbed: {error}", user.target);
                    assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
                }
            }
        }
        let victim = &self.users[&self.victim];
        let is_cancelled = found.is_some() && act != Act::Discard;
        assert!(victim.end.as_ref().is_some_and(Result::is_err) || !is_cancelled, "{victim:?}");
        self.settle();
        let targets: Vec<_> = (0..=self.room).map(|n| format!("/next/{n}")).collect();
        self.users.clear();
        for target in targets {
            let request = Request::get(format!("http://key.test{target}")).body(()).unwrap();
            let call = self.looped.client().start(request, BodyPlan::empty()).unwrap();
            self.users.insert(call, User { target, ..User::default() });
        }
        self.run(act, usize::MAX);
        for user in self.users.values() {
            assert_eq!(String::from_utf8_lossy(&user.body), content(&user.target));
        }
        self.settle();
    }

    /// Waits until all that is open is idle, for the client and for the server.
    fn settle(&mut self) {
        let start = Instant::now();
        loop {
            self.peer.take_in();
            let said = self.looped.client().next_event();
            assert!(said.is_none(), "all have ended, and still: {said:?}");
            self.names.release_one(Duration::ZERO);
            let stats = self.stats();
            if stats.open == stats.idle && stats.waiting + stats.dialing == 0 {
                assert_eq!(self.looped.client().calls(), 0);
                self.peer.take_in();
                assert_eq!(self.peer.open(), stats.idle, "{stats:?}");
                return;
            }
            assert!(start.elapsed() < BOUND, "something was lost: {stats:?}");
            self.looped.turn(Some(Duration::from_millis(1))).unwrap();
        }
    }

    fn interrupt(&mut self, act: Act) -> Option<At> {
        let at = self.at();
        let victim = self.users.get_mut(&self.victim).unwrap();
        match act {
            Act::Discard => {
                victim.discarded = true;
                self.looped.client().discard(self.victim);
            }
            Act::CancelTheDrain if !victim.discarded => return None,
            Act::Cancel | Act::CancelTheDrain => {
                victim.cancelled = true;
                self.looped.client().cancel(self.victim);
            }
        }
        Some(at)
    }

    fn at(&mut self) -> At {
        let (stats, victim) = (self.stats(), &self.users[&self.victim]);
        let bound = self.looped.client().connection(self.victim).is_some();
        // Who came later is served later.
        let waits = !bound && stats.waiting >= 2;
        match self.peer.seen.get("/upload") {
            _ if victim.discarded => At::InTheDrain,
            _ if victim.status.is_some() => At::InTheBody,
            Some(Seen::Whole) => At::AwaitingTheHead,
            Some(Seen::Part) => At::Sending,
            None if !waits => At::BetweenGrantAndUse,
            None if stats.dialing > stats.waiting - 2 => At::Dialing,
            None => At::BeforeTheGrant,
        }
    }

    /// Whether anything happened.
    fn step(&mut self, act: Act) -> bool {
        if self.hear(act) || self.feed() {
            return true;
        }
        let stats = self.stats();
        let dials = stats.connections_opened + stats.dials_failed + stats.dialing as u64;
        if dials > self.released {
            // A look-up may have been forgotten before a thread began with it: then it is waited for once.
            self.released = dials;
            if self.names.release_one(Duration::from_millis(5)) {
                self.looped.turn(Some(Duration::from_millis(5))).unwrap();
                return true;
            }
        }
        self.peer.take_in();
        if self.peer.write_one() {
            self.looped.turn(Some(Duration::ZERO)).unwrap();
            return true;
        }
        self.names.release_one(Duration::ZERO);
        self.looped.turn(Some(Duration::from_millis(5))).unwrap();
        false
    }

    fn hear(&mut self, act: Act) -> bool {
        let Some((call, event)) = self.looped.client().next_event() else { return false };
        let user = self.users.get_mut(&call).expect("events are about calls");
        assert!(user.end.is_none(), "{} ended twice: {event:?}", user.target);
        let is_last = matches!(event, Event::End { .. } | Event::Failed(_));
        assert!(is_last || !user.cancelled, "{} was cancelled, and still: {event:?}", user.target);
        match event {
            Event::Hop(_) | Event::Interim(_) | Event::Passing(_) => {}
            Event::Upgraded(_) => unreachable!("nobody asked for that"),
            Event::Head(head) => user.status = Some(head.status().as_u16()),
            Event::Data(_) if user.discarded => panic!("nobody wants it any more"),
            Event::Data(bytes) => user.body.extend_from_slice(bytes),
            Event::NeedBody { .. } => user.owes = true,
            Event::End { .. } => user.end = Some(Ok(())),
            Event::Failed(error) => user.end = Some(Err(error)),
        }
        let drains = act == Act::CancelTheDrain && call == self.victim && user.status.is_some();
        if drains && user.end.is_none() && !user.discarded {
            user.discarded = true;
            self.looped.client().discard(call);
        }
        true
    }

    /// The user of a body takes his time: a piece that is asked for comes in a step of its own.
    fn feed(&mut self) -> bool {
        let Some((call, user)) = self.users.iter_mut().find(|(_, user)| user.owes) else { return false };
        user.owes = false;
        let taken = match PIECES.get(user.piece) {
            Some(piece) => self.looped.client().send_body(*call, piece.as_bytes()),
            None => self.looped.client().finish_body(*call, None),
        };
        user.piece += 1;
        assert!(taken || user.discarded || user.cancelled, "it was asked for");
        true
    }

    fn stats(&mut self) -> httpocean_mio::Stats {
        self.looped.client().stats()
    }
}

fn upload(looped: &mut Loop, expect: bool) -> CallId {
    let request = Request::post("http://key.test/upload");
    let request = if expect { request.header("expect", "100-continue") } else { request };
    let size = expect.then(|| PIECES.iter().map(|piece| piece.len() as u64).sum());
    let plan = BodyPlan { size, replayable: false, trailers: false };
    looped.client().start(request.body(()).unwrap(), plan).unwrap()
}

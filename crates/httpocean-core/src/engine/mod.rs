//! The machines behind ids, for a driver that owns everything on one thread.
//!
//! ```text
//!     start ─▶ Task::{Dial, Resolve, Connect, Abandon, Close, Event}    next_task, until it says nothing
//!              Task::Drive(conn) ─▶ read the socket, then drive(conn, io):
//!                                     Driven::Event   something for the user of that call; drive again when they
//!                                                     have taken it
//!                                     Driven::Wait    flush io.tx, sleep on the socket
//!                                     Driven::Free    nothing to do; keep the socket registered for reading
//! ```
//!
//! It decides nothing: a pool, dials and calls do, and here is said which of them hears what.

mod check;
mod entries;
mod routing;
mod said;
mod timers;

use std::collections::VecDeque;
use std::sync::Arc;

use http::{HeaderMap, Request, Uri};

use crate::arena::{Arena, ConnId, id};
use crate::call::Call;
use crate::channel::Channel;
use crate::config::Config;
use crate::conn::Conn;
use crate::dial::Route;
use crate::error::{Error, TransportError};
use crate::h1::encode::BodyPlan;
use crate::io::Io;
use crate::key::Key;
use crate::keys::Keys;
use crate::policy::Common;
use crate::pool::{self, Counts, Facts, Pool};
use crate::time::Instant;
use crate::timers::Timers;
use entries::{Entry, Link, Links};
pub use said::{Driven, Event, Task};
use timers::Of;

id!(
    /// One request of a user's; it ends with its last event: `End`, `Failed` or `Upgraded`.
    public CallId
);

/// Pool, dials and calls of one thread.
///
/// ```
/// use std::sync::Arc;
/// use httpocean_core::{BodyPlan, Config, Driven, Engine, Event, Instant, Io, Task, pool};
/// use httpocean_core::dial::Route;
///
/// let mut engine = Engine::new(pool::Options::default(), Arc::new(Config::default()));
/// let (mut io, now) = (Io::default(), Instant::ZERO);
/// let request = http::Request::get("http://example.com/").body(()).unwrap();
/// let call = engine.start(request, BodyPlan::empty(), now).unwrap();
///
/// let Some(Task::Dial { .. }) = engine.next_task(now) else { panic!() };
/// let Some(Task::Resolve(conn)) = engine.next_task(now) else { panic!() };
/// engine.resolved(conn, Ok(Route::Direct), now);
/// let Some(Task::Connect { attempt, .. }) = engine.next_task(now) else { panic!() };
/// engine.connected(conn, attempt, Ok(()), now);
/// let Some(Task::Drive(_)) = engine.next_task(now) else { panic!() };
/// let Driven::Wait(_) = engine.drive(conn, &mut io, now) else { panic!() };
/// io.tx.sent(io.tx.pending().len());
///
/// io.rx.append(b"HTTP/1.1 204 No Content\r\n\r\n");
/// let Driven::Event { event: Event::Head(len), .. } = engine.drive(conn, &mut io, now) else { panic!() };
/// assert_eq!(io.head(len).status(), 204);
/// let Driven::Event { call: ended, event: Event::End { .. } } = engine.drive(conn, &mut io, now) else { panic!() };
/// assert_eq!(ended, call);
/// assert_eq!(engine.counts().idle, 1);
/// ```
#[derive(Debug)]
pub struct Engine {
    pool: Pool<Conn, Error>,
    config: Arc<Config>,
    calls: Arena<CallId, Entry>,
    links: Links,
    tasks: VecDeque<Task>,
    timers: Timers<Of>,
    now: Instant,
    stale_inputs: u64,
    common: Common,
    keys: Keys,
    /// Calls whose `Hop` was said, to go on with when the driver has heard it.
    hopped: Vec<CallId>,
    /// What a call without a connection is stepped with.
    scratch: Io,
    /// Of connections whose `Close` is in the queue, or was said last.
    goodbyes: Vec<(ConnId, Vec<u8>)>,
    closed: Option<ConnId>,
    /// The connection that was handed over last.
    handed: Option<(ConnId, Conn)>,
}

impl Engine {
    /// With nothing in it.
    pub fn new(pool: pool::Options, config: Arc<Config>) -> Self {
        Self {
            pool: Pool::new(pool),
            config,
            calls: Arena::new(),
            links: Links::default(),
            tasks: VecDeque::new(),
            timers: Timers::default(),
            now: Instant::ZERO,
            stale_inputs: 0,
            common: Common::default(),
            keys: Keys::default(),
            hopped: Vec::new(),
            scratch: Io::default(),
            goodbyes: Vec::new(),
            closed: None,
            handed: None,
        }
    }

    /// With what its calls are to share.
    #[must_use]
    pub fn sharing(mut self, common: Common) -> Self {
        self.common = common;
        self
    }

    /// Of the connection whose `Close` was said last: what its peer is still to be told, by one write that does not
    /// wait, before its socket is closed. Mostly nothing; a driver that leaves it out loses nothing but manners.
    pub fn goodbye(&mut self, conn: ConnId) -> Vec<u8> {
        let at = self.goodbyes.iter().position(|(of, _)| *of == conn);
        at.map_or_else(Vec::new, |at| self.goodbyes.swap_remove(at).1)
    }

    /// What a connection has become whose `Upgraded` was said last, with its buffers. Of any other connection it is one
    /// without layers.
    pub fn channel(&mut self, conn: ConnId, io: Io) -> Channel {
        let handed = self.handed.take().filter(|(of, _)| *of == conn);
        Channel::new(handed.map(|(_, conn)| conn).unwrap_or_default(), io)
    }

    /// The options of requests that bring none.
    pub fn config(&self) -> &Arc<Config> {
        &self.config
    }

    /// Begins a request. What follows is said by [`next_task`](Self::next_task) and [`drive`](Self::drive). An
    /// `Arc<`[`Config`]`>` among its extensions stands in for the engine's as
    /// [`Config::of_request`] says: what concerns dials stays the engine's.
    pub fn start(&mut self, request: Request<()>, body: BodyPlan, now: Instant) -> Result<CallId, Error> {
        self.tick(now);
        let config = self.config.of_request(request.extensions())?.clone();
        let known = self.keys.look_up(request.uri()).cloned();
        let call = Call::of_client(request, body, &config, &self.common, known.clone(), self.now);
        let id = self.calls.insert(Entry::new(call?));
        let key = self.calls.get(id).map(|entry| entry.call.key()).filter(|key| known.as_ref() != Some(key));
        if let Some(key) = key {
            self.keys.remember(key);
        }
        self.step_detached(id);
        self.route();
        Ok(id)
    }

    /// Makes connections before anybody asks for them, until so many to the host of `uri` are there for the taking: a wish,
    /// as [`Pool::preconnect`] says. The error says why no request could be made there.
    pub fn preconnect(&mut self, uri: &Uri, count: usize, now: Instant) -> Result<(), Error> {
        self.tick(now);
        let key = self.config.key_for(uri)?;
        self.pool.preconnect(&key, count, self.now);
        self.route();
        Ok(())
    }

    /// The user gives up. The call still ends with an event, `Failed`, and its connection is given back.
    pub fn cancel(&mut self, call: CallId, now: Instant) {
        self.tick(now);
        let Some(entry) = self.calls.get_mut(call) else { return self.stale() };
        entry.call.cancel(now);
        self.let_speak(call);
        self.route();
    }

    /// The user wants no more of the response: the rest is read within the limits, or the connection is closed, and
    /// the call ends with `End`. Before the head has come this is a [`cancel`](Self::cancel).
    pub fn discard(&mut self, call: CallId, now: Instant) {
        self.tick(now);
        let Some(entry) = self.calls.get_mut(call) else { return self.stale() };
        entry.call.discard(now);
        self.let_speak(call);
        self.route();
    }

    /// What a connection serves; of one that is being made, what has to be looked up and connected to, which may be
    /// the proxy in between.
    #[inline]
    pub fn target(&self, conn: ConnId) -> Option<&Key> {
        self.links.get(conn).map(|link| match &link.state {
            Link::Dialing(dialing) => dialing.dial.target(),
            Link::Busy(_) | Link::Idle => &link.key,
        })
    }

    /// The answer to `Resolve`. Too late, it does nothing.
    pub fn resolved(&mut self, conn: ConnId, route: Result<Route, TransportError>, now: Instant) {
        self.tick(now);
        let now = self.now;
        match self.links.dialing_mut(conn) {
            Some(dialing) => dialing.dial.resolved(route, now),
            None => return self.stale(),
        }
        self.step_dial(conn);
        self.route();
    }

    /// The answer to `Connect`. That of an attempt that is over does nothing.
    pub fn connected(&mut self, conn: ConnId, attempt: u8, result: Result<(), TransportError>, now: Instant) {
        self.tick(now);
        let now = self.now;
        match self.links.dialing_mut(conn) {
            Some(dialing) => dialing.dial.connected(attempt, result, now),
            None => return self.stale(),
        }
        self.step_dial(conn);
        self.route();
    }

    /// A hint: something may have happened on that connection's socket. A `Drive` follows.
    pub fn ready(&mut self, conn: ConnId, now: Instant) {
        self.tick(now);
        self.drive_soon(conn);
    }

    /// What to do next; `None` when there is nothing until an input or [`next_timeout`](Self::next_timeout).
    pub fn next_task(&mut self, now: Instant) -> Option<Task> {
        self.tick(now);
        if let Some(closed) = self.closed.take() {
            // Nobody asked for it.
            drop(self.goodbye(closed));
        }
        while let Some(call) = self.hopped.pop() {
            self.go_on(call);
        }
        self.run_timers();
        self.route();
        while let Some(task) = self.tasks.pop_front() {
            if self.still_stands(&task) {
                self.verify();
                return Some(task);
            }
        }
        self.verify();
        None
    }

    /// Takes note that a task is said, unless what it is about has come to an end since.
    fn still_stands(&mut self, task: &Task) -> bool {
        match *task {
            Task::Resolve(conn) | Task::Abandon { conn, .. } => self.links.get(conn).is_some(),
            // Another attempt may have won since.
            Task::Connect { conn, attempt, .. } => {
                self.links.dialing_mut(conn).is_some_and(|dialing| dialing.take_unsaid(attempt))
            }
            Task::Drive(conn) => match self.links.get_mut(conn) {
                Some(link) => {
                    link.queued = false;
                    true
                }
                None => false,
            },
            Task::Event { call, event: Event::Hop(_) } => {
                self.hopped.push(call);
                self.calls.contains(call)
            }
            Task::Event { call, event: Event::Failed(_) | Event::End { .. } } => {
                self.forget_call(call);
                true
            }
            Task::Event { call, .. } => self.calls.contains(call),
            Task::Close { conn, .. } => {
                self.closed = Some(conn);
                true
            }
            Task::Dial { .. } => true,
        }
    }

    /// Lets a connection go on with what its buffers hold. One thing is said at a time, for a bounded amount of
    /// work.
    pub fn drive(&mut self, conn: ConnId, io: &mut Io, now: Instant) -> Driven {
        self.tick(now);
        let Some(link) = self.links.get(conn) else {
            self.stale();
            return Driven::Free;
        };
        let driven = match link.state {
            Link::Busy(call) => self.drive_call(call, conn, io),
            Link::Idle => self.look_at_idle(conn, io),
            Link::Dialing(_) => self.drive_dial(conn, io),
        };
        self.route();
        self.verify();
        driven
    }

    /// Fields for the next attempt of a call, and for no other; see [`Call::set_attempt_fields`]. To be given after
    /// [`start`](Self::start), and when `Hop` was said, before anything else is asked of the engine.
    pub fn set_attempt_fields(&mut self, call: CallId, fields: &HeaderMap) {
        let Some(entry) = self.calls.get_mut(call) else { return self.stale() };
        entry.call.set_attempt_fields(fields);
        self.let_speak(call);
        self.route();
    }

    /// An answer to `NeedBody`: the next bytes of the body.
    pub fn send_body(&mut self, call: CallId, bytes: &[u8], io: &mut Io) {
        if let Some(call) = self.answers(call) {
            call.send_body(bytes, io);
        }
    }

    /// An answer to `NeedBody`: there is no more.
    pub fn finish_body(&mut self, call: CallId, trailers: Option<&HeaderMap>, io: &mut Io) {
        if let Some(call) = self.answers(call) {
            call.finish_body(trailers, io);
        }
    }

    /// An answer to `NeedBody`: the body can't be had.
    pub fn body_failed(&mut self, call: CallId, why: &'static str) {
        if let Some(call) = self.answers(call) {
            call.body_failed(why);
        }
    }

    /// A call that is about to be answered: its connection will be driven. One that has no connection asked nothing.
    fn answers(&mut self, call: CallId) -> Option<&mut Call> {
        let Some(entry) = self.calls.get(call) else {
            self.stale();
            return None;
        };
        let conn = entry.lease.as_ref()?.conn();
        self.drive_soon(conn);
        self.calls.get_mut(call).map(|entry| &mut entry.call)
    }

    /// The call itself, to ask it things.
    #[inline]
    pub fn call(&self, call: CallId) -> Option<&Call> {
        self.calls.get(call).map(|entry| &entry.call)
    }

    /// Copies body bytes that were received into the user's own buffer; see [`Call::read_body`].
    pub fn read_body(&mut self, call: CallId, io: &mut Io, out: &mut [u8]) -> usize {
        match self.calls.get_mut(call) {
            Some(entry) => entry.call.read_body(io, out),
            None => {
                self.stale();
                0
            }
        }
    }

    /// Which connection serves a call now, and what the pool knows of it.
    #[inline]
    pub fn connection(&self, call: CallId) -> Option<(ConnId, Facts)> {
        let entry = self.calls.get(call)?;
        entry.lease.as_ref().map(|lease| (lease.conn(), entry.facts))
    }

    /// Whether a call waits for what others have; see [`Pool::waits_for_others`].
    pub fn waits_for_others(&self, call: CallId) -> bool {
        let waiter = self.calls.get(call).and_then(|entry| entry.waiter);
        waiter.is_some_and(|waiter| self.pool.waits_for_others(waiter))
    }

    /// Which call a connection serves now; `None` while it is idle or being made.
    #[inline]
    pub fn serves(&self, conn: ConnId) -> Option<CallId> {
        match self.links.get(conn)?.state {
            Link::Busy(call) => Some(call),
            Link::Idle | Link::Dialing { .. } => None,
        }
    }

    /// Whether a connection is being made still.
    pub fn is_dialing(&self, conn: ConnId) -> bool {
        self.links.dialing(conn).is_some()
    }

    /// When to ask for tasks again though nothing happens; not late. Asked when [`next_task`](Self::next_task) has
    /// just said nothing, not early either: there will be a reason.
    pub fn next_timeout(&mut self) -> Option<Instant> {
        if !self.tasks.is_empty() || !self.hopped.is_empty() {
            return Some(self.now);
        }
        self.settle_timers();
        Instant::earliest(self.pool.next_timeout(), self.timers.earliest())
    }

    /// Closes idle connections of the keys that `which` picks, and busy ones at their next boundary.
    pub fn evict(&mut self, which: impl FnMut(&Key) -> bool, now: Instant) {
        self.tick(now);
        self.pool.evict(which, now);
        self.route();
    }

    /// Closes what is idle, refuses who waits and who comes. Calls that have a connection go on to their end.
    pub fn shut_down(&mut self, now: Instant) {
        self.tick(now);
        self.pool.shut_down(now);
        self.refuse_who_pauses();
        self.route();
    }

    /// What the pool holds. Timers and late inputs of calls and dials are counted in.
    pub fn counts(&self) -> Counts {
        let counts = self.pool.counts();
        Counts {
            stale_inputs: counts.stale_inputs + self.stale_inputs,
            timers: counts.timers + self.timers.armed(),
            ..counts
        }
    }

    /// Calls that have not ended.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn stale(&mut self) {
        self.stale_inputs += 1;
    }
}

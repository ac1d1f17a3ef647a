//! An engine with somebody before it who writes everything down.

use std::ops::Deref;
use std::sync::Arc;

use http::{HeaderMap, Request, Uri};
use httpocean_core::dial::Route;
use httpocean_core::policy::Common;
use httpocean_core::{
    BodyPlan, CallId, Channel, Config, ConnId, Driven, Engine, Error, Instant, Io, Key, Task, TransportError,
    pool,
};

use super::Recording;
use super::inputs;
use super::log::Log;
use super::said::{Speaker, conn_word};
use super::text::Line;

/// An [`Engine`] whose inputs and words are recorded, if somebody wants them to be. It has the engine's methods, and
/// gives what they give; what only asks, it leaves to the engine.
///
/// A driver makes one instead of its engine, and has nothing else to do: what it put into a connection's buffers is
/// seen when it drives that connection. While nothing is recorded, it costs a branch.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use httpocean_core::{BodyPlan, Config, Instant, policy::Common, pool};
/// use httpocean_driver::record::{Recorder, Recording, replay};
///
/// let file = Arc::new(Mutex::new(Vec::new()));
/// let copy = file.clone();
/// let recording = Recording::new(move |bytes| copy.lock().unwrap().extend_from_slice(bytes));
/// let (pool, config) = (pool::Options::default(), Arc::new(Config::default()));
/// let mut engine = Recorder::new(pool, config, Common::default(), Some(recording));
///
/// let request = http::Request::get("http://example.com/?token=s3cret").body(()).unwrap();
/// engine.start(request, BodyPlan::empty(), Instant::ZERO).unwrap();
/// while engine.next_task(Instant::ZERO).is_some() {}
///
/// let file = file.lock().unwrap();
/// assert!(!String::from_utf8_lossy(&file).contains("s3cret"));
/// let replayed = replay(&file).unwrap();
/// assert!(replayed.difference.is_none());
/// assert_eq!(replayed.said[1], "dial 0.0 http://example.com");
/// ```
#[derive(Debug)]
pub struct Recorder {
    engine: Engine,
    log: Option<Box<Log>>,
}

impl Recorder {
    /// An engine with these options, whose calls share `common`, and where its recording goes.
    pub fn new(
        pool: pool::Options,
        config: Arc<Config>,
        common: Common,
        recording: Option<Recording>,
    ) -> Self {
        let log = recording.map(|recording| Box::new(Log::begin(recording, &pool, &config, &common)));
        Self { engine: Engine::new(pool, config).sharing(common), log }
    }

    /// See [`Engine::start`].
    #[inline]
    pub fn start(&mut self, request: Request<()>, body: BodyPlan, now: Instant) -> Result<CallId, Error> {
        if self.log.is_none() {
            return self.engine.start(request, body, now);
        }
        self.start_recorded(request, body, now)
    }

    fn start_recorded(
        &mut self,
        request: Request<()>,
        body: BodyPlan,
        now: Instant,
    ) -> Result<CallId, Error> {
        if let Some(log) = &mut self.log {
            let config = log.config_of(&request, self.engine.config());
            let secret = request.extensions().get::<Arc<Config>>().unwrap_or(self.engine.config());
            let told = inputs::start(&request, body, config, &secret.redirects.sensitive, log.speaker.whole);
            log.told(Some(now), told);
        }
        let started = self.engine.start(request, body, now);
        self.said(|speaker| speaker.started(&started));
        started
    }

    /// See [`Engine::set_attempt_fields`].
    pub fn set_attempt_fields(&mut self, call: CallId, fields: &HeaderMap) {
        if let Some(log) = &mut self.log {
            let secret = self.engine.config().redirects.sensitive.clone();
            log.told(None, inputs::attempt_fields(call, fields, &secret, log.speaker.whole));
        }
        self.engine.set_attempt_fields(call, fields);
    }

    /// See [`Engine::cancel`].
    pub fn cancel(&mut self, call: CallId, now: Instant) {
        self.told(now, || inputs::of_call("cancel", call));
        self.engine.cancel(call, now);
    }

    /// See [`Engine::discard`].
    pub fn discard(&mut self, call: CallId, now: Instant) {
        self.told(now, || inputs::of_call("discard", call));
        self.engine.discard(call, now);
    }

    /// See [`Engine::resolved`].
    pub fn resolved(&mut self, conn: ConnId, route: Result<Route, TransportError>, now: Instant) {
        if let Some(log) = &mut self.log {
            let filter = &self.engine.config().dial.filter;
            log.told(Some(now), inputs::resolved(conn, &route, |addr| filter.allows(addr)));
        }
        self.engine.resolved(conn, route, now);
    }

    /// See [`Engine::connected`].
    pub fn connected(&mut self, conn: ConnId, attempt: u8, result: Result<(), TransportError>, now: Instant) {
        self.told(now, || inputs::connected(conn, attempt, result));
        self.engine.connected(conn, attempt, result, now);
    }

    /// See [`Engine::ready`].
    #[inline]
    pub fn ready(&mut self, conn: ConnId, now: Instant) {
        self.told(now, || Line::of("ready").word(conn_word(conn)));
        self.engine.ready(conn, now);
    }

    /// See [`Engine::next_task`].
    #[inline]
    pub fn next_task(&mut self, now: Instant) -> Option<Task> {
        if self.log.is_none() {
            return self.engine.next_task(now);
        }
        self.next_task_recorded(now)
    }

    fn next_task_recorded(&mut self, now: Instant) -> Option<Task> {
        self.told(now, || Line::of("next"));
        let task = self.engine.next_task(now);
        if let Some(log) = &mut self.log {
            let said = log.speaker.task(task.as_ref(), self.engine.next_timeout());
            log.said(&said);
            match &task {
                Some(Task::Dial { conn, key }) if key.security().is_some() => log.secured(*conn),
                Some(Task::Close { conn, .. }) => log.forget(*conn),
                Some(_) | None => {}
            }
        }
        task
    }

    /// See [`Engine::next_timeout`]. It changes nothing that is said later, and is not recorded.
    #[inline]
    pub fn next_timeout(&mut self) -> Option<Instant> {
        self.engine.next_timeout()
    }

    /// See [`Engine::drive`].
    #[inline]
    pub fn drive(&mut self, conn: ConnId, io: &mut Io, now: Instant) -> Driven {
        if self.log.is_none() {
            return self.engine.drive(conn, io, now);
        }
        self.drive_recorded(conn, io, now)
    }

    fn drive_recorded(&mut self, conn: ConnId, io: &mut Io, now: Instant) -> Driven {
        if let Some(log) = &mut self.log {
            log.look(&self.engine, conn, io);
            log.told(Some(now), Line::of("drive").word(conn_word(conn)));
        }
        let driven = self.engine.drive(conn, io, now);
        if let Some(log) = &mut self.log {
            let said = log.speaker.driven(&driven, io);
            log.said(&said);
            log.after_drive(conn, &driven, io);
        }
        driven
    }

    /// See [`Engine::goodbye`]. It changes nothing that is said later, and is not recorded.
    pub fn goodbye(&mut self, conn: ConnId) -> Vec<u8> {
        self.engine.goodbye(conn)
    }

    /// See [`Engine::channel`]. What is said on it is another protocol's, and not recorded.
    pub fn channel(&mut self, conn: ConnId, io: Io) -> Channel {
        self.engine.channel(conn, io)
    }

    /// See [`Engine::send_body`].
    pub fn send_body(&mut self, call: CallId, bytes: &[u8], io: &mut Io) {
        let told = |whole| inputs::send_body(call, bytes, whole);
        self.answer(call, io, told, |engine, io| {
            engine.send_body(call, bytes, io);
            None
        });
    }

    /// See [`Engine::finish_body`].
    pub fn finish_body(&mut self, call: CallId, trailers: Option<&HeaderMap>, io: &mut Io) {
        let told = |whole| inputs::finish_body(call, trailers, whole);
        self.answer(call, io, told, |engine, io| {
            engine.finish_body(call, trailers, io);
            None
        });
    }

    /// See [`Engine::body_failed`].
    pub fn body_failed(&mut self, call: CallId, why: &'static str) {
        if let Some(log) = &mut self.log {
            log.told(None, inputs::of_call("body-failed", call).bytes(why.as_bytes()));
        }
        self.engine.body_failed(call, why);
    }

    /// See [`Engine::read_body`].
    pub fn read_body(&mut self, call: CallId, io: &mut Io, out: &mut [u8]) -> usize {
        let mut n = 0;
        let len = out.len();
        let told = |_| inputs::of_call("read", call).word(len);
        let act = |engine: &mut Engine, io: &mut Io| {
            n = engine.read_body(call, io, out);
            Some(n)
        };
        self.answer(call, io, told, act);
        n
    }

    /// See [`Engine::preconnect`].
    pub fn preconnect(&mut self, uri: &Uri, count: usize, now: Instant) -> Result<(), Error> {
        self.told(now, || inputs::preconnect(uri, count));
        self.engine.preconnect(uri, count, now)
    }

    /// See [`Engine::evict`].
    pub fn evict(&mut self, mut which: impl FnMut(&Key) -> bool, now: Instant) {
        let Some(log) = &mut self.log else { return self.engine.evict(which, now) };
        let mut picked = Vec::new();
        let pick = |key: &Key| {
            picked.push(which(key));
            picked.last() == Some(&true)
        };
        self.engine.evict(pick, now);
        log.told(Some(now), inputs::evict(&picked));
    }

    /// See [`Engine::shut_down`].
    pub fn shut_down(&mut self, now: Instant) {
        self.told(now, || Line::of("shut-down"));
        self.engine.shut_down(now);
    }

    #[inline]
    fn told(&mut self, now: Instant, line: impl FnOnce() -> Line) {
        if let Some(log) = &mut self.log {
            log.told(Some(now), line());
        }
    }

    fn said(&mut self, line: impl FnOnce(Speaker) -> String) {
        if let Some(log) = &mut self.log {
            let said = line(log.speaker);
            log.said(&said);
        }
    }

    /// An answer goes into the buffers of the connection that serves the call.
    fn answer(
        &mut self,
        call: CallId,
        io: &mut Io,
        told: impl FnOnce(bool) -> Line,
        act: impl FnOnce(&mut Engine, &mut Io) -> Option<usize>,
    ) {
        let Some(log) = &mut self.log else {
            act(&mut self.engine, io);
            return;
        };
        let conn = self.engine.connection(call).map(|(conn, _)| conn);
        if let Some(conn) = conn {
            log.look(&self.engine, conn, io);
        }
        log.told(None, told(log.speaker.whole));
        let read = act(&mut self.engine, io);
        let pending = log.speaker.pending(io);
        log.said(&match read {
            Some(n) => Line::of("read").word(n).word(pending).into_string(),
            None => pending,
        });
        if let Some(conn) = conn {
            log.seen.entry(conn).or_default().remember(io);
        }
    }
}

/// What only asks is the engine's.
impl Deref for Recorder {
    type Target = Engine;

    #[inline]
    fn deref(&self) -> &Engine {
        &self.engine
    }
}

//! An engine with somebody before it who writes everything down.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use http::{HeaderMap, Request, Uri};
use httpocean_core::dial::Route;
use httpocean_core::policy::Common;
use httpocean_core::{
    BodyPlan, CallId, Channel, Config, ConnId, Driven, Engine, Error, Event, Instant, Io, Key, Task,
    TransportError, pool,
};

use super::inputs::{self, Told};
use super::options::{config_words, pool_words};
use super::pages::Pages;
use super::redact::{self, Response};
use super::said::{Speaker, conn_word};
use super::text::Line;
use super::{KEYS, MAGIC, Recording, SECURED};

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
    pub fn start(&mut self, request: Request<()>, body: BodyPlan, now: Instant) -> Result<CallId, Error> {
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
    pub fn ready(&mut self, conn: ConnId, now: Instant) {
        self.told(now, || Line::of("ready").word(conn_word(conn)));
        self.engine.ready(conn, now);
    }

    /// See [`Engine::next_task`].
    pub fn next_task(&mut self, now: Instant) -> Option<Task> {
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
    pub fn next_timeout(&mut self) -> Option<Instant> {
        self.engine.next_timeout()
    }

    /// See [`Engine::drive`].
    pub fn drive(&mut self, conn: ConnId, io: &mut Io, now: Instant) -> Driven {
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

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

/// What is written, and what has to be known for that.
#[derive(Debug)]
struct Log {
    pages: Pages,
    speaker: Speaker,
    /// The options that were written, by their numbers.
    configs: Vec<String>,
    seen: BTreeMap<ConnId, Seen>,
    is_secured: bool,
}

/// What the engine was last shown of a connection's buffers.
#[derive(Debug, Default)]
struct Seen {
    received: u64,
    eof: bool,
    read_failure: Option<TransportError>,
    sent: u64,
    write_failure: Option<TransportError>,
    serves: Option<CallId>,
    response: Response,
}

impl Log {
    fn begin(recording: Recording, pool: &pool::Options, config: &Config, common: &Common) -> Self {
        let speaker = Speaker { whole: recording.whole };
        let pages = Pages::new(recording);
        let (configs, seen) = (Vec::new(), BTreeMap::new());
        let mut log = Self { pages, speaker, configs, seen, is_secured: false };
        log.line(&format!("{MAGIC} {}", if speaker.whole { "whole" } else { "redacted" }));
        log.line(&format!("pool {}", pool_words(pool).join(" ")));
        log.line(&inputs::common(common).into_string());
        log.config(config);
        log
    }

    fn line(&mut self, line: &str) {
        self.pages.line(line);
    }

    fn told(&mut self, now: Option<Instant>, line: Told) {
        let now = super::said::time_word(now);
        self.line(&format!("> {now} {}", line.into_string()));
    }

    fn said(&mut self, line: &str) {
        self.line(&format!("< {line}"));
    }

    /// What will be read there means something to its layers alone.
    fn secured(&mut self, conn: ConnId) {
        if core::mem::replace(&mut self.is_secured, true) {
            return;
        }
        self.line(&format!("{SECURED}{}", conn_word(conn)));
        self.pages.warn(KEYS);
    }

    /// The number of the options that a request brings. `None`: those of the engine.
    fn config_of(&mut self, request: &Request<()>, engines: &Arc<Config>) -> Option<usize> {
        let own = request.extensions().get::<Arc<Config>>()?;
        if Arc::ptr_eq(own, engines) { None } else { Some(self.config(own)) }
    }

    fn config(&mut self, config: &Config) -> usize {
        let mut config = config.clone();
        if let Some(agent) = config.call.user_agent.as_mut().filter(|agent| agent.is_sensitive()) {
            if !self.speaker.whole {
                let filled = redact::value(&http::header::USER_AGENT, agent, true);
                *agent = http::HeaderValue::from_bytes(&filled).unwrap_or_else(|_| agent.clone());
            }
        }
        let words = config_words(&config).join(" ");
        if let Some(number) = self.configs.iter().position(|known| *known == words) {
            return number;
        }
        self.line(&format!("config {words}"));
        self.configs.push(words);
        self.configs.len() - 1
    }

    /// What the driver put into the buffers since the engine saw them.
    fn look(&mut self, engine: &Engine, conn: ConnId, io: &Io) {
        let serves = engine.serves(conn);
        if self.seen.entry(conn).or_default().serves != serves {
            self.response_is_over(conn);
        }
        let seen = self.seen.entry(conn).or_default();
        seen.serves = serves;
        let of = |word| Line::of(word).word(conn_word(conn));
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        if let Some(n) = io.tx.total_sent().checked_sub(seen.sent).filter(|n| *n > 0) {
            before.push(of("sent").word(n));
        }
        if let Some(error) = io.tx.failure().filter(|_| seen.write_failure.is_none()) {
            before.push(inputs::failed("write-failed", conn, error));
        }
        let bytes = io.rx.bytes();
        let new = io.rx.total_received().saturating_sub(seen.received);
        let new = bytes[bytes.len() - usize::try_from(new).unwrap_or(usize::MAX).min(bytes.len())..].to_vec();
        if io.rx.is_eof() && !seen.eof {
            behind.push(of("eof"));
        }
        if let Some(error) = io.rx.failure().filter(|_| seen.read_failure.is_none()) {
            behind.push(inputs::failed("read-failed", conn, error));
        }
        seen.remember(io);
        before.into_iter().for_each(|line| self.told(None, line));
        self.received(conn, new);
        behind.into_iter().for_each(|line| self.told(None, line));
    }

    fn received(&mut self, conn: ConnId, mut bytes: Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        if self.speaker.whole {
            return self.told(None, inputs::received(conn, &bytes));
        }
        let response = &mut self.seen.entry(conn).or_default().response;
        let filled = response.fill(&mut bytes);
        if let Some(decided) = &filled.decided {
            self.pages.decide(conn, decided);
        }
        if !self.pages.received(conn, bytes, filled.undecided) {
            // So much is not held back.
            self.seen.values_mut().for_each(|seen| seen.response.give_up());
        }
    }

    fn after_drive(&mut self, conn: ConnId, driven: &Driven, io: &Io) {
        self.seen.entry(conn).or_default().remember(io);
        let over = match driven {
            Driven::Event { event, .. } => match event {
                Event::Upgraded(_) => return self.forget(conn),
                Event::Hop(_) | Event::End { .. } | Event::Failed(_) => true,
                Event::Interim(_)
                | Event::Passing(_)
                | Event::Head(_)
                | Event::Data(_)
                | Event::NeedBody { .. } => false,
            },
            Driven::Free => true,
            Driven::Wait(_) => false,
        };
        if over {
            self.response_is_over(conn);
        }
    }

    fn response_is_over(&mut self, conn: ConnId) {
        if let Some(seen) = self.seen.get_mut(&conn) {
            (seen.serves, seen.response) = (None, Response::default());
            self.pages.give_up(conn);
        }
    }

    fn forget(&mut self, conn: ConnId) {
        self.response_is_over(conn);
        self.seen.remove(&conn);
    }
}

impl Seen {
    fn remember(&mut self, io: &Io) {
        self.received = io.rx.total_received();
        (self.eof, self.read_failure) = (io.rx.is_eof(), io.rx.failure());
        (self.sent, self.write_failure) = (io.tx.total_sent(), io.tx.failure());
    }
}

//! Tells an engine once more what another one was told, and compares what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use httpocean_core::dial::AddressFilter;
use httpocean_core::policy::Common;
use httpocean_core::{CallId, Config, ConnId, Driven, Engine, Event, Instant, Io, Task, pool};

use super::inputs::{Input, common_of};
use super::options::{config_of, pool_of};
use super::said::Speaker;
use super::text::Line;
use super::{KEYS, MAGIC, SECURED};

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// What the engine said this time, one line each, up to the first difference, which is the last.
    pub said: Vec<String>,
    /// Where it was not the same. `None`: it was the same byte for byte.
    pub difference: Option<Difference>,
}

/// Where two engines do not say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The line of the recording, from 1.
    pub line: usize,
    /// The input that was answered.
    pub input: String,
    /// What the engine of the recording said.
    pub recorded: String,
    /// What this one says.
    pub said: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, input, recorded, said } = self;
        write!(f, "line {line} differs, after `{input}`\n  recorded: {recorded}\n  now:      {said}")
    }
}

/// Why a file can't be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRecording {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for NoRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for NoRecording {}

/// Tells an engine what a recording says, and stops where it says something else.
///
/// # Errors
/// When the file is not a recording, is of another version, is cut off, or comes to a connection by TLS.
///
/// ```
/// let error = httpocean_driver::record::replay(b"GET / HTTP/1.1\n").unwrap_err();
/// assert_eq!(error.to_string(), "line 1: this is not a recording of httpocean, or one of another version");
/// ```
pub fn replay(recording: &[u8]) -> Result<Replayed, NoRecording> {
    let mut lines = Lines { rest: recording, line: 0 };
    let mut stage = Stage::set(&mut lines)?;
    let mut said = Vec::new();
    while let Some(line) = lines.next()? {
        if line.starts_with(SECURED) {
            return Err(lines.wrong(KEYS));
        }
        if let Some(words) = line.strip_prefix("config ") {
            let config = config_of(&split(words)).ok_or(lines.wrong("these options are not known"))?;
            stage.configs.push(Arc::new(config));
            continue;
        }
        let input = line.strip_prefix("> ").ok_or(lines.wrong("an input was expected here"))?;
        let Some(now) = stage.tell(input).ok_or(lines.wrong("this input is not known"))? else { continue };
        let Some(answer) = lines.next()? else { return Err(lines.wrong("the recording is cut off")) };
        let recorded = answer.strip_prefix("< ").ok_or(lines.wrong("an answer was expected here"))?;
        said.push(now.clone());
        if recorded != now {
            let (input, recorded) = (input.to_owned(), recorded.to_owned());
            let difference = Some(Difference { line: lines.line, input, recorded, said: now });
            return Ok(Replayed { said, difference });
        }
    }
    Ok(Replayed { said, difference: None })
}

fn split(words: &str) -> Vec<&str> {
    words.split(' ').collect()
}

/// The lines of a file, with their numbers.
struct Lines<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<Option<&'a str>, NoRecording> {
        self.line += 1;
        if self.rest.is_empty() {
            return Ok(None);
        }
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let (line, rest) = match end {
            Some(end) => (&self.rest[..end], &self.rest[end + 1..]),
            None if self.line > 1 => return Err(self.wrong("the recording is cut off")),
            None => (self.rest, &[][..]),
        };
        self.rest = rest;
        core::str::from_utf8(line).map(Some).map_err(|_| self.wrong("this is not text"))
    }

    fn after(&mut self, word: &str, why: &'static str) -> Result<Vec<&'a str>, NoRecording> {
        let line = self.next()?.ok_or(self.wrong("the recording is cut off"))?;
        line.strip_prefix(word).map(split).ok_or(self.wrong(why))
    }

    fn wrong(&self, why: &'static str) -> NoRecording {
        NoRecording { line: self.line, why }
    }
}

type Refused = Arc<Mutex<BTreeSet<SocketAddr>>>;

/// An engine with all that a driver has beside it.
struct Stage {
    engine: Engine,
    speaker: Speaker,
    configs: Vec<Arc<Config>>,
    ios: BTreeMap<ConnId, Io>,
    /// Addresses that the filter of the recording did not let through.
    refused: Refused,
}

impl Stage {
    fn set(lines: &mut Lines<'_>) -> Result<Self, NoRecording> {
        const OTHER: &str = "this is not a recording of httpocean, or one of another version";
        let whole = match lines.next()?.and_then(|line| line.strip_prefix(MAGIC)) {
            Some(" whole") => true,
            Some(" redacted") => false,
            Some(_) | None => return Err(lines.wrong(OTHER)),
        };
        let unknown = "these options are not known";
        let pool = lines.after("pool ", unknown)?;
        let pool = pool_of(&pool).ok_or(lines.wrong(unknown))?;
        let common = lines.after("common ", unknown)?;
        let common = common_of(&common).ok_or(lines.wrong(unknown))?;
        let config = lines.after("config ", unknown)?;
        let config = config_of(&config).ok_or(lines.wrong(unknown))?;
        Ok(Self::new(pool, common, config, Speaker { whole }))
    }

    fn new(pool: pool::Options, common: Common, mut config: Config, speaker: Speaker) -> Self {
        let refused = Refused::default();
        let known = refused.clone();
        config.dial.filter = AddressFilter::new(move |addr| {
            !known.lock().unwrap_or_else(PoisonError::into_inner).contains(addr)
        });
        let config = Arc::new(config);
        let engine = Engine::new(pool, config.clone()).sharing(common);
        Self { engine, speaker, configs: vec![config], ios: BTreeMap::new(), refused }
    }

    /// `None`: it is no input. `Some(None)`: it has no answer.
    fn tell(&mut self, line: &str) -> Option<Option<String>> {
        let words = split(line);
        let (time, words) = words.split_first()?;
        let now = match *time {
            "-" => Instant::ZERO,
            micros => Instant::from_micros(micros.parse().ok()?),
        };
        let input = Input::of(words, &self.configs)?;
        Some(self.carry_out(input, now))
    }

    fn carry_out(&mut self, input: Input, now: Instant) -> Option<String> {
        match input {
            Input::Start { request, body } => {
                return Some(self.speaker.started(&self.engine.start(*request, body, now)));
            }
            Input::Next => return Some(self.next_task(now)),
            Input::Drive(conn) => return Some(self.drive(conn, now)),
            Input::SendBody(call, bytes) => {
                return Some(self.answer(call, |engine, io| engine.send_body(call, &bytes, io)));
            }
            Input::FinishBody(call, trailers) => {
                return Some(self.answer(call, |engine, io| engine.finish_body(call, trailers.as_ref(), io)));
            }
            Input::Read(call, len) => return Some(self.read(call, len)),
            Input::AttemptFields(call, fields) => self.engine.set_attempt_fields(call, &fields),
            Input::Cancel(call) => self.engine.cancel(call, now),
            Input::Discard(call) => self.engine.discard(call, now),
            Input::Resolved { conn, route, refused } => {
                let refused =
                    refused.into_iter().map(|addr| SocketAddr::new(addr.ip().to_canonical(), addr.port()));
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused.collect();
                self.engine.resolved(conn, route, now);
            }
            Input::Connected { conn, attempt, result } => self.engine.connected(conn, attempt, result, now),
            Input::Ready(conn) => self.engine.ready(conn, now),
            // The core wants a sentence that lasts; a replay has few of them.
            Input::BodyFailed(call, why) => self.engine.body_failed(call, why.leak()),
            // Its error is told to the caller alone.
            Input::Preconnect { uri, count } => drop(self.engine.preconnect(&uri, count, now)),
            Input::Evict(picked) => {
                let mut picked = picked.into_iter();
                self.engine.evict(|_| picked.next().unwrap_or(false), now);
            }
            Input::ShutDown => self.engine.shut_down(now),
            Input::Received(conn, bytes) => self.io(conn).rx.append(&bytes),
            Input::Eof(conn) => self.io(conn).rx.set_eof(),
            Input::ReadFailed(conn, error) => self.io(conn).rx.fail(error),
            Input::Sent(conn, n) => self.io(conn).tx.sent(n),
            Input::WriteFailed(conn, error) => self.io(conn).tx.fail(error),
        }
        None
    }

    fn next_task(&mut self, now: Instant) -> String {
        let task = self.engine.next_task(now);
        let said = self.speaker.task(task.as_ref(), self.engine.next_timeout());
        if let Some(Task::Close { conn, .. }) = &task {
            self.ios.remove(conn);
        }
        said
    }

    fn drive(&mut self, conn: ConnId, now: Instant) -> String {
        let io = self.ios.entry(conn).or_default();
        let driven = self.engine.drive(conn, io, now);
        let said = self.speaker.driven(&driven, io);
        if let Driven::Event { event: Event::Upgraded(_), .. } = driven {
            self.ios.remove(&conn);
        }
        said
    }

    fn answer(&mut self, call: CallId, act: impl FnOnce(&mut Engine, &mut Io)) -> String {
        let mut none = Io::default();
        let io = match self.engine.connection(call) {
            Some((conn, _)) => self.ios.entry(conn).or_default(),
            None => &mut none,
        };
        act(&mut self.engine, io);
        self.speaker.pending(io)
    }

    fn read(&mut self, call: CallId, len: usize) -> String {
        let mut n = 0;
        // No read has more than was received.
        let mut out = vec![0; len.min(1 << 24)];
        let pending = self.answer(call, |engine, io| n = engine.read_body(call, io, &mut out));
        Line::of("read").word(n).word(pending).into_string()
    }

    fn io(&mut self, conn: ConnId) -> &mut Io {
        self.ios.entry(conn).or_default()
    }
}

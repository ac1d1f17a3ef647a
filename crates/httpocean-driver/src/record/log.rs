//! What a recording says of an engine's inputs and words, line by line.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Request;
use httpocean_core::policy::Common;
use httpocean_core::{CallId, Config, ConnId, Driven, Engine, Event, Instant, Io, TransportError, pool};

use super::inputs::{self, Told};
use super::options::{config_words, pool_words};
use super::pages::Pages;
use super::redact::{self, Response};
use super::said::{Speaker, conn_word};
use super::text::Line;
use super::{KEYS, MAGIC, Recording, SECURED};

/// What is written, and what has to be known for that.
#[derive(Debug)]
pub(super) struct Log {
    pages: Pages,
    pub(super) speaker: Speaker,
    /// The options that were written, by their numbers.
    configs: Vec<String>,
    pub(super) seen: BTreeMap<ConnId, Seen>,
    is_secured: bool,
}

/// What the engine was last shown of a connection's buffers.
#[derive(Debug, Default)]
pub(super) struct Seen {
    received: u64,
    eof: bool,
    read_failure: Option<TransportError>,
    sent: u64,
    write_failure: Option<TransportError>,
    serves: Option<CallId>,
    response: Response,
}

impl Log {
    pub(super) fn begin(
        recording: Recording,
        pool: &pool::Options,
        config: &Config,
        common: &Common,
    ) -> Self {
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

    pub(super) fn line(&mut self, line: &str) {
        self.pages.line(line);
    }

    pub(super) fn told(&mut self, now: Option<Instant>, line: Told) {
        let now = super::said::time_word(now);
        self.line(&format!("> {now} {}", line.into_string()));
    }

    pub(super) fn said(&mut self, line: &str) {
        self.line(&format!("< {line}"));
    }

    /// What will be read there means something to its layers alone.
    pub(super) fn secured(&mut self, conn: ConnId) {
        if core::mem::replace(&mut self.is_secured, true) {
            return;
        }
        self.line(&format!("{SECURED}{}", conn_word(conn)));
        self.pages.warn(KEYS);
    }

    /// The number of the options that a request brings. `None`: those of the engine.
    pub(super) fn config_of(&mut self, request: &Request<()>, engines: &Arc<Config>) -> Option<usize> {
        let own = request.extensions().get::<Arc<Config>>()?;
        if Arc::ptr_eq(own, engines) { None } else { Some(self.config(own)) }
    }

    pub(super) fn config(&mut self, config: &Config) -> usize {
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
    pub(super) fn look(&mut self, engine: &Engine, conn: ConnId, io: &Io) {
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

    pub(super) fn received(&mut self, conn: ConnId, mut bytes: Vec<u8>) {
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

    pub(super) fn after_drive(&mut self, conn: ConnId, driven: &Driven, io: &Io) {
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

    pub(super) fn response_is_over(&mut self, conn: ConnId) {
        if let Some(seen) = self.seen.get_mut(&conn) {
            (seen.serves, seen.response) = (None, Response::default());
            self.pages.give_up(conn);
        }
    }

    pub(super) fn forget(&mut self, conn: ConnId) {
        self.response_is_over(conn);
        self.seen.remove(&conn);
    }
}

impl Seen {
    pub(super) fn remember(&mut self, io: &Io) {
        self.received = io.rx.total_received();
        (self.eof, self.read_failure) = (io.rx.is_eof(), io.rx.failure());
        (self.sent, self.write_failure) = (io.tx.total_sent(), io.tx.failure());
    }
}

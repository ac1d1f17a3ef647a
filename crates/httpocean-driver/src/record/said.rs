//! What an engine says, as the words of a line. They are compared, so they hold nothing that is not decided.

use http::HeaderMap;
use httpocean_core::{CallId, ConnId, Driven, Error, Event, Hop, Instant, Io, Task, TransportError, Want};

use super::text::Line;
use super::url;

/// Of a call or of a connection: its place and how often that was used before.
pub(super) fn call_word(call: CallId) -> String {
    id_word(call.to_bits())
}

/// See [`call_word`].
pub(super) fn conn_word(conn: ConnId) -> String {
    id_word(conn.to_bits())
}

fn id_word(bits: u64) -> String {
    format!("{}.{}", bits & 0xffff_ffff, bits >> 32)
}

/// The other way round.
pub(super) fn id_bits(word: &str) -> Option<u64> {
    let (index, generation) = word.split_once('.')?;
    Some(u64::from(generation.parse::<u32>().ok()?) << 32 | u64::from(index.parse::<u32>().ok()?))
}

pub(super) fn error_word(error: TransportError) -> String {
    match error {
        TransportError::NotFound => "not-found".into(),
        TransportError::Refused => "refused".into(),
        TransportError::Reset => "reset".into(),
        TransportError::TimedOut => "timed-out".into(),
        TransportError::Unreachable => "unreachable".into(),
        TransportError::Filtered => "filtered".into(),
        TransportError::Layer => "layer".into(),
        TransportError::Other(number) => format!("other:{number}"),
        unknown => format!("{unknown:?}"),
    }
}

pub(super) fn error_of(word: &str) -> Option<TransportError> {
    Some(match word {
        "not-found" => TransportError::NotFound,
        "refused" => TransportError::Refused,
        "reset" => TransportError::Reset,
        "timed-out" => TransportError::TimedOut,
        "unreachable" => TransportError::Unreachable,
        "filtered" => TransportError::Filtered,
        "layer" => TransportError::Layer,
        _ => TransportError::Other(word.strip_prefix("other:")?.parse().ok()?),
    })
}

/// Says things the same way, whoever asks: with or without what is secret.
#[derive(Clone, Copy, Debug)]
pub(super) struct Speaker {
    pub(super) whole: bool,
}

impl Speaker {
    pub(super) fn started(self, started: &Result<CallId, Error>) -> String {
        match started {
            Ok(call) => Line::of("call").word(call_word(*call)),
            Err(error) => Line::of("refused").bytes(error.to_string().as_bytes()),
        }
        .into_string()
    }

    /// `timeout` is what the engine wants to be asked again at, when there is no task.
    pub(super) fn task(self, task: Option<&Task>, timeout: Option<Instant>) -> String {
        let Some(task) = task else {
            return Line::of("nothing-until").word(time_word(timeout)).into_string();
        };
        match task {
            Task::Dial { conn, key } => {
                Line::of("dial").word(conn_word(*conn)).bytes(key.to_string().as_bytes())
            }
            Task::Resolve(conn) => Line::of("resolve").word(conn_word(*conn)),
            Task::Connect { conn, attempt, addr } => {
                let addr = addr.map_or_else(|| "direct".into(), |addr| addr.to_string());
                Line::of("connect").word(conn_word(*conn)).word(attempt).word(addr)
            }
            Task::Abandon { conn, attempt } => Line::of("abandon").word(conn_word(*conn)).word(attempt),
            Task::Drive(conn) => Line::of("drive").word(conn_word(*conn)),
            Task::Close { conn, why, error } => {
                let line = Line::of("close").word(conn_word(*conn)).word(format_args!("{why:?}"));
                match error {
                    Some(error) => line.bytes(error.to_string().as_bytes()),
                    None => line,
                }
            }
            Task::Event { call, event } => self.event(*call, event, None),
        }
        .into_string()
    }

    pub(super) fn driven(self, driven: &Driven, io: &Io) -> String {
        match driven {
            Driven::Event { call, event } => self.event(*call, event, Some(io)),
            Driven::Wait(Want { read, write, until, phase }) => Line::of("wait")
                .word(format_args!("read={read}"))
                .word(format_args!("write={write}"))
                .word(format_args!("until={}", time_word(*until)))
                .word(format_args!("{phase:?}")),
            Driven::Free => Line::of("free"),
        }
        .word(self.pending(io))
        .into_string()
    }

    /// What waits to be written: how much, and, where nothing is secret, a digest of it.
    pub(super) fn pending(self, io: &Io) -> String {
        let pending = io.tx.pending();
        if self.whole && !pending.is_empty() {
            format!("pending={}:{}", pending.len(), digest(pending))
        } else {
            format!("pending={}", pending.len())
        }
    }

    fn event(self, call: CallId, event: &Event, io: Option<&Io>) -> Line {
        let line = Line::of("event").word(call_word(call));
        match event {
            Event::Hop(hop) => self.hop(line.word("hop"), hop),
            Event::Interim(len) => head(line.word("interim"), *len, io),
            Event::Passing(len) => head(line.word("passing"), *len, io),
            Event::Head(len) => head(line.word("head"), *len, io),
            Event::Data(len) => {
                let line = line.word("data").word(len);
                match io.filter(|_| self.whole) {
                    Some(io) => line.word(digest(io.data(*len))),
                    None => line,
                }
            }
            Event::NeedBody { from } => line.word("need-body").word(from),
            Event::End { trailers } => fields(line.word("end"), trailers.as_deref()),
            Event::Upgraded(len) => line.word("upgraded").word(len),
            Event::Failed(error) => line.word("failed").bytes(error.to_string().as_bytes()),
        }
    }

    fn hop(self, line: Line, hop: &Hop) -> Line {
        let uri = if self.whole { hop.uri.to_string() } else { url::uri(&hop.uri) };
        let line = line.bytes(uri.as_bytes()).word(format_args!("{:?}", hop.why));
        let line = line.word(format_args!("after={}", hop.after.as_nanos()));
        let line = match hop.status {
            Some(status) => line.word(status.as_str()),
            None => line.word("-"),
        };
        match &hop.error {
            Some(error) => line.bytes(error.to_string().as_bytes()),
            None => line,
        }
    }
}

fn head(line: Line, len: usize, io: Option<&Io>) -> Line {
    match io {
        Some(io) => line.word(len).word(io.head(len).status().as_str()),
        None => line.word(len),
    }
}

/// How many, and their names.
fn fields(line: Line, fields: Option<&HeaderMap>) -> Line {
    let names = fields.iter().flat_map(|fields| fields.keys());
    names.fold(line, |line, name| line.bytes(name.as_str().as_bytes()))
}

pub(super) fn time_word(at: Option<Instant>) -> String {
    at.map_or_else(|| "-".into(), |at| at.as_micros().to_string())
}

/// FNV-1a, of 64 bits: to see a difference, not to withstand anybody.
fn digest(bytes: &[u8]) -> String {
    let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", bytes.iter().fold(0xcbf2_9ce4_8422_2325, fold))
}

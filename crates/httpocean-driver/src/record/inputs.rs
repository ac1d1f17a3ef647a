//! Inputs as lines, and back.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version};
use httpocean_core::dial::Route;
use httpocean_core::policy::redirect::Fragment;
use httpocean_core::policy::{Budget, Common, Seed};
use httpocean_core::{BodyPlan, CallId, Config, ConnId, TransportError};

use super::redact;
use super::said::{call_word, conn_word, error_of, error_word, id_bits};
use super::text::{Line, unescaped};
use super::url;

/// An input as a line.
pub(super) type Told = Line;

pub(super) fn common(common: &Common) -> Line {
    let line = match common.budget.bounds() {
        Some((at_least, percent)) => Line::of("common").word(format_args!("{at_least},{percent}")),
        None => Line::of("common").word("-"),
    };
    let epoch = common.epoch.map_or_else(|| "-".into(), |epoch| epoch.to_string());
    line.word(common.seed.state()).word(epoch).word(common.shows_passing)
}

pub(super) fn common_of(words: &[&str]) -> Option<Common> {
    let [budget, seed, epoch, shows_passing] = *words else { return None };
    let budget = match maybe(budget) {
        Some(bounds) => {
            let (at_least, percent) = bounds.split_once(',')?;
            Budget::new(at_least.parse().ok()?, percent.parse().ok()?)
        }
        None => Budget::unlimited(),
    };
    let epoch = maybe(epoch).map(str::parse).transpose().ok()?;
    let (seed, shows_passing) = (Seed::new(seed.parse().ok()?), shows_passing.parse().ok()?);
    Some(Common { budget, seed, epoch, shows_passing })
}

/// `config`: the number of the request's own options; `secret`: names of fields that are, beside those that always
/// are.
pub(super) fn start(
    request: &Request<()>,
    body: BodyPlan,
    config: Option<usize>,
    secret: &[HeaderName],
    whole: bool,
) -> Told {
    let number = |number: Option<u64>| number.map_or_else(|| "-".into(), |number| number.to_string());
    let uri = if whole { request.uri().to_string() } else { url::uri(request.uri()) };
    let line = Line::of("start")
        .bytes(request.method().as_str().as_bytes())
        .bytes(uri.as_bytes())
        .word(format_args!("{:?}", request.version()))
        .word(number(body.size))
        .word(body.replayable)
        .word(body.trailers)
        .word(number(config.map(|config| config as u64)));
    let line = match request.extensions().get::<Fragment>().map(Fragment::as_str) {
        Some(text) if whole => line.bytes(format!("#{text}").as_bytes()),
        Some(text) => line.bytes(format!("#{}", url::fragment(text)).as_bytes()),
        None => line.word("-"),
    };
    fields(line, request.headers(), secret, whole)
}

fn fields(line: Line, fields: &HeaderMap, secret: &[HeaderName], whole: bool) -> Line {
    fields.iter().fold(line, |line, (name, value)| {
        let line = line.bytes(name.as_str().as_bytes());
        if whole {
            line.bytes(value.as_bytes())
        } else {
            line.bytes(&redact::value(name, value, secret.contains(name)))
        }
    })
}

pub(super) fn attempt_fields(call: CallId, added: &HeaderMap, secret: &[HeaderName], whole: bool) -> Told {
    fields(of_call("attempt-fields", call), added, secret, whole)
}

pub(super) fn of_call(word: &str, call: CallId) -> Told {
    Line::of(word).word(call_word(call))
}

/// An address that the user's filter does not let through has a `!` before it.
pub(super) fn resolved(
    conn: ConnId,
    route: &Result<Route, TransportError>,
    allows: impl Fn(&SocketAddr) -> bool,
) -> Told {
    let line = Line::of("resolved").word(conn_word(conn));
    match route {
        Ok(Route::Direct) => line.word("direct"),
        Ok(Route::Addresses(addrs)) => addrs.iter().fold(line.word("at"), |line, addr| {
            line.word(format_args!("{}{addr}", if allows(addr) { "" } else { "!" }))
        }),
        Err(error) => line.word("failed").word(error_word(*error)),
    }
}

pub(super) fn connected(conn: ConnId, attempt: u8, result: Result<(), TransportError>) -> Told {
    let line = Line::of("connected").word(conn_word(conn)).word(attempt);
    match result {
        Ok(()) => line.word("ok"),
        Err(error) => line.word(error_word(error)),
    }
}

pub(super) fn received(conn: ConnId, bytes: &[u8]) -> Told {
    Line::of("received").word(conn_word(conn)).bytes(bytes)
}

pub(super) fn failed(word: &str, conn: ConnId, error: TransportError) -> Told {
    Line::of(word).word(conn_word(conn)).word(error_word(error))
}

pub(super) fn send_body(call: CallId, bytes: &[u8], whole: bool) -> Told {
    let line = of_call("send-body", call);
    if whole { line.bytes(bytes) } else { line.bytes(&vec![b'x'; bytes.len()]) }
}

pub(super) fn finish_body(call: CallId, trailers: Option<&HeaderMap>, whole: bool) -> Told {
    let line = of_call("finish-body", call);
    match trailers {
        Some(trailers) => fields(line.word("trailers"), trailers, &[], whole),
        None => line.word("-"),
    }
}

/// Only the host counts.
pub(super) fn preconnect(uri: &Uri, count: usize) -> Told {
    let scheme = uri.scheme_str().unwrap_or("-");
    let authority = uri.authority().map_or("-", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Line::of("preconnect").word(scheme).word(host).word(count)
}

/// What the user's answers were, in order.
pub(super) fn evict(picked: &[bool]) -> Told {
    picked.iter().fold(Line::of("evict"), |line, picked| line.word(u8::from(*picked)))
}

/// An input, read from its line.
#[derive(Debug)]
pub(super) enum Input {
    Start { request: Box<Request<()>>, body: BodyPlan },
    AttemptFields(CallId, HeaderMap),
    Cancel(CallId),
    Discard(CallId),
    Resolved { conn: ConnId, route: Result<Route, TransportError>, refused: Vec<SocketAddr> },
    Connected { conn: ConnId, attempt: u8, result: Result<(), TransportError> },
    Ready(ConnId),
    Next,
    Drive(ConnId),
    SendBody(CallId, Vec<u8>),
    FinishBody(CallId, Option<HeaderMap>),
    BodyFailed(CallId, String),
    Read(CallId, usize),
    Preconnect { uri: Uri, count: usize },
    Evict(Vec<bool>),
    ShutDown,
    Received(ConnId, Vec<u8>),
    Eof(ConnId),
    ReadFailed(ConnId, TransportError),
    Sent(ConnId, usize),
    WriteFailed(ConnId, TransportError),
}

impl Input {
    pub(super) fn of(words: &[&str], configs: &[Arc<Config>]) -> Option<Self> {
        let (word, rest) = words.split_first()?;
        Some(match (*word, rest) {
            ("start", rest) => start_of(rest, configs)?,
            ("attempt-fields", [call, rest @ ..]) => Self::AttemptFields(call_of(call)?, fields_of(rest)?),
            ("cancel", [call]) => Self::Cancel(call_of(call)?),
            ("discard", [call]) => Self::Discard(call_of(call)?),
            ("resolved", [conn, rest @ ..]) => resolved_of(conn_of(conn)?, rest)?,
            ("connected", [conn, attempt, "ok"]) => {
                Self::Connected { conn: conn_of(conn)?, attempt: attempt.parse().ok()?, result: Ok(()) }
            }
            ("connected", [conn, attempt, error]) => {
                let result = Err(error_of(error)?);
                Self::Connected { conn: conn_of(conn)?, attempt: attempt.parse().ok()?, result }
            }
            ("ready", [conn]) => Self::Ready(conn_of(conn)?),
            ("next", []) => Self::Next,
            ("drive", [conn]) => Self::Drive(conn_of(conn)?),
            ("send-body", [call, bytes]) => Self::SendBody(call_of(call)?, unescaped(bytes)?),
            ("finish-body", [call, "-"]) => Self::FinishBody(call_of(call)?, None),
            ("finish-body", [call, "trailers", rest @ ..]) => {
                Self::FinishBody(call_of(call)?, Some(fields_of(rest)?))
            }
            ("body-failed", [call, why]) => {
                Self::BodyFailed(call_of(call)?, String::from_utf8(unescaped(why)?).ok()?)
            }
            ("read", [call, len]) => Self::Read(call_of(call)?, len.parse().ok()?),
            ("preconnect", [scheme, host, count]) => {
                let uri = format!("{scheme}://{host}/").parse().ok()?;
                Self::Preconnect { uri, count: count.parse().ok()? }
            }
            ("evict", picked) => Self::Evict(picked.iter().map(|word| *word == "1").collect()),
            ("shut-down", []) => Self::ShutDown,
            ("received", [conn, bytes]) => Self::Received(conn_of(conn)?, unescaped(bytes)?),
            ("eof", [conn]) => Self::Eof(conn_of(conn)?),
            ("read-failed", [conn, error]) => Self::ReadFailed(conn_of(conn)?, error_of(error)?),
            ("sent", [conn, n]) => Self::Sent(conn_of(conn)?, n.parse().ok()?),
            ("write-failed", [conn, error]) => Self::WriteFailed(conn_of(conn)?, error_of(error)?),
            _ => return None,
        })
    }
}

fn start_of(words: &[&str], configs: &[Arc<Config>]) -> Option<Input> {
    let [method, uri, version, size, replayable, trailers, config, fragment, rest @ ..] = words else {
        return None;
    };
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(&unescaped(method)?).ok()?;
    *request.uri_mut() = Uri::try_from(unescaped(uri)?).ok()?;
    *request.version_mut() = version_of(version)?;
    *request.headers_mut() = fields_of(rest)?;
    if let Some(number) = maybe(config) {
        request.extensions_mut().insert(configs.get(number.parse::<usize>().ok()?)?.clone());
    }
    if let Some(word) = maybe(fragment) {
        let text = String::from_utf8(unescaped(word)?).ok()?;
        if let Some(fragment) = Fragment::of(&text) {
            request.extensions_mut().insert(fragment);
        }
    }
    let size = maybe(size).map(str::parse).transpose().ok()?;
    let (replayable, trailers) = (replayable.parse().ok()?, trailers.parse().ok()?);
    Some(Input::Start { request: Box::new(request), body: BodyPlan { size, replayable, trailers } })
}

fn resolved_of(conn: ConnId, words: &[&str]) -> Option<Input> {
    let mut refused = Vec::new();
    let route = match words {
        ["direct"] => Ok(Route::Direct),
        ["failed", error] => Err(error_of(error)?),
        ["at", addrs @ ..] => {
            let mut found = Vec::new();
            for word in addrs {
                let addr: SocketAddr = word.trim_start_matches('!').parse().ok()?;
                if word.starts_with('!') {
                    refused.push(addr);
                }
                found.push(addr);
            }
            Ok(Route::Addresses(found.into_iter().collect()))
        }
        _ => return None,
    };
    Some(Input::Resolved { conn, route, refused })
}

fn fields_of(words: &[&str]) -> Option<HeaderMap> {
    let mut fields = HeaderMap::new();
    for pair in words.chunks(2) {
        let [name, value] = pair else { return None };
        let name = HeaderName::from_bytes(&unescaped(name)?).ok()?;
        fields.try_append(name, HeaderValue::from_bytes(&unescaped(value)?).ok()?).ok()?;
    }
    Some(fields)
}

fn version_of(word: &str) -> Option<Version> {
    let known = [Version::HTTP_09, Version::HTTP_10, Version::HTTP_11, Version::HTTP_2, Version::HTTP_3];
    known.into_iter().find(|version| format!("{version:?}") == word)
}

fn call_of(word: &str) -> Option<CallId> {
    id_bits(word).map(CallId::from_bits)
}

fn conn_of(word: &str) -> Option<ConnId> {
    id_bits(word).map(ConnId::from_bits)
}

/// `-` stands for nothing.
fn maybe(word: &str) -> Option<&str> {
    Some(word).filter(|word| *word != "-")
}

//! Answers as JSON.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httpocean_std::http::response::Parts;
use httpocean_std::http::{HeaderMap, StatusCode, Version};
use httpocean_std::{Body, Connection, Error, Hop, Phase, Sent, Stats};
use serde_json::{Map, Value, json};

use super::words;
use crate::reading::Failure;

/// The answer to a request.
pub(super) struct Answer {
    pub(super) json: Value,
    /// Whether there was a whole response.
    pub(super) is_response: bool,
}

/// A response, and what is known of its way.
pub(super) struct Exchange {
    pub(super) id: Value,
    pub(super) url: String,
    pub(super) parts: Parts,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Option<HeaderMap>,
    pub(super) parked: bool,
    pub(super) elapsed: Duration,
    reason: String,
    interim: Vec<u16>,
    hops: Value,
    connection: Option<Connection>,
}

/// What had come of a response when it failed.
pub(super) struct Partial {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

impl Exchange {
    pub(super) fn of(id: Value, url: String, parts: Parts, body: &Body) -> Self {
        Self {
            reason: latin_1(body.reason().unwrap_or_default()),
            interim: body.interim().iter().map(|interim| interim.status().as_u16()).collect(),
            hops: hops(&url, body.hops()),
            connection: body.connection().copied(),
            id,
            url,
            parts,
            body: Vec::new(),
            trailers: None,
            parked: false,
            elapsed: Duration::ZERO,
        }
    }

    pub(super) fn answer(self) -> Answer {
        let json = json!({
            "id": self.id,
            "outcome": "response",
            "status": self.parts.status.as_u16(),
            "version": if self.parts.version == Version::HTTP_10 { "1.0" } else { "1.1" },
            "reason": self.reason,
            "headers": fields(&self.parts.headers),
            "body": STANDARD.encode(&self.body),
            "trailers": self.trailers.as_ref().map_or_else(|| json!([]), fields),
            "interim": self.interim,
            "url": self.url,
            "hops": self.hops,
            "connection": self.connection.as_ref().map(connection),
            "parked": self.parked,
            "elapsed_ms": self.elapsed.as_secs_f64() * 1e3,
        });
        Answer { json, is_response: true }
    }
}

impl Answer {
    pub(super) fn failure(id: Value, url: &str, failure: &Failure, partial: Option<Partial>) -> Self {
        let mut json = match failure {
            Failure::Request(error) => of_error(url, error),
            Failure::Other(error) => local("body", Phase::SendBody, &format!("{url}: {error}")),
        };
        json.insert("id".to_owned(), id);
        if let Some(partial) = partial {
            json.insert("status".to_owned(), json!(partial.status.as_u16()));
            json.insert("partial_body".to_owned(), json!(STANDARD.encode(&partial.body)));
        }
        Self { json: json.into(), is_response: false }
    }

    /// A method that is none never gets as far as the client.
    pub(super) fn bad_method(id: Value, url: &str, method: &str) -> Self {
        let message =
            format!("{url}: the request can't be sent: `{method}` is no method (our fault, nothing sent)");
        let mut json = local("request", Phase::Start, &message);
        json.insert("id".to_owned(), id);
        Self { json: json.into(), is_response: false }
    }
}

/// What the client did, for the end of a run.
pub(super) fn stats(stats: &Stats) -> Value {
    let closed: Map<String, Value> =
        stats.closed.iter().map(|(why, count)| (why.word().to_owned(), json!(count))).collect();
    json!({
        "connections_opened": stats.connections_opened,
        "requests_sent": stats.requests_sent,
        "redirects": 0,
        "retries": 0,
        "stale_replays": stats.stale_replays,
        "waited": stats.waited,
        "closed": closed,
    })
}

fn of_error(url: &str, error: &Error) -> Map<String, Value> {
    let mut json = Map::new();
    let mut put = |name: &str, value: Value| json.insert(name.to_owned(), value);
    put("outcome", json!("error"));
    put("fault", json!(words::fault(error.fault())));
    put("kind", json!(words::kind(error.kind())));
    if let Some(detail) = words::detail(error.kind()) {
        put("detail", json!(detail));
    }
    put("phase", json!(words::phase(error.phase())));
    put("sent", json!(words::sent(error.sent())));
    put("message", json!(error.to_string()));
    if let Some(status) = error.status() {
        put("status", json!(status.as_u16()));
    }
    put("hops", hops(url, error.hops()));
    if let Some(told) = error.connection() {
        put("connection", connection(told));
    }
    json
}

fn local(kind: &str, phase: Phase, message: &str) -> Map<String, Value> {
    let mut json = Map::new();
    let sent = if phase == Phase::Start { Sent::Nothing } else { Sent::Part };
    for (name, value) in [
        ("outcome", "error"),
        ("fault", "local"),
        ("kind", kind),
        ("phase", words::phase(phase)),
        ("sent", words::sent(sent)),
        ("message", message),
    ] {
        json.insert(name.to_owned(), json!(value));
    }
    json.insert("hops".to_owned(), json!([]));
    json
}

fn hops(url: &str, hops: &[Hop]) -> Value {
    let hop = |hop: &Hop| {
        json!({
            "url": url,
            "status": hop.status.map(|status| status.as_u16()),
            "why": words::hop(hop.why),
        })
    };
    hops.iter().map(hop).collect()
}

fn connection(told: &Connection) -> Value {
    json!({
        "number": told.number,
        "reused": told.reused > 0,
        "local": told.local.map(|address| address.to_string()),
        "peer": told.peer.map(|address| address.to_string()),
    })
}

fn fields(fields: &HeaderMap) -> Value {
    fields.iter().map(|(name, value)| json!([name.as_str(), latin_1(value.as_bytes())])).collect()
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

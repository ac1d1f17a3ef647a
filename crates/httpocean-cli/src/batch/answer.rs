//! Answers as JSON.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use httpocean_std::http::{HeaderName, HeaderValue, StatusCode, Version};
use httpocean_std::{Connection, Hop, Phase, Sent, Stats};
use serde_json::{Map, Value, json};

use super::words;
use crate::client::{Ending, Failure, Response, shown};

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
    pub(super) body: Vec<u8>,
    status: StatusCode,
    version: Version,
    headers: Vec<(HeaderName, HeaderValue)>,
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
    pub(super) fn of(id: Value, url: String, response: &Response) -> Self {
        Self {
            status: response.status,
            version: response.version,
            headers: response.headers.clone(),
            reason: latin_1(&response.reason),
            interim: response.interim.clone(),
            hops: hops(&response.hops),
            connection: response.connection,
            url: if response.hops.is_empty() { shown(&url) } else { response.url.clone() },
            id,
            body: Vec::new(),
        }
    }

    pub(super) fn answer(self, ending: &Ending, elapsed: Duration) -> Answer {
        let json = json!({
            "id": self.id,
            "outcome": "response",
            "status": self.status.as_u16(),
            "version": if self.version == Version::HTTP_10 { "1.0" } else { "1.1" },
            "reason": self.reason,
            "headers": fields(self.headers.iter().map(|(name, value)| (name, value))),
            "body": STANDARD.encode(&self.body),
            "trailers": ending.trailers.as_ref().map_or_else(|| json!([]), fields),
            "interim": self.interim,
            "url": self.url,
            "hops": self.hops,
            "connection": self.connection.as_ref().map(connection),
            "parked": ending.parked,
            "elapsed_ms": elapsed.as_secs_f64() * 1e3,
        });
        Answer { json, is_response: true }
    }
}

impl Answer {
    pub(super) fn failure(id: Value, failure: &Failure, partial: Option<Partial>) -> Self {
        let mut json = of_failure(failure);
        json.insert("id".to_owned(), id);
        if let Some(partial) = partial {
            json.insert("status".to_owned(), json!(partial.status.as_u16()));
            json.insert("partial_body".to_owned(), json!(STANDARD.encode(&partial.body)));
        }
        Self { json: json.into(), is_response: false }
    }

    /// A method that is none never gets as far as the client.
    pub(super) fn bad_method(id: Value, url: &str, method: &str) -> Self {
        let url = shown(url);
        let message =
            format!("{url}: the request can't be sent: `{method}` is no method (our fault, nothing sent)");
        let mut json = of_request(&message);
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
        "redirects": stats.redirects,
        "retries": stats.retries,
        "stale_replays": stats.stale_replays,
        "waited": stats.waited,
        "closed": closed,
    })
}

fn of_failure(failure: &Failure) -> Map<String, Value> {
    let mut json = Map::new();
    let mut put = |name: &str, value: Value| json.insert(name.to_owned(), value);
    put("outcome", json!("error"));
    put("fault", json!(words::fault(failure.fault())));
    put("kind", json!(words::kind(failure.kind())));
    if let Some(detail) = words::detail(failure.kind()) {
        put("detail", json!(detail));
    }
    put("phase", json!(words::phase(failure.phase())));
    put("sent", json!(words::sent(failure.sent())));
    put("message", json!(failure.to_string()));
    if let Some(status) = failure.status() {
        put("status", json!(status.as_u16()));
    }
    put("hops", hops(failure.hops()));
    if let Some(told) = failure.connection() {
        put("connection", connection(told));
    }
    json
}

fn of_request(message: &str) -> Map<String, Value> {
    let mut json = Map::new();
    for (name, value) in [
        ("outcome", "error"),
        ("fault", "local"),
        ("kind", "request"),
        ("phase", words::phase(Phase::Start)),
        ("sent", words::sent(Sent::Nothing)),
        ("message", message),
    ] {
        json.insert(name.to_owned(), json!(value));
    }
    json.insert("hops".to_owned(), json!([]));
    json
}

fn hops(hops: &[Hop]) -> Value {
    let hop = |hop: &Hop| {
        json!({
            "url": hop.uri.to_string(),
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

fn fields<'f>(fields: impl IntoIterator<Item = (&'f HeaderName, &'f HeaderValue)>) -> Value {
    fields.into_iter().map(|(name, value)| json!([name.as_str(), latin_1(value.as_bytes())])).collect()
}

fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

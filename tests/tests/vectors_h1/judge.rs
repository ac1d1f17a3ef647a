//! What a reader made of a case, against what is expected.

use serde_json::Value;

use super::cases::{Case, decode};

/// What a reader made of a case.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    Response(Box<Response>),
    Error {
        /// Of the head, where one came.
        status: Option<u16>,
        partial_body: Vec<u8>,
        what: String,
    },
    /// Neither, as far as the bytes go.
    Nothing,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) is_http10: bool,
    pub(crate) reason: Vec<u8>,
    pub(crate) fields: Vec<Field>,
    pub(crate) interim: Vec<u16>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<Field>,
    /// Whether the next request went on its connection, or would.
    pub(crate) reuse: bool,
}

/// Name and value.
pub(crate) type Field = (String, Vec<u8>);

/// Good if it is what is expected, or any of what is as good.
pub(crate) fn judge(case: &Case, seen: &Seen) -> Result<(), String> {
    let differences: Vec<_> = case.outcomes.iter().map(|outcome| difference(seen, outcome)).collect();
    if differences.iter().any(Option::is_none) {
        return Ok(());
    }
    let bytes = String::from_utf8_lossy(&case.bytes()).into_owned();
    Err(format!("{bytes:?}\n  {differences:?}\n  expected {:?}\n  {seen:?}", case.outcomes))
}

/// In what they differ.
fn difference(seen: &Seen, outcome: &Value) -> Option<&'static str> {
    match (seen, outcome["outcome"].as_str().unwrap()) {
        (Seen::Response(response), "ok") => of_responses(response, outcome),
        (Seen::Error { status, partial_body, .. }, "error") => {
            let other_status = outcome
                .get("status")
                .is_some_and(|wanted| Some(wanted.as_u64().unwrap()) != status.map(u64::from));
            if other_status {
                return Some("status of what failed");
            }
            let body = outcome.get("partial_body").map(decode);
            body.is_some_and(|body| body != *partial_body).then_some("partial body")
        }
        (Seen::Response(_) | Seen::Error { .. } | Seen::Nothing, _) => Some("outcome"),
    }
}

fn of_responses(response: &Response, outcome: &Value) -> Option<&'static str> {
    let checks = [
        ("status", outcome["status"] == response.status),
        ("version", outcome["version"] == if response.is_http10 { "1.0" } else { "1.1" }),
        ("reason", outcome["reason"] == latin1(&response.reason)),
        ("headers", fields(&outcome["headers"]).eq(words(&response.fields))),
        ("interim", outcome["interim"] == serde_json::json!(response.interim)),
        ("body", decode(&outcome["body"]) == response.body),
        ("trailers", by_name(fields(&outcome["trailers"])) == by_name(words(&response.trailers))),
        ("reuse", outcome["reuse"] == "may" || (outcome["reuse"] == "yes") == response.reuse),
    ];
    checks.into_iter().find(|(_, is_same)| !is_same).map(|(what, _)| what)
}

/// A name in lower case, and the words of its value: a fold is any number of spaces.
type Words = (String, Vec<String>);

fn fields(expected: &Value) -> impl Iterator<Item = Words> {
    expected.as_array().unwrap().iter().map(|field| {
        let (name, value) = (field[0].as_str().unwrap(), field[1].as_str().unwrap());
        (name.to_ascii_lowercase(), split(value))
    })
}

fn words(fields: &[Field]) -> impl Iterator<Item = Words> {
    fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), split(&latin1(value))))
}

/// Trailers are told as a map, which keeps those of one name together.
fn by_name(fields: impl Iterator<Item = Words>) -> Vec<Words> {
    let mut sorted: Vec<_> = fields.collect();
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    sorted
}

fn split(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

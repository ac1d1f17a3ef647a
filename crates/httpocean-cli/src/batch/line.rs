//! A line of the input: a request, or a pause.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::options::PerRequest;

/// A line of the input.
#[derive(Debug)]
pub(super) enum Line {
    Wait(Duration),
    Ask(Box<Ask>),
}

/// A request.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) id: Value,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<Field>,
    pub(super) body: Vec<u8>,
    pub(super) kind: Kind,
    /// Options of its own, if it has any.
    pub(super) options: Option<PerRequest>,
    pub(super) upgrade: Option<String>,
}

/// What the client knows of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// All of it.
    Bytes,
    /// How to read it, more than once if need be.
    Stream,
    /// How to read it once, and not how long it is.
    StreamOnce,
}

/// The name and the value of a header field.
pub(super) type Field = (Vec<u8>, Vec<u8>);

type Wrong = String;

impl Line {
    /// `defaults` are the options of requests that bring none.
    pub(super) fn parse(text: &[u8], defaults: &PerRequest) -> Result<Self, Wrong> {
        let value: Value = serde_json::from_slice(text).map_err(|error| format!("not JSON: {error}"))?;
        let Value::Object(fields) = value else { return Err("not an object".to_owned()) };
        if fields.contains_key("wait_ms") { wait(&fields) } else { ask(fields, defaults) }
    }
}

fn wait(fields: &Map<String, Value>) -> Result<Line, Wrong> {
    if let Some(other) = fields.keys().find(|name| *name != "wait_ms") {
        return Err(format!("`{other}` beside `wait_ms`"));
    }
    let ms = fields["wait_ms"].as_f64().filter(|ms| (0.0..=1e9).contains(ms));
    let ms = ms.ok_or("`wait_ms` is a number of milliseconds")?;
    Ok(Line::Wait(Duration::from_secs_f64(ms / 1e3)))
}

fn ask(fields: Map<String, Value>, defaults: &PerRequest) -> Result<Line, Wrong> {
    let mut ask = Ask {
        id: Value::Null,
        method: "GET".to_owned(),
        url: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        kind: Kind::Bytes,
        options: None,
        upgrade: defaults.upgrade.clone(),
    };
    let mut has_url = false;
    for (name, value) in fields {
        match name.as_str() {
            "id" => ask.id = value,
            "method" => ask.method = string(&name, value)?,
            "url" => (ask.url, has_url) = (string(&name, value)?, true),
            "headers" => ask.headers = headers(&value)?,
            "body" if value.is_null() => {}
            "body" => ask.body = decoded(&string(&name, value)?)?,
            "body_kind" if value.is_null() => {}
            "body_kind" => ask.kind = kind(&string(&name, value)?)?,
            "options" if value.is_null() => {}
            "options" => {
                let own = defaults.with(&value)?;
                ask.upgrade.clone_from(&own.upgrade);
                ask.options = Some(own);
            }
            _ => return Err(format!("there is no field `{name}`")),
        }
    }
    if has_url { Ok(Line::Ask(Box::new(ask))) } else { Err("`url` is missing".to_owned()) }
}

fn string(name: &str, value: Value) -> Result<String, Wrong> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(format!("`{name}` is a string"))
        }
    }
}

fn headers(value: &Value) -> Result<Vec<Field>, Wrong> {
    let wrong = || "`headers` is a list of [name, value]".to_owned();
    let pair = |pair: &Value| match pair.as_array().map(Vec::as_slice) {
        Some([Value::String(name), Value::String(value)]) => Ok((bytes_of(name), bytes_of(value))),
        _ => Err(wrong()),
    };
    value.as_array().ok_or_else(wrong)?.iter().map(pair).collect()
}

/// Latin-1 where that is possible, else UTF-8.
fn bytes_of(text: &str) -> Vec<u8> {
    let latin: Result<Vec<u8>, _> = text.chars().map(|c| u8::try_from(u32::from(c))).collect();
    latin.unwrap_or_else(|_| text.as_bytes().to_vec())
}

fn decoded(text: &str) -> Result<Vec<u8>, Wrong> {
    STANDARD.decode(text).map_err(|error| format!("`body` is not base64: {error}"))
}

fn kind(text: &str) -> Result<Kind, Wrong> {
    match text {
        "bytes" => Ok(Kind::Bytes),
        "stream" => Ok(Kind::Stream),
        "stream-once" => Ok(Kind::StreamOnce),
        _ => Err(format!("`body_kind` is `bytes`, `stream` or `stream-once`, not `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Line, Wrong> {
        Line::parse(text.as_bytes(), &PerRequest::default())
    }

    #[test]
    fn values_are_latin_1() {
        assert_eq!(bytes_of("é"), [0xe9]);
        assert_eq!(bytes_of("é€"), "é€".as_bytes());
    }

    #[test]
    fn a_pause_is_nothing_else() {
        assert!(matches!(parse(r#"{"wait_ms": 5}"#), Ok(Line::Wait(time)) if time.as_millis() == 5));
        assert!(parse(r#"{"wait_ms": 5, "url": "http://a/"}"#).is_err());
    }

    #[test]
    fn unknown_fields_are_refused() {
        assert_eq!(parse(r#"{"url": "http://a/", "verb": 1}"#).unwrap_err(), "there is no field `verb`");
    }

    #[test]
    fn options_of_the_run_are_refused_by_name() {
        let wrong = parse(r#"{"url": "http://a/", "options": {"max_per_key": 1}}"#).unwrap_err();
        assert!(wrong.contains("`max_per_key` belongs to the run"), "{wrong}");
    }
}

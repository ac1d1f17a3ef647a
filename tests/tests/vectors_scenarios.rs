//! Whole conversations of urllib3 with scripted servers, held by both adapters: what the servers were asked, on how
//! many connections, and what came of it.
//!
//! Compared are: each request with its method, target, fields, framing and content; the connections; of each outcome
//! status and content, or the kind of its error; the statuses and kinds of error of the attempts before; waits that the
//! server asked for. Not compared: `Accept-Encoding: identity`, which says nothing; `User-Agent`; the `Host` of a CONNECT,
//! which that Python leaves out; the URL of the outcome, which urllib3 gives as the server wrote it; backoff, which another
//! test compares; the log. A redirect counts against `total` in urllib3 and has a limit of its own here: the limit is set
//! to what is left of the total.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::time::Duration;

use http::{Method, StatusCode};
use httpocean_core::ProxyError;
use httpocean_core::layer::Security;
use httpocean_core::policy::redirect::NotFollowed;
use httpocean_core::policy::{Backoff, Exhausted, Methods, Retries};
use httpocean_core::proxy::Rules;
use httpocean_std::{Config, ErrorKind, Hop, HopReason, pool};
use httpocean_testkit::toy::Toy;
use httpocean_tests::scripted::{Action, Asked, Log, Scripted};
use httpocean_tests::vectors::{Tally, vectors};
use httpocean_tests::{Body, By, Client, Error, On, Way, at_rest, lock};
use serde_json::Value;

const FILE: &str = "urllib3/scenarios.json";
/// So long a conversation waits for what does not come.
const PATIENCE: Duration = Duration::from_millis(1_500);

#[test]
fn conversations() {
    let Some(all) = vectors(FILE) else { return };
    let (mut tally, mut differing) = (Tally::new(FILE), Vec::new());
    for vector in all["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        if vector.get("caution").is_some() {
            tally.caution(id);
        }
        let (by_std, by_mio) = (
            Scene::set(vector).play(On::new(By::Std, Way::Plain)),
            Scene::set(vector).play(On::new(By::Mio, Way::Plain)),
        );
        if by_std.is_ok() != by_mio.is_ok() {
            differing.push(format!("{id}: {by_std:?}, but {by_mio:?}"));
        }
        tally.count(id, by_std.and(by_mio));
    }
    assert!(differing.is_empty(), "the adapters differ:\n{}", differing.join("\n"));
    tally.finish();
}

/// A vector with its servers, which listen.
struct Scene {
    vector: Value,
    servers: BTreeMap<String, Scripted>,
    log: Log,
}

impl Scene {
    fn set(vector: &Value) -> Self {
        let scripts = vector["servers"].as_object().unwrap();
        let listeners: Vec<_> = scripts.keys().map(|name| (name, Scripted::bind())).collect();
        let mut text = vector.to_string();
        for (name, (_, addr)) in &listeners {
            text = text.replace(&format!("{{{name}}}"), &addr.to_string());
        }
        let (nobody, dead) = Scripted::bind();
        drop(nobody);
        let vector: Value = serde_json::from_str(&text.replace("{DEAD}", &dead.to_string())).unwrap();
        let log = Log::default();
        let servers = listeners.into_iter().map(|(name, (listener, _))| {
            let scripts = vector["servers"][name].as_array().unwrap();
            let scripts = scripts.iter().map(|script| list(script).iter().map(action).collect());
            (name.clone(), Scripted::start(name, listener, scripts.collect(), &log))
        });
        Self { servers: servers.collect(), log, vector }
    }

    fn play(self, on: On) -> Result<(), String> {
        let settings = &self.vector["client"];
        if settings.get("proxy_headers").is_some() {
            return Err("a proxy is told nothing but who we are".to_owned());
        }
        let block = settings["block"] == true;
        let max_per_key = settings["maxsize"].as_u64().filter(|_| block).map_or(64, |most| most as usize);
        let client = on.builder().pool(pool::Options { max_per_key, ..pool::Options::default() }).build();
        let outcomes = list(&self.vector["observed"]["outcomes"]);
        for (nth, (op, expected)) in list(&self.vector["ops"]).iter().zip(outcomes).enumerate() {
            self.operate(&client, op, expected).map_err(|why| format!("operation {nth}: {why}"))?;
        }
        at_rest(&client);
        self.compare_requests()
    }

    fn operate(&self, client: &Client, op: &Value, expected: &Value) -> Result<(), String> {
        match op["op"].as_str().unwrap() {
            "settle" => std::thread::sleep(Duration::from_millis(80)),
            "clear" => client.clear_idle(),
            "count_pools" => same("keys", expected["pools"].as_u64(), Some(client.stats().keys as u64))?,
            "request" => return self.request(client, op, expected),
            other => return Err(format!("{other} is not known")),
        }
        Ok(())
    }

    fn request(&self, client: &Client, op: &Value, expected: &Value) -> Result<(), String> {
        let ours = self.send(client, op)?;
        match (&ours, expected.get("error")) {
            (Err(why), Some(_)) => same("error", &kind_of(expected), &why.as_str()),
            (Err(why), None) => Err(format!("expected {}, ours {why}", expected["status"])),
            (Ok(ours), Some(error)) => Err(format!("expected {error}, ours {}", ours.status)),
            (Ok(ours), None) => {
                same("status", expected["status"].as_u64(), Some(ours.status.into()))?;
                same("body", expected["body"].as_str(), Some(&ours.body))?;
                let history = list(&expected["history"]).iter().map(attempt);
                same("attempts before", history.collect::<Vec<_>>(), ours.hops.iter().map(hop).collect())?;
                let asked = ours.hops.iter().filter(|hop| hop.why == HopReason::RetryAfter);
                let waits: Vec<_> = asked.map(|hop| hop.after.as_secs_f64()).collect();
                let told = op["retries"]["backoff_factor"].is_null();
                let sleeps: Vec<_> = expected["sleeps"].as_array().into_iter().flatten().collect();
                let sleeps = sleeps.iter().filter(|_| told).map(|sleep| sleep.as_f64().unwrap());
                same("waits", sleeps.collect::<Vec<_>>(), waits)
            }
        }
    }

    fn send(&self, client: &Client, op: &Value) -> Result<Result<Outcome, String>, String> {
        for unknown in ["json", "fields"] {
            if op.get(unknown).is_some() {
                return Err(format!("a client makes no body of {unknown}"));
            }
        }
        if self.vector["client"].get("headers").is_some() {
            return Err("a client has no fields of its own".to_owned());
        }
        let Ok(method) = Method::from_bytes(op["method"].as_str().unwrap().as_bytes()) else {
            return Ok(Err("request".to_owned()));
        };
        let mut url = op["url"].as_str().unwrap().to_owned();
        if let Some(server) = self.vector["client"]["server"].as_str() {
            url = format!("http://{server}{url}");
        }
        if url.parse::<http::Uri>().is_err() {
            return Ok(Err("request".to_owned()));
        }
        let mut request = client.request(method, url);
        for (name, value) in op["headers"].as_object().into_iter().flatten() {
            request = request.header(name.as_str(), value.as_str().unwrap());
        }
        let config = |config: &mut Config| self.configure(config, op);
        Ok(request
            .change(config)
            .body(body(&op["body"]))
            .send()
            .and_then(Outcome::read)
            .map_err(|e| word(&e)))
    }

    fn configure(&self, config: &mut Config, op: &Value) {
        let retries = op.get("retries").unwrap_or(&self.vector["client"]["retries"]);
        config.retries = retries_of(retries);
        let total = config.retries.total.unwrap_or(u32::MAX);
        let redirect = retries["redirect"].as_u64().map(|most| most as u32);
        config.redirects.limit = redirect.unwrap_or(u32::MAX).min(total);
        if let Some(proxy) = self.vector["client"]["proxy"].as_str() {
            config.proxy = Rules::all(proxy.parse().unwrap());
            config.tls = Some(Security::new(Toy::default()));
        }
        config.redirects.same_host = self.vector["client"]["type"] == "pool";
        let secret = retries["remove_headers_on_redirect"].as_array();
        let secret = secret.into_iter().flatten().map(|name| name.as_str().unwrap().parse().unwrap());
        config.redirects.sensitive = secret.collect();

        let seconds = |value: &Value| value.as_f64().map(Duration::from_secs_f64);
        let (each, total) = (seconds(&op["timeout"]), seconds(&op["timeout"]["total"]));
        config.call.first_byte = each;
        config.call.idle = each;
        config.call.pool_wait = seconds(&op["pool_timeout"]);
        let waits =
            list_or_empty(&self.vector["observed"]["outcomes"]).flat_map(|o| list_or_empty(&o["sleeps"]));
        let waits = Duration::from_secs_f64(waits.filter_map(Value::as_f64).sum());
        config.call.total = Some(total.unwrap_or(PATIENCE + waits));
    }

    fn compare_requests(&self) -> Result<(), String> {
        let seen = list(&self.vector["observed"]["requests_seen"]).iter();
        let seen: Vec<_> = seen.map(|seen| plain(asked(seen))).collect();
        let start = std::time::Instant::now();
        while lock(&self.log).len() < seen.len() && start.elapsed() < PATIENCE / 10 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let ours: Vec<_> = lock(&self.log).iter().cloned().map(plain).collect();
        for (expected, ours) in seen.iter().zip(&ours) {
            same("request", expected, ours)?;
        }
        same("requests", seen.len(), ours.len())?;
        let opened = |name: &str| self.vector["observed"]["connections_opened"][name].as_u64().unwrap_or(0);
        for (name, server) in &self.servers {
            same("connections", opened(name), server.accepted() as u64)?;
        }
        Ok(())
    }
}

struct Outcome {
    status: u16,
    body: String,
    hops: Vec<Hop>,
}

impl Outcome {
    fn read(response: http::Response<Body>) -> Result<Self, Error> {
        let (status, mut body) = (response.status().as_u16(), response.into_body());
        let bytes = body.read_to_vec(1 << 20)?;
        let text = bytes.into_iter().map(char::from).collect();
        Ok(Self { status, body: text, hops: body.hops().to_vec() })
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: T, ours: T) -> Result<(), String> {
    if expected == ours { Ok(()) } else { Err(format!("{what}: expected {expected:?}, ours {ours:?}")) }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

fn list_or_empty(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn action(action: &Value) -> Action {
    match action[0].as_str().unwrap() {
        "req" => Action::Request,
        "req_headers" => Action::RequestHead,
        "send" => Action::Send(latin_1(&action[1])),
        "pause" => Action::Pause(Duration::from_secs_f64(action[1].as_f64().unwrap())),
        "close" => Action::Close,
        "rst" => Action::Reset,
        "stall" => Action::Stall,
        other => panic!("{other} is not known"),
    }
}

fn latin_1(text: &Value) -> Vec<u8> {
    text.as_str().unwrap().chars().map(|char| u8::try_from(char).unwrap()).collect()
}

fn retries_of(value: &Value) -> Retries {
    let backoff = Backoff { base: Duration::ZERO, ..Backoff::default() };
    let usual = Retries { backoff, exhausted: Exhausted::Error, ..Retries::new(3) };
    match value {
        Value::Null => usual,
        Value::Bool(false) => Retries { exhausted: Exhausted::Response, total: Some(0), ..usual },
        Value::Number(total) => Retries { total: Some(total.as_u64().unwrap() as u32), ..usual },
        Value::Object(arguments) => {
            let statuses = list_or_empty(&value["status_forcelist"]);
            let status = |status: &Value| StatusCode::from_u16(status.as_u64().unwrap() as u16).unwrap();
            let any = arguments.get("allowed_methods").is_some_and(Value::is_null);
            Retries {
                // urllib3's default where only the classes are given.
                total: Some(arguments.get("total").map_or(10, |total| total.as_u64().unwrap() as u32)),
                statuses: statuses.map(status).collect(),
                methods: if any { Methods::Any } else { Methods::Idempotent },
                ..usual
            }
        }
        Value::Bool(true) | Value::String(_) | Value::Array(_) => panic!("{value} is not known"),
    }
}

fn body(value: &Value) -> Body {
    let data = || latin_1(&value["data"]);
    match value["kind"].as_str() {
        None => Body::empty(),
        Some("bytes") => Body::from(data()),
        Some("file") => {
            let mut file = Cursor::new(data());
            file.set_position(value["pos"].as_u64().unwrap_or(0));
            Body::from_seekable(file)
        }
        Some("unseekable_file" | "tell_fails_file") => Body::from_reader(Cursor::new(data())),
        Some("iter") => {
            let parts: Vec<u8> = list(&value["parts"]).iter().flat_map(latin_1).collect();
            Body::from_reader(Cursor::new(parts))
        }
        Some(other) => panic!("{other} is not known"),
    }
}

fn asked(seen: &Value) -> Asked {
    let text = |name: &str| seen[name].as_str().unwrap_or_default().to_owned();
    let fields = list(&seen["headers"]).iter();
    let fields = fields.map(|field| {
        (field[0].as_str().unwrap().to_ascii_lowercase(), field[1].as_str().unwrap().to_owned())
    });
    let framing =
        ["none", "content-length", "chunked", "not-read"].into_iter().find(|name| seen["framing"] == **name);
    Asked {
        server: text("server"),
        connection: seen["conn"].as_u64().unwrap() as usize,
        what: format!("{} {}", text("method"), text("target")),
        fields: fields.collect(),
        framing: framing.unwrap(),
        body: text("body"),
    }
}

/// Without what is not compared, in an order.
fn plain(mut asked: Asked) -> Asked {
    let identity = ("accept-encoding".to_owned(), "identity".to_owned());
    let is_connect = asked.what.starts_with("CONNECT ");
    let is_compared = |name: &str| name != "user-agent" && !(is_connect && name == "host");
    asked.fields.retain(|field| *field != identity && is_compared(&field.0));
    asked.fields.sort();
    asked
}

/// The kind of an error, in one word for both.
fn kind_of(expected: &Value) -> &str {
    match expected["reason"].as_str().or(expected["error"].as_str()).unwrap() {
        // What it is about: urllib3 calls a proxy to which there is no connection so, too.
        "ProxyError" if expected["reason_inner"] == "NewConnectionError" => "connect",
        "ProxyError" => "proxy",
        "ProtocolError" | "InvalidHeader" => "protocol",
        "NewConnectionError" => "connect",
        "ReadTimeoutError" => "timeout",
        "ResponseError" => "too many",
        "LocationParseError" => "location",
        "HostChangedError" => "other host",
        "UnrewindableBodyError" => "body",
        "ValueError" => "request",
        other => other,
    }
}

fn word(error: &Error) -> String {
    word_of(error.kind())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the rest has no name in urllib3")]
fn word_of(kind: &ErrorKind) -> String {
    let word = match kind {
        ErrorKind::Closed | ErrorKind::Reset(_) | ErrorKind::Protocol(_) => "protocol",
        ErrorKind::Connect(_) | ErrorKind::Resolve(_) => "connect",
        ErrorKind::Proxy(ProxyError::Closed | ProxyError::Reset(_)) => "protocol",
        ErrorKind::Proxy(_) => "proxy",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Redirect(NotFollowed::TooMany) | ErrorKind::Status(_) => "too many",
        ErrorKind::Redirect(NotFollowed::BadLocation(_)) => "location",
        ErrorKind::Redirect(NotFollowed::OtherHost) => "other host",
        ErrorKind::Redirect(NotFollowed::BodyNotReplayable) => "body",
        ErrorKind::Request(_) => "request",
        other => return other.to_string(),
    };
    word.to_owned()
}

fn attempt(before: &Value) -> (Option<u16>, Option<String>) {
    let error =
        before["error"].as_str().map(|error| kind_of(&serde_json::json!({ "error": error })).to_owned());
    (before["status"].as_u64().map(|status| status as u16), error)
}

fn hop(hop: &Hop) -> (Option<u16>, Option<String>) {
    (hop.status.map(|status| status.as_u16()), hop.error.as_ref().map(|error| word_of(error.kind())))
}

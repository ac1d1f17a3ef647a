//! Retries as urllib3 makes them: what is retried, after which wait, and what `Retry-After` means.
//!
//! urllib3 has two ways to fail, wrapped in `MaxRetryError` or bare; here an error is itself, with the reason why there
//! was no further attempt beside it, so the two compare as one. Events of TLS and of proxies, which have no errors of
//! their own yet, stand for what they have in common with others: the connection failed before the request was sent.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use http::{HeaderMap, Method, Response, StatusCode};
use httpocean_core::policy::{
    Answer, Attempt, Backoff, Common, Exhausted, Methods, Moment, Outcome, Place, Retries, Retry, Seed,
    Spent, judge, retry_after,
};
use httpocean_core::pool::Refusal;
use httpocean_core::{
    Error, ErrorKind, Instant, NotRetried, Phase, ProxyError, RetryClass, Sent, TransportError,
};
use httpocean_tests::vectors::{each, vectors};
use serde_json::Value;

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: T, ours: T) -> Result<(), String> {
    if expected == ours { Ok(()) } else { Err(format!("{what}: expected {expected:?}, ours {ours:?}")) }
}

#[test]
fn a_sequence_of_failures_and_statuses() {
    each("urllib3/retry_sequences.json", sequence);
}

#[test]
fn which_status_is_retried() {
    each("urllib3/is_retry.json", |_, vector| {
        let value = if vector["has_retry_after"] == true { Some("1") } else { None };
        let mut client = Client::new(vector, &vector["method"]);
        let verdict = client.answered(vector["status"].as_u64().unwrap(), value);
        let wanted = verdict.is_ok() || verdict.is_err_and(|why| why.gave_up());
        same("is_retry", vector["is_retry"].as_bool().unwrap(), wanted)
    });
}

#[test]
fn waits_between_retries() {
    each("urllib3/backoff.json", |_, vector| {
        if vector["jitter"] != 0 {
            return Err("jitter is added to the wait, not taken from it".to_owned());
        }
        let (expected, ours) = waits(vector);
        same("waits", expected, ours)
    });
}

#[test]
fn from_the_second_wait_on_the_two_agree() {
    let Some(all) = vectors("urllib3/backoff.json") else { return };
    let vectors = all["vectors"].as_array().unwrap();
    for vector in vectors.iter().filter(|vector| vector["jitter"] == 0) {
        let (expected, ours) = waits(vector);
        assert_eq!(expected[1..], ours[1..], "{vector}");
    }
}

#[test]
fn what_a_server_asks_for() {
    each("urllib3/retry_after.json", |all, vector| {
        let response = response(503, vector["value"].as_str());
        let wait = retry_after(&Answer::from(&response), all["virtual_now"].as_f64().map(|now| now as u64));
        let ours = wait.map(|wait| wait.as_secs().min(21_600));
        // urllib3 raises an error where we ignore the field: neither understands it.
        same("seconds", vector.get("seconds").map(|seconds| seconds.as_f64().unwrap() as u64), ours)
    });
}

/// The waits of a backoff without jitter, in milliseconds: urllib3's and ours.
fn waits(vector: &Value) -> (Vec<u128>, Vec<u128>) {
    let backoff = Backoff {
        base: seconds(&vector["backoff_factor"]),
        max: seconds(&vector["backoff_max"]),
        jitter_percent: 0,
    };
    let theirs = vector["sleep_before_retry_n"].as_array().unwrap();
    let ours = (1..=theirs.len()).map(|nth| backoff.wait(nth as u32, &Seed::default()).as_millis());
    (theirs.iter().map(|wait| seconds(wait).as_millis()).collect(), ours.collect())
}

fn sequence(all: &Value, vector: &Value) -> Result<(), String> {
    let mut client = Client::new(&vector["retry"], &vector["method"]);
    client.moment.wall = all["virtual_now"].as_f64().map(|now| now as u64);
    for (number, step) in vector["steps"].as_array().unwrap().iter().enumerate() {
        let event = &step["event"];
        let status = event["status"].as_u64();
        if status.is_some_and(|status| [301, 302, 303, 307, 308].contains(&status))
            && event.get("location").is_some()
        {
            return Err("a redirect".to_owned());
        }
        let verdict = match status {
            Some(status) => client.answered(status, event["retry_after"].as_str()),
            None => client.failed(&error_of(event["error"].as_str().unwrap())?),
        };
        let decision = match verdict {
            Ok(_) => "retries",
            Err(why) if status.is_some() && !(why.gave_up() && client.fails_when_exhausted()) => "responds",
            Err(_) => "fails",
        };
        let expected = match step["decision"].as_str().unwrap() {
            "retry" => "retries",
            "return_response" => "responds",
            "raise_max_retry" | "raise_original" | "raise_invalid_header" => "fails",
            other => return Err(format!("step {number}: {other}")),
        };
        same(&format!("step {number}: {verdict:?}"), expected, decision)?;
        if let Ok(retry) = verdict {
            same(&format!("wait {number}"), seconds(&step["sleep"]), retry.after)?;
            client.compare_counts(&step["state"])?;
        }
    }
    Ok(())
}

/// What stands for an event; an error where there is nothing of the kind yet.
fn error_of(event: &str) -> Result<Error, String> {
    let (kind, phase, sent) = match event {
        "connect_timeout" => (ErrorKind::Timeout, Phase::Connect, Sent::Nothing),
        "connect_refused" | "proxy_connect_failed" => {
            (ErrorKind::Connect(TransportError::Refused), Phase::Connect, Sent::Nothing)
        }
        "dns_failure" => (ErrorKind::Resolve(TransportError::NotFound), Phase::Resolve, Sent::Nothing),
        "read_timeout" => (ErrorKind::Timeout, Phase::RecvHead, Sent::All),
        "protocol_error" => (ErrorKind::Reset(TransportError::Reset), Phase::RecvHead, Sent::All),
        "proxy_refused_tunnel" => {
            let refused = ProxyError::Refused(StatusCode::FORBIDDEN);
            (ErrorKind::Proxy(refused), Phase::Proxy, Sent::Nothing)
        }
        "tls_error" | "proxy_tls_error" | "proxy_read_timeout" => {
            (ErrorKind::Closed, Phase::SendHead, Sent::Nothing)
        }
        "pool_closed_or_other" => (ErrorKind::Pool(Refusal::ShutDown), Phase::PoolWait, Sent::Nothing),
        other => return Err(format!("no such error: {other}")),
    };
    Ok(Error::new(kind, phase).with_sent(sent))
}

struct Client {
    retries: Retries,
    method: Method,
    fields: HeaderMap,
    spent: Spent,
    moment: Moment,
    place: Place,
}

impl Client {
    fn new(options: &Value, method: &Value) -> Self {
        let retries = retries_of(options);
        Self {
            method: Method::from_bytes(method.as_str().unwrap().as_bytes()).unwrap(),
            fields: HeaderMap::new(),
            spent: Spent::default(),
            moment: Moment { now: Instant::ZERO, deadline: None, wall: None, body_at_hand: true },
            place: Common::default().enter(),
            retries,
        }
    }

    fn failed(&mut self, error: &Error) -> Result<Retry, NotRetried> {
        self.judge(Outcome::Failure(error))
    }

    fn answered(&mut self, status: u64, retry_after: Option<&str>) -> Result<Retry, NotRetried> {
        self.judge(Outcome::Answer(Answer::from(&response(status, retry_after))))
    }

    fn judge(&mut self, outcome: Outcome<'_>) -> Result<Retry, NotRetried> {
        let attempt = Attempt { method: &self.method, fields: &self.fields, outcome };
        let retry = judge(&attempt, &self.spent, &self.retries, self.moment, &mut self.place)?;
        self.spent = std::mem::take(&mut self.spent).retried(retry);
        Ok(retry)
    }

    fn fails_when_exhausted(&self) -> bool {
        self.retries.exhausted == Exhausted::Error
    }

    /// What is left of each count, where it has a bound.
    fn compare_counts(&self, state: &Value) -> Result<(), String> {
        let left = |bound: Option<u32>, spent: u32| bound.map(|bound| u64::from(bound - spent));
        same("total", state["total"].as_u64(), left(self.retries.total, self.spent.total()))?;
        for class in RetryClass::ALL {
            let ours = left(self.retries.of(class), self.spent.of(class));
            same(class.word(), state[class.word()].as_u64(), ours)?;
        }
        same("history", state["history_len"].as_u64(), Some(u64::from(self.spent.total())))
    }
}

fn retries_of(options: &Value) -> Retries {
    if let Some(shorthand) = options.get("from") {
        return match count(shorthand) {
            Some(total) => Retries::new(total),
            None => Retries::new(3),
        };
    }
    let bound = |name: &str| options.get(name).and_then(count);
    let or = |name: &str, default: u64| options.get(name).map_or(Duration::from_secs(default), seconds);
    let raises = options.get("raise_on_status") != Some(&Value::Bool(false));
    Retries {
        total: bound("total"),
        connect: bound("connect"),
        read: bound("read"),
        status: bound("status"),
        other: bound("other"),
        methods: methods_of(options),
        statuses: list(options, "status_forcelist").map(status_of).collect(),
        respect_retry_after: options.get("respect_retry_after_header") != Some(&Value::Bool(false)),
        retry_after_max: or("retry_after_max", 21_600),
        backoff: Backoff { base: or("backoff_factor", 0), max: or("backoff_max", 120), jitter_percent: 0 },
        exhausted: if raises { Exhausted::Error } else { Exhausted::Response },
        ..Retries::new(3)
    }
}

/// A count: `false` is none, `true` is one, as it is in Python.
fn count(value: &Value) -> Option<u32> {
    value.as_u64().map(|count| count as u32).or(value.as_bool().map(u32::from))
}

fn methods_of(options: &Value) -> Methods {
    match options.get("allowed_methods") {
        None => Methods::Idempotent,
        Some(Value::Null) => Methods::Any,
        Some(_) => Methods::Only(
            list(options, "allowed_methods").map(|name| name.as_str().unwrap().parse().unwrap()).collect(),
        ),
    }
}

fn list<'a>(options: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    options.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn status_of(value: &Value) -> StatusCode {
    StatusCode::from_u16(value.as_u64().unwrap() as u16).unwrap()
}

fn response(status: u64, retry_after: Option<&str>) -> Response<()> {
    let mut response = Response::builder().status(status as u16);
    if let Some(value) = retry_after {
        response = response.header("retry-after", value.as_bytes());
    }
    response.body(()).unwrap()
}

fn seconds(value: &Value) -> Duration {
    Duration::try_from_secs_f64(value.as_f64().unwrap()).unwrap()
}

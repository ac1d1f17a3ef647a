//! Responses that others collected, read by both of our readers: the one that testkit made from RFC 9112 alone, and a
//! call in memory, which has to agree with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use httpocean_core::Limits;
use httpocean_testkit::fuzzing::differential;
use httpocean_testkit::reference::exchange::{self, Answer, End, Ending, Field, Question};
use httpocean_tests::vectors::{Tally, vectors};
use serde_json::Value;

const FILES: [&str; 19] = [
    "aiohttp",
    "apache-httpcore",
    "cpython",
    "curl",
    "go",
    "h11",
    "http-garden",
    "httparse",
    "hyper",
    "jetty",
    "llhttp",
    "netty",
    "own",
    "picohttpparser",
    "py-httpcore",
    "undici",
    "ureq-proto",
    "urllib3",
    "wpt",
];

#[test]
fn what_others_found_is_read_as_it_should_be() {
    for file in FILES.map(|name| format!("h1/{name}.json")) {
        let Some(all) = vectors(&file) else { return };
        let mut tally = Tally::new(&file);
        for case in all["cases"].as_array().unwrap() {
            tally.count(case["id"].as_str().unwrap(), judge(case));
        }
        tally.finish();
    }
}

/// Conforms if it is what is expected, or any of what is as good.
fn judge(case: &Value) -> Result<(), String> {
    let sent = case["steps"].as_array().unwrap().iter().filter_map(|step| step["send"].as_str());
    let bytes: Vec<u8> = sent.flat_map(decode).collect();
    let ending = if case["end"] == "close" { Ending::Fin } else { Ending::Open };
    let method = case["method"].as_str().unwrap();
    call_agrees(method, ending, &bytes);
    let question = Question { method, upgrade: false };
    let answer = exchange::read(question, &bytes, ending, &Limits::default());
    let acceptable = [&case["expect"]].into_iter().chain(case["also_ok"].as_array().unwrap());
    if acceptable.into_iter().any(|outcome| agrees(&answer, outcome)) {
        return Ok(());
    }
    Err(format!("{:?}\n  expected {}\n  read {answer:?}", String::from_utf8_lossy(&bytes), case["expect"]))
}

fn agrees(answer: &Answer, outcome: &Value) -> bool {
    let reuse = match &answer.end {
        End::Wrong(_) => return outcome["outcome"] == "error",
        End::Open => return false,
        End::Whole { reuse } => *reuse,
        End::Tunnel(_) => false,
    };
    let head = answer.head.as_ref().unwrap();
    let interim: Vec<u16> = answer.interim.iter().map(|head| head.status).collect();
    outcome["outcome"] == "ok"
        && outcome["status"] == head.status
        && outcome["version"] == if head.http10 { "1.0" } else { "1.1" }
        && outcome["reason"] == latin1(&head.reason)
        && outcome["interim"] == serde_json::json!(interim)
        && decode(outcome["body"].as_str().unwrap()) == answer.body
        && same_fields(&outcome["headers"], &head.fields)
        && same_fields(&outcome["trailers"], &answer.trailers)
        && (outcome["reuse"] == "may" || (outcome["reuse"] == "yes") == reuse)
}

/// The call's own reading, by way of the fuzzers' target: it takes its choices from bytes in front.
fn call_agrees(method: &str, ending: Ending, bytes: &[u8]) {
    let method = match method {
        "GET" => 0,
        "HEAD" => 2,
        "CONNECT" => 3,
        "POST" => 5,
        other => panic!("a request with {other}"),
    };
    let (usual_limits, no_upgrade, no_cuts) = (0, 0, 0);
    let choices = [usual_limits, method, no_upgrade, u8::from(ending == Ending::Fin), no_cuts];
    differential(&[&choices, bytes].concat());
}

fn same_fields(expected: &Value, fields: &[Field]) -> bool {
    let words =
        |text: &str| text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let expected = expected.as_array().unwrap().iter().map(|field| {
        let (name, value) = (field[0].as_str().unwrap(), field[1].as_str().unwrap());
        (name.to_ascii_lowercase(), words(value))
    });
    expected.eq(fields.iter().map(|(name, value)| (name.to_ascii_lowercase(), words(&latin1(value)))))
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| char::from(byte)).collect()
}

fn decode(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).unwrap()
}

//! The cases as they lie in their files.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use httpocean_testkit::reference::exchange::Ending;
use httpocean_tests::vectors::vectors;
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

pub(crate) struct Case {
    pub(crate) id: String,
    /// Of the request that is answered.
    pub(crate) method: String,
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
    /// What is expected, then what is as good.
    pub(crate) outcomes: Vec<Value>,
}

pub(crate) enum Step {
    Send(Vec<u8>),
    Delay(Duration),
}

impl Case {
    /// All that is sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let sent = self.steps.iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(bytes.as_slice()),
            Step::Delay(_) => None,
        });
        sent.collect::<Vec<_>>().concat()
    }
}

/// All of them; none where their folder is missing, which was said then.
pub(crate) fn load() -> Option<Vec<Case>> {
    let mut all = Vec::new();
    for file in FILES.map(|name| format!("h1/{name}.json")) {
        all.extend(vectors(&file)?["cases"].as_array().unwrap().iter().map(case));
    }
    Some(all)
}

pub(crate) fn decode(text: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(text.as_str().unwrap()).unwrap()
}

fn case(value: &Value) -> Case {
    let text = |name: &str| value[name].as_str().unwrap().to_owned();
    let mut ending = if text("end") == "close" { Ending::Fin } else { Ending::Open };
    let mut steps = Vec::new();
    for step in value["steps"].as_array().unwrap() {
        let (name, what) = step.as_object().unwrap().iter().next().unwrap();
        match name.as_str() {
            "send" => steps.push(Step::Send(decode(what))),
            "delay_ms" => steps.push(Step::Delay(Duration::from_millis(what.as_u64().unwrap()))),
            "close" => ending = if what == "rst" { Ending::Reset } else { Ending::Fin },
            other => panic!("{}: the step {other}", text("id")),
        }
    }
    let also_ok = value["also_ok"].as_array().unwrap();
    let outcomes = [&value["expect"]].into_iter().chain(also_ok).cloned().collect();
    Case { id: text("id"), method: text("method"), steps, ending, outcomes }
}

//! The limit of a request's head is held to before anything is done for it: by a sum that is never less than what will be
//! written, and not much more.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::*;
use http::{HeaderValue, Request};
use httpocean_core::pool::Facts;
use httpocean_core::proxy::Rules;
use httpocean_core::{BodyPlan, Call, Config, Instant, Limits, call};

fn config(user_agent: usize, proxy: Option<&str>) -> Config {
    let user_agent = (user_agent > 0).then(|| HeaderValue::from_str(&"u".repeat(user_agent)).unwrap());
    Config {
        call: call::Options { user_agent, ..call::Options::default() },
        proxy: proxy.map_or_else(Rules::default, |proxy| Rules::all(proxy.parse().unwrap())),
        ..Config::default()
    }
}

/// The least limit that lets the request through.
fn least(request: &Request<()>, config: &Config) -> usize {
    let lets_through = |limit| {
        let limits = Limits { request_head_bytes: limit, ..config.limits.clone() };
        let config = Arc::new(Config { limits, ..config.clone() });
        Call::new(request.clone(), BodyPlan::empty(), &config, Instant::ZERO).is_ok()
    };
    let (mut too_little, mut enough) = (0, 128 * 1024);
    assert!(lets_through(enough) && !lets_through(too_little));
    while too_little + 1 < enough {
        let middle = usize::midpoint(too_little, enough);
        if lets_through(middle) { enough = middle } else { too_little = middle }
    }
    enough
}

fn written(request: Request<()>, config: Config) -> usize {
    let mut it = Scenario::start(request, BodyPlan::empty(), config);
    it.acquire(Facts::default());
    let _ = it.step();
    it.flush().len()
}

#[test]
fn it_is_never_less_than_what_is_written_and_not_much_more() {
    let host = ["h".repeat(60).as_str(); 4].join(".");
    let (path, value) = ("p".repeat(700), "v".repeat(700));
    let names: Vec<_> = (0..40).map(|nth| format!("x-{nth}-{}", "n".repeat(60))).collect();
    for host in ["h", host.as_str()] {
        for path in ["", path.as_str(), "^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"] {
            for fields in [0, 1, 40] {
                for (user_agent, proxy) in [
                    (0, None),
                    (700, None),
                    (0, Some("http://p")),
                    (700, Some("http://p")),
                    (700, Some("http://user:a-password-of-some-length@p")),
                ] {
                    let fields: Vec<_> =
                        names[..fields].iter().map(|name| (name.as_str(), value.as_str())).collect();
                    let uri = format!("http://{host}/{path}");
                    let request = request("GET", &uri, &fields);
                    let config = config(user_agent, proxy);
                    let (least, written) = (least(&request, &config), written(request, config));
                    assert!(written <= least, "{written} bytes are written with a limit of {least}: {uri}");
                    let more = 224 + 3 * host.len();
                    assert!(least <= written + more, "{least} for {written}: {uri}");
                }
            }
        }
    }
}

//! urllib3's table of when a proxy is asked for a tunnel, and when it is sent the request.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;

use http::Request;
use httpocean_core::proxy::Rules;
use httpocean_core::{BodyPlan, Call, Config, Instant};
use httpocean_tests::vectors::{Tally, vectors};

const FILE: &str = "urllib3/proxy_tunnel.json";

#[test]
fn a_proxy_is_asked_for_a_tunnel_or_sent_the_request() {
    let Some(all) = vectors(FILE) else { return };
    let mut tally = Tally::new(FILE);
    for vector in all["vectors"].as_array().unwrap() {
        let ours = is_tunnelled(vector["proxy_scheme"].as_str(), vector["destination_scheme"].as_str());
        tally.compare(vector["id"].as_str().unwrap(), &vector["connect_tunnel"].as_bool(), &ours);
    }
    tally.finish();
}

/// `None`: there is no such request.
fn is_tunnelled(proxy: Option<&str>, destination: Option<&str>) -> Option<bool> {
    let rules = match proxy {
        Some(scheme) => Rules::all(format!("{scheme}://proxy.example:3128").parse().unwrap()),
        None => Rules::default(),
    };
    let url = match destination {
        Some(scheme) => format!("{scheme}://example.com/"),
        None => "example.com".to_owned(),
    };
    let request = Request::get(url).body(()).unwrap();
    let config = Arc::new(Config { proxy: rules, ..Config::default() });
    let call = Call::new(request, BodyPlan::empty(), &config, Instant::ZERO).ok()?;
    let key = call.key();
    Some(key.proxy().is_some_and(|proxy| !proxy.forwards(key.scheme())))
}

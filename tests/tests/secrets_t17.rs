//! What was dropped on the way from one origin to another never comes back: not there, not at a third, not at home,
//! not by a retry (T17).
//!
//! Chains through proxies and over TLS join with these.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod secrets;

use http::{Method, StatusCode};
use httpocean_core::policy::Retries;
use httpocean_tests::{On, Sites, on_both_adapters};
use secrets::*;

on_both_adapters!(
    "origins":
    every_chain_of_three_origins,
    a_chain_over_ports_and_spellings,
    a_retry_brings_nothing_back
);

const ORIGINS: [&str; 4] = ["a.test:80", "b.test:80", "sub.a.test:80", "a.test:81"];

const A: Stop<'_> = Stop { spelled: "http://a.test", host: "a.test", site: "a.test:80" };
const B: Stop<'_> = Stop { spelled: "http://b.test", host: "b.test", site: "b.test:80" };
const C: Stop<'_> = Stop { spelled: "http://sub.a.test", host: "sub.a.test", site: "sub.a.test:80" };

/// All chains of so many stops after the first, which is A.
fn chains(more: usize) -> Vec<Vec<Stop<'static>>> {
    let Some(less) = more.checked_sub(1) else { return vec![vec![A]] };
    let longer = |chain: Vec<Stop<'static>>| [A, B, C].map(|stop| [&chain[..], &[stop]].concat());
    chains(less).into_iter().flat_map(longer).collect()
}

/// The same chain, but a `Location` to where we are names no host.
fn relative(chain: &[Stop<'static>]) -> Vec<Stop<'static>> {
    let mut stops = chain.to_vec();
    for at in 1..stops.len() {
        if chain[at].host == chain[at - 1].host {
            stops[at].spelled = "";
        }
    }
    stops
}

/// a→b→b, a→b→a, a→a→b and all others with up to four redirects.
fn every_chain_of_three_origins(on: On) {
    let sites = Sites::named(&ORIGINS);
    let clients = [true, false].map(|listed| (client(on, &sites, listed), !listed));
    let mut combinations = 0;
    for chain in (1..=4).flat_map(chains) {
        for (client, per_request) in &clients {
            for status in STATUSES {
                for method in [Method::GET, Method::PUT] {
                    let order = Order { per_request: *per_request, ..Order::of(&method, None) };
                    goes(client, &sites, &order, status, &chain);
                    goes(client, &sites, &order, status, &relative(&chain));
                    combinations += 2;
                }
            }
        }
    }
    println!("{combinations} combinations of chain, spelling, status, method and who says what is secret");
}

/// Each secret by itself.
fn a_chain_over_ports_and_spellings(on: On) {
    let sites = Sites::named(&ORIGINS);
    let client = client(on, &sites, true);
    let port = stop("http://a.test:81", "a.test:81", "a.test:81");
    let [dot, upper] = ["http://a.test.:80", "//A.TEST"].map(|spelled| Stop { spelled, ..A });
    let here = Stop { spelled: "", ..port };
    for stops in [&[A, dot, upper, port, here][..], &[A, port, A, dot, upper], &[port, A, upper, port, here]]
    {
        for secret in 0..SECRETS.len() {
            for status in STATUSES {
                for method in METHODS {
                    goes(&client, &sites, &Order::of(&method, Some(secret)), status, stops);
                }
            }
        }
    }
}

/// What is sent again is the request of the hop, not that of the user.
fn a_retry_brings_nothing_back(on: On) {
    let sites = Sites::named(&ORIGINS);
    let mut config = config(true);
    config.retries =
        Retries { total: Some(5), statuses: vec![StatusCode::SERVICE_UNAVAILABLE], ..Retries::default() };
    let client = on.builder().names(&sites.names()).config(config).build();
    for (busy, has_secret) in [
        (0, vec![true, true, false, false]),
        (1, vec![true, false, false, false]),
        (2, vec![true, false, false, false]),
    ] {
        sites.redirect(307, ["http://b.test/1", "http://a.test/2"]);
        sites.busy(busy);
        let request =
            client.get("http://a.test/0").header("authorization", "secret").header("x-api-key", "secret");
        let response = request.send().unwrap();
        assert_eq!((response.status().as_u16(), response.body().hops().len()), (200, 3));
        let seen = sites.take();
        for secret in ["authorization", "x-api-key"] {
            let has: Vec<_> = seen.iter().map(|seen| seen.request.header(secret).is_some()).collect();
            assert_eq!(has, has_secret, "{secret}, {busy} is busy at first");
        }
        let sites: Vec<_> = seen.iter().map(|seen| seen.site.as_str()).collect();
        let mut wanted = vec!["a.test:80", "b.test:80", "a.test:80"];
        wanted.insert(busy, wanted[busy]);
        assert_eq!(sites, wanted);
    }
}

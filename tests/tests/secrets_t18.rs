//! From one scheme to another: a secret of `https` never goes out in plain text, nothing goes to a scheme that is
//! neither (T18).
//!
//! Sites in plain text that are taken for some of TLS show it of clients; of all chains, the one function that makes a
//! hop is asked.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod secrets;

use std::time::Duration;

use http::{HeaderName, HeaderValue, Request, StatusCode};
use httpocean_core::BodyPlan;
use httpocean_core::policy::redirect::{NotFollowed, Previous, Verdict, follow};
use httpocean_std::{ErrorKind, Phase};
use httpocean_tests::{On, Sites, on_both_adapters};
use secrets::*;

on_both_adapters!(
    "origins":
    nothing_is_told_in_plain_text_where_https_is_meant,
    no_other_scheme_is_followed,
    https_only_is_obeyed
);

/// Two schemes, hosts and ports in all their combinations.
const ORIGINS: [&str; 8] = [
    "http://a.test",
    "https://a.test",
    "http://a.test:443",
    "https://a.test:80",
    "http://b.test",
    "https://b.test",
    "http://b.test:443",
    "https://b.test:80",
];

fn nothing_is_told_in_plain_text_where_https_is_meant(on: On) {
    let sites = Sites::named(&["a.test:80", "a.test:443"]);
    let mut config = config(true);
    // The site waits for the rest of what it takes for a head.
    config.dial.tls = Some(Duration::from_millis(20));
    let client = on.builder().names(&sites.names()).config(config).build();
    for location in ["https://a.test/1", "https://a.test:80/1", "https:a.test/1", "HTTPS://A.TEST./1"] {
        sites.redirect(308, [location]);
        let error = client.get("http://a.test/0").header("authorization", "secret").send().unwrap_err();
        assert_eq!(error.phase(), Phase::Tls, "{location}: {error}");
        let seen = sites.take();
        assert_eq!((seen.len(), seen[0].site.as_str()), (1, "a.test:80"), "{location}");
    }
}

fn no_other_scheme_is_followed(on: On) {
    let sites = Sites::named(&["a.test:80"]);
    let client = client(on, &sites, true);
    for location in [
        "ftp://a.test/1",
        "ws://a.test/1",
        "file:///1",
        "javascript:1",
        "a.test:80/1",
        "gopher://a.test:80/1",
    ] {
        sites.redirect(302, [location]);
        let error = client.get("http://a.test/0").send().unwrap_err();
        let why = ErrorKind::Redirect(NotFollowed::SchemeNotSupported);
        assert_eq!((error.kind(), sites.take().len()), (&why, 1), "{location}");
    }
}

fn https_only_is_obeyed(on: On) {
    let sites = Sites::named(&["a.test:80", "b.test:80"]);
    let mut config = config(true);
    config.redirects.https_only = true;
    let client = on.builder().names(&sites.names()).config(config).build();
    for location in ["/1", "http://b.test/1", "//a.test/1"] {
        sites.redirect(307, [location]);
        let error = client.get("http://a.test/0").header("cookie", "secret").send().unwrap_err();
        assert_eq!(
            (error.kind(), sites.take().len()),
            (&ErrorKind::Redirect(NotFollowed::NotHttps), 1),
            "{location}"
        );
    }
}

/// All chains of four redirects over all origins.
#[test]
fn every_chain_over_both_schemes() {
    let policy = config(true).redirects;
    let mut combinations = 0;
    for first in ORIGINS {
        for number in 0..ORIGINS.len().pow(4) {
            let way = (0..4).map(|at| ORIGINS[number / ORIGINS.len().pow(at) % ORIGINS.len()]);
            let mut request = with_secrets(first);
            let (whole, mut at_home) = (request.headers().len(), true);
            for next in way {
                let previous =
                    Previous { request: &request, body: BodyPlan::empty(), fragment: None, followed: 0 };
                let verdict = follow(previous, StatusCode::FOUND, [next.as_bytes()], &policy);
                let Verdict::Follow(hop) = verdict else { panic!("{verdict:?}") };
                request = hop.request;
                at_home &= next == first;
                assert_eq!(
                    request.headers().len(),
                    if at_home { whole } else { 1 },
                    "{number}: {first} {next}"
                );
                combinations += whole - 1;
            }
        }
    }
    println!("{combinations} hops of a secret");
}

fn with_secrets(url: &str) -> Request<()> {
    let mut request = Request::get(url).header("x-public", "for all").body(()).unwrap();
    for (name, value, marked) in Order::of(&http::Method::GET, None).secrets {
        let mut value = HeaderValue::from_str(value).unwrap();
        value.set_sensitive(marked);
        request.headers_mut().append(name.parse::<HeaderName>().unwrap(), value);
    }
    request
}

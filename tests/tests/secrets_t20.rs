//! So many redirects are followed and no more, wherever the limit is set: for the client, for a request, by default;
//! beside retries, which have a count of their own (T20).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod secrets;

use std::collections::BTreeSet;

use http::StatusCode;
use httpocean_core::policy::Retries;
use httpocean_core::policy::redirect::NotFollowed;
use httpocean_std::ErrorKind;
use httpocean_tests::{On, Sites, on_both_adapters};
use secrets::config;

on_both_adapters!("origins": the_limit_holds_wherever_it_is_set, retries_add_no_redirects);

/// Redirects to here and there, more than anybody follows.
fn endless() -> Sites {
    let sites = Sites::named(&["a.test:80", "b.test:80"]);
    let next =
        |n: usize| if n % 3 == 0 { format!("http://b.test/{n}") } else { format!("http://a.test/{n}") };
    sites.redirect(302, (1..40).map(next));
    sites
}

fn the_limit_holds_wherever_it_is_set(on: On) {
    let sites = endless();
    for limit in [0, 1, 2, 10, 20] {
        let mut own = config(true);
        own.redirects.limit = limit;
        for per_request in [false, true] {
            let config = if per_request { config(true) } else { own.clone() };
            let client = on.builder().names(&sites.names()).config(config).build();
            let request = client.get("http://a.test/0");
            let answer = if per_request { request.config(own.clone()) } else { request }.send();
            assert_eq!(sites.take().len(), 1 + limit as usize, "{limit} {per_request}");
            match answer {
                Ok(response) => assert_eq!((limit, response.status().as_u16()), (0, 302)),
                Err(error) => {
                    assert_eq!(
                        error.kind(),
                        &ErrorKind::Redirect(NotFollowed::TooMany),
                        "{limit} {per_request}"
                    );
                    assert_eq!(error.hops().len(), limit as usize);
                }
            }
        }
    }
    let error = on.builder().names(&sites.names()).build().get("http://a.test/0").send().unwrap_err();
    assert_eq!((error.hops().len(), sites.take().len()), (10, 11), "by default");
}

fn retries_add_no_redirects(on: On) {
    let (sites, statuses) = (endless(), vec![StatusCode::SERVICE_UNAVAILABLE]);
    for (total, places, requests) in [(Some(0), 1, 1), (Some(1), 3, 4), (Some(100), 5, 7), (None, 5, 7)] {
        for n in [0, 2] {
            sites.busy(n);
        }
        let mut config = config(true);
        config.redirects.limit = 4;
        config.retries = Retries { total, statuses: statuses.clone(), ..Retries::default() };
        let client = on.builder().names(&sites.names()).config(config).build();
        match client.get("http://a.test/0").send() {
            Ok(response) => assert_eq!((response.status().as_u16(), places < 5), (503, true), "{total:?}"),
            Err(error) => {
                assert_eq!(error.kind(), &ErrorKind::Redirect(NotFollowed::TooMany), "{total:?}");
                assert_eq!(places, 5, "{total:?}");
            }
        }
        let seen = sites.take();
        let targets: BTreeSet<_> = seen.iter().map(|seen| &seen.request.target).collect();
        assert_eq!((targets.len(), seen.len()), (places, requests), "{total:?}");
    }
}

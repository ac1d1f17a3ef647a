//! A user name, a password, a fragment and the value of a secret field stand in no `Referer`, in no `Host`, in no name
//! that is looked up, in no event and in no error (T26).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod secrets;

use std::sync::{Arc, Mutex};

use http::Method;
use httpocean_core::policy::redirect::Fragment;
use httpocean_std::{ErrorKind, Observed, Observer};
use httpocean_tests::{Client, On, Sites, lock, on_both_adapters};
use secrets::*;

on_both_adapters!(
    "origins":
    a_fragment_is_told_to_nobody,
    no_event_and_no_error_tells_a_secret,
    a_password_in_a_url_is_a_secret_field_and_nothing_else,
    a_field_of_the_user_goes_before_the_password_of_a_url,
    a_password_that_can_not_be_sent_is_not_repeated,
);

/// Everything that is told, as a careless log has it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Observer for Log {
    fn observe(&self, event: &Observed<'_>) {
        *lock(&self.0) += &format!("{event:?}\n");
    }
}

impl Log {
    #[track_caller]
    fn has_no(&self, secret: &str) {
        let log = lock(&self.0);
        assert!(!log.contains(secret), "{secret}: {log}");
    }
}

fn logged(on: On, sites: &Sites, referer: bool) -> (Client, Log) {
    let (mut config, log) = (config(true), Log::default());
    config.redirects.referer = referer;
    (on.builder().names(&sites.names()).config(config).observer(log.clone()).build(), log)
}

fn a_fragment_is_told_to_nobody(on: On) {
    let sites = Sites::named(&["a.test:80", "b.test:80"]);
    let (client, log) = logged(on, &sites, true);
    sites.redirect(302, ["/1#fragment-of-one", "http://b.test/2#fragment-of-two", "/3", "http://a.test/4#"]);
    let mut request = http::Request::get("http://a.test/0").body(()).unwrap();
    request.extensions_mut().insert(Fragment::of("http://a.test/0#fragment").unwrap());
    client.send(request).unwrap().body_mut().read_to_vec(10).unwrap();
    let seen = sites.take();
    let told = format!("{seen:?}");
    assert!(!told.contains("fragment") && !told.contains('#'), "{told}");
    let referer =
        |at: usize| seen[at].request.header("referer").map(|url| String::from_utf8(url.to_vec()).unwrap());
    let referers: Vec<_> = (0..5).map(referer).collect();
    let wanted = [
        None,
        Some("http://a.test/0"),
        Some("http://a.test/"),
        Some("http://b.test/2"),
        Some("http://b.test/"),
    ];
    assert_eq!(referers, wanted.map(|url| url.map(str::to_owned)));
    log.has_no("fragment");
}

fn no_event_and_no_error_tells_a_secret(on: On) {
    let sites = Sites::named(&["a.test:80", "b.test:80"]);
    let (client, log) = logged(on, &sites, false);
    let whole = |order: &Order<'_>, stops: &[Stop<'_>]| goes(&client, &sites, order, 307, stops);
    let a = stop("http://a.test", "a.test", "a.test:80");
    let b = stop("http://b.test", "b.test", "b.test:80");
    for method in METHODS {
        whole(&Order::of(&method, None), &[a, a, b, a]);
    }
    for (location, fails) in [
        ("http://user:secret@b.test/1", true),
        ("http://nobody.test/1", true),
        ("http://b.test:x/1", true),
        ("/1", false),
    ] {
        sites.redirect(302, [location]);
        let mut request = client.request(Method::GET, "http://a.test/0");
        for (name, value, _) in Order::of(&Method::GET, None).secrets {
            request = request.header(name, value);
        }
        let answer = request.send();
        assert_eq!(answer.is_err(), fails, "{location}");
        if let Err(error) = answer {
            let told = format!("{error} {error:?} {:?}", error.hops());
            assert!(!told.contains("secret"), "{location}: {told}");
        }
        sites.take();
    }
    assert!(lock(&log.0).contains("Hop"), "there is something to look at");
    log.has_no("secret");
    log.has_no("c2VjcmV0");
}

fn a_password_in_a_url_is_a_secret_field_and_nothing_else(on: On) {
    let sites = Sites::named(&["a.test:80", "b.test:80"]);
    let (client, log) = logged(on, &sites, true);
    for (url, pair) in [
        ("http://user:secret@a.test/0?query", "user:secret"),
        ("http://secret@a.test/0", "secret:"),
        ("http://:secret@a.test:80/0", ":secret"),
        ("http://secr%65t:%73ecret@a.test/0", "secret:secret"),
    ] {
        sites.redirect(302, ["/1", "http://b.test/2", "http://a.test/3"]);
        let mut response = client.get(url).send().unwrap();
        response.body_mut().read_to_vec(10).unwrap();
        let hops = format!("{:?} {:?}", response.body().hops(), response.body().url());
        assert!(!hops.contains("secret") && !hops.contains('@'), "{hops}");
        let seen = sites.take();
        let value = format!("Basic {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, pair));
        for (hop, seen) in seen.iter().enumerate() {
            let told = seen.request.header("authorization").map(|value| value.to_vec());
            // At another origin it is gone, and it never comes back.
            assert_eq!(told, (hop < 2).then(|| value.clone().into_bytes()), "{url}, hop {hop}");
            let rest = format!("{} {:?}", seen.request.target, seen.request.header("referer"));
            assert!(!rest.contains("secret") && !rest.contains('@'), "{rest}");
            assert!(seen.request.header("host").is_some_and(|host| !host.contains(&b'@')));
        }
        assert_eq!(seen.len(), 4);
    }
    log.has_no("secret");
    log.has_no("c2VjcmV0");
}

fn a_field_of_the_user_goes_before_the_password_of_a_url(on: On) {
    let sites = Sites::named(&["a.test:80"]);
    let (client, _) = logged(on, &sites, false);
    client.get("http://user:secret@a.test/").header("authorization", "Bearer mine").send().unwrap();
    let seen = sites.take();
    let all: Vec<_> = seen[0].request.headers.iter().filter(|(name, _)| name == "authorization").collect();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].1, b"Bearer mine");
}

fn a_password_that_can_not_be_sent_is_not_repeated(on: On) {
    let sites = Sites::named(&["a.test:80"]);
    let (client, log) = logged(on, &sites, true);
    for url in [
        "http://user:secret%0d@a.test/path?query",
        "http://us%3aer:secret@a.test/",
        "http://secret%4@a.test/",
    ] {
        let error = client.get(url).send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Request(_)), "{url}: {error}");
        let told = format!("{error} {error:?} {}", error.uri());
        assert!(!told.contains("secret") && !told.contains("user:"), "{told}");
        assert!(told.starts_with("http://a.test"), "{told}");
    }
    assert_eq!((sites.accepted(), lock(&log.0).as_str()), (0, ""));
}

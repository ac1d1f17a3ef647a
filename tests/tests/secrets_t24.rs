//! The host that is connected to, the `Host` that is sent and the URL that is told come from one reading of a
//! `Location`, however it is spelled; what two programs may read in two ways leads nowhere (T24).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod secrets;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::{Arc, Mutex};

use httpocean_core::Key;
use httpocean_std::{ErrorKind, Observed, Observer};
use httpocean_tests::{On, Sites, lock, on_both_adapters};
use secrets::*;

on_both_adapters!(
    "origins":
    a_name_is_read_once,
    an_address_is_read_once,
    what_can_be_read_in_two_ways_is_not_connected_to,
    the_first_url_is_read_as_a_location_is,
    a_first_url_that_can_be_read_in_two_ways_is_refused,
    before_the_host_stands_a_user_and_no_other_host,
);

/// What is asked for and what is connected to, by the URLs of grants.
#[derive(Clone, Default)]
struct Granted(Arc<Mutex<Vec<(String, String)>>>);

impl Observer for Granted {
    fn observe(&self, event: &Observed<'_>) {
        if let Observed::Granted { uri, key, .. } = event {
            lock(&self.0).push((Key::of(uri).unwrap().authority().to_owned(), key.authority().to_owned()));
        }
    }
}

/// After a redirect to each location that site was reached, by that `Host`.
fn leads(on: On, sites: &Sites, from: &str, locations: &[(String, &str, &str)]) {
    let granted = Granted::default();
    let builder = on.builder().names(&sites.names()).config(config(true));
    let client = builder.observer(granted.clone()).build();
    for (location, site, host) in locations {
        sites.redirect(302, [location]);
        let request = client.get(format!("{from}/0")).header("cookie", "secret");
        request
            .send()
            .unwrap_or_else(|error| panic!("{location}: {error}"))
            .body_mut()
            .read_to_vec(10)
            .unwrap();
        let seen = sites.take();
        assert_eq!((seen.len(), seen[1].site.as_str()), (2, *site), "{location}");
        assert_eq!(seen[1].request.header("host"), Some(host.as_bytes()), "{location}");
        assert_eq!(seen[1].request.header_count("host"), 1, "{location}");
        let stays = seen[0].request.header("host") == Some(host.as_bytes());
        assert_eq!(seen[1].request.header("cookie").is_some(), stays, "{location}");
        for (asked, connected) in std::mem::take(&mut *lock(&granted.0)).into_iter().skip(1) {
            assert_eq!((asked.as_str(), connected.as_str()), (*host, *host), "{location}");
        }
    }
}

fn a_name_is_read_once(on: On) {
    const IDN: &str = "xn--bcher-kva.test";
    let sites =
        Sites::named(&["a.test:80", "b.test:80", "b.test:81", "xn--bcher-kva.test:80", "evil.test:80"]);
    let to_b = [
        "http://B.TEST/1",
        "HTTP://b.test/1",
        "http://b.test:80/1",
        "http://b.test:/1",
        "http://b.test:0080/1",
        "http://b.test./1",
        "http://B.Test.:080/1",
        "//b.test/1",
        "\\\\b.test\\1",
        "http:\\\\b.test/1",
        "/\\b.test/1",
        "http://b%2Etest/1",
        "http://%62.test/1",
        "http://\u{ff42}.test/1",
        "http://b\u{3002}test/1",
        "http://b\u{ad}.test/1",
        "http://b.test#@evil.test/1",
        "http://b.test?@evil.test/1",
        "http://b.test/@evil.test/1",
        "http://b.test\\@evil.test/1",
        "http://b.test/\\evil.test/1",
        "http://b.test//evil.test/1",
    ];
    let mut locations: Vec<_> = to_b.iter().map(|to| ((*to).to_owned(), "b.test:80", "b.test")).collect();
    for to in ["http://b\u{fc}cher.test/1", "http://B\u{dc}CHER.TEST/1", "http://b%C3%BCcher.test./1"] {
        locations.push((to.to_owned(), "xn--bcher-kva.test:80", IDN));
    }
    for to in ["http://b.test:81/1", "http://B.TEST.:0081/1", "//b.test:81"] {
        locations.push((to.to_owned(), "b.test:81", "b.test:81"));
    }
    for to in ["/1", "http:1", "http:/1", "./1", "?1", "http://A.TEST.:80/1", "//%61.test/1", "/@evil.test/1"]
    {
        // A query alone is asked for at `/0`, which has its redirect already.
        let to = if to == "?1" { "/?1" } else { to };
        locations.push((to.to_owned(), "a.test:80", "a.test"));
    }
    leads(on, &sites, "http://a.test", &locations);
    assert_eq!(sites.server("evil.test:80").unwrap().stats().accepted, 0);
}

fn an_address_is_read_once(on: On) {
    let addresses = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    let (sites, port) = Sites::named(&["a.test:80"]).at(&addresses);
    let [four, six] = [format!("127.0.0.1:{port}"), format!("[::1]:{port}")];
    let hosts =
        ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "\u{ff11}27.0.0.1"];
    let spelled = |host: &str| format!("http://{host}:{port}/1");
    let mut locations: Vec<_> =
        hosts.iter().map(|host| (spelled(host), four.as_str(), four.as_str())).collect();
    if sites.server(&six).is_some() {
        for host in ["[::1]", "[0:0:0:0:0:0:0:1]", "[::0001]", "[0::0.0.0.1]", "[::0.0.0.1]"] {
            locations.push((spelled(host), &six, &six));
        }
    }
    leads(on, &sites, "http://a.test", &locations);
    leads(on, &sites, &format!("http://{four}"), &locations);
}

fn what_can_be_read_in_two_ways_is_not_connected_to(on: On) {
    let sites = Sites::named(&["a.test:80", "b.test:80", "evil.test:80"]);
    let client = client(on, &sites, true);
    for location in [
        "http://user@b.test/1",
        "http://user:hunter2@b.test/1",
        "http://:hunter2@b.test/1",
        "http://a.test@b.test/1",
        "http://a.test:80@b.test/1",
        "//user@b.test/1",
        "http://user@a.test/1",
        "http://b.test@evil.test@a.test/1",
        "http://b.test%40evil.test/1",
        "http://b.test%2Fevil.test/1",
        "http://b.test%00.evil.test/1",
        "http://b.te st/1",
        "http://b.\ttest/1",
        "http://b..test/1",
        "http://.b.test/1",
        "http://b.test..:80/1",
        "http://b.test:99999/1",
        "http://b.test:0/1",
        "http://b.test:-80/1",
        "http://b.test:80:81/1",
        "http://b.test:8o/1",
        "http:///b.test/1",
        "///b.test/1",
        "http://",
        "http://[b.test]/1",
        "http://[::1/1",
        "http://[::1]b.test/1",
        "http://[fe80::1%25lo]/1",
        "http://1.2.3.256/1",
        "http://1.2.3.4.5/1",
        "http://b.test.0x1/1",
        "http://xn--/1",
        "http://b<.test/1",
    ] {
        sites.redirect(302, [location]);
        let request = client.get("http://a.test/0").header("authorization", "secret");
        let Err(error) = request.send() else { panic!("{location:?} was followed") };
        assert!(matches!(error.kind(), ErrorKind::Redirect(_)), "{location:?}: {error}");
        assert_eq!(sites.take().len(), 1, "{location:?}");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hunter2") && !told.contains("secret"), "{location:?}: {told}");
    }
    let accepted = sites.server("a.test:80").unwrap().stats().accepted;
    assert_eq!(client.stats().connections_opened, accepted, "all connections are to where it began");
    for site in ["b.test:80", "evil.test:80"] {
        assert_eq!(sites.server(site).unwrap().stats().accepted, 0, "{site}");
    }
}

fn the_first_url_is_read_as_a_location_is(on: On) {
    let sites = Sites::named(&["a.test:80", "a.test:81"]);
    let client = client(on, &sites, true);
    for (url, host) in [
        ("http://A.TEST/", "a.test"),
        ("http://a.test.:80/", "a.test"),
        ("HTTP://a.Test:080", "a.test"),
        ("http://a.test:81?@b.test", "a.test:81"),
    ] {
        client.get(url).send().unwrap();
        let seen = sites.take();
        assert_eq!(seen[0].request.header("host"), Some(host.as_bytes()), "{url}");
        assert_eq!(seen[0].site.trim_end_matches(":80"), host, "{url}");
    }
}

/// Nothing is repaired in it, as it is in a `Location`: who wrote it can write it otherwise.
fn a_first_url_that_can_be_read_in_two_ways_is_refused(on: On) {
    let sites = Sites::named(&["a.test:80", "b.test:80"]);
    let client = client(on, &sites, true);
    let mut refused = 0;
    for authority in [
        "@b.test",
        ":@b.test",
        "a.test%3a80@b.test",
        "a.test@b.test@a.test",
        "a.test%40b.test",
        "a.test\\@b.test",
        "a.test\\b.test",
        "a.test%2Fb.test",
        "a.test%23b.test",
        "a.test%00.b.test",
        "a.test%2e",
        "%61.test",
        "a.test;b.test",
        "a.test,b.test",
        "a.test\t",
        "a.test:0",
        "a.test:65616",
        "a.test:+80",
        "a.test:80:80",
        "a..test",
        ".a.test",
        "a.test..",
        "xn--a.test",
        "\u{ff41}.test",
        "a\u{3002}test",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "[127.0.0.1]",
        "[a.test]",
        "[::1%25lo]",
        "[::1]a.test",
    ] {
        // Some are no URL to `http` either: then there is no request to refuse.
        let Ok(uri) = format!("http://{authority}/").parse::<http::Uri>() else { continue };
        let error = client.get(uri.to_string()).header("authorization", "secret").send().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Request(_)), "{authority}: {error}");
        refused += 1;
    }
    assert!(refused > 15, "{refused}");
    assert_eq!((sites.accepted(), client.stats().connections_opened), (0, 0));
    assert!(sites.take().is_empty());
}

/// What stands before the `@` names nobody who is connected to.
fn before_the_host_stands_a_user_and_no_other_host(on: On) {
    let sites = Sites::named(&["a.test:80", "b.test:80"]);
    let client = client(on, &sites, true);
    for authority in ["a.test@b.test", "a.test:80@b.test", "a.test%2F@b.test:80", "a.test%23:x@b.test"] {
        client.get(format!("http://{authority}/")).send().unwrap().body_mut().read_to_vec(10).unwrap();
        let seen = sites.take();
        assert_eq!(seen.len(), 1);
        assert_eq!(
            (seen[0].site.as_str(), seen[0].request.header("host")),
            ("b.test:80", Some(&b"b.test"[..]))
        );
    }
}

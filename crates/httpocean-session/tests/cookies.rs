//! Which cookies are taken from whom, and which go to whom (T29).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_session::Jar;

const NOW: u64 = 1_800_000_000;

fn set(jar: &Jar, url: &str, cookie: &str) -> Result<(), &'static str> {
    jar.set(&url.parse().unwrap(), cookie.as_bytes(), NOW)
}

fn sent_at(jar: &Jar, url: &str, now: u64) -> String {
    let value = jar.cookies(&url.parse().unwrap(), now);
    value.map(|value| String::from_utf8(value.as_bytes().to_vec()).unwrap()).unwrap_or_default()
}

fn sent(jar: &Jar, url: &str) -> String {
    sent_at(jar, url, NOW)
}

/// From where, with which attributes, and each URL with whether it goes there; none: it is refused.
#[track_caller]
fn goes(from: &str, attributes: &str, to: &[(&str, bool)]) {
    let jar = Jar::new();
    let taken = set(&jar, from, &format!("a=b{attributes}"));
    assert_eq!(taken.is_ok(), !to.is_empty(), "{from} {attributes}: {taken:?}");
    assert_eq!(jar.len(), usize::from(!to.is_empty()), "{from} {attributes}");
    for (url, goes) in to {
        assert_eq!(!sent(&jar, url).is_empty(), *goes, "{from} {attributes} -> {url}");
    }
}

#[test]
fn without_a_domain_it_is_its_hosts_alone() {
    goes(
        "http://shop.example/",
        "",
        &[
            ("http://shop.example/", true),
            ("http://SHOP.example./", true),
            ("http://www.shop.example/", false),
            ("http://xshop.example/", false),
            ("http://example/", false),
            ("http://shop.example.evil/", false),
        ],
    );
}

#[test]
fn a_domain_means_all_hosts_in_it_and_no_others() {
    for domain in ["shop.example", ".shop.example", "SHOP.Example"] {
        for from in ["http://shop.example/", "http://www.shop.example/", "http://a.b.shop.example/"] {
            goes(
                from,
                &format!("; Domain={domain}"),
                &[
                    ("http://shop.example/", true),
                    ("http://www.shop.example/", true),
                    ("http://a.b.shop.example/", true),
                    ("http://xshop.example/", false),
                    ("http://wwwshop.example/", false),
                    ("http://shop.example.evil/", false),
                    ("http://example/", false),
                    ("http://hop.example/", false),
                ],
            );
        }
    }
}

#[test]
fn a_domain_that_the_host_is_not_in_is_refused() {
    for (from, domain) in [
        ("http://shop.example/", "www.shop.example"),
        ("http://shop.example/", "other.example"),
        ("http://xshop.example/", "shop.example"),
        ("http://wwwshop.example/", "shop.example"),
        ("http://shop.example/", "hop.example"),
        ("http://shop.example/", "shop.example."),
        ("http://shop.example/", "..shop.example"),
        ("http://shop.example/", "shop.example:80"),
        ("http://shop.example/", "http://shop.example"),
        ("http://shop.example/", "shop.example/"),
        ("http://shop.example/", "shop example"),
        ("http://shop.example/", "shop.exampl%65"),
        ("http://xn--bcher-kva.example/", "b\u{fc}cher.example"),
    ] {
        goes(from, &format!("; Domain={domain}"), &[]);
    }
}

#[test]
fn nobody_sets_cookies_for_a_public_suffix() {
    for (from, domain) in [
        ("http://shop.co.uk/", "co.uk"),
        ("http://shop.co.uk/", "uk"),
        ("http://www.shop.com/", "com"),
        ("http://me.github.io/", "github.io"),
        ("http://a.b.kawasaki.jp/", "b.kawasaki.jp"),
        ("http://a.test/", "test"),
        ("http://a.localhost/", "localhost"),
        ("http://shop.xn--p1ai/", "xn--p1ai"),
        ("http://shop.CO.UK/", ".Co.Uk"),
    ] {
        goes(from, &format!("; Domain={domain}"), &[]);
    }
    for (from, domain) in
        [("http://shop.co.uk/", "shop.co.uk"), ("http://x.city.kawasaki.jp/", "city.kawasaki.jp")]
    {
        goes(from, &format!("; Domain={domain}"), &[(from, true)]);
    }
}

/// Then it is that host's alone: others in it belong to others.
#[test]
fn a_public_suffix_that_is_a_host_keeps_its_own() {
    goes(
        "http://github.io/",
        "; Domain=github.io",
        &[("http://github.io/", true), ("http://me.github.io/", false)],
    );
    goes(
        "http://localhost:81/",
        "; Domain=localhost",
        &[("http://localhost/", true), ("http://a.localhost/", false)],
    );
}

#[test]
fn an_address_is_a_host_and_in_no_domain() {
    goes(
        "http://127.0.0.1:81/",
        "; Domain=127.0.0.1",
        &[("http://127.0.0.1/", true), ("http://127.0.0.2/", false)],
    );
    goes("http://[::1]/", "; Domain=[::1]", &[("http://[0:0::1]:81/", true), ("http://[::2]/", false)]);
    goes("http://[::1]/", "", &[("http://[::1]/", true)]);
    for (from, domain) in [
        ("http://127.0.0.1/", "0.0.1"),
        ("http://127.0.0.1/", "1"),
        ("http://127.0.0.1/", ".0.0.1"),
        ("http://[::1]/", "1]"),
    ] {
        goes(from, &format!("; Domain={domain}"), &[]);
    }
}

#[test]
fn paths_are_kept_apart_at_their_slashes() {
    for (from, path, to) in [
        ("/a/b", "", [("/a/b", true), ("/a", true), ("/a/", true), ("/ab", false), ("/", false)]),
        ("/a", "", [("/a", true), ("/", true), ("/x", true), ("/a/b", true), ("/A", true)]),
        ("/a/b", "; Path=/", [("/", true), ("/x", true), ("/a", true), ("/?q", true), ("/x?q", true)]),
        ("/", "; Path=/a", [("/a", true), ("/a/", true), ("/a/b", true), ("/ab", false), ("/A", false)]),
        ("/", "; Path=/a/", [("/a/", true), ("/a/b", true), ("/a", false), ("/ab", false), ("/a?b", false)]),
        ("/a/b", "; Path=a", [("/a", true), ("/a/b", true), ("/a/c?d", true), ("/", false), ("/b", false)]),
        ("/a/b?c/d", "", [("/a/x", true), ("/a", true), ("/a?b", true), ("/b", false), ("/", false)]),
        (
            "/",
            "; Path=/x; Path=/a",
            [("/a", true), ("/x", false), ("/a/x", true), ("/x/a", false), ("/", false)],
        ),
    ] {
        let to: Vec<_> = to.iter().map(|(path, goes)| (format!("http://h.example{path}"), *goes)).collect();
        let to: Vec<_> = to.iter().map(|(url, goes)| (url.as_str(), *goes)).collect();
        goes(&format!("http://h.example{from}"), path, &to);
    }
}

#[test]
fn secure_ones_are_of_https_alone() {
    goes("http://h.example/", "; Secure", &[]);
    goes(
        "https://h.example/",
        "; Secure",
        &[("https://h.example/", true), ("https://h.example:444/", true), ("http://h.example/", false)],
    );
    goes("https://h.example/", "", &[("https://h.example/", true), ("http://h.example/", true)]);
}

/// Neither at its place, nor behind it, nor at a host around it or within.
#[test]
fn plain_text_takes_no_place_of_a_secure_one() {
    let jar = Jar::new();
    set(&jar, "https://www.h.example/", "a=good; Secure; Domain=h.example; Path=/x").unwrap();
    for (from, cookie) in [
        ("http://www.h.example/", "a=bad; Domain=h.example; Path=/x"),
        ("http://www.h.example/", "a=bad; Path=/x/y"),
        ("http://h.example/", "a=bad; Path=/x"),
        ("http://h.example/", "a=; Path=/x; Domain=h.example; Max-Age=0"),
    ] {
        assert!(set(&jar, from, cookie).is_err(), "{from} {cookie}");
    }
    assert_eq!(sent(&jar, "https://h.example/x"), "a=good");
    // Others are none of its business.
    set(&jar, "http://h.example/", "a=other; Path=/").unwrap();
    set(&jar, "http://h.example/", "b=other; Path=/x").unwrap();
    // Https may.
    set(&jar, "https://www.h.example/", "a=better; Domain=h.example; Path=/x").unwrap();
    assert_eq!(sent(&jar, "https://www.h.example/x"), "a=better");
}

#[test]
fn names_that_promise_something_keep_it() {
    for (from, cookie, taken) in [
        ("https://h.example/", "__Secure-a=b; Secure", true),
        ("https://h.example/", "__Secure-a=b", false),
        ("https://h.example/", "__SECURE-a=b", false),
        ("http://h.example/", "__Secure-a=b; Secure", false),
        ("https://h.example/", "__Host-a=b; Secure; Path=/", true),
        ("https://h.example/", "__Host-a=b; Secure", false),
        ("https://h.example/", "__Host-a=b; Path=/", false),
        ("https://h.example/", "__Host-a=b; Secure; Path=/; Domain=h.example", false),
        ("https://h.example/", "__host-a=b; Secure; Path=/x", false),
        ("https://localhost/", "__Host-a=b; Secure; Path=/; Domain=localhost", false),
    ] {
        assert_eq!(set(&Jar::new(), from, cookie).is_ok(), taken, "{from} {cookie}");
    }
}

#[test]
fn a_cookie_ends_when_it_says() {
    let url = "http://h.example/";
    for (attributes, lives) in [
        ("; Max-Age=60", Some(60)),
        ("; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some(60)),
        ("; Expires=Fri, 15 Jan 2027 08:00:30 GMT", Some(30)),
        ("; Expires=Fri, 15 Jan 2027 08:00:30 GMT; Max-Age=nonsense", Some(30)),
        ("; Max-Age=99999999999999999999", Some(400 * 86_400)),
        ("; Expires=Fri, 31 Dec 9999 23:59:59 GMT", Some(400 * 86_400)),
        ("; Max-Age=0", Some(0)),
        ("; Max-Age=-5", Some(0)),
        ("; Max-Age=-99999999999999999999", Some(0)),
        ("; Expires=Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("; Expires=nonsense", None),
        ("", None),
    ] {
        let jar = Jar::new();
        set(&jar, url, &format!("a=b{attributes}")).unwrap();
        let end = lives.map_or(u64::MAX, |lives| NOW + lives);
        assert_eq!(jar.is_empty(), lives == Some(0), "{attributes}");
        if lives != Some(0) {
            assert_eq!(sent_at(&jar, url, end - 1), "a=b", "{attributes}");
        }
        assert!(lives.is_none() || sent_at(&jar, url, end).is_empty(), "{attributes}");
    }
}

#[test]
fn a_cookie_that_is_set_again_is_another_or_none() {
    let (jar, url) = (Jar::new(), "http://www.h.example/");
    set(&jar, url, "a=1").unwrap();
    set(&jar, url, "b=2").unwrap();
    set(&jar, url, "a=3").unwrap();
    assert_eq!(sent(&jar, url), "a=3; b=2", "it keeps its place in the order");
    // One of the same name for the domain is not the same.
    set(&jar, url, "a=4; Domain=h.example").unwrap();
    set(&jar, url, "A=5").unwrap();
    assert_eq!(sent(&jar, url), "a=3; b=2; a=4; A=5");
    set(&jar, url, "a=; Max-Age=0").unwrap();
    assert_eq!(sent(&jar, url), "b=2; a=4; A=5");
    jar.clear();
    assert_eq!((sent(&jar, url).as_str(), jar.is_empty()), ("", true));
}

#[test]
fn the_longest_paths_go_first_and_then_the_oldest() {
    let jar = Jar::new();
    for cookie in
        ["one=1; Path=/", "two=2; Path=/a", "three=3; Path=/", "four=4; Path=/a/b", "five=; Path=/a"]
    {
        set(&jar, "http://h.example/", cookie).unwrap();
    }
    assert_eq!(sent(&jar, "http://h.example/a/b"), "four=4; two=2; five=; one=1; three=3");
}

#[test]
fn values_are_kept_as_they_are() {
    let url = "http://h.example/";
    for (cookie, wanted) in [
        ("a=b=c", "a=b=c"),
        ("a=\"b c\"", "a=\"b c\""),
        (" a  =  b  ", "a=b"),
        ("a=%41", "a=%41"),
        ("a=", "a="),
        ("a=b,c", "a=b,c"),
        ("a=\u{fc}", "a=\u{fc}"),
    ] {
        let jar = Jar::new();
        set(&jar, url, cookie).unwrap();
        assert_eq!(sent(&jar, url), wanted, "{cookie}");
        assert!(jar.cookies(&url.parse().unwrap(), NOW).unwrap().is_sensitive());
    }
    for cookie in ["a", "=a", "", ";", "a=b\r\nc: d", "a=b\0", "a\u{7f}=b", "a=b\tc"] {
        assert!(set(&Jar::new(), url, cookie).is_err(), "{cookie:?}");
    }
}

#[test]
fn a_url_that_can_not_be_connected_to_has_no_cookies() {
    let jar = Jar::new();
    set(&jar, "http://127.0.0.1/", "a=b").unwrap();
    for url in ["/path", "ftp://127.0.0.1/", "http://127.1/", "http://user@127.0.0.1/"] {
        assert!(set(&jar, url, "c=d").is_err(), "{url}");
        assert_eq!(jar.cookies(&url.parse().unwrap(), NOW), None, "{url}");
    }
    assert_eq!(jar.len(), 1);
}

#[test]
fn a_clone_is_the_same_jar_and_prints_no_cookies() {
    let jar = Jar::new();
    set(&jar.clone(), "http://h.example/", "a=s3cret").unwrap();
    assert_eq!(sent(&jar, "http://h.example/"), "a=s3cret");
    assert_eq!(format!("{jar:?}"), "Jar(1 cookies)");
}

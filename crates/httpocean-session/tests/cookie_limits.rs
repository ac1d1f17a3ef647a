//! A jar holds no more than it is allowed to, whoever fills it, and no site pays for another (T29).
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_session::{Jar, JarLimits};

const NOW: u64 = 1_800_000_000;

fn set(jar: &Jar, url: &str, cookie: &str) -> Result<(), &'static str> {
    jar.set(&url.parse().unwrap(), cookie.as_bytes(), NOW)
}

fn sent(jar: &Jar, url: &str) -> String {
    let value = jar.cookies(&url.parse().unwrap(), NOW);
    value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[test]
fn a_site_has_so_many_and_no_other_pays_for_it() {
    let jar = Jar::with_limits(JarLimits { per_site: 3, ..JarLimits::default() });
    set(&jar, "http://bank.example/", "mine=1").unwrap();
    // Its hosts are one site.
    for n in 0..50 {
        set(&jar, &format!("http://a{n}.evil.example/"), &format!("c{n}=1; Domain=evil.example")).unwrap();
        set(&jar, &format!("http://b{n}.evil.example/"), "d=1").unwrap();
    }
    assert_eq!(jar.len(), 4);
    assert_eq!(sent(&jar, "http://bank.example/"), "mine=1");
    // Under a public suffix each is its own site.
    for n in 0..5 {
        set(&jar, &format!("http://user{n}.github.io/"), "a=1").unwrap();
    }
    assert_eq!(jar.len(), 9);
}

#[test]
fn the_one_that_was_not_used_for_longest_goes_and_before_it_what_is_out_of_date() {
    let jar = Jar::with_limits(JarLimits { per_site: 3, ..JarLimits::default() });
    for cookie in ["a=1; Path=/a", "b=1; Path=/b", "c=1; Path=/c"] {
        set(&jar, "http://h.example/", cookie).unwrap();
    }
    assert_eq!(sent(&jar, "http://h.example/a"), "a=1");
    set(&jar, "http://h.example/", "d=1; Path=/d").unwrap();
    let left = |jar: &Jar| {
        ["/a", "/b", "/c", "/d", "/e"].map(|path| !sent(jar, &format!("http://h.example{path}")).is_empty())
    };
    assert_eq!(left(&jar), [true, false, true, true, false]);
    let jar = Jar::with_limits(JarLimits { per_site: 2, ..JarLimits::default() });
    set(&jar, "http://h.example/", "a=1; Path=/a").unwrap();
    set(&jar, "http://h.example/", "b=1; Path=/b; Max-Age=10").unwrap();
    jar.set(&"http://h.example/".parse().unwrap(), b"c=1; Path=/c", NOW + 10).unwrap();
    assert_eq!((left(&jar), jar.len()), ([true, false, true, false, false], 2));
}

#[test]
fn all_sites_together_have_so_many() {
    let jar = Jar::with_limits(JarLimits { total: 10, ..JarLimits::default() });
    for n in 0..100 {
        set(&jar, &format!("http://h{n}.example/"), "a=1").unwrap();
        assert!(jar.len() <= 10);
        assert_eq!(sent(&jar, &format!("http://h{n}.example/")), "a=1");
        // What is used stays.
        assert_eq!(sent(&jar, "http://h0.example/"), "a=1");
    }
    assert_eq!(jar.len(), 10);
}

#[test]
fn a_cookie_has_so_many_bytes() {
    let jar = Jar::new();
    let cookie = |n: usize| format!("ab={}", "x".repeat(n - 2));
    set(&jar, "http://h.example/", &cookie(4_096)).unwrap();
    assert!(set(&jar, "http://h.example/", &cookie(4_097)).is_err());
    assert_eq!(sent(&jar, "http://h.example/").len(), 4_097);
    let path = |n: usize| format!("a=b; Path=/{}", "x".repeat(n - 1 - "h.example".len()));
    set(&jar, "http://h.example/", &path(1_000)).unwrap();
    // The request's own path may be longer than an attribute.
    let far = format!("http://h.example/{}/y", "x".repeat(2_000));
    assert!(set(&jar, &far, "c=d").is_err());
    assert_eq!(jar.len(), 2);
}

/// So that a host which fills the jar for its neighbours does not keep them from being asked.
#[test]
fn a_request_carries_so_many_bytes() {
    let jar = Jar::with_limits(JarLimits { sent_bytes: 20, ..JarLimits::default() });
    for n in 0..9 {
        set(&jar, "http://h.example/", &format!("c{n}=12")).unwrap();
    }
    assert_eq!(sent(&jar, "http://h.example/"), "c0=12; c1=12; c2=12");
    let jar = Jar::with_limits(JarLimits { sent_bytes: 4, ..JarLimits::default() });
    set(&jar, "http://h.example/", "c=123").unwrap();
    assert_eq!(sent(&jar, "http://h.example/"), "");
}

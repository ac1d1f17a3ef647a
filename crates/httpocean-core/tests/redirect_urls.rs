//! Where a `Location` leads, and how far.
#![allow(clippy::unwrap_used)]

mod redirecting;

use http::StatusCode;
use httpocean_core::policy::redirect::{NoRedirect, NotFollowed, Previous, Redirects, Verdict, follow};
use redirecting::*;

fn to(locations: &[&[u8]]) -> Verdict {
    let request = get("http://h/a/b?c", &[]);
    follow(previous(&request), StatusCode::FOUND, locations.iter().copied(), &Redirects::default())
}

#[track_caller]
fn url(location: &[u8]) -> String {
    match to(&[location]) {
        Verdict::Follow(hop) => hop.url(),
        other @ (Verdict::Answer(_) | Verdict::Refuse(_)) => panic!("{}: {other:?}", location.escape_ascii()),
    }
}

#[test]
fn a_location_is_relative_to_the_url_before() {
    for (location, leads) in [
        ("d", "http://h/a/d"),
        ("../../d", "http://h/d"),
        ("?d", "http://h/a/b?d"),
        ("#d", "http://h/a/b?c#d"),
        ("//g:81", "http://g:81/"),
        ("https://g:443/d?e#f", "https://g/d?e#f"),
        (" d\t", "http://h/a/d"),
        ("a b", "http://h/a/a%20b"),
        ("a,b", "http://h/a/a,b"),
        ("\u{fc}?\u{fc}#\u{fc}", "http://h/a/%C3%BC?%C3%BC#%C3%BC"),
        ("http://b\u{fc}cher.example", "http://xn--bcher-kva.example/"),
        ("http://[0::1]:80/", "http://[::1]/"),
    ] {
        assert_eq!(url(location.as_bytes()), leads, "{location}");
    }
    assert_eq!(url(b"\xfc?\xe9"), "http://h/a/%FC?%E9", "bytes that are no UTF-8 stay what they are");
}

#[test]
fn what_leads_nowhere_is_refused_with_the_reason() {
    for location in [
        "/a\u{0}b",
        "/a\u{1}b",
        "/a\tb",
        "/a\r\nb",
        "/a\u{7f}b",
        "http://g\n/",
        "http:///d",
        "///d",
        "/\\/d",
        "HTTPS:\\\\\\d",
        "http://",
        "http://g:0/",
        "http://g:65536/",
        "http://g:x/",
        "http://a b/",
        "http://a%2fb/",
        "http://a%00b/",
        "http://a..b/",
        "http://[::1%25eth0]/",
        "http://[x]/",
        "http://[::1/",
        "http://1.2.3.4.5/",
        "http://a!b/",
        "http://xn--/",
    ] {
        let why = refused(to(&[location.as_bytes()]));
        assert!(matches!(why, NotFollowed::BadLocation(_)), "{location:?}: {why:?}");
        assert_eq!(why.word(), "bad-location");
        assert!(why.explain().len() > 10, "{location:?}: {why:?}");
    }
    let why = refused(to(&[b"http://\xfc.example/"]));
    assert!(matches!(why, NotFollowed::BadLocation(_)), "{why:?}");
}

#[test]
fn a_location_as_long_as_a_url_may_be_is_followed_and_no_longer_one() {
    let fits = format!("/{}", "a".repeat(65_500));
    assert!(url(fits.as_bytes()).len() > 65_500);
    for long in [format!("/{}", "a".repeat(70_000)), format!("/{}", "\u{fc}".repeat(20_000))] {
        assert!(matches!(refused(to(&[long.as_bytes()])), NotFollowed::BadLocation(_)));
    }
}

#[test]
fn only_http_and_https_are_followed() {
    for location in
        ["file:///etc/passwd", "ftp://g/", "javascript:0", "data:,x", "mailto:a@g", "g:80", "ws://g/"]
    {
        assert_eq!(refused(to(&[location.as_bytes()])), NotFollowed::SchemeNotSupported, "{location}");
    }
}

#[test]
fn a_user_name_in_a_location_is_refused() {
    for location in ["http://u@g/", "//u:p@g/", "http://:p@g/", "http:\\\\u@g", "http://u@h@g/"] {
        assert_eq!(refused(to(&[location.as_bytes()])), NotFollowed::Userinfo, "{location}");
    }
    assert_eq!(url(b"http://g#@other/@x"), "http://g/#@other/@x", "the host ended before");
}

#[test]
fn without_a_location_a_redirect_is_the_answer() {
    for none in [&[][..], &[&b""[..]], &[&b" \t "[..]], &[&b""[..], &b" "[..]]] {
        let verdict = to(none);
        assert!(matches!(verdict, Verdict::Answer(NoRedirect::NoLocation)), "{none:?}: {verdict:?}");
    }
}

#[test]
fn several_locations_have_to_be_the_same() {
    assert!(matches!(to(&[b"/d", b" /d "]), Verdict::Follow(_)));
    for differ in
        [&[&b"/d"[..], b"/e"], &[&b""[..], b"/e"], &[&b"/d"[..], b"/D"], &[&b"/d"[..], b"http://h/d"]]
    {
        assert_eq!(refused(to(differ)), NotFollowed::DifferentLocations, "{differ:?}");
    }
}

#[test]
fn a_fragment_is_inherited_unless_there_is_another() {
    let request = get("http://h/a", &[]);
    for (location, leads) in [
        ("/d", "http://h/d#top"),
        ("/d#", "http://h/d#"),
        ("/d#e", "http://h/d#e"),
        ("https://g", "https://g/#top"),
    ] {
        let previous = Previous { fragment: Some("top"), ..previous(&request) };
        let verdict = follow(previous, StatusCode::FOUND, [location.as_bytes()], &Redirects::default());
        let Verdict::Follow(hop) = verdict else { panic!("{verdict:?}") };
        assert_eq!(hop.url(), leads);
        assert!(!hop.request.uri().to_string().contains('#'), "it is never sent");
    }
}

#[test]
fn so_many_are_followed_and_no_more() {
    let request = get("http://h/", &[]);
    for (limit, followed, goes) in
        [(10, 9, true), (10, 10, false), (10, u32::MAX, false), (1, 0, true), (1, 1, false)]
    {
        let policy = Redirects { limit, ..Redirects::default() };
        // To itself: that is no reason by itself.
        let previous = Previous { followed, ..previous(&request) };
        match follow(previous, StatusCode::FOUND, [&b"http://h/"[..]], &policy) {
            Verdict::Follow(_) => assert!(goes, "{limit} {followed}"),
            Verdict::Refuse(why) => {
                assert!(!goes && why == NotFollowed::TooMany, "{limit} {followed} {why:?}")
            }
            Verdict::Answer(why) => panic!("{why:?}"),
        }
        let no_location = follow(previous, StatusCode::FOUND, [], &policy);
        assert!(matches!(no_location, Verdict::Answer(NoRedirect::NoLocation)), "{no_location:?}");
    }
    let off = Redirects { limit: 0, ..Redirects::default() };
    let verdict = found(&request, "http://[", &off);
    assert!(matches!(verdict, Verdict::Answer(NoRedirect::Off)), "{verdict:?}");
}

//! T25: which hosts are reached without a proxy, whatever way they are spelled in.
#![allow(clippy::unwrap_used)]

use httpocean_core::Key;
use httpocean_core::proxy::NoProxy;

/// What a list says of the host of a URL, as its key has it.
fn is_direct(list: &str, url: &str) -> bool {
    let key = Key::of(&url.parse().unwrap()).unwrap();
    NoProxy::new(list).matches(key.host(), key.port())
}

/// Lists, URLs that are reached directly, and URLs that are not.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

fn hold(rows: &[Row]) {
    for (list, direct, proxied) in rows {
        for url in *direct {
            assert!(is_direct(list, url), "`{list}` has to match {url}");
        }
        for url in *proxied {
            assert!(!is_direct(list, url), "`{list}` must not match {url}");
        }
        // A list that is written and read again says the same.
        let again = NoProxy::new(&NoProxy::new(list).to_string());
        assert_eq!(again, NoProxy::new(list), "{list}");
    }
}

#[test]
fn names_match_themselves_and_what_is_below() {
    hold(&[
        ("", &[], &["http://example.com"]),
        (" , ,,", &[], &["http://example.com"]),
        ("*", &["http://example.com", "http://10.0.0.1", "http://[::1]:8080"], &[]),
        (
            "example.com",
            &["http://example.com", "https://example.com", "http://a.b.example.com:8080"],
            &["http://notexample.com", "http://example.com.evil.test", "http://com", "http://example.co"],
        ),
        (".example.com", &["http://example.com", "http://www.example.com"], &["http://notexample.com"]),
        ("*.example.com", &["http://example.com", "http://www.example.com"], &["http://notexample.com"]),
        ("www.example.com", &["http://www.example.com"], &["http://example.com", "http://www2.example.com"]),
        ("localhost", &["http://localhost"], &["http://127.0.0.1", "http://[::1]"]),
        ("com", &["http://example.com"], &["http://example.org"]),
    ]);
}

#[test]
fn case_and_a_last_dot_do_not_matter() {
    hold(&[
        ("Example.COM", &["http://example.com", "http://WWW.eXample.com"], &[]),
        ("example.com.", &["http://example.com", "http://example.com."], &[]),
        ("example.com", &["http://EXAMPLE.com.", "http://www.example.com.:80"], &[]),
        (".example.com.", &["http://www.example.com"], &[]),
    ]);
}

#[test]
fn entries_are_separated_by_commas_or_white_space() {
    hold(&[
        ("a,b", &["http://a", "http://b"], &["http://c"]),
        ("a b\tc\r\nd", &["http://a", "http://b", "http://c", "http://d"], &["http://ab"]),
        (" a , b ", &["http://a", "http://b"], &[]),
        ("a;b", &[], &["http://a", "http://b"]),
    ]);
}

#[test]
fn a_port_narrows_an_entry() {
    hold(&[
        ("h:80", &["http://h", "http://h:80", "https://h:80", "http://x.h"], &["https://h", "http://h:8080"]),
        ("h:443", &["https://h"], &["http://h"]),
        (".h:8080", &["http://h:8080", "http://x.h:8080"], &["http://h"]),
        ("127.0.0.1:8080", &["http://127.0.0.1:8080"], &["http://127.0.0.1"]),
        ("[::1]:8080", &["http://[::1]:8080"], &["http://[::1]"]),
        ("h:0, h:x, h:99999", &[], &["http://h"]),
        ("h:", &["http://h", "http://h:8080"], &[]),
    ]);
}

#[test]
fn addresses_match_as_numbers_and_never_as_text() {
    hold(&[
        ("10.0.0.1", &["http://10.0.0.1"], &["http://10.0.0.10", "http://110.0.0.1", "http://10.0.0.2"]),
        ("0.0.1", &[], &["http://10.0.0.1"]),
        (".0.0.1", &[], &["http://10.0.0.1"]),
        ("10", &[], &["http://10.0.0.1"]),
        ("1", &[], &["http://10.0.0.1"]),
        ("::1", &["http://[::1]", "http://[0:0::0:1]"], &["http://[::11]", "http://127.0.0.1"]),
        ("[::1]", &["http://[::1]:8080"], &[]),
        ("2001:DB8::A", &["http://[2001:db8:0:0::a]"], &["http://[2001:db8::ab]"]),
        ("10.0.0.1", &["http://[::ffff:10.0.0.1]"], &[]),
        ("::ffff:10.0.0.1", &["http://10.0.0.1"], &[]),
        ("010.0.0.1, 0x0a.0.0.1, 167772161, 10.1", &[], &["http://10.0.0.1"]),
    ]);
}

#[test]
fn ranges_match_addresses_and_no_names() {
    hold(&[
        ("10.0.0.0/8", &["http://10.255.0.1", "http://[::ffff:10.1.1.1]"], &["http://11.0.0.1", "http://a"]),
        ("10.1.2.3/8", &["http://10.9.9.9"], &["http://11.0.0.1"]),
        ("192.168.1.128/25", &["http://192.168.1.129"], &["http://192.168.1.127"]),
        ("0.0.0.0/0", &["http://203.0.113.9"], &["http://[2001:db8::1]", "http://a"]),
        ("10.0.0.1/32", &["http://10.0.0.1"], &["http://10.0.0.0"]),
        ("fd00::/8", &["http://[fd12::1]"], &["http://[fe12::1]", "http://253.0.0.1"]),
        ("[fd00::]/8", &["http://[fd12::1]"], &[]),
        ("::/0", &["http://[::1]"], &["http://10.0.0.1"]),
        ("::ffff:10.0.0.0/104", &["http://10.7.7.7"], &["http://11.0.0.1"]),
        (
            "10.0.0.0/33, 10.0.0.0/, 10.0.0.0/-1, 10.0.0.0/+8, 10.0.0.0/8/8, /8, fd00::/129",
            &[],
            &["http://10.0.0.1"],
        ),
        ("example.com/8", &[], &["http://example.com"]),
    ]);
}

#[test]
fn what_is_no_host_matches_nothing() {
    // A zone id must not end an address in something that looks like a name (CVE-2025-22870).
    hold(&[
        ("*.example.com", &[], &["http://[::1]", "http://[fe80::1]"]),
        ("fe80::1%25.example.com, [fe80::1%25eth0], fe80::1%eth0", &[], &["http://[fe80::1]"]),
        ("http://example.com, user@example.com, example.com/path", &[], &["http://example.com"]),
        ("ex*mple.com, **, *com, exam?le.com", &[], &["http://example.com"]),
        ("..example.com, .*.example.com, *.", &[], &["http://example.com", "http://a.example.com"]),
        ("bücher.example", &[], &["http://xn--bcher-kva.example"]),
    ]);
    // And no URL with one has a key at all, so none gets as far as here.
    assert!(Key::of(&"http://[::1%25.example.com]/".parse().unwrap()).is_err());
}

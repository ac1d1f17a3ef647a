//! Cookies in files, as curl, wget and browsers' exports have them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_session::Jar;

const NOW: u64 = 1_800_000_000;

fn set(jar: &Jar, url: &str, cookie: &str) {
    jar.set(&url.parse().unwrap(), cookie.as_bytes(), NOW).unwrap();
}

fn sent(jar: &Jar, url: &str) -> String {
    let value = jar.cookies(&url.parse().unwrap(), NOW);
    value.map(|value| String::from_utf8(value.as_bytes().to_vec()).unwrap()).unwrap_or_default()
}

fn read(text: &str) -> (Jar, usize) {
    let jar = Jar::new();
    let taken = jar.load(text.as_bytes(), NOW).unwrap();
    (jar, taken)
}

#[test]
fn what_was_written_is_read_and_means_the_same() {
    let jar = Jar::new();
    for (url, cookie) in [
        ("https://www.h.example/", "host=1; Secure; HttpOnly"),
        ("https://www.h.example/", "domain=2; Domain=h.example; Path=/a; Max-Age=60"),
        ("http://127.0.0.1:81/", "address=3"),
        ("http://[::1]/", "six=4"),
        ("http://localhost/", "empty="),
        ("http://localhost/", "value=\"a b\u{fc}#\""),
    ] {
        set(&jar, url, cookie);
    }
    let text = jar.to_text(NOW);
    let again = Jar::new();
    assert_eq!(again.load(&text, NOW), Ok(6));
    assert_eq!(again.to_text(NOW), text);
    for url in [
        "https://www.h.example/a",
        "https://h.example/a",
        "http://www.h.example/a",
        "https://x.h.example/",
        "http://x.www.h.example/a",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://localhost/",
        "http://x.localhost/",
    ] {
        assert_eq!(sent(&again, url), sent(&jar, url), "{url}");
    }
    assert_eq!(sent(&again, "https://www.h.example/a"), "domain=2; host=1");
    assert!(again.cookies(&"http://h.example/a".parse().unwrap(), NOW + 60).is_none());
}

#[test]
fn a_file_of_curl_is_read() {
    let text = "# Netscape HTTP Cookie File\n# https://curl.se/docs/http-cookies.html\n\n\
        #HttpOnly_.h.example\tTRUE\t/\tFALSE\t1900000000\tid\t7\r\n\
        www.h.example\tFALSE\t/a\tTRUE\t0\ttwo\tb=c d\n\
        old.example\tFALSE\t/\tFALSE\t1700000000\told\t1\n\
        www.h.example\tFALSE\t/\tFALSE\t0\tempty\t\n\
        www.h.example\tFALSE\t/\tFALSE\t\tendless\t1\n";
    let (jar, taken) = read(text);
    assert_eq!(taken, 4);
    assert_eq!(sent(&jar, "https://www.h.example/a"), "two=b=c d; id=7; empty=; endless=1");
    assert_eq!(sent(&jar, "http://x.h.example/a"), "id=7");
    assert_eq!(sent(&jar, "http://old.example/"), "");
    let text = String::from_utf8(jar.to_text(NOW)).unwrap();
    assert!(text.contains("#HttpOnly_.h.example\tTRUE\t/\tFALSE\t"), "{text}");
}

#[test]
fn a_file_brings_no_cookie_for_a_public_suffix() {
    let (jar, taken) = read(".co.uk\tTRUE\t/\tFALSE\t0\ta\tb\n.test\tTRUE\t/\tFALSE\t0\ta\tb\n");
    assert_eq!((taken, jar.len()), (0, 0));
    assert_eq!(read("co.uk\tFALSE\t/\tFALSE\t0\ta\tb\n").1, 1, "as a host it may");
}

#[test]
fn nothing_is_kept_longer_than_from_a_server() {
    let (jar, _) = read("h.example\tFALSE\t/\tFALSE\t18446744073709551615\ta\tb\n");
    assert!(jar.cookies(&"http://h.example/".parse().unwrap(), NOW + 400 * 86_400 - 1).is_some());
    assert!(jar.cookies(&"http://h.example/".parse().unwrap(), NOW + 400 * 86_400).is_none());
}

#[test]
fn a_line_that_is_none_is_told_by_its_number_and_not_repeated() {
    for (line, why) in [
        ("s3cret", "seven columns"),
        ("h.example\tFALSE\t/\tFALSE\t0", "seven columns"),
        ("h.example\tMAYBE\t/\tFALSE\t0\ta\ts3cret", "TRUE nor FALSE"),
        ("h.example\tFALSE\t/\tno\t0\ta\ts3cret", "TRUE nor FALSE"),
        ("h.example\tFALSE\ta\tFALSE\t0\ta\ts3cret", "slash"),
        ("h.example\tFALSE\t/\tFALSE\t-1\ta\ts3cret", "seconds"),
        ("h.example\tFALSE\t/\tFALSE\t1e9\ta\ts3cret", "seconds"),
        ("h.example\tFALSE\t/\tFALSE\t0\t\ts3cret", "no name"),
        ("h.example\tFALSE\t/\tFALSE\t0\ta\ts3cret\tb", "no cookie has"),
        ("h.example\tFALSE\t/\tFALSE\t0\ta\ts3cret;b", "no cookie has"),
        ("\tFALSE\t/\tFALSE\t0\ta\ts3cret", "no host"),
        ("h/example\tFALSE\t/\tFALSE\t0\ta\ts3cret", "no host"),
    ] {
        let jar = Jar::new();
        let text = format!("# first\nok.example\tFALSE\t/\tFALSE\t0\ta\tb\n{line}\n");
        let error = jar.load(text.as_bytes(), NOW).unwrap_err();
        assert_eq!(error.line, 3, "{line}");
        assert!(error.to_string().contains(why) && !error.to_string().contains("s3cret"), "{line}: {error}");
        assert_eq!(jar.len(), 1, "those before it are there");
    }
}

//! Text, forms and JSON.
#![cfg(all(feature = "charset", feature = "form", feature = "json"))]

use httpocean_content::{charset, form, json};

#[test]
fn a_charset_is_a_mark_or_a_parameter_or_utf8() {
    for (content, content_type, text, broken) in [
        (&b"na\xc3\xafve"[..], None, "naïve", false),
        (b"na\xefve", Some("text/html; charset=latin1"), "naïve", false),
        (b"na\xefve", Some("text/html;charset=\"ISO-8859-1\""), "naïve", false),
        (b"\x82\xa0", Some("text/plain; CHARSET=Shift_JIS"), "あ", false),
        (b"\xef\xbb\xbfna\xc3\xafve", Some("text/plain; charset=latin1"), "naïve", false),
        (b"\xff\xfen\0a\0", None, "na", false),
        (b"\xfe\xff\0n\0a", Some("text/plain"), "na", false),
        (b"na\xefve", Some("text/plain; charset=unheard-of"), "na\u{fffd}ve", true),
        (b"na\xefve", Some("charset=latin1"), "na\u{fffd}ve", true),
        (b"", Some("text/plain; charset=utf-16"), "", false),
    ] {
        assert_eq!(charset::decode(content, content_type), (text.into(), broken), "{content_type:?}");
    }
}

#[test]
fn a_parameter_is_found_among_others() {
    for (content_type, charset) in [
        ("a/b", None),
        ("a/b; charset", None),
        ("a/b; charset=", None),
        ("a/b; x; charset=utf-8", Some("utf-8")),
        ("a/b; x=y ; charset=utf-8 ; z=1", Some("utf-8")),
        ("a/b; x=\"charset=no; \\\"charset=no\"; charset=\"yes\"", Some("yes")),
        ("a/b; charset=one; charset=two", Some("one")),
        ("a/b; xcharset=utf-8", None),
        ("a/b; charset = utf-8", Some("utf-8")),
        ("a/b; charset=\"utf-8", Some("utf-8")),
    ] {
        assert_eq!(charset::charset_of(content_type), charset, "{content_type}");
    }
}

#[test]
fn a_query_is_added_to_what_is_there() {
    let none: [(&str, &str); 0] = [];
    for (url, pairs, with) in [
        ("http://h", &[("a", "1")][..], "http://h/?a=1"),
        ("http://h/p", &[("a", "1"), ("b c", "d&=")], "http://h/p?a=1&b+c=d%26%3D"),
        ("http://h/p?x", &[("a", "ü")], "http://h/p?x&a=%C3%BC"),
        ("http://h/p?", &[("a", "")], "http://h/p?a="),
        ("http://h/p?x=1&", &[("a", "1")], "http://h/p?x=1&a=1"),
        ("http://h/p?x", &none, "http://h/p?x"),
        ("http://u@h:8/p", &none, "http://u@h:8/p"),
    ] {
        let uri = url.parse().expect("a URL");
        assert_eq!(form::with_query(&uri, pairs).expect("it is short").to_string(), with);
    }
    let endless = "x".repeat(70_000);
    assert!(form::with_query(&"http://h/".parse().expect("a URL"), &[("a", &endless)]).is_err());
}

#[test]
fn a_form_says_what_it_was_made_of() {
    let pairs = [("name", "Ann & Bob"), ("", ""), ("ü", "100%\r\n+")];
    let form = form::encode(pairs);
    assert_eq!(form, "name=Ann+%26+Bob&=&%C3%BC=100%25%0D%0A%2B");
    let back = form::decode(form.as_bytes());
    assert!(back.iter().zip(pairs).all(|((name, value), pair)| (&name[..], &value[..]) == pair), "{back:?}");
}

#[test]
fn json_may_begin_with_a_mark_and_says_where_it_is_wrong() {
    assert_eq!(json::decode::<Vec<u8>>(b"\xef\xbb\xbf [1]").expect("it is JSON"), [1]);
    let error = json::decode::<Vec<u8>>(b"[1,\n x]").expect_err("it is none");
    assert_eq!((error.line(), error.column()), (2, 2));
    assert!(json::decode::<Vec<u8>>(b"[1] 2").is_err());
    assert!(json::encode(&std::collections::BTreeMap::from([((1, 2), 3)])).is_err());
}

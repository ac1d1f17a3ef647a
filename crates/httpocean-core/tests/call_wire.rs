//! What a request looks like on the wire, and which requests are refused before a connection is asked for.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::Arc;

use common::*;
use http::{HeaderName, HeaderValue, Request, Version};
use httpocean_core::pool::Facts;
use httpocean_core::{BodyPlan, Call, Config, ErrorKind, Fault, Instant, Limits, Phase, Sent, call};

fn quiet() -> Config {
    Config { call: call::Options { user_agent: None, ..call::Options::default() }, ..Config::default() }
}

/// The head that a request is written as.
fn head_of(request: Request<()>, body: BodyPlan, config: Config) -> String {
    let mut it = Scenario::start(request, body, config);
    it.acquire(Facts::default());
    let _ = it.step();
    let head = it.flush();
    assert!(head.ends_with("\r\n\r\n") && !head[..head.len() - 4].contains("\r\n\r\n"), "{head}");
    head
}

fn head(method: &str, uri: &str, fields: &[(&str, &str)], body: BodyPlan) -> String {
    head_of(request(method, uri, fields), body, quiet())
}

fn first_line(method: &str, uri: &str) -> String {
    let head = head(method, uri, &[], BodyPlan::empty());
    head.split("\r\n").next().unwrap().to_owned()
}

fn host(uri: &str) -> String {
    let head = head("GET", uri, &[], BodyPlan::empty());
    head.split("\r\n").nth(1).unwrap().to_owned()
}

fn refused(request: Request<()>, body: BodyPlan) -> String {
    let error = Call::new(request, body, &Arc::new(quiet()), Instant::ZERO).unwrap_err();
    assert_eq!((error.fault(), error.phase(), error.sent()), (Fault::Local, Phase::Start, Sent::Nothing));
    let ErrorKind::Request(what) = error.kind() else { panic!("{error}") };
    (*what).to_owned()
}

const CHUNKED: BodyPlan = BodyPlan { size: None, replayable: true, trailers: false };

#[test]
fn a_plain_get_to_the_byte() {
    assert_eq!(
        head("GET", "http://example.com/a?b=c", &[("accept", "*/*"), ("x-b", "2")], BodyPlan::empty()),
        "GET /a?b=c HTTP/1.1\r\nhost: example.com\r\naccept: */*\r\nx-b: 2\r\n\r\n"
    );
}

#[test]
fn the_forms_of_a_target() {
    for (method, uri, line) in [
        ("GET", "http://h", "GET / HTTP/1.1"),
        ("GET", "http://h/", "GET / HTTP/1.1"),
        ("GET", "http://h?q=1", "GET /?q=1 HTTP/1.1"),
        ("GET", "http://h/?", "GET /? HTTP/1.1"),
        ("GET", "http://h/a//b/../c", "GET /a//b/../c HTTP/1.1"),
        ("GET", "http://h//evil.example/", "GET //evil.example/ HTTP/1.1"),
        ("GET", "http://h/%41%e4?%zz%4", "GET /%41%e4?%25zz%254 HTTP/1.1"),
        ("GET", "http://h/%", "GET /%25 HTTP/1.1"),
        ("GET", "http://h/*", "GET /* HTTP/1.1"),
        ("OPTIONS", "http://h/*", "OPTIONS * HTTP/1.1"),
        ("OPTIONS", "http://h/", "OPTIONS / HTTP/1.1"),
        ("OPTIONS", "http://h/*?q", "OPTIONS /*?q HTTP/1.1"),
        ("CONNECT", "h:443", "CONNECT h:443 HTTP/1.1"),
        ("CONNECT", "http://h", "CONNECT h:80 HTTP/1.1"),
        ("CONNECT", "[::1]:443", "CONNECT [::1]:443 HTTP/1.1"),
        ("BREW", "http://h/pot", "BREW /pot HTTP/1.1"),
    ] {
        assert_eq!(first_line(method, uri), line, "{uri}");
    }
}

#[test]
fn a_star_is_a_target_of_options_alone() {
    let star = |method: &str| {
        let uri = http::Uri::builder().scheme("http").authority("h").path_and_query("*").build();
        uri.ok().map(|uri| {
            let request = Request::builder().method(method).uri(uri).body(()).unwrap();
            head_of(request, BodyPlan::empty(), quiet()).split("\r\n").next().unwrap().to_owned()
        })
    };
    for (method, line) in [("GET", "GET /* HTTP/1.1"), ("OPTIONS", "OPTIONS * HTTP/1.1")] {
        assert!(star(method).is_none_or(|it| it == line), "{:?}", star(method));
    }
}

#[test]
fn bytes_that_no_target_may_hold_are_escaped() {
    for byte in 1..=255u8 {
        let text = [b"http://h/a".as_slice(), &[byte], b"b?c", &[byte]].concat();
        let Ok(uri) = http::Uri::try_from(text.as_slice()) else { continue };
        let request = Request::builder().uri(uri).body(()).unwrap();
        let line = head_of(request, BodyPlan::empty(), quiet());
        let line = line.split("\r\n").next().unwrap();
        let target = line.strip_prefix("GET ").and_then(|line| line.strip_suffix(" HTTP/1.1")).unwrap();
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?%".contains(&b);
        assert!(target.bytes().all(allowed), "{byte}: {target}");
        if !allowed(byte) && byte != b'#' {
            assert_eq!(target, format!("/a%{byte:02X}b?c%{byte:02X}"));
        }
    }
    assert_eq!(first_line("GET", "http://h/ü"), "GET /%C3%BC HTTP/1.1");
    assert_eq!(first_line("GET", "http://h/a#frag"), "GET /a HTTP/1.1");
}

#[test]
fn the_host_comes_first_and_has_the_port_where_it_matters() {
    assert_eq!(host("http://Example.COM/"), "host: example.com");
    assert_eq!(host("http://example.com:80/"), "host: example.com");
    assert_eq!(host("http://example.com.:8080/"), "host: example.com:8080");
    assert_eq!(host("http://[0:0:0::1]/"), "host: [::1]");
    assert_eq!(host("http://[::1]:81/"), "host: [::1]:81");
    assert_eq!(host("http://127.0.0.1:81/"), "host: 127.0.0.1:81");
}

#[test]
fn a_tunnel_has_its_port_in_both_places() {
    for uri in ["h:80", "http://h", "http://h:80/"] {
        let head = head("CONNECT", uri, &[], BodyPlan::empty());
        assert_eq!(head, "CONNECT h:80 HTTP/1.1\r\nhost: h:80\r\n\r\n", "{uri}");
    }
    let same = head("CONNECT", "h:80", &[("host", "H:80")], BodyPlan::empty());
    assert_eq!(same, "CONNECT h:80 HTTP/1.1\r\nhost: H:80\r\n\r\n");
    for other in ["h", "h:81", "other:80"] {
        let connect = request("CONNECT", "h:80", &[("host", other)]);
        assert!(refused(connect, BodyPlan::empty()).contains("target"), "{other}");
    }
}

#[test]
fn the_users_own_host_stands_once_and_first() {
    let head = head("GET", "http://h/", &[("x-a", "1"), ("host", "other:8080")], BodyPlan::empty());
    assert_eq!(head, "GET / HTTP/1.1\r\nhost: other:8080\r\nx-a: 1\r\n\r\n");
    for bad in [
        "", " ", "a b", "a/b", "u@h", "a,b", "a\tb", "h?q", "h#f", "\u{fc}", "[::1", "a:b:c", "h:x",
        "h:99999",
    ] {
        let mut request = request("GET", "http://h/", &[]);
        request.headers_mut().insert("host", HeaderValue::from_bytes(bad.as_bytes()).unwrap());
        assert!(refused(request, BodyPlan::empty()).contains("host"), "{bad}");
    }
}

#[test]
fn the_user_agent_is_ours_theirs_or_none() {
    let plain = |fields| request("GET", "http://h/", fields);
    let ours = head_of(plain(&[]), BodyPlan::empty(), Config::default());
    assert!(ours.contains("\r\nuser-agent: httpocean/"));
    let theirs = head_of(plain(&[("user-agent", "me")]), BodyPlan::empty(), Config::default());
    assert!(theirs.contains("\r\nuser-agent: me\r\n") && !theirs.contains("httpocean"));
    assert!(!head_of(plain(&[]), BodyPlan::empty(), quiet()).contains("user-agent"));
}

fn framing(method: &str, fields: &[(&str, &str)], body: BodyPlan) -> Vec<String> {
    let head = head(method, "http://h/", fields, body);
    let framing = |line: &&str| line.starts_with("content-length") || line.starts_with("transfer-encoding");
    head.split("\r\n").filter(framing).map(str::to_owned).collect()
}

#[test]
fn the_framing_follows_from_the_method_and_the_body() {
    for method in ["POST", "PUT", "PATCH", "BREW"] {
        assert_eq!(framing(method, &[], BodyPlan::empty()), ["content-length: 0"], "{method}");
    }
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "TRACE"] {
        assert!(framing(method, &[], BodyPlan::empty()).is_empty(), "{method}");
    }
    for method in ["GET", "DELETE", "POST"] {
        assert_eq!(framing(method, &[], BodyPlan::sized(7)), ["content-length: 7"]);
        assert_eq!(framing(method, &[], CHUNKED), ["transfer-encoding: chunked"]);
    }
    assert_eq!(framing("PUT", &[], BodyPlan::sized(u64::MAX)), [format!("content-length: {}", u64::MAX)]);
}

#[test]
fn framing_fields_that_agree_stand_once() {
    assert_eq!(framing("POST", &[("content-length", "7")], BodyPlan::sized(7)), ["content-length: 7"]);
    assert_eq!(framing("POST", &[("content-length", "007")], BodyPlan::sized(7)), ["content-length: 7"]);
    assert_eq!(framing("POST", &[("content-length", "7")], CHUNKED), ["content-length: 7"]);
    assert_eq!(framing("GET", &[("content-length", "0")], BodyPlan::empty()), ["content-length: 0"]);
    for body in [CHUNKED, BodyPlan::sized(7), BodyPlan::empty()] {
        let fields = [("transfer-encoding", "Chunked")];
        assert_eq!(framing("POST", &fields, body), ["transfer-encoding: chunked"]);
    }
}

#[test]
fn framing_fields_that_contradict_are_refused() {
    let cl = "content-length";
    let te = "transfer-encoding";
    for (fields, body) in [
        (&[(cl, "8")][..], BodyPlan::sized(7)),
        (&[(cl, "1")], BodyPlan::empty()),
        (&[(cl, "7"), (cl, "7")], BodyPlan::sized(7)),
        (&[(cl, "7, 7")], BodyPlan::sized(7)),
        (&[(cl, "+7")], BodyPlan::sized(7)),
        (&[(cl, "")], BodyPlan::empty()),
        (&[(cl, "99999999999999999999")], CHUNKED),
        (&[(cl, "7"), (te, "chunked")], BodyPlan::sized(7)),
        (&[(te, "chunked"), (te, "chunked")], CHUNKED),
        (&[(te, "chunked, chunked")], CHUNKED),
        (&[(te, "gzip, chunked")], CHUNKED),
        (&[(te, "identity")], CHUNKED),
        (&[(te, "xchunked")], CHUNKED),
    ] {
        refused(request("POST", "http://h/", fields), body);
    }
}

#[test]
fn what_can_not_be_sent_is_refused() {
    let plain = |method: &str, fields: &[(&str, &str)]| request(method, "http://h/", fields);
    let empty = BodyPlan::empty();
    assert!(refused(plain("TRACE", &[]), BodyPlan::sized(1)).contains("no body"));
    assert!(refused(plain("TRACE", &[]), CHUNKED).contains("no body"));
    assert!(refused(request("CONNECT", "h:1", &[]), BodyPlan::sized(1)).contains("no body"));
    assert!(refused(plain("CONNECT", &[("transfer-encoding", "chunked")]), empty).contains("no body"));
    assert!(refused(plain("OPTIONS", &[]), BodyPlan::sized(1)).contains("content-type"));
    assert!(refused(plain("GET", &[("te", "trailers, Chunked")]), empty).contains("TE"));
    assert!(refused(plain("GET", &[("te", "trailers, chunked ;q=0.5")]), empty).contains("TE"));
    for expect in ["100-continue", "100-Continue", "x, 100-continue"] {
        assert!(refused(plain("GET", &[("expect", expect)]), empty).contains("100-continue"));
    }
    assert!(refused(plain("POST", &[("trailer", "x")]), BodyPlan::sized(1)).contains("chunked"));
    assert!(refused(request("CONNECT", "/", &[]), empty).contains("host"));
    for version in [Version::HTTP_09, Version::HTTP_10, Version::HTTP_2, Version::HTTP_3] {
        let mut request = plain("GET", &[]);
        *request.version_mut() = version;
        assert!(refused(request, empty).contains("HTTP/1.1"));
    }
    for uri in ["https://u:%0d@h/", "https://@h/", "ftp://h/", "/path", "http://127.1/", "http://h:0/"] {
        refused(request("GET", uri, &[]), empty);
    }
}

#[test]
fn a_field_that_is_no_list_stands_once() {
    for field in [
        "host",
        "content-type",
        "user-agent",
        "expect",
        "content-length",
        "transfer-encoding",
        "authorization",
        "proxy-authorization",
        "referer",
        "origin",
        "from",
        "date",
        "max-forwards",
        "range",
        "if-range",
        "if-modified-since",
        "if-unmodified-since",
        "content-location",
        "content-range",
    ] {
        let twice = request("GET", "http://h/", &[(field, "7"), ("x", "y"), (field, "7")]);
        assert!(refused(twice, BodyPlan::empty()).contains("twice"), "{field}");
    }
    for list in ["accept", "cache-control", "via", "if-none-match", "connection", "te", "upgrade", "x-own"] {
        let head = head("GET", "http://h/", &[(list, "a"), (list, "b")], BodyPlan::empty());
        assert!(head.contains(&format!("\r\n{list}: a\r\n{list}: b\r\n")), "{head}");
    }
}

#[test]
fn a_referer_tells_no_fragment_and_no_password() {
    let refer = |url| request("GET", "http://h/", &[("referer", url)]);
    for url in ["http://a/#top", "/b#", "http://me@a/", "https://me:secret@a?x", "//me@a"] {
        assert!(refused(refer(url), BodyPlan::empty()).contains("referer"), "{url}");
    }
    for url in ["http://a/@b", "http://a?me@b", "/me@a", "about:blank", ""] {
        assert!(head_of(refer(url), BodyPlan::empty(), quiet()).contains(&format!("\r\nreferer: {url}\r\n")));
    }
}

#[test]
fn cookies_stand_on_one_line() {
    let fields = [("cookie", "a=1"), ("x-a", "1"), ("cookie", "b=2; c=3"), ("cookie", "a=1")];
    let head = head("GET", "http://h/", &fields, BodyPlan::empty());
    assert_eq!(head, "GET / HTTP/1.1\r\nhost: h\r\ncookie: a=1; b=2; c=3; a=1\r\nx-a: 1\r\n\r\n");
}

#[test]
fn a_trace_holds_no_secrets() {
    let trace = |field| request("TRACE", "http://h/", &[(field, "v")]);
    for field in ["authorization", "cookie", "proxy-authorization"] {
        assert!(refused(trace(field), BodyPlan::empty()).contains("secrets"), "{field}");
    }
    let mut marked = trace("x-key");
    assert!(head_of(marked.clone(), BodyPlan::empty(), quiet()).contains("\r\nx-key: v\r\n"));
    marked.headers_mut().get_mut("x-key").unwrap().set_sensitive(true);
    assert!(refused(marked, BodyPlan::empty()).contains("secrets"));
}

#[test]
fn a_head_that_is_too_large_is_refused_and_one_that_is_not_fits() {
    let limits = Limits { request_head_bytes: 1000, ..Limits::default() };
    let config = Arc::new(Config { limits, ..quiet() });
    let mut fits = 0;
    for len in 0..1000 {
        for kind in 0..4 {
            let long = "a".repeat(len);
            let request = match kind {
                0 => request("GET", &format!("http://h/{long}"), &[]),
                1 => request("GET", &format!("http://h/{}", "\"".repeat(len)), &[]),
                2 => request("GET", "http://h/", &[("x", &long)]),
                _ => request(&format!("M{long}"), "http://h/", &[]),
            };
            match Call::new(request.clone(), BodyPlan::empty(), &config, Instant::ZERO) {
                Ok(_) => {
                    fits += 1;
                    let head = head_of(request, BodyPlan::empty(), (*config).clone());
                    assert!(head.len() <= 1000, "{} {kind}", head.len());
                }
                Err(error) => assert!(matches!(error.kind(), ErrorKind::Request(_))),
            }
        }
    }
    assert!(fits > 1500, "{fits}");
}

#[test]
fn fields_for_the_next_hop_are_named_as_such() {
    let lines = |fields: &[(&str, &str)]| {
        let head = head("GET", "http://h/", fields, BodyPlan::empty());
        head.split("\r\n").filter(|l| l.starts_with("connection")).collect::<Vec<_>>().join("|")
    };
    assert_eq!(lines(&[("te", "trailers")]), "connection: te");
    assert_eq!(lines(&[("te", "trailers"), ("connection", "TE")]), "connection: TE");
    assert_eq!(lines(&[("upgrade", "tea")]), "connection: upgrade");
    assert_eq!(lines(&[("upgrade", "tea"), ("connection", "close, Upgrade")]), "connection: close, Upgrade");
    assert_eq!(lines(&[("keep-alive", "timeout=5")]), "connection: keep-alive");
    assert_eq!(lines(&[("keep-alive", "timeout=5"), ("connection", "Keep-Alive")]), "connection: Keep-Alive");
    assert_eq!(lines(&[("connection", "close")]), "connection: close");
    assert_eq!(lines(&[]), "");
}

#[test]
fn repeated_fields_keep_their_order_and_opaque_bytes_their_value() {
    let mut request = request("GET", "http://h/", &[("x-a", "1"), ("x-b", "2"), ("x-a", "3")]);
    request.headers_mut().insert("x-c", HeaderValue::from_bytes(b"\xC3\xBC\t!").unwrap());
    let head = head_of(request, BodyPlan::empty(), quiet());
    assert_eq!(head, "GET / HTTP/1.1\r\nhost: h\r\nx-a: 1\r\nx-a: 3\r\nx-b: 2\r\nx-c: ü\t!\r\n\r\n");
}

#[test]
fn every_name_that_http_knows_comes_out_as_it_went_in() {
    for name in ["accept", "x-1", "!#$%&'*+-.^_`|~"] {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        let mut request = request("GET", "http://h/", &[]);
        request.headers_mut().insert(&name, HeaderValue::from_static("v"));
        assert!(head_of(request, BodyPlan::empty(), quiet()).contains(&format!("\r\n{name}: v\r\n")));
    }
}

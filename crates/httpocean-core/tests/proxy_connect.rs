//! CONNECT, to the byte, however the answer is cut.
#![allow(clippy::unwrap_used)]

mod proxying;

use std::time::Duration;

use httpocean_core::dial::DialStep;
use httpocean_core::{Config, ErrorKind, Fault, Limits, Phase, ProxyError, Sent, call};
use proxying::Peer::{Closes, Hears, Resets, Says};
use proxying::{NOW, Through, always, config};

const URL: &str = "https://a.test/";
const MADE: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

fn refused(head: &str, body: &str) -> String {
    always("http://p", URL, &[Says(format!("HTTP/1.1 {head}\r\n\r\n{body}").as_bytes()), Closes])
}

#[test]
fn what_is_asked_is_host_port_who_we_are_and_what_we_are() {
    let ours = concat!("user-agent: httpocean/", env!("CARGO_PKG_VERSION"), "\r\n");
    let ask = |target: &str, more: &str| format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n{more}\r\n");
    for (proxy, url, expected) in [
        ("http://p", URL, ask("a.test:443", ours)),
        ("http://p", "https://A.test.:8443/path?query", ask("a.test:8443", ours)),
        ("http://p", "https://[0::1]/", ask("[::1]:443", ours)),
        ("http://u:p@p", URL, ask("a.test:443", &format!("proxy-authorization: Basic dTpw\r\n{ours}"))),
    ] {
        assert_eq!(always(proxy, url, &[Hears(expected.as_bytes()), Says(MADE)]), "ready");
    }
    let call = call::Options { user_agent: None, ..call::Options::default() };
    let mut quiet = Through::connected_with(Config { call, ..config("http://p") }, URL);
    assert!(
        quiet
            .goes(&[Hears(ask("a.test:443", "").as_bytes()), Says(MADE)], &[])
            .is_some_and(|made| made.is_ok())
    );
}

#[test]
fn any_success_is_a_tunnel_whatever_it_says_of_a_body() {
    for head in [
        "200 OK",
        "200",
        "204 No Content",
        "299 Odd\r\ncontent-length: 5",
        "200 OK\r\ntransfer-encoding: chunked",
        "200 OK\r\ntransfer-encoding: gzip\r\ncontent-length: x",
        "200 OK\r\nconnection: close",
    ] {
        let answer = format!("HTTP/1.1 {head}\r\n\r\n");
        assert_eq!(always("http://p", URL, &[Says(answer.as_bytes())]), "ready", "{head}");
    }
    assert_eq!(always("http://p", URL, &[Says(b"HTTP/1.0 200 OK\r\n\r\n")]), "ready");
}

#[test]
fn interim_responses_are_passed_over_up_to_a_limit() {
    let hint = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
    let answer = |hints: usize| [hint.repeat(hints), MADE.to_vec()].concat();
    assert_eq!(always("http://p", URL, &[Says(&answer(4))]), "ready");
    let outcome = always("http://p", URL, &[Says(&answer(5))]);
    assert!(outcome.starts_with("Proxy(Protocol(TooLarge("), "{outcome}");
    let outcome = always("http://p", URL, &[Says(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n")]);
    assert!(outcome.starts_with("Proxy(Protocol(UnsolicitedUpgrade("), "{outcome}");
}

#[test]
fn a_refusal_is_told_with_its_head_and_the_first_bytes_of_its_body() {
    for (head, body, kept) in [
        ("407 Who\r\ncontent-length: 5", "hello", "hello"),
        ("407 Who\r\ncontent-length: 5", "hello, world", "hello"),
        ("407 Who\r\ncontent-length: 0", "", ""),
        ("403 No\r\ntransfer-encoding: chunked", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"),
        ("502 Bad", "until the end", "until the end"),
        ("302 Found\r\nlocation: http://evil/\r\ncontent-length: 0", "", ""),
        // Whatever its body is like, or whether it is whole.
        ("503 Bad\r\ncontent-length: 99", "half", "half"),
        ("503 Bad\r\ncontent-length: x", "what", ""),
        ("503 Bad\r\ntransfer-encoding: chunked", "5\r\nhello\r\nbad", "hello"),
    ] {
        let status = &head[..3];
        let expected = format!("Proxy(Refused({status})) Peer Proxy Some({kept:?})");
        assert_eq!(refused(head, body), expected, "{head} {body}");
    }
    let long = "x".repeat(5_000);
    let kept = "x".repeat(Limits::default().proxy_body_bytes);
    assert_eq!(refused("403 No", &long), format!("Proxy(Refused(403)) Peer Proxy Some({kept:?})"));

    let said = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 2\r\n\r\nno";
    let Some(Err(error)) = Through::connected("http://p", URL).goes(&[Says(said)], &[]) else {
        panic!("no error")
    };
    let answer = error.proxy_answer().unwrap();
    assert_eq!(answer.fields["proxy-authenticate"], "Basic realm=\"x\"");
    assert_eq!((error.status().unwrap().as_u16(), error.sent()), (407, Sent::Nothing));
    // Nothing that it says is printed.
    assert!(!format!("{error} {error:?}").contains("realm"), "{error:?}");
}

/// A proxy that refuses and then neither says the rest nor closes has refused all the same.
#[test]
fn a_refusal_that_is_not_said_to_its_end_is_told_when_time_is_up() {
    let mut it = Through::connected("http://p", URL);
    assert!(it.goes(&[Says(b"HTTP/1.1 407 Who\r\ncontent-length: 9\r\n\r\nhal")], &[]).is_none());
    let DialStep::Failed(error) = it.dial.step(&mut it.io, NOW + Duration::from_secs(10)) else {
        panic!("no error")
    };
    assert!(matches!(error.kind(), ErrorKind::Proxy(ProxyError::Refused(_))), "{error}");
    assert_eq!(error.proxy_answer().unwrap().body, b"hal");
}

#[test]
fn a_proxy_that_says_nothing_is_too_slow() {
    for (proxy, said) in [("http://p", &b"HTTP/1.1 20"[..]), ("http://p", b""), ("socks5://p", b"\x05")] {
        let mut it = Through::connected(proxy, URL);
        assert!(it.goes(&[Says(said)], &[]).is_none());
        let early = it.dial.step(&mut it.io, NOW + Duration::from_millis(9_999));
        assert!(matches!(early, DialStep::Wait(_)), "{early:?}");
        let DialStep::Failed(error) = it.dial.step(&mut it.io, NOW + Duration::from_secs(10)) else {
            panic!("no error")
        };
        assert_eq!((error.kind(), error.phase()), (&ErrorKind::Timeout, Phase::Proxy));
    }
}

#[test]
fn what_is_no_answer_is_an_error() {
    for (said, class) in [
        (&b"SSH-2.0-OpenSSH\r\n"[..], "BadStatusLine"),
        (b"\x05\0", "BadStatusLine"),
        (b"HTTP/2 200\r\n\r\n", "BadStatusLine"),
        (b"HTTP/1.1 200 OK\n\n", "BadStatusLine"),
        (b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", "BadHeader"),
        (b"HTTP/1.1 200 OK\r\nx : y\r\n\r\n", "BadHeader"),
    ] {
        let outcome = always("http://p", URL, &[Says(said)]);
        assert!(outcome.starts_with(&format!("Proxy(Protocol({class}(")), "{outcome}");
    }
    let endless = [&b"HTTP/1.1 200 OK\r\nx: "[..], &[b'x'; 16 * 1024]].concat();
    let mut it = Through::connected("http://p", URL);
    let Some(Err(error)) = it.goes(&[Says(&endless)], &[1_000]) else { panic!("it was taken") };
    assert_eq!(error.fault(), Fault::Peer);
    assert!(error.to_string().contains("too-large"), "{error}");
}

#[test]
fn an_end_in_the_middle_is_an_error_at_every_byte() {
    for len in 0..MADE.len() {
        let said = &MADE[..len];
        assert_eq!(
            always("http://p", URL, &[Says(said), Closes]),
            "Proxy(Closed) Network Proxy None",
            "{len}"
        );
        let reset = always("http://p", URL, &[Says(said), Resets]);
        assert_eq!(reset, "Proxy(Reset(Reset)) Network Proxy None", "{len}");
    }
}

/// What was not sent while there was time is not sent as a last word either.
#[test]
fn a_proxy_that_takes_nothing_is_left_without_a_word() {
    let mut it = Through::connected("http://ann:s3cret@p", URL);
    assert!(matches!(it.dial.step(&mut it.io, NOW), DialStep::Wait(want) if want.write));
    let later = NOW + Duration::from_secs(3600);
    let DialStep::Failed(error) = it.dial.step(&mut it.io, later) else { panic!("it waits on") };
    assert_eq!((error.kind(), error.phase()), (&ErrorKind::Timeout, Phase::Proxy));
    assert_eq!(it.dial.goodbye(), b"");
    assert!(it.io.tx.pending().is_empty());
}

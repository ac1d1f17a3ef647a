//! What a status does to the exchange, and what it leaves to the user (RFC 9110 section 15).
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm)]

mod common;

use common::*;
use httpocean_core::policy::Retries;
use httpocean_core::pool::{Facts, Fate};
use httpocean_core::{BodyPlan, Config};

/// What is heard of a response to a GET, and what becomes of the connection.
fn heard(head: &str) -> (u16, Fields, Vec<u8>, Fate) {
    let retries = Retries::new(3);
    let config = Config { retries, ..Config::default() };
    let mut it = Scenario::written_on("GET", &[], Facts::default(), config);
    it.feed(format!("HTTP/1.1 {head}\r\n\r\nhello"));
    let Said::Head(status, fields) = it.step() else { panic!("{head}: no head") };
    let (mut body, mut fate) = (Vec::new(), None);
    for said in it.run() {
        match said {
            Said::Data(more) => body.extend(more),
            Said::Release(of) => fate = Some(of),
            Said::End(None) => return (status, fields, body, fate.unwrap()),
            other => panic!("{head}: {other:?}"),
        }
    }
    panic!("{head}: it does not end");
}

#[test]
fn an_unknown_one_is_read_as_its_class_says() {
    for status in [299, 399, 499, 599] {
        let (seen, _, body, fate) = heard(&format!("{status} Odd\r\nlocation: /other\r\ncontent-length: 5"));
        assert_eq!((seen, body.as_slice(), fate), (status, b"hello".as_slice(), Fate::REUSABLE));
    }
    let mut it = Scenario::get();
    it.feed("HTTP/1.1 199 Odd\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    assert!(matches!(it.step(), Said::Interim(199, _)));
    assert!(matches!(it.step(), Said::Head(200, _)));
}

#[test]
fn one_beyond_599_is_a_failure_of_the_server_as_far_as_it_matters() {
    for status in [600, 799, 999] {
        let (seen, _, body, _) = heard(&format!("{status} Odd\r\ncontent-length: 5"));
        assert_eq!((seen, body.as_slice()), (status, b"hello".as_slice()));
        // Like a 5xx, and unlike a 2xx, it ends the need for the rest of a body.
        let mut it = Scenario::upload("PUT", &[], BodyPlan::sized(9), Config::default());
        assert!(matches!(it.step(), Said::NeedBody { .. }));
        it.feed(format!("HTTP/1.1 {status} Odd\r\ncontent-length: 0\r\n\r\n"));
        assert!(matches!(it.step(), Said::Head(..)));
        assert!(it.io.tx.pending().is_empty(), "{status}: it goes on sending");
    }
}

#[test]
fn what_only_the_user_can_act_on_is_handed_over_whole() {
    for (status, field) in [
        (206, ("content-range", "bytes 0-4/10")),
        (300, ("location", "/choice")),
        (305, ("location", "http://proxy.example/")),
        (306, ("location", "/unused")),
        (401, ("www-authenticate", "Basic realm=\"x\"")),
        (407, ("proxy-authenticate", "Basic realm=\"x\"")),
        (408, ("x-why", "slow")),
        (417, ("x-why", "unexpected")),
        (421, ("x-why", "not mine")),
    ] {
        let (name, value) = field;
        let (seen, fields, body, fate) =
            heard(&format!("{status} So\r\n{name}: {value}\r\ncontent-length: 5"));
        assert_eq!((seen, body.as_slice(), fate), (status, b"hello".as_slice(), Fate::REUSABLE));
        assert_eq!(fields[0], (name.to_owned(), value.as_bytes().to_vec()));
    }
}

#[test]
fn a_304_is_an_answer_without_a_body_and_all_fields_of_caches_are_passed_on() {
    let mut it = Scenario::get();
    it.feed("HTTP/1.1 304 Not Modified\r\netag: \"1\"\r\nage: 7\r\ncache-control: max-age=9\r\ncontent-length: 5\r\n\r\n");
    let Said::Head(304, fields) = it.step() else { panic!() };
    let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["etag", "age", "cache-control", "content-length"]);
    assert_eq!(it.fate(), Fate::REUSABLE);
}

#[test]
fn a_content_coding_is_no_framing_and_stays_as_it_is() {
    for coding in ["gzip", "x-gzip", "chunked", "unheard-of"] {
        let (_, _, body, fate) = heard(&format!("200 OK\r\ncontent-encoding: {coding}\r\ncontent-length: 5"));
        assert_eq!((body.as_slice(), fate), (b"hello".as_slice(), Fate::REUSABLE), "{coding}");
    }
}

#[test]
fn bytes_beyond_ascii_are_kept_and_not_taken_for_text() {
    let mut it = Scenario::get();
    let head = b"HTTP/1.1 200 \xE4\xFF\r\nX-Unheard-Of:\t \xC3\xBC\xC3 \t\r\ncontent-length: 0\r\n\r\n";
    it.feed(head);
    let Said::Head(200, fields) = it.step() else { panic!() };
    assert_eq!(it.io.head(head.len()).reason(), b"\xE4\xFF");
    assert_eq!(fields[0], ("X-Unheard-Of".to_owned(), b"\xC3\xBC\xC3".to_vec()));
    let response = it.io.head(head.len()).to_response();
    assert_eq!(response.headers()["x-unheard-of"].as_bytes(), b"\xC3\xBC\xC3");
}

//! T2: only a `Transfer-Encoding` that is exactly `chunked` frames a response, and what else could be read otherwise by
//! somebody is an error, or the last response of its connection.

use httpocean_core::CloseReason;
use httpocean_core::pool::Fate;

use crate::reading::{BY_PROTOCOL, KEPT, Read, class, read, read_by, whole};

const BODY: &str = "\r\n\r\n2\r\nab\r\n0\r\n\r\n";

fn with(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}{BODY}")
}

#[test]
fn t2_codings_other_than_chunked_alone_are_an_error() {
    for fields in [
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunkedx",
        "Transfer-Encoding: chunked-x",
        "Transfer-Encoding: chunk ed",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: chunked;",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: identity, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\ntransfer-encoding: chunked",
        "Transfer-Encoding: ,",
        "Transfer-Encoding:",
        "Transfer-Encoding: \u{ff43}hunked",
        "Transfer-Encoding: chun\u{212a}ed",
    ] {
        assert_eq!(class(with(fields)), "unsupported-transfer-coding", "{fields}");
    }
    for fields in
        ["Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked\r\nTRANSFER-ENCODING: chunked"]
    {
        assert_eq!(class(with(fields)), "conflicting-length", "{fields}");
    }
}

#[test]
fn t2_a_coding_that_is_hidden_from_somebody_is_an_error() {
    for fields in [
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding: chunked\u{b}",
        "Transfer-Encoding: \0chunked",
        "Transfer-Encoding:\r\n chunked",
        "Transfer-Encoding: chunked\r\n , identity",
        "Transfer-Encoding: chunked\r\n ",
        "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 3\r\n ",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\t: chunked",
        "\u{b}Transfer-Encoding: chunked",
        "Transfer-\0Encoding: chunked",
        "Transfer-Encoding\r: chunked",
        "X: y\rTransfer-Encoding: chunked",
        "X: y\nTransfer-Encoding: chunked",
    ] {
        assert_eq!(class(with(fields)), "bad-header", "{fields:?}");
    }
}

#[test]
fn t2_a_response_framed_twice_is_read_by_its_chunks_and_is_the_last() {
    for fields in [
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Content-Length: 12\r\nTransfer-Encoding: chunked",
        "Content-Length: no number\r\nTransfer-Encoding: chunked",
    ] {
        assert_eq!(read(with(fields)), whole("ab", BY_PROTOCOL), "{fields}");
    }
    assert_eq!(read(with("Transfer-Encoding: Chunked")), whole("ab", KEPT));
}

#[test]
fn t2_http_1_0_knows_no_chunks() {
    let keep = "Connection: keep-alive\r\nTransfer-Encoding: chunked";
    for fields in [keep.to_owned(), format!("Content-Length: 3\r\n{keep}")] {
        assert_eq!(read(format!("HTTP/1.0 200 OK\r\n{fields}{BODY}")), whole("ab", BY_PROTOCOL), "{fields}");
    }
}

#[test]
fn t2_a_field_that_only_looks_like_it_frames_nothing() {
    let until_close = Fate::Spent(CloseReason::UntilClose);
    for name in ["Transfer_Encoding", "XTransfer-Encoding", "Transfer-Encodings", "Transfer-Encoding-"] {
        let Read::Whole(200, body, fate) = read(with(&format!("{name}: chunked"))) else { panic!("{name}") };
        assert_eq!((body.len(), fate), (BODY.len() - 4, until_close), "{name}");
    }
}

#[test]
fn t2_where_no_body_can_be_its_framing_is_not_looked_at() {
    for (method, status) in [("HEAD", 200), ("GET", 204), ("GET", 304)] {
        let head = format!("HTTP/1.1 {status} x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
        assert_eq!(read_by(method, head), Read::Whole(status, Vec::new(), KEPT), "{method} {status}");
    }
}

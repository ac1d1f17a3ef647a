//! T5: what is no line of a head is an error, whichever byte makes it so, and an error repeats no byte of it.

use httpocean_core::ErrorKind;

use crate::common::{Said, Scenario};
use crate::reading::{KEPT, Read, class, read};

const CONTROLS: [u8; 32] = {
    let mut all = [0; 32];
    let mut at = 0;
    while at < 32 {
        all[at] = at as u8;
        at += 1;
    }
    all
};

/// `before`, the byte, `after`.
fn around(before: &str, byte: u8, after: &str) -> Vec<u8> {
    [before.as_bytes(), &[byte], after.as_bytes()].concat()
}

#[test]
fn t5_no_byte_but_h_begins_a_response() {
    for byte in 0..=255 {
        if byte != b'H' {
            let bytes = around("", byte, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            assert_eq!(class(&bytes), "bad-status-line", "{}", bytes.escape_ascii());
        }
    }
}

#[test]
fn t5_a_control_byte_in_a_value_or_in_the_reason_is_an_error() {
    for byte in CONTROLS.into_iter().chain([0x7F]).filter(|byte| *byte != b'\t') {
        for value in [
            around("HTTP/1.1 200 OK\r\nA: b", byte, "c\r\nContent-Length: 0\r\n\r\n"),
            around("HTTP/1.1 200 OK\r\nA:", byte, "c\r\nContent-Length: 0\r\n\r\n"),
            around("HTTP/1.1 200 OK\r\nA: b", byte, "\r\nContent-Length: 0\r\n\r\n"),
        ] {
            // A LF ends the line, without its CR.
            assert_eq!(class(&value), "bad-header", "{}", value.escape_ascii());
        }
        let reason = around("HTTP/1.1 200 O", byte, "K\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(class(&reason), "bad-status-line", "{}", reason.escape_ascii());
    }
}

#[test]
fn t5_a_byte_that_no_name_has_is_an_error_in_a_name() {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    for byte in (0..=255).filter(|byte| !is_token(*byte) && *byte != b':') {
        for name in [
            around("HTTP/1.1 200 OK\r\nA", byte, "B: c\r\nContent-Length: 0\r\n\r\n"),
            around("HTTP/1.1 200 OK\r\nA", byte, ": c\r\nContent-Length: 0\r\n\r\n"),
            around("HTTP/1.1 200 OK\r\n", byte, "A: c\r\nContent-Length: 0\r\n\r\n"),
        ] {
            assert_eq!(class(&name), "bad-header", "{}", name.escape_ascii());
        }
    }
    assert_eq!(class("HTTP/1.1 200 OK\r\n: c\r\nContent-Length: 0\r\n\r\n"), "bad-header");
    assert_eq!(class("HTTP/1.1 200 OK\r\nA\r\nContent-Length: 0\r\n\r\n"), "bad-header");
}

#[test]
fn t5_lines_end_in_crlf_and_nothing_else() {
    for (head, expected) in [
        ("HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", "bad-status-line"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\r\n\r\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\n\rContent-Length: 0\r\n\r\n", "bad-header"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\rHTTP/1.1 200 OK\r\n\r\n", "bad-header"),
    ] {
        assert_eq!(class(head), expected, "{head:?}");
    }
}

/// Wherever the lines before it end, and however long the head is.
#[test]
fn t5_one_line_without_its_cr_is_an_error_wherever_it_is() {
    for pad in 0..80 {
        let pad = "x".repeat(pad);
        for head in [
            format!("HTTP/1.1 200 OK\r\nA: {pad}\r\nContent-Length: 0\n\r\n"),
            format!("HTTP/1.1 200 OK\r\nA: {pad}\r\nB: c\n\r\n"),
            format!("HTTP/1.1 200 OK\r\nA: {pad}\nContent-Length: 0\r\n\r\n"),
            format!("HTTP/1.1 200 OK\r\nA: {pad}\r\nContent-Length: 0\r\n\n"),
        ] {
            assert_eq!(class(&head), "bad-header", "{head:?}");
        }
        let head = format!("HTTP/1.1 200 {pad}\nContent-Length: 0\r\n\r\n");
        assert_eq!(class(&head), "bad-status-line", "{head:?}");
    }
}

#[test]
fn t5_a_folded_line_is_part_of_its_field_and_of_no_framing_field() {
    let Read::Whole(200, _, KEPT) =
        read("HTTP/1.1 200 OK\r\nA: b\r\n Content-Length: 9\r\nContent-Length: 0\r\n\r\n")
    else {
        panic!("a folded line is not a field")
    };
    for head in [
        "HTTP/1.1 200 OK\r\n A: b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection:\r\n close\r\nContent-Length: 0\r\n\r\n",
    ] {
        assert_eq!(class(head), "bad-header", "{head:?}");
    }
}

#[test]
fn t5_an_error_shows_no_byte_of_the_peer() {
    for head in ["HTTP/1.1 200 sec\x1bret\r\n\r\n", "HTTP/1.1 200 OK\r\nsec\x1bret: x\r\n\r\n", "sec\x1bret"]
    {
        let mut it = Scenario::get();
        it.feed(head);
        let said = it.run();
        let Some(Said::Failed(failure)) = said.last() else { panic!("{said:?}") };
        assert!(matches!(failure.kind, ErrorKind::Protocol(_)));
        let told = format!("{} {failure:?}", failure.sentence);
        assert!(!told.contains("ret") && !told.contains('\x1b'), "{told}");
    }
}

//! T4: chunk extensions hide nothing and are bounded in all; the data of a chunk ends in CRLF; trailers are read.

use httpocean_core::Limits;

use crate::common::{Said, Scenario};
use crate::reading::{KEPT, class, read, whole};

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn t4_an_extension_with_a_line_end_in_it_is_an_error() {
    for extension in [
        ";a=\"\r\n\"",
        ";a=\"b\nc\"",
        ";a=\"b\rc\"",
        ";a=\"b\\\r\nc\"",
        ";a=\"b\\\nc\"",
        ";a\rb",
        ";a\nb",
        ";a=\0",
        ";a=\"\0\"",
        ";a=\"b",
        ";a=\"b\"c",
        ";",
        ";;",
        ";a=",
        ";=b",
        ";a b",
        ";a=b c",
        " x",
        "x;a",
        " x;a",
        ";a=\"b\"c;d",
        ";a=b\0;d",
    ] {
        assert_eq!(class(format!("{HEAD}2{extension}\r\nab\r\n0\r\n\r\n")), "bad-chunk", "{extension:?}");
    }
}

#[test]
fn t4_extensions_that_are_some_are_left_out() {
    for extension in [
        ";a",
        ";a=b",
        "; a = b",
        ";a=\"b;c\"",
        ";a=\"\\\"\"",
        ";a;b=c;d=\"e\"",
        ";abc=def",
        ";abc=def;g=\"hi\"",
        " ;a",
        ";a=\"0\\\\\"",
    ] {
        let response = format!("{HEAD}2{extension}\r\nab\r\n0{extension}\r\n\r\n");
        assert_eq!(read(response), whole("ab", KEPT), "{extension}");
    }
}

#[test]
fn t4_extensions_are_bounded_in_a_line_and_in_a_body() {
    let limits = Limits::default();
    let line = format!("{HEAD}2;{}\r\nab\r\n0\r\n\r\n", "a".repeat(limits.chunk_line));
    assert_eq!(class(line), "too-large");
    let one = format!("1;{}\r\nx\r\n", "a".repeat(1_000));
    let fits = limits.chunk_extensions / 1_001;
    assert_eq!(read(format!("{HEAD}{}0\r\n\r\n", one.repeat(fits))), whole(&"x".repeat(fits), KEPT));
    assert_eq!(class(format!("{HEAD}{}0\r\n\r\n", one.repeat(fits + 1))), "too-large");
}

#[test]
fn t4_the_data_of_a_chunk_ends_in_crlf_and_nothing_else() {
    for end in ["", "\n", "\r", "\n\r", "\r\r\n", " \r\n", "c\r\n", "\0\0", "XX", "\r\0"] {
        assert_eq!(class(format!("{HEAD}2\r\nab{end}0\r\n\r\n")), "bad-chunk", "{end:?}");
    }
}

#[test]
fn t4_trailers_are_read_and_end_the_body() {
    assert_eq!(read(format!("{HEAD}2\r\nab\r\n0\r\nA: b\r\nContent-Length: 9\r\n\r\n")), whole("ab", KEPT));
    for trailer in
        ["A\r\n\r\n", "A : b\r\n\r\n", ": b\r\n\r\n", "A: b\n\r\n", "A: b\0\r\n\r\n", " A: b\r\n\r\n", "\n"]
    {
        assert_eq!(class(format!("{HEAD}2\r\nab\r\n0\r\n{trailer}")), "bad-chunk", "{trailer:?}");
    }
    assert_eq!(class(format!("{HEAD}2\r\nab\r\n0\r\nA: b\r\n")), "truncated");
}

#[test]
fn t4_a_folded_trailer_is_one_value_without_blanks_around_it() {
    for (section, value) in [
        ("A: b\r\n c\r\n", "b c"),
        ("A: b\r\n \r\n", "b"),
        ("A:\r\n \t b \r\n", "b"),
        ("A:\r\n \r\n", ""),
        ("A: b\r\n \r\n\tc\r\n", "b c"),
    ] {
        let mut it = Scenario::get();
        it.feed(format!("{HEAD}0\r\n{section}\r\n"));
        let said = it.run();
        let Some(Said::End(Some(trailers))) = said.last() else { panic!("{section:?}: {said:?}") };
        assert_eq!(trailers["a"], value, "{section:?}");
    }
}

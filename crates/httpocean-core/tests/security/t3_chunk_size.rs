//! T3: a chunk size is hexadecimal digits that fit 64 bits, and its line ends in CRLF.

use crate::reading::{KEPT, class, read, whole};

const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[test]
fn t3_a_size_that_is_no_plain_number_is_an_error() {
    for size in [
        "", " 2", "\t2", "+2", "-2", "-0", "0x2", "0X2", "2h", "g", "2_0", "2.0", "\"2\"", "\u{662}",
        "\u{ff12}", "2,2", "\u{b}2", "2\u{b}", "\x002", "2\0", "2=", "2:",
    ] {
        assert_eq!(class(format!("{HEAD}{size}\r\nab\r\n0\r\n\r\n")), "bad-chunk", "{size:?}");
        // The last chunk's is held to the same.
        if !size.is_empty() {
            assert_eq!(class(format!("{HEAD}2\r\nab\r\n{size}\r\n\r\n")), "bad-chunk", "{size:?}");
        }
    }
}

#[test]
fn t3_a_size_beyond_64_bits_is_an_error_and_never_wraps() {
    for size in ["10000000000000000", "10000000000000002", "fffffffffffffffff", "f0000000000000000002"] {
        assert_eq!(class(format!("{HEAD}{size}\r\nab\r\n0\r\n\r\n")), "too-large", "{size}");
    }
    // The largest that there is is a size like any other: what is there of it is not all of it.
    assert_eq!(class(format!("{HEAD}ffffffffffffffff\r\nab")), "truncated");
    assert_eq!(class(format!("{HEAD}8000000000000000\r\nab\r\n0\r\n\r\n")), "truncated");
}

#[test]
fn t3_a_line_ends_in_crlf_and_nothing_else() {
    for line in ["2\n", "2\r", "2\r\r\n", "2\r \n", "2;a\n", "2;a\r", "2;a=b\n", "2;a=\"b\"\n", "2 \n"] {
        assert_eq!(class(format!("{HEAD}{line}ab\r\n0\r\n\r\n")), "bad-chunk", "{line:?}");
    }
    for last in ["0\n\r\n", "0\r\r\n\r\n", "0;a\n\r\n"] {
        assert_eq!(class(format!("{HEAD}2\r\nab\r\n{last}")), "bad-chunk", "{last:?}");
    }
}

#[test]
fn t3_white_space_behind_the_size_is_no_end_of_the_line() {
    for line in ["2 ", "2\t", "2 \t"] {
        assert_eq!(class(format!("{HEAD}{line}\r\nab\r\n0\r\n\r\n")), "bad-chunk", "{line:?}");
    }
}

#[test]
fn t3_sizes_in_either_case_and_with_zeros_in_front_are_sizes() {
    for size in 1..300 {
        let body = "x".repeat(size);
        for spelled in
            [format!("{size:x}"), format!("{size:X}"), format!("{size:016x}"), format!("{size:040x}")]
        {
            let response = format!("{HEAD}{spelled}\r\n{body}\r\n000\r\n\r\n");
            assert_eq!(read(response), whole(&body, KEPT), "{spelled}");
        }
    }
}

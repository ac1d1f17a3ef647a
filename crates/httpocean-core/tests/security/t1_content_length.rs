//! T1: a length that is said in more than one way, or is no plain number, frames nothing.

use crate::reading::{KEPT, class, read, whole};

fn with(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\nabcde")
}

#[test]
fn t1_lengths_that_differ_are_an_error() {
    for fields in [
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 5\r\ncontent-length: 4",
        "Content-Length: 5\r\nX: y\r\nCONTENT-LENGTH: 50",
        "Content-Length: 5, 4",
        "Content-Length: 5,4",
        "Content-Length: 5, 5, 6",
        "Content-Length: 5\r\nContent-Length: 5, 6",
        // Equal as numbers, and not to everybody.
        "Content-Length: 5, 05",
        "Content-Length: 5\r\nContent-Length: 005",
        "Content-Length: 5, ",
        "Content-Length: ,5",
        "Content-Length: 5\r\nContent-Length:",
    ] {
        assert_eq!(class(with(fields)), "conflicting-length", "{fields}");
    }
}

#[test]
fn t1_a_length_that_is_no_plain_number_is_an_error() {
    for length in [
        "+5", "-5", "- 5", "0x5", "5h", "5.0", "5e0", "5_0", "1 0", "5;", "5\t5", "\"5\"", "five", "", " ",
        "\u{665}", "\u{ff15}", "5\u{a0}", "0b101", "5 bytes",
    ] {
        let head = format!("Content-Length: {length}");
        assert_eq!(class(with(&head)), "conflicting-length", "{length:?}");
    }
    for length in ["5\0", "5\u{b}", "\u{c}5", "5\u{7f}", "5\r6", "5\r\n\t6"] {
        let head = format!("Content-Length: {length}");
        assert_eq!(class(with(&head)), "bad-header", "{length:?}");
    }
}

#[test]
fn t1_a_length_beyond_64_bits_is_an_error_however_many_digits_it_has() {
    for length in ["18446744073709551616", "99999999999999999999", &"9".repeat(4_000), &"1".repeat(100_000)] {
        assert_eq!(class(with(&format!("Content-Length: {length}"))), "too-large", "{}", length.len());
    }
}

#[test]
fn t1_the_same_length_twice_is_a_length() {
    for fields in ["Content-Length: 5", "Content-Length: 5\r\nCONTENT-LENGTH: 5", "Content-Length: 5 ,\t5"] {
        assert_eq!(read(with(fields)), whole("abcde", KEPT), "{fields}");
    }
}

//! T12: no content coding is taken away, so nothing is inflated, however many are named, here or while a body is drained.

use crate::reading::{KEPT, read, whole};

#[test]
fn t12_a_coded_body_is_handed_over_as_it_came() {
    let bomb = "\u{1f}\u{8b}\u{8}".repeat(100);
    for codings in
        ["gzip", "br, zstd", "unknown", "", &"gzip, ".repeat(1_000), "gzip\r\nContent-Encoding: deflate"]
    {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {codings}\r\n");
        let length = format!("{head}Content-Length: {}\r\n\r\n{bomb}", bomb.len());
        assert_eq!(read(length), whole(&bomb, KEPT), "{codings}");
        let chunked =
            format!("{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{bomb}\r\n0\r\n\r\n", bomb.len());
        assert_eq!(read(chunked), whole(&bomb, KEPT), "{codings}");
    }
}

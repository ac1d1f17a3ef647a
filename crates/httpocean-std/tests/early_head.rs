//! A head that comes before the request was written to its end stops nothing: the rest is written while the
//! body is waited for.
#![allow(clippy::unwrap_used, clippy::wildcard_enum_match_arm, unreachable_pub)]

use std::io::{Read, Write};
use std::time::Duration;

use httpocean_std::{Client, MemoryConnector, PipeEnd};

const BODY: usize = 100_000;

/// Says the head at once, and the body when it has seen all of the request.
fn serve(mut end: PipeEnd) {
    let mut buf = [0; 4096];
    let mut seen = Vec::new();
    while !seen.windows(4).any(|bytes| bytes == b"\r\n\r\n") {
        let n = Read::read(&mut end, &mut buf).unwrap();
        seen.extend_from_slice(&buf[..n]);
    }
    let head = seen.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    // By now all of the body was taken from the user, and more of it than the pipe holds is under way.
    std::thread::sleep(Duration::from_millis(50));
    Write::write_all(&mut end, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let mut total = seen.len();
    while total < head + BODY {
        match Read::read(&mut end, &mut buf).unwrap() {
            0 => return,
            n => total += n,
        }
    }
    Write::write_all(&mut end, b"hello").unwrap();
}

#[test]
fn what_is_left_of_the_request_is_written_while_the_body_is_read() {
    let client = Client::builder().connector(MemoryConnector::new(serve)).build();
    let request = client.post("http://anywhere/").unwrap().timeout(Duration::from_secs(10));
    let mut response = request.body(vec![b'x'; BODY]).send().unwrap();
    assert_eq!(response.body_mut().read_to_string(5).unwrap(), "hello");
}

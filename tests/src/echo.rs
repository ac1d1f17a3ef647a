//! A server on any stream.

use std::io::{self, Read, Write};

/// Answers requests with their own bodies, until the other side goes.
///
/// # Errors
/// Those of the stream.
///
/// # Panics
/// When what is asked makes no sense.
pub fn serve(stream: &mut (impl Read + Write)) -> io::Result<()> {
    let mut ahead = Vec::new();
    loop {
        let head_len = loop {
            if let Some(at) = ahead.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if fill(stream, &mut ahead)? == 0 {
                return Ok(());
            }
        };
        let head: Vec<u8> = ahead.drain(..head_len).collect();
        let head = String::from_utf8_lossy(&head);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().expect("a number"));
        while ahead.len() < length {
            fill(stream, &mut ahead)?;
        }
        let body: Vec<u8> = ahead.drain(..length).collect();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n")?;
        stream.write_all(&body)?;
    }
}

fn fill(stream: &mut impl Read, ahead: &mut Vec<u8>) -> io::Result<usize> {
    let mut block = [0; 4096];
    let n = stream.read(&mut block)?;
    ahead.extend_from_slice(&block[..n]);
    Ok(n)
}

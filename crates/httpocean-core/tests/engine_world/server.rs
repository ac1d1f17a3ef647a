//! Servers that know just enough of HTTP to see where a request ends.

use core::time::Duration;

use httpocean_core::Instant;

use super::{Net, Piece, Reply};

/// A request as a server saw it.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub host: String,
    pub dial: usize,
    pub head: String,
    /// De-chunked; all that came of it.
    pub body: Vec<u8>,
    /// It came to its end.
    pub whole: bool,
}

impl Seen {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

#[derive(Default)]
pub struct Server {
    /// All bytes that it ever got, counted.
    pub heard: u64,
    /// When the last of what it said so far arrives.
    pub speaks_until: Instant,
    pub requests: usize,
    bytes: Vec<u8>,
    /// The reply that waits for the end of the request.
    reply: Option<Reply>,
    /// Which of all requests that one is.
    number: usize,
}

impl Server {
    pub fn take(
        &mut self,
        bytes: &[u8],
        (host, dial): (&str, usize),
        net: &Net,
        all: &mut Vec<Seen>,
    ) -> Vec<(Duration, Piece)> {
        self.heard += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        let mut said = Vec::new();
        loop {
            let Some(head) = find(&self.bytes, b"\r\n\r\n").map(|at| at + 4) else { return said };
            if self.reply.is_none() {
                self.number = all.len();
                let text = String::from_utf8_lossy(&self.bytes[..head]).into_owned();
                all.push(Seen { host: host.to_owned(), dial, head: text, ..Seen::default() });
                let reply = match &net.answer {
                    Some(answer) => answer(&all[self.number], self.number),
                    None => (net.serve)(host, dial, self.requests),
                };
                said.extend(reply.on_head.clone());
                self.reply = Some(reply);
                self.requests += 1;
            }
            let end = whole(&self.bytes, head);
            let seen = &mut all[self.number];
            seen.body = plain(&self.bytes[head..end.unwrap_or(self.bytes.len())], &seen.head);
            let Some(len) = end else { return said };
            seen.whole = true;
            self.bytes.drain(..len);
            if let Some(reply) = self.reply.take() {
                said.extend(reply.on_end);
            }
        }
    }
}

fn whole(bytes: &[u8], head: usize) -> Option<usize> {
    let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
    if text.contains("transfer-encoding: chunked") {
        return find(&bytes[head..], b"0\r\n\r\n").map(|at| head + at + 5);
    }
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let end = head + length.unwrap_or(0);
    (bytes.len() >= end).then_some(end)
}

/// What came of a body; of chunks that never have more than 15 bytes.
fn plain(mut bytes: &[u8], head: &str) -> Vec<u8> {
    if !head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return bytes.to_vec();
    }
    let mut body = Vec::new();
    while let [size, b'\r', b'\n', rest @ ..] = bytes {
        let size = char::from(*size).to_digit(16).unwrap() as usize;
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        bytes = rest.get(size + 2..).unwrap_or_default();
    }
    body
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

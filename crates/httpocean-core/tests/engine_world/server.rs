//! Servers that know just enough of HTTP to see where a request ends.

use core::time::Duration;

use httpocean_core::Instant;

use super::{Net, Piece, Reply};

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
}

impl Server {
    pub fn take(&mut self, bytes: &[u8], host: &str, dial: usize, net: &Net) -> Vec<(Duration, Piece)> {
        self.heard += bytes.len() as u64;
        self.bytes.extend_from_slice(bytes);
        let mut said = Vec::new();
        loop {
            let Some(head) = find(&self.bytes, b"\r\n\r\n").map(|at| at + 4) else { return said };
            if self.reply.is_none() {
                let reply = (net.serve)(host, dial, self.requests);
                said.extend(reply.on_head.clone());
                self.reply = Some(reply);
                self.requests += 1;
            }
            let Some(len) = whole(&self.bytes, head) else { return said };
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

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

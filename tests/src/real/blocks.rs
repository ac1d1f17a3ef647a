//! Large content that can be made and verified without holding it, fast in a debug build too.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use httpocean_testkit::server::Server;

use crate::RequestBuilder;

/// Content of any length that shows a block lost, repeated or moved, and costs nothing to make or to compare:
/// one block of the pattern again and again, each with its number in front.
#[derive(Debug)]
pub struct Blocks {
    at: u64,
    len: u64,
    number: u64,
    block: Vec<u8>,
}

impl Blocks {
    /// So many bytes of it.
    pub fn new(len: u64) -> Self {
        let mut block = vec![0; 64 * 1024];
        httpocean_testkit::fill_pattern(0, &mut block);
        block[..8].copy_from_slice(&0_u64.to_le_bytes());
        Self { at: 0, len, number: 0, block }
    }

    /// All of it as a file.
    pub fn write_to(mut self, path: &Path) -> io::Result<()> {
        io::copy(&mut self, &mut File::create(path)?).map(|_| ())
    }

    /// Reads `source` to its end, 64 KiB at a time at most, and compares.
    ///
    /// # Panics
    /// When a byte is another one, is missing, or is one too much.
    pub fn compare(mut self, source: &mut impl Read) {
        let mut buf = vec![0; 64 * 1024];
        loop {
            let n = source.read(&mut buf).unwrap_or_else(|error| panic!("after {} bytes: {error}", self.at));
            if n == 0 {
                return assert_eq!(self.at, self.len, "bytes are missing");
            }
            let mut seen = &buf[..n];
            while !seen.is_empty() {
                let expected = self.next_piece(seen.len());
                assert!(!expected.is_empty(), "bytes after the end");
                let (now, later) = seen.split_at(expected.len());
                assert!(now == expected, "another content before byte {}", self.at);
                seen = later;
            }
        }
    }

    /// Sends the request, whose body it is, and looks whether it arrived at `origin` whole, framed by this field.
    ///
    /// # Panics
    /// When it did not, or is not thanked for.
    pub fn arrive_at(self, origin: &Server, request: RequestBuilder, framing: &str) {
        let response = request.send().expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.into_body().read_to_string(10).expect("a body"), "thanks");
        let received = origin.requests().pop().expect("a request");
        assert_eq!((received.body_len, received.body_complete), (self.len, true));
        assert!(received.request.header(framing).is_some(), "{:?}", received.request);
        self.compare(&mut received.body.as_slice());
    }

    fn next_piece(&mut self, most: usize) -> &[u8] {
        let size = self.block.len() as u64;
        let (number, offset) = (self.at / size, (self.at % size) as usize);
        if number != self.number {
            self.number = number;
            self.block[..8].copy_from_slice(&number.to_le_bytes());
        }
        let left = usize::try_from(self.len - self.at).unwrap_or(usize::MAX);
        let n = most.min(left).min(self.block.len() - offset);
        self.at += n as u64;
        &self.block[offset..offset + n]
    }
}

impl Read for Blocks {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let piece = self.next_piece(buf.len());
        buf[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

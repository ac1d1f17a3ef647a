//! A response as bytes: its head, and the framing of its content.

use std::time::Duration;

use super::request::{Field, Request};

/// A response that the convenience constructors of `Reply` describe.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) headers: Vec<Field>,
    pub(crate) content: Content,
    pub(crate) pace: Option<Pace>,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    UntilClose(Vec<u8>),
    Chunked { pieces: Vec<Vec<u8>>, trailers: Vec<Field> },
    Generated(u64),
}

/// Written `piece` bytes at a time with a pause between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) piece: usize,
    pub(crate) pause: Duration,
}

/// What goes out for a message: bytes at hand, then this much of the pattern.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) bytes: Vec<u8>,
    pub(crate) generated: u64,
}

impl Message {
    pub(crate) fn render(&self, request: &Request) -> Rendered {
        let mut bytes = head(self.status, &self.reason, &self.headers);
        if !self.forbids_framing(request) {
            self.framing(&mut bytes);
        }
        bytes.extend_from_slice(b"\r\n");
        if request.method == "HEAD" || self.forbids_framing(request) {
            return Rendered { bytes, generated: 0 };
        }
        let generated = self.content(&mut bytes);
        Rendered { bytes, generated }
    }

    /// Responses that have no content whatever their fields say (RFC 9112 section 6.3).
    fn forbids_framing(&self, request: &Request) -> bool {
        let tunnel = request.method == "CONNECT" && (200..300).contains(&self.status);
        tunnel || self.status < 200 || matches!(self.status, 204 | 304)
    }

    /// A length or a coding that the script names itself is left as it is, true or not.
    fn framing(&self, bytes: &mut Vec<u8>) {
        let length = match &self.content {
            _ if self.names("content-length") || self.names("transfer-encoding") => return,
            Content::UntilClose(_) => return,
            Content::Chunked { .. } => {
                bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
                return;
            }
            Content::Bytes(content) => content.len() as u64,
            Content::Generated(len) => *len,
        };
        bytes.extend_from_slice(format!("Content-Length: {length}\r\n").as_bytes());
    }

    fn content(&self, bytes: &mut Vec<u8>) -> u64 {
        match &self.content {
            Content::Bytes(content) | Content::UntilClose(content) => bytes.extend_from_slice(content),
            Content::Chunked { pieces, trailers } => chunked(bytes, pieces, trailers),
            Content::Generated(len) => return *len,
        }
        0
    }

    fn names(&self, header: &str) -> bool {
        self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header))
    }
}

/// A status line and header fields, without the empty line that ends them.
pub(crate) fn head(status: u16, reason: &str, headers: &[Field]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} {reason}\r\n").into_bytes();
    write_fields(&mut bytes, headers);
    bytes
}

fn chunked(bytes: &mut Vec<u8>, pieces: &[Vec<u8>], trailers: &[Field]) {
    // An empty chunk would be the last one.
    for piece in pieces.iter().filter(|piece| !piece.is_empty()) {
        bytes.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n");
    write_fields(bytes, trailers);
    bytes.extend_from_slice(b"\r\n");
}

fn write_fields(bytes: &mut Vec<u8>, fields: &[Field]) {
    for (name, value) in fields {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
}

//! What the server knows about a request: at its head, and after its body.

use std::net::SocketAddr;

/// The name and value of one header or trailer field, as received.
pub type Field = (String, Vec<u8>);

/// A request whose head is complete: what the handler decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which connection it came on: 0 for the first that was accepted.
    pub connection: u64,
    /// Which request of its connection it is: 0 for the first.
    pub index: u64,
    /// The method, in the case it was sent.
    pub method: String,
    /// The request target, in whichever of the four forms it was sent.
    pub target: String,
    /// The protocol version, such as `HTTP/1.1`.
    pub version: String,
    /// The header fields in the order they were sent.
    pub headers: Vec<Field>,
    /// The client's end of the connection.
    pub peer: SocketAddr,
}

impl Request {
    /// The value of the first header field of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| &value[..])
    }

    /// How many header fields have that name.
    pub fn header_count(&self, name: &str) -> usize {
        self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name)).count()
    }
}

/// A request as the server recorded it. It is recorded when its head is complete and grows with its body, so it
/// is there even when the connection died within the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The head.
    pub request: Request,
    /// The content without its framing, up to the number of bytes that the server records.
    pub body: Vec<u8>,
    /// The length of all content that was read, recorded or not.
    pub body_len: u64,
    /// The trailer fields of a chunked body.
    pub trailers: Vec<Field>,
    /// Whether the body was read to its end. True from the start for a request without one.
    pub body_complete: bool,
}

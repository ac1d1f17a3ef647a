//! HTTP/1.1 on the wire (RFC 9112): heads, framing, bodies. No state of a connection lives here.

pub(crate) mod head;

//! Every quantity that a peer or a name server could blow up has a limit with a name.

use core::time::Duration;

/// Bounds on what one exchange may take from a peer, and one dial from a name server (RFC 9110 section 17.5 asks for such bounds, RFC 9112
/// section 11 says what happens without).
///
/// Sizes are in bytes. Crossing one is an error of the peer's, class
/// [`TooLarge`](crate::ProtocolError::TooLarge), and the connection is closed.
///
/// ```
/// use httpocean_core::Limits;
///
/// let limits = Limits { head_bytes: 16 * 1024, ..Limits::default() };
/// assert_eq!(limits.headers, 128);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Status line and header section of one response, interim ones included one by one. Default 128 KiB.
    pub head_bytes: usize,
    /// Header fields of one head, and fields of one trailer section. Default 128.
    pub headers: usize,
    /// Interim (1xx) responses before the final one. Default 32.
    pub interim: u32,
    /// The trailer section after a chunked body. Default 16 KiB.
    pub trailer_bytes: usize,
    /// One chunk-size line with its extensions. Default 4 KiB.
    pub chunk_line: usize,
    /// Chunk extensions of one body, all together, and digits of chunk sizes beyond the 16 that one can need. Default
    /// 64 KiB.
    pub chunk_extensions: usize,
    /// Request head that we send: the request line and all fields. Default 128 KiB.
    pub request_head_bytes: usize,
    /// Request bytes that may lie ready for the transport before more of the body is asked for. Default 64 KiB.
    pub send_ahead: usize,
    /// Bytes of an unwanted body that are read to save its connection. Default 64 KiB.
    pub drain_bytes: u64,
    /// Time that reading an unwanted body may take. Default 50 ms.
    pub drain_time: Duration,
    /// The head of what a proxy answers to a CONNECT, interim responses one by one. Default 16 KiB.
    pub proxy_head_bytes: usize,
    /// Interim responses of a proxy before that. Default 4.
    pub proxy_interim: u32,
    /// Bytes of a proxy's refusal that are kept in the error. Default 1 KiB.
    pub proxy_body_bytes: usize,
    /// Addresses of one host that a dial tries, at least one; the rest is left out, and that is no error.
    /// Default 64.
    pub addresses: u8,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 128 * 1024,
            headers: 128,
            interim: 32,
            trailer_bytes: 16 * 1024,
            chunk_line: 4 * 1024,
            chunk_extensions: 64 * 1024,
            request_head_bytes: 128 * 1024,
            send_ahead: 64 * 1024,
            drain_bytes: 64 * 1024,
            drain_time: Duration::from_millis(50),
            proxy_head_bytes: 16 * 1024,
            proxy_interim: 4,
            proxy_body_bytes: 1024,
            addresses: 64,
        }
    }
}

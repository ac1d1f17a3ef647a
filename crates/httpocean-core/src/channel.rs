//! The byte stream of a connection that speaks another protocol now.

use crate::conn::Conn;
use crate::error::{ErrorKind, ProtocolError, TransportError};
use crate::io::Io;

/// What an HTTP connection becomes by an upgrade or a CONNECT: bytes of another protocol, which pass the layers that
/// the connection has.
///
/// Its driver moves the bytes of the wire between the transport and [`io`](Self::io), as before. Whoever speaks the other
/// protocol reads and writes here.
///
/// ```
/// use httpocean_core::{Channel, Conn, Io};
///
/// let mut channel = Channel::new(Conn::default(), Io::default());
/// channel.io().rx.append(b"hello");
/// let mut out = [0; 16];
/// assert_eq!(channel.read(&mut out), Ok(Some(5)));
/// assert_eq!(channel.read(&mut out), Ok(None), "until more is read of the wire");
/// channel.io().rx.set_eof();
/// assert_eq!(channel.read(&mut out), Ok(Some(0)));
/// channel.write(b"goodbye");
/// assert_eq!(channel.io().tx.pending(), b"goodbye");
/// ```
#[derive(Debug)]
pub struct Channel {
    conn: Conn,
    io: Io,
}

impl Channel {
    /// Of a connection and its buffers, after `Upgraded`.
    pub fn new(conn: Conn, io: Io) -> Self {
        Self { conn, io }
    }

    /// The buffers of the wire: what is read of the transport goes to `rx`, and what is in `tx` is to be written.
    pub fn io(&mut self) -> &mut Io {
        &mut self.io
    }

    /// Whether the wire carries the other protocol's bytes as they are, and nothing was read of them that is still here:
    /// then the transport is all that it needs.
    pub fn is_bare(&self) -> bool {
        !self.io.layered && self.io.rx.is_quiet() && self.io.tx.pending().is_empty()
    }

    /// Whether layers stand between the wire and the other protocol.
    pub fn is_layered(&self) -> bool {
        self.io.layered
    }

    /// Bytes from the peer; 0 is the end. `None`: more has to be read of the wire.
    ///
    /// # Errors
    /// The transport's and those of layers, after what came before. An end without the goodbye of a layer is one: somebody
    /// on the way may have cut the stream.
    pub fn read(&mut self, out: &mut [u8]) -> Result<Option<usize>, ErrorKind> {
        self.conn.pull(&mut self.io);
        let input = self.io.input_mut();
        let n = out.len().min(input.bytes().len());
        if n > 0 || out.is_empty() {
            out[..n].copy_from_slice(&input.bytes()[..n]);
            input.consume(n);
            return Ok(Some(n));
        }
        match input.failure() {
            Some(failure) => Err(self.failed(failure)),
            None if input.is_cut() => {
                let what = "the connection ended without the goodbye of TLS";
                Err(ErrorKind::Protocol(ProtocolError::Truncated(what)))
            }
            None if input.is_eof() => Ok(Some(0)),
            None => Ok(None),
        }
    }

    /// All that can be read without more of the wire, such as what came along with the response.
    pub fn take(&mut self) -> Vec<u8> {
        self.conn.pull(&mut self.io);
        self.io.input_mut().take()
    }

    /// Puts all of `bytes`, or what layers make of them, to [`io`](Self::io)`.tx`.
    pub fn write(&mut self, bytes: &[u8]) {
        self.conn.send(&mut self.io.tx, bytes);
    }

    /// Nothing more will be written: puts the goodbyes of layers to [`io`](Self::io)`.tx`. Reading goes on.
    pub fn close(&mut self) {
        self.conn.say_goodbye(&mut self.io.tx);
    }

    fn failed(&self, failure: TransportError) -> ErrorKind {
        match self.conn.failure().filter(|_| failure == TransportError::Layer) {
            Some(error) => ErrorKind::Tls(error.clone()),
            None => ErrorKind::Reset(failure),
        }
    }
}

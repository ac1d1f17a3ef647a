//! A connection that speaks another protocol now.

use std::io::{self, Read, Write};
use std::time::Instant;

use httpocean_core::{Channel, ErrorKind, Phase, TransportError, Want};

use crate::transport::{Transport, is_wait};
use crate::wire::{READ, carry, last_words};

/// What was an HTTP connection until a `101 Switching Protocols` or a successful CONNECT: a byte stream, no
/// longer the pool's. Of a secured connection it goes through TLS, as the connection did.
///
/// ```no_run
/// use std::io::{Read, Write};
/// use httpocean_std::Client;
///
/// let response = Client::new().get("https://example.com/chat")?.header("upgrade", "echo").send()?;
/// let mut stream = response.into_body().upgrade().expect("the server switched");
/// stream.write_all(b"hello")?;
/// stream.read_exact(&mut [0; 5])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Upgraded {
    /// There until it is taken away.
    wire: Option<Box<dyn Transport>>,
    channel: Box<Channel>,
    room: usize,
    until: Option<Instant>,
}

/// Bytes that are secured at a time.
const PIECE: usize = 16 * 1024;

impl Upgraded {
    pub(crate) fn new(transport: Box<dyn Transport>, channel: Channel) -> Self {
        Self { wire: Some(transport), channel: Box::new(channel), room: READ, until: None }
    }

    /// Reads and writes from now on fail with [`io::ErrorKind::TimedOut`] when they would wait past `until`.
    pub fn set_deadline(&mut self, until: Option<Instant>) {
        self.until = until;
    }

    /// What came along with the response, and was not read yet.
    pub fn take_early(&mut self) -> Vec<u8> {
        self.channel.take()
    }

    /// The transport itself, and the bytes that were read of it already; a secured one is of no use without what
    /// secures it, and comes back as it is.
    pub fn into_parts(mut self) -> Result<(Box<dyn Transport>, Vec<u8>), Self> {
        if self.channel.is_layered() {
            return Err(self);
        }
        let early = self.take_early();
        self.wire.take().map(|wire| (wire, early)).ok_or(self)
    }

    /// Moves bytes of the wire: reads, or writes what is pending, whichever can be done.
    fn carry(&mut self, read: bool) -> io::Result<()> {
        let Some(wire) = &mut self.wire else { return Err(io::ErrorKind::NotConnected.into()) };
        let io = self.channel.io();
        let write = !io.tx.pending().is_empty();
        let want = Want { read, write, until: None, phase: Phase::RecvBody };
        carry(&mut **wire, io, &mut self.room, want, self.until);
        Ok(())
    }

    fn in_time(&self) -> io::Result<()> {
        if self.until.is_some_and(|until| until <= Instant::now()) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    /// Without anything in between, nothing is copied.
    fn bare(&mut self) -> Option<&mut dyn Transport> {
        if self.channel.is_bare() { self.wire.as_deref_mut().map(|wire| wire as _) } else { None }
    }
}

impl Read for Upgraded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let until = self.until;
        loop {
            let read = match self.bare() {
                Some(wire) => match wire.read(buf, until) {
                    Err(error) if is_wait(&error) => None,
                    done => Some(done?),
                },
                None => match self.channel.read(buf).map_err(failed)? {
                    None => {
                        self.carry(true)?;
                        self.channel.read(buf).map_err(failed)?
                    }
                    read => read,
                },
            };
            match read {
                Some(n) => return Ok(n),
                None => self.in_time()?,
            }
        }
    }
}

impl Write for Upgraded {
    /// Of a secured connection, all that is taken is sent before this returns, unless the deadline passes.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let until = self.until;
        while let Some(wire) = self.bare().filter(|_| !buf.is_empty()) {
            match wire.write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wire.wait(false, true, until).map(drop)?
                }
                done => return done,
            }
            self.in_time()?;
        }
        self.flush()?;
        let n = buf.len().min(PIECE);
        self.channel.write(&buf[..n]);
        match self.flush() {
            // It is taken, and sent by what is written next.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(n),
            flushed => flushed.map(|()| n),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.channel.io().tx.pending().is_empty() {
            let before = self.channel.io().tx.total_sent();
            self.carry(false)?;
            if self.channel.io().tx.total_sent() == before {
                self.in_time()?;
            }
        }
        self.channel.io().tx.failure().map_or(Ok(()), |failure| Err(failed(ErrorKind::Reset(failure))))
    }
}

impl Drop for Upgraded {
    fn drop(&mut self) {
        if let Some(wire) = &mut self.wire {
            self.channel.close();
            last_words(&mut **wire, self.channel.io().tx.pending());
        }
    }
}

fn failed(kind: ErrorKind) -> io::Error {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a channel has no other failures")]
    let like = match &kind {
        ErrorKind::Protocol(_) => io::ErrorKind::UnexpectedEof,
        ErrorKind::Tls(_) => io::ErrorKind::InvalidData,
        ErrorKind::Reset(TransportError::TimedOut) => io::ErrorKind::TimedOut,
        _ => io::ErrorKind::ConnectionReset,
    };
    io::Error::new(like, kind.to_string())
}

//! A connection that speaks another protocol now.

use std::io::{self, Read, Write};
use std::time::Instant;

use crate::transport::Transport;

/// What was an HTTP connection until a `101 Switching Protocols` or a successful CONNECT: a byte stream, no
/// longer the pool's.
///
/// ```no_run
/// use std::io::{Read, Write};
/// use httpocean_std::Client;
///
/// let response = Client::new().get("http://example.com/chat")?.header("upgrade", "echo").send()?;
/// let mut stream = response.into_body().upgrade().expect("the server switched");
/// stream.write_all(b"hello")?;
/// stream.read_exact(&mut [0; 5])?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Upgraded {
    transport: Box<dyn Transport>,
    /// What came along with the response, before the stream.
    early: Vec<u8>,
    at: usize,
    until: Option<Instant>,
}

impl Upgraded {
    pub(crate) fn new(transport: Box<dyn Transport>, early: Vec<u8>) -> Self {
        Self { transport, early, at: 0, until: None }
    }

    /// Reads and writes from now on fail with [`io::ErrorKind::TimedOut`] when they would wait past `until`.
    pub fn set_deadline(&mut self, until: Option<Instant>) {
        self.until = until;
    }

    /// The transport itself, and the bytes that were read of it already.
    pub fn into_parts(self) -> (Box<dyn Transport>, Vec<u8>) {
        (self.transport, self.early[self.at..].to_vec())
    }

    fn expired(&self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }
}

impl Read for Upgraded {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.at < self.early.len() {
            let n = buf.len().min(self.early.len() - self.at);
            buf[..n].copy_from_slice(&self.early[self.at..self.at + n]);
            self.at += n;
            return Ok(n);
        }
        loop {
            match self.transport.read(buf, self.until) {
                Err(error) if crate::transport::is_wait(&error) => {
                    if self.expired() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                }
                done => return done,
            }
        }
    }
}

impl Write for Upgraded {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        loop {
            match self.transport.write(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.expired() {
                        return Err(io::ErrorKind::TimedOut.into());
                    }
                    self.transport.wait(false, true, self.until)?;
                }
                done => return done,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

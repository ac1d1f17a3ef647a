//! One connection's socket with the bytes that were read ahead.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::message::Pace;
use crate::acceptor::reset_on_close;
use crate::pattern::fill_pattern;
use crate::switch::Switch;

/// A lingering close ends when nothing came for this long ...
const LINGER_QUIET: Duration = Duration::from_secs(1);
/// ... or when it took this long.
const LINGER_TOTAL: Duration = Duration::from_secs(5);
const BLOCK: usize = 32 * 1024;

pub(crate) struct Wire {
    stream: Arc<TcpStream>,
    switch: Arc<Switch>,
    block: Box<[u8]>,
    buffer: Vec<u8>,
}

impl Wire {
    /// `idle_timeout` bounds every read and every write.
    pub(crate) fn new(stream: TcpStream, switch: Arc<Switch>, idle_timeout: Duration) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(idle_timeout))?;
        stream.set_write_timeout(Some(idle_timeout))?;
        let stream = switch.watch(stream);
        Ok(Self { stream, switch, block: vec![0; BLOCK].into_boxed_slice(), buffer: Vec::new() })
    }

    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer
    }

    pub(crate) fn consume(&mut self, len: usize) {
        self.buffer.drain(..len);
    }

    /// Reads more into the buffer; 0 means the client closed its side.
    pub(crate) fn fill(&mut self) -> io::Result<usize> {
        let len = self.read()?;
        self.buffer.extend_from_slice(&self.block[..len]);
        Ok(len)
    }

    /// As [`fill`](Self::fill), where the end of the stream is an error.
    pub(crate) fn fill_more(&mut self) -> io::Result<()> {
        match self.fill()? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn send(&mut self, bytes: &[u8], pace: Option<Pace>) -> io::Result<()> {
        self.proceed()?;
        let Some(pace) = pace else { return (&*self.stream).write_all(bytes) };
        for (nth, piece) in bytes.chunks(pace.piece.max(1)).enumerate() {
            if nth > 0 {
                self.pause(pace.pause)?;
            }
            (&*self.stream).write_all(piece)?;
        }
        Ok(())
    }

    pub(crate) fn send_pattern(&mut self, len: u64, pace: Option<Pace>) -> io::Result<()> {
        let mut block = vec![0; BLOCK.min(usize::try_from(len).unwrap_or(BLOCK))];
        let mut offset = 0;
        while offset < len {
            let size = usize::try_from(len - offset).unwrap_or(BLOCK).min(BLOCK);
            fill_pattern(offset, &mut block[..size]);
            self.send(&block[..size], pace)?;
            offset += size as u64;
        }
        Ok(())
    }

    pub(crate) fn pause(&self, length: Duration) -> io::Result<()> {
        self.switch.pause(length);
        self.proceed()
    }

    /// Sends back what was read ahead and all that comes.
    pub(crate) fn echo(&mut self) -> io::Result<()> {
        let ahead = std::mem::take(&mut self.buffer);
        (&*self.stream).write_all(&ahead)?;
        loop {
            match self.read()? {
                0 => return self.stream.shutdown(Shutdown::Write),
                len => (&*self.stream).write_all(&self.block[..len])?,
            }
        }
    }

    pub(crate) fn reset(self) -> io::Result<()> {
        reset_on_close(&self.stream)
    }

    pub(crate) fn half_close(mut self, within: Duration) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        self.discard(within)
    }

    pub(crate) fn lingering_close(mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)?;
        self.stream.set_read_timeout(Some(LINGER_QUIET))?;
        self.discard(LINGER_TOTAL)
    }

    fn discard(&mut self, within: Duration) -> io::Result<()> {
        let start = Instant::now();
        while start.elapsed() < within && self.read()? > 0 {}
        Ok(())
    }

    fn read(&mut self) -> io::Result<usize> {
        loop {
            // A socket that was shut down still delivers what a busy client goes on sending.
            self.proceed()?;
            match (&*self.stream).read(&mut self.block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }

    fn proceed(&self) -> io::Result<()> {
        if self.switch.is_off() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

//! One connection's socket with the bytes that were read ahead.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::message::Pace;
use crate::acceptor::reset_on_close;
use crate::front::Terminal;
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
    layer: Option<Layer>,
}

struct Layer {
    end: Box<dyn Terminal>,
    /// What came out of it and was not read yet.
    plain: VecDeque<u8>,
}

impl Wire {
    /// `idle_timeout` bounds every read and every write.
    pub(crate) fn new(
        stream: TcpStream,
        switch: Arc<Switch>,
        idle_timeout: Duration,
        layer: Option<Box<dyn Terminal>>,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(idle_timeout))?;
        stream.set_write_timeout(Some(idle_timeout))?;
        let stream = switch.watch(stream);
        let layer = layer.map(|end| Layer { end, plain: VecDeque::new() });
        Ok(Self { stream, switch, block: vec![0; BLOCK].into_boxed_slice(), buffer: Vec::new(), layer })
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
        let Some(pace) = pace else { return self.write(bytes) };
        for (nth, piece) in bytes.chunks(pace.piece.max(1)).enumerate() {
            if nth > 0 {
                self.pause(pace.pause)?;
            }
            self.write(piece)?;
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
        self.write(&ahead)?;
        loop {
            match self.read()? {
                0 => return self.finish(),
                len => {
                    let came = self.block[..len].to_vec();
                    self.write(&came)?;
                }
            }
        }
    }

    pub(crate) fn reset(self) -> io::Result<()> {
        reset_on_close(&self.stream)
    }

    pub(crate) fn half_close(mut self, within: Duration) -> io::Result<()> {
        self.finish()?;
        self.discard(within)
    }

    pub(crate) fn lingering_close(mut self) -> io::Result<()> {
        self.finish()?;
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
            if let Some(layer) = &mut self.layer {
                if !layer.plain.is_empty() {
                    return layer.plain.read(&mut self.block);
                }
                if layer.end.is_closed() {
                    return Ok(0);
                }
            }
            // A socket that was shut down still delivers what a busy client goes on sending.
            self.proceed()?;
            let len = match (&*self.stream).read(&mut self.block) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            let Some(layer) = self.layer.as_mut().filter(|_| len > 0) else { return Ok(len) };
            let received = layer.end.receive(&self.block[..len]);
            layer.plain.extend(layer.end.take_plain());
            (&*self.stream).write_all(&layer.end.take_wire())?;
            received?;
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.layer {
            None => (&*self.stream).write_all(bytes),
            Some(layer) => {
                layer.end.send(Some(bytes));
                (&*self.stream).write_all(&layer.end.take_wire())
            }
        }
    }

    /// Nothing more is sent.
    fn finish(&mut self) -> io::Result<()> {
        if let Some(layer) = &mut self.layer {
            layer.end.send(None);
            (&*self.stream).write_all(&layer.end.take_wire())?;
        }
        self.stream.shutdown(Shutdown::Write)
    }

    fn proceed(&self) -> io::Result<()> {
        if self.switch.is_off() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

//! A byte stream in memory, for tests of what is built on a client.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use httpocean_core::Key;
use httpocean_core::dial::Route;

use crate::transport::{Connect, Ready, Transport};

/// How many bytes one direction of a pipe holds before a write waits.
const CAPACITY: usize = 64 * 1024;

/// Connects every request to a server that is a function: it gets the server's end of a [`pipe`], on a thread
/// of its own.
///
/// ```
/// use std::io::{Read, Write};
/// use httpocean_std::{Client, MemoryConnector};
///
/// let client = Client::builder()
///     .connector(MemoryConnector::new(|mut end| {
///         let mut head = [0; 1024];
///         while end.read(&mut head).is_ok_and(|n| n > 0) {
///             let _ = end.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
///         }
///     }))
///     .build();
/// let mut response = client.get("http://anywhere/")?.send()?;
/// assert_eq!(response.body_mut().read_to_string(1024)?, "hi");
/// # Ok::<(), httpocean_std::Error>(())
/// ```
pub struct MemoryConnector {
    serve: Arc<dyn Fn(PipeEnd) + Send + Sync>,
}

impl MemoryConnector {
    /// `serve` is run once a connection.
    pub fn new(serve: impl Fn(PipeEnd) + Send + Sync + 'static) -> Self {
        Self { serve: Arc::new(serve) }
    }
}

impl Connect for MemoryConnector {
    fn resolve(&self, _: &Key, _: Option<Instant>) -> io::Result<Route> {
        Ok(Route::Direct)
    }

    fn connect(&self, _: &Key, _: Option<SocketAddr>, _: Option<Instant>) -> io::Result<Box<dyn Transport>> {
        let (ours, theirs) = pipe();
        let serve = self.serve.clone();
        std::thread::Builder::new().name("httpocean-memory".into()).spawn(move || serve(theirs))?;
        Ok(Box::new(ours))
    }
}

/// Two ends of a stream: what is written to one is read from the other.
pub fn pipe() -> (PipeEnd, PipeEnd) {
    let pipe = Arc::new(Pipe { state: Mutex::default(), changed: Condvar::new() });
    (PipeEnd { pipe: pipe.clone(), side: 0 }, PipeEnd { pipe, side: 1 })
}

/// One end of a [`pipe`]. It is a [`Transport`], and a blocking `Read` and `Write` for who plays the server.
/// Dropping it is an end of file for the other.
pub struct PipeEnd {
    pipe: Arc<Pipe>,
    side: usize,
}

struct Pipe {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Bytes on their way to each side.
    inbox: [VecDeque<u8>; 2],
    gone: [bool; 2],
}

impl PipeEnd {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.pipe.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn other(&self) -> usize {
        1 - self.side
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        let other = self.other();
        if state.gone[other] {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let n = bytes.len().min(CAPACITY - state.inbox[other].len());
        if n == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.inbox[other].extend(&bytes[..n]);
        self.pipe.changed.notify_all();
        Ok(n)
    }
}

impl Transport for PipeEnd {
    fn read(&mut self, buf: &mut [u8], until: Option<Instant>) -> io::Result<usize> {
        if !Transport::wait(self, true, false, until)?.read {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut state = self.lock();
        let n = state.inbox[self.side].read(buf)?;
        self.pipe.changed.notify_all();
        Ok(n)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }

    fn wait(&mut self, read: bool, write: bool, until: Option<Instant>) -> io::Result<Ready> {
        let mut state = self.lock();
        loop {
            let gone = state.gone[self.other()];
            let ready = Ready {
                read: read && (gone || !state.inbox[self.side].is_empty()),
                write: write && (gone || state.inbox[self.other()].len() < CAPACITY),
            };
            if ready.read || ready.write {
                return Ok(ready);
            }
            state = match until {
                None => self.pipe.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(ready);
                    }
                    self.pipe.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl Read for PipeEnd {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Transport::read(self, buf, None)
    }
}

impl Write for PipeEnd {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Transport::wait(self, false, true, None)?;
        self.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        let side = self.side;
        self.lock().gone[side] = true;
        self.pipe.changed.notify_all();
    }
}

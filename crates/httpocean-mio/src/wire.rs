//! Reads and writes until they would wait.

use std::io::{self, Read, Write};

use httpocean_core::{Io, RecvBuf, TransportError};
use httpocean_driver::transport_error;

use crate::sockets::Socket;

/// Room for one read.
const READ: usize = 16 * 1024;
/// So many bytes are read before the core is shown them.
const READ_AHEAD: usize = 64 * 1024;

/// A read that did not get all that it asked for has left nothing behind, and what comes later is told by another
/// event: epoll(7) says so, but not all systems do.
const SHORT_IS_ALL: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// So much memory for reads is kept that nobody reads into.
const SPARE: usize = 16;
/// What a read ahead fills behind bytes that were left: none is kept that is larger.
const LARGEST: usize = 2 * READ_AHEAD;

/// Memory for reads that nobody reads into: who waits for its peer has none of its own, so that mostly it is the same that all
/// read into, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Rooms(Vec<Vec<u8>>);

impl Rooms {
    pub(crate) fn lend(&mut self, rx: &mut RecvBuf) {
        if !rx.has_memory() {
            rx.give_memory(self.0.pop().unwrap_or_default());
        }
    }

    /// Unless there are bytes in it.
    pub(crate) fn take_back(&mut self, rx: &mut RecvBuf) {
        let Some(room) = rx.take_memory() else { return };
        if self.0.len() < SPARE && room.capacity() <= LARGEST {
            self.0.push(room);
        }
    }
}

/// Reads what is there, within bounds. How much it was, and whether the stream ended or broke.
pub(crate) fn read(socket: &mut Socket, io: &mut Io) -> (usize, bool) {
    let mut moved = 0;
    while socket.readable && moved < READ_AHEAD {
        let space = io.rx.space(READ);
        let room = space.len();
        match socket.stream.read(space) {
            // The end stays readable: whoever reads again sees it again.
            Ok(0) => {
                io.rx.set_eof();
                return (moved, true);
            }
            Ok(n) => {
                io.rx.filled(n);
                moved += n;
                // An end that was told already is not told again: it is read.
                socket.readable = n == room || socket.ends || !SHORT_IS_ALL;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => socket.readable = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                io.rx.fail(transport_error(&error));
                return (moved, true);
            }
        }
    }
    (moved, false)
}

/// Writes what is pending. Whether there is something new to tell the core: bytes that left, or a failure.
pub(crate) fn write(socket: &mut Socket, io: &mut Io) -> (usize, bool) {
    let mut moved = 0;
    while socket.writable && !io.tx.pending().is_empty() {
        match socket.stream.write(io.tx.pending()) {
            Ok(0) => {
                io.tx.fail(TransportError::Other(0));
                return (moved, true);
            }
            Ok(n) => {
                io.tx.sent(n);
                moved += n;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => socket.writable = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                // There may still be a response to read.
                socket.readable = true;
                io.tx.fail(transport_error(&error));
                return (moved, true);
            }
        }
    }
    (moved, moved > 0)
}

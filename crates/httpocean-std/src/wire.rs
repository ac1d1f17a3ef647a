//! Bytes between a transport and the buffers of a connection.

use std::io;
use std::time::Instant;

use httpocean_core::{Io, TransportError, Want};
use httpocean_driver::transport_error;

use crate::transport::{Transport, is_wait};

/// Bytes that a read of the wire asks for where the user's own buffer can't take them.
pub(crate) const READ: usize = 8 * 1024;
/// As many, once a read has filled all that it asked for.
const READ_MORE: usize = 64 * 1024;

/// Writes, or reads what came before that could be done; where there is nothing to write, reads. `room` is how much a
/// read asks for.
pub(crate) fn carry(
    transport: &mut dyn Transport,
    io: &mut Io,
    room: &mut usize,
    want: Want,
    until: Option<Instant>,
) {
    if !want.write {
        let result = transport.read(&mut io.rx.space(*room)[..*room], until);
        return took_in(result, io, room);
    }
    match transport.wait(want.read, true, until) {
        Ok(ready) if ready.read => probe(transport, io, room),
        Ok(ready) if ready.write => flush(transport, io),
        Ok(_) => {}
        Err(error) => io.tx.fail(transport_error(&error)),
    }
}

/// Writes what fits at once.
pub(crate) fn flush(transport: &mut dyn Transport, io: &mut Io) {
    match transport.write(io.tx.pending()) {
        // Who takes nothing and says no reason would be asked again for ever.
        Ok(0) => io.tx.fail(TransportError::Reset),
        Ok(n) => io.tx.sent(n),
        Err(error) if is_wait(&error) => {}
        Err(error) => io.tx.fail(transport_error(&error)),
    }
}

/// What the peer is told before its connection is closed; whether it hears it is its own concern.
pub(crate) fn last_words(transport: &mut dyn Transport, words: &[u8]) {
    if !words.is_empty() {
        let _ = transport.write(words);
    }
}

/// Reads what is there, without waiting.
pub(crate) fn probe(transport: &mut dyn Transport, io: &mut Io, room: &mut usize) {
    let result = transport.probe(&mut io.rx.space(*room)[..*room]);
    took_in(result, io, room);
}

fn took_in(result: io::Result<usize>, io: &mut Io, room: &mut usize) {
    match result {
        Ok(0) => io.rx.set_eof(),
        Ok(n) => {
            io.rx.filled(n);
            if n == *room {
                *room = READ_MORE;
            }
        }
        Err(error) if is_wait(&error) => {}
        Err(error) => io.rx.fail(transport_error(&error)),
    }
}

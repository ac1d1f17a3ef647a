//! One connection's TLS.

use std::io::{self, IoSlice, Read, Write};

use httpocean_core::layer::{Layer, LayerError, LayerFault, LayerState};
use httpocean_core::{RecvBuf, SendBuf};
use rustls::client::ClientConnection;

use crate::sentence::sentence;

#[derive(Debug)]
pub(crate) struct Session {
    tls: ClientConnection,
    /// The first byte of the wire was one that TLS can begin with.
    begun: bool,
    peer_closed: bool,
}

impl Session {
    pub(crate) fn new(tls: ClientConnection) -> Self {
        Self { tls, begun: false, peer_closed: false }
    }

    /// Takes all of `wire` that is meant for it.
    fn take_in(&mut self, mut wire: &[u8], plain: &mut RecvBuf) -> Result<(), LayerError> {
        while !wire.is_empty() && !self.peer_closed {
            match self.tls.read_tls(&mut wire) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(LayerError::new(LayerFault::Local, error.to_string())),
            }
            let processed = self.tls.process_new_packets();
            let there = processed.as_ref().map_or(PIECE, rustls::IoState::plaintext_bytes_to_read);
            self.hand_up(there, plain)?;
            self.peer_closed = processed.map_err(|error| sentence(&error))?.peer_has_closed();
        }
        Ok(())
    }

    /// What was decrypted before an error counts as well.
    fn hand_up(&mut self, mut there: usize, plain: &mut RecvBuf) -> Result<(), LayerError> {
        while there > 0 {
            let space = plain.space(there.min(PIECE));
            match self.tls.reader().read(space) {
                Ok(0) => return Ok(()),
                Ok(n) => {
                    plain.filled(n);
                    there = there.saturating_sub(n);
                }
                // Nothing is there: an error came before any was.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(LayerError::new(LayerFault::Local, error.to_string())),
            }
        }
        Ok(())
    }

    fn hand_down(&mut self, wire_out: &mut SendBuf) -> Result<(), LayerError> {
        while self.tls.wants_write() {
            let written = self.tls.write_tls(&mut Wire(wire_out));
            written.map_err(|error| LayerError::new(LayerFault::Local, error.to_string()))?;
        }
        Ok(())
    }
}

/// Bytes that are decrypted at a time.
const PIECE: usize = 16 * 1024;

impl Layer for Session {
    fn receive(
        &mut self,
        wire_in: &[u8],
        wire_out: &mut SendBuf,
        plain: &mut RecvBuf,
    ) -> Result<LayerState, LayerError> {
        if let (false, Some(first)) = (self.begun, wire_in.first()) {
            if !matches!(*first, ALERT | HANDSHAKE) {
                return Err(LayerError::new(LayerFault::Protocol, "the peer does not speak TLS"));
            }
            self.begun = true;
        }
        let taken = self.take_in(wire_in, plain);
        // An alert as well, which says to the peer why it is left.
        let said = self.hand_down(wire_out);
        taken.and(said)?;
        Ok(if self.peer_closed {
            LayerState::PeerClosed
        } else if self.tls.is_handshaking() {
            LayerState::Handshaking
        } else {
            LayerState::Open
        })
    }

    fn send(&mut self, mut plain: &[u8], wire_out: &mut SendBuf) -> Result<(), LayerError> {
        while !plain.is_empty() {
            match self.tls.writer().write(plain) {
                Ok(n) if n > 0 => plain = &plain[n..],
                Ok(_) => return Err(LayerError::new(LayerFault::Local, "TLS takes nothing to send")),
                Err(error) => return Err(LayerError::new(LayerFault::Local, error.to_string())),
            }
            // What it holds of it is bounded.
            self.hand_down(wire_out)?;
        }
        Ok(())
    }

    fn close(&mut self, wire_out: &mut SendBuf) {
        self.tls.send_close_notify();
        // There is nobody to tell, and nothing to be done.
        let _ = self.hand_down(wire_out);
    }
}

/// What the first record can be (RFC 8446 section 5.1).
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// To the wire, where there is always room.
struct Wire<'a>(&'a mut SendBuf);

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes);
        Ok(bytes.len())
    }

    fn write_vectored(&mut self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        for piece in pieces {
            self.0.append(piece);
        }
        Ok(pieces.iter().map(|piece| piece.len()).sum())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

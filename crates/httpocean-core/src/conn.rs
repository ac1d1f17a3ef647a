//! One connection between its exchanges, and the layers under them.

use crate::buf::{RecvBuf, SendBuf};
use crate::io::Io;
use crate::layer::{Layer, LayerError, LayerState, Stack};
use crate::reason::CloseReason;

/// What is HTTP about a connection while nobody uses it; it is parked with its socket and moves with it.
///
/// Over plain TCP that is next to nothing: each exchange brings its own state. Of one that is secured these are its
/// [layers](crate::layer), with their keys and what they hold of half a record.
#[derive(Debug, Default)]
pub struct Conn {
    /// The peer has answered in HTTP/1.0: it can't be sent chunks (RFC 9112 section 6.1).
    pub(crate) http10: bool,
    layers: Option<Box<Stack>>,
}

impl Conn {
    /// What was read while the connection was idle: a reason to close it, or none. Without one the buffers are clean
    /// and may be taken away.
    ///
    /// Whatever a server sends unasked is no response (RFC 9112 section 9.2). What a layer says for itself, such as a
    /// session ticket, is nothing that anybody has to know.
    pub fn idle_input(&mut self, io: &mut Io) -> Option<CloseReason> {
        let Some(stack) = &mut self.layers else { return stirred(&io.rx) };
        if io.rx.is_quiet() && io.plain.is_quiet() {
            return None;
        }
        stack.receive(&mut io.rx, &mut io.tx, &mut io.plain);
        let owes_too_much = !stack.rest(&mut io.tx);
        stirred(&io.plain).or(owes_too_much.then_some(CloseReason::PeerClosed))
    }

    /// What the peer is still to be told before the socket is closed: a layer's goodbye, or nothing. It is
    /// written once, without waiting, and if that fails nothing is lost.
    pub fn goodbye(&mut self) -> Vec<u8> {
        self.layers.take().map_or_else(Vec::new, |mut stack| stack.close())
    }

    /// The same, put to `tx`, on a connection that may still be read.
    pub(crate) fn say_goodbye(&mut self, tx: &mut SendBuf) {
        if let Some(stack) = &mut self.layers {
            tx.append(&stack.close());
        }
    }

    /// Puts a layer on top of what there is; it is in its handshake then.
    pub(crate) fn push(&mut self, layer: Box<dyn Layer>, io: &mut Io) {
        io.layered = true;
        self.layers.get_or_insert_default().push(layer, &mut io.plain);
    }

    /// Goes on with the handshake of the layer on top.
    pub(crate) fn shake(&mut self, io: &mut Io) -> Result<LayerState, LayerError> {
        let Some(stack) = &mut self.layers else { return Ok(LayerState::Open) };
        stack.receive(&mut io.rx, &mut io.tx, &mut io.plain);
        stack.failure().map_or(Ok(stack.state()), |error| Err(error.clone()))
    }

    /// An exchange begins.
    pub(crate) fn begin(&mut self, io: &mut Io) {
        if let Some(stack) = &mut self.layers {
            io.layered = true;
            stack.wake(&mut io.tx);
        }
    }

    /// Before an exchange looks at its input: what was read passes the layers.
    pub(crate) fn pull(&mut self, io: &mut Io) {
        if let Some(stack) = &mut self.layers {
            if !io.rx.is_quiet() || stack.failure().is_some() {
                stack.receive(&mut io.rx, &mut io.tx, &mut io.plain);
            }
        }
    }

    /// Sends what `put` puts together.
    pub(crate) fn write(&mut self, tx: &mut SendBuf, put: impl FnOnce(&mut Vec<u8>)) {
        match &mut self.layers {
            None => tx.write(put),
            Some(stack) => stack.write(tx, put),
        }
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, tx: &mut SendBuf, bytes: &[u8]) {
        match &mut self.layers {
            None => tx.append(bytes),
            Some(stack) => stack.send(bytes, tx),
        }
    }

    /// An exchange is over that leaves a connection to be used again. Whether it can be.
    pub(crate) fn rest(&mut self, io: &mut Io) -> bool {
        self.layers.as_mut().is_none_or(|stack| stack.rest(&mut io.tx))
    }

    /// An exchange is over and with it the connection: what it has not sent will never be.
    pub(crate) fn give_up(&mut self, io: &Io) {
        if let Some(stack) = &mut self.layers {
            stack.give_up(&io.tx);
        }
    }

    /// Why its layers can't go on.
    pub(crate) fn failure(&self) -> Option<&LayerError> {
        self.layers.as_ref()?.failure()
    }
}

fn stirred(input: &RecvBuf) -> Option<CloseReason> {
    if !input.bytes().is_empty() {
        Some(CloseReason::Unasked)
    } else if input.ended() {
        Some(CloseReason::PeerClosed)
    } else {
        None
    }
}

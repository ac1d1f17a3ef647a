//! The layers of one connection, one on top of the other.

use smallvec::SmallVec;

use super::{Layer, LayerError, LayerState};
use crate::buf::{RecvBuf, SendBuf};
use crate::error::TransportError;

/// So much may be owed to the peer of an idle connection: more is a peer that talks and talks.
const OWED: usize = 16 * 1024;

/// The layers of one connection, the one next to the wire first; at least one.
#[derive(Debug, Default)]
pub(crate) struct Stack {
    levels: SmallVec<[Level; 1]>,
    /// What goes through all layers at once is put together here.
    scratch: Vec<u8>,
    /// What the layers had to say while nobody was there to write it.
    owed: Vec<u8>,
    failed: Option<LayerError>,
    /// Something that a layer said was not sent to its end: the peer can make nothing of what would follow.
    torn: bool,
}

#[derive(Debug)]
struct Level {
    layer: Box<dyn Layer>,
    state: LayerState,
    /// What is between this layer and the one above it; empty but while bytes pass.
    up: RecvBuf,
    down: SendBuf,
}

impl Stack {
    /// Puts a layer on top. What the one below has for it already is in `plain`.
    pub(crate) fn push(&mut self, layer: Box<dyn Layer>, plain: &mut RecvBuf) {
        if let Some(below) = self.levels.last_mut() {
            below.up.append(&plain.take());
        }
        let (up, down) = (RecvBuf::default(), SendBuf::default());
        self.levels.push(Level { layer, state: LayerState::Handshaking, up, down });
    }

    /// How far the layer on top is.
    pub(crate) fn state(&self) -> LayerState {
        self.levels.last().map_or(LayerState::Open, |level| level.state)
    }

    /// Why the layers can't go on.
    pub(crate) fn failure(&self) -> Option<&LayerError> {
        self.failed.as_ref()
    }

    /// Takes what was read, and shows what became of it: bytes, and an end or a failure behind them.
    pub(crate) fn receive(&mut self, rx: &mut RecvBuf, tx: &mut SendBuf, plain: &mut RecvBuf) {
        if self.failed.is_none() {
            self.failed = self.pass_up(rx, tx, plain).err();
        }
        rx.consume(rx.bytes().len());
        if self.failed.is_some() {
            plain.fail(TransportError::Layer);
        } else if self.state() == LayerState::PeerClosed {
            plain.set_eof();
        } else if let Some(failure) = rx.failure() {
            plain.fail(failure);
        } else if rx.is_eof() || self.levels.iter().any(|level| level.state == LayerState::PeerClosed) {
            plain.set_cut();
        }
    }

    /// Sends what `put` puts together.
    pub(crate) fn write(&mut self, tx: &mut SendBuf, put: impl FnOnce(&mut Vec<u8>)) {
        let mut scratch = core::mem::take(&mut self.scratch);
        put(&mut scratch);
        self.send(&scratch, tx);
        scratch.clear();
        self.scratch = scratch;
    }

    pub(crate) fn send(&mut self, bytes: &[u8], tx: &mut SendBuf) {
        if self.failed.is_some() {
            return tx.fail(TransportError::Layer);
        }
        if let Err(error) = pass_down(&mut self.levels, bytes, tx) {
            self.failed = Some(error);
            tx.fail(TransportError::Layer);
        }
    }

    /// An exchange begins: what is owed comes first.
    pub(crate) fn wake(&mut self, tx: &mut SendBuf) {
        tx.append(&self.owed);
        self.owed.clear();
    }

    /// The connection is going to be idle: what layers have still to say is kept. Whether all of it could be.
    pub(crate) fn rest(&mut self, tx: &mut SendBuf) -> bool {
        if tx.failure().is_some() || self.owed.len() + tx.pending().len() > OWED {
            self.torn = true;
            return false;
        }
        self.owed.extend_from_slice(tx.pending());
        tx.clear();
        // Made anew when there is an exchange again.
        self.scratch = Vec::new();
        true
    }

    /// The connection is going to be closed, and what is left in `tx` will never be sent.
    pub(crate) fn give_up(&mut self, tx: &SendBuf) {
        self.torn |= !tx.is_delivered();
    }

    /// The last bytes for the peer; none if it could not make sense of them.
    pub(crate) fn close(&mut self) -> Vec<u8> {
        let mut tx = SendBuf::default();
        if self.torn {
            return Vec::new();
        }
        tx.append(&self.owed);
        for at in (0..self.levels.len()).rev() {
            let (below, rest) = self.levels.split_at_mut(at);
            let mut said = SendBuf::default();
            rest[0].layer.close(&mut said);
            if pass_down(below, said.pending(), &mut tx).is_err() {
                return Vec::new();
            }
        }
        tx.pending().to_vec()
    }

    fn pass_up(&mut self, rx: &mut RecvBuf, tx: &mut SendBuf, plain: &mut RecvBuf) -> Result<(), LayerError> {
        let top = self.levels.len().saturating_sub(1);
        for at in 0..=top {
            let (below, rest) = self.levels.split_at_mut(at);
            let Some(level) = rest.first_mut() else { break };
            let wire_in = below.last_mut().map_or(&mut *rx, |under| &mut under.up);
            let wire_out = if at == 0 { &mut *tx } else { &mut level.down };
            let up = if at == top { &mut *plain } else { &mut level.up };
            let received = level.layer.receive(wire_in.bytes(), wire_out, up);
            wire_in.consume(wire_in.bytes().len());
            if at > 0 {
                let said = level.down.take();
                pass_down(below, &said, tx)?;
            }
            level.state = received?;
        }
        Ok(())
    }
}

/// From above all of `levels` to the wire.
fn pass_down(levels: &mut [Level], bytes: &[u8], tx: &mut SendBuf) -> Result<(), LayerError> {
    match levels {
        [] => tx.append(bytes),
        [level] => level.layer.send(bytes, tx)?,
        [below @ .., level] => {
            level.layer.send(bytes, &mut level.down)?;
            let said = level.down.take();
            pass_down(below, &said, tx)?;
        }
    }
    Ok(())
}

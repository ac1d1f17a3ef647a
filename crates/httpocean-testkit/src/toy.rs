//! A layer that is none of cryptography's business, and its other end: for tests of everything that has to do with
//! layers, at every split of the bytes.
//!
//! A record is one byte for its kind, two for its length, and so many bytes. The handshake: the client says who it
//! wants to talk to, the server gives a key, the client says that it is done. Data is combined with the key, so that
//! bytes that went around the layer are seen to have.
//!
//! ```
//! use httpocean_testkit::toy::{Toy, ToyPeer};
//! use httpocean_core::layer::{Host, LayerState, Secure};
//! use httpocean_core::{RecvBuf, SendBuf};
//!
//! let mut layer = Toy::default().layer(Host::Name("site.example"), 443).unwrap();
//! let (mut tx, mut plain) = (SendBuf::default(), RecvBuf::default());
//! assert_eq!(layer.receive(b"", &mut tx, &mut plain), Ok(LayerState::Handshaking));
//!
//! let mut peer = ToyPeer::new(7);
//! peer.receive(tx.pending());
//! assert_eq!(peer.host(), Some("site.example"));
//! assert_eq!(layer.receive(&peer.take_wire(), &mut tx, &mut plain), Ok(LayerState::Open));
//! ```

mod peer;

use httpocean_core::layer::{Host, Layer, LayerError, LayerFault, LayerState, Secure};
use httpocean_core::{RecvBuf, SendBuf};

pub use peer::ToyPeer;

/// Makes [toy layers](self).
#[derive(Clone, Debug, Default)]
pub struct Toy {
    /// Of a peer that gives this key, the client says that it is not who it should be.
    pub distrusts: Option<u8>,
    /// What making a layer fails with.
    pub refuses: Option<&'static str>,
}

impl Secure for Toy {
    fn layer(&self, host: Host<'_>, _: u16) -> Result<Box<dyn Layer>, LayerError> {
        if let Some(why) = self.refuses {
            return Err(LayerError::new(LayerFault::Local, why));
        }
        let host = match host {
            Host::Name(name) => name.to_owned(),
            Host::Address(address) => address.to_string(),
        };
        Ok(Box::new(ToyLayer { host, distrusts: self.distrusts, state: State::Start, rest: Vec::new() }))
    }
}

#[derive(Debug)]
struct ToyLayer {
    host: String,
    distrusts: Option<u8>,
    state: State,
    /// The record in front, as far as it came.
    rest: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    /// For the key.
    Waiting,
    Open {
        key: u8,
    },
    Closed {
        key: u8,
    },
}

impl Layer for ToyLayer {
    fn receive(
        &mut self,
        wire_in: &[u8],
        wire_out: &mut SendBuf,
        plain: &mut RecvBuf,
    ) -> Result<LayerState, LayerError> {
        if self.state == State::Start {
            wire_out.append(&record(Kind::Hello, self.host.as_bytes()));
            self.state = State::Waiting;
        }
        self.rest.extend_from_slice(wire_in);
        while let Some((kind, payload)) = next_record(&mut self.rest)? {
            self.hear(kind, &payload, wire_out, plain)?;
        }
        Ok(match self.state {
            State::Start | State::Waiting => LayerState::Handshaking,
            State::Open { .. } => LayerState::Open,
            State::Closed { .. } => LayerState::PeerClosed,
        })
    }

    fn send(&mut self, plain: &[u8], wire_out: &mut SendBuf) -> Result<(), LayerError> {
        let (State::Open { key } | State::Closed { key }) = self.state else {
            return Err(LayerError::new(LayerFault::Local, "nothing can be sent before the key is there"));
        };
        for piece in plain.chunks(MOST) {
            wire_out.append(&record(Kind::Data, &combined(piece, key)));
        }
        Ok(())
    }

    fn close(&mut self, wire_out: &mut SendBuf) {
        wire_out.append(&record(Kind::Close, b""));
    }
}

impl ToyLayer {
    fn hear(
        &mut self,
        kind: Kind,
        payload: &[u8],
        wire_out: &mut SendBuf,
        plain: &mut RecvBuf,
    ) -> Result<(), LayerError> {
        match (kind, self.state) {
            (Kind::Alert, _) => {
                let why = String::from_utf8_lossy(payload).into_owned();
                return Err(LayerError::new(LayerFault::Refused, why));
            }
            (Kind::Key, State::Waiting) if payload.first().copied() == self.distrusts => {
                wire_out.append(&record(Kind::Alert, b"I do not trust this key"));
                return Err(LayerError::new(LayerFault::Identity, "its key is not one to be trusted"));
            }
            (Kind::Key, State::Waiting) => {
                wire_out.append(&record(Kind::Done, b""));
                self.state = State::Open { key: payload.first().copied().unwrap_or(0) };
            }
            (Kind::Data, State::Open { key }) => plain.append(&combined(payload, key)),
            (Kind::Ticket, State::Open { .. }) => {}
            (Kind::Ask, State::Open { .. }) => wire_out.append(&record(Kind::Answer, payload)),
            (Kind::Close, State::Open { key }) => self.state = State::Closed { key },
            // Nothing counts after the goodbye.
            (_, State::Closed { .. }) => {}
            (Kind::Hello | Kind::Key | Kind::Done | Kind::Data, _)
            | (Kind::Ticket | Kind::Ask | Kind::Answer | Kind::Close, _) => {
                return Err(LayerError::new(LayerFault::Protocol, "a record that has no place here"));
            }
        }
        Ok(())
    }
}

/// Bytes of data in one record, at most.
const MOST: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Hello,
    Key,
    Done,
    Data,
    Ticket,
    /// To be answered.
    Ask,
    Answer,
    Close,
    Alert,
}

const KINDS: [(u8, Kind); 9] = [
    (1, Kind::Hello),
    (2, Kind::Key),
    (3, Kind::Done),
    (4, Kind::Data),
    (5, Kind::Ticket),
    (6, Kind::Ask),
    (7, Kind::Answer),
    (8, Kind::Close),
    (9, Kind::Alert),
];

fn record(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let byte = KINDS.iter().find(|(_, other)| *other == kind).map_or(0, |(byte, _)| *byte);
    let mut record = vec![byte];
    record.extend_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
    record.extend_from_slice(payload);
    record
}

/// Takes the record in front, if it is whole.
fn next_record(bytes: &mut Vec<u8>) -> Result<Option<(Kind, Vec<u8>)>, LayerError> {
    let Some(first) = bytes.first() else { return Ok(None) };
    let Some((_, kind)) = KINDS.iter().find(|(byte, _)| byte == first) else {
        return Err(LayerError::new(LayerFault::Protocol, "the peer does not speak the toy protocol"));
    };
    let &[_, high, low, ..] = &bytes[..] else { return Ok(None) };
    let end = 3 + usize::from(u16::from_be_bytes([high, low]));
    if bytes.len() < end {
        return Ok(None);
    }
    let rest = bytes.split_off(end);
    let payload = core::mem::replace(bytes, rest).split_off(3);
    Ok(Some((*kind, payload)))
}

fn combined(bytes: &[u8], key: u8) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ key).collect()
}

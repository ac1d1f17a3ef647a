//! The other end.

use std::io;

use super::{Kind, MOST, combined, next_record, record};
use crate::front::Terminal;

/// A server's end of a toy layer: bytes of the wire in and out, and what they mean.
#[derive(Debug)]
pub struct ToyPeer {
    key: u8,
    host: Option<String>,
    done: bool,
    closed: bool,
    tickets: bool,
    answers: Vec<Vec<u8>>,
    alert: Option<String>,
    rest: Vec<u8>,
    plain: Vec<u8>,
    wire: Vec<u8>,
}

impl ToyPeer {
    /// One that will give this key.
    pub fn new(key: u8) -> Self {
        Self {
            key,
            host: None,
            done: false,
            closed: false,
            tickets: false,
            answers: Vec::new(),
            alert: None,
            rest: Vec::new(),
            plain: Vec::new(),
            wire: Vec::new(),
        }
    }

    /// Takes what the client sent.
    ///
    /// # Panics
    /// If that is not what a toy layer sends.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.take_in(bytes).expect("records of the toy protocol");
    }

    fn take_in(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.rest.extend_from_slice(bytes);
        while let Some((kind, payload)) = next_record(&mut self.rest).map_err(io::Error::other)? {
            self.hear(kind, &payload);
        }
        Ok(())
    }

    fn hear(&mut self, kind: Kind, payload: &[u8]) {
        match kind {
            Kind::Hello => {
                assert!(self.host.is_none(), "two hellos");
                self.host = Some(String::from_utf8_lossy(payload).into_owned());
                self.wire.extend(record(Kind::Key, &[self.key]));
            }
            Kind::Done => {
                self.done = true;
                if self.tickets {
                    self.ticket();
                }
            }
            Kind::Data => {
                assert!(
                    self.done && !self.closed,
                    "data before the handshake was done, or after the goodbye"
                );
                self.plain.extend(combined(payload, self.key));
            }
            Kind::Answer => self.answers.push(payload.to_vec()),
            Kind::Close => self.closed = true,
            Kind::Alert => self.alert = Some(String::from_utf8_lossy(payload).into_owned()),
            Kind::Key | Kind::Ticket | Kind::Ask => panic!("{kind:?} from a client"),
        }
    }

    /// Whom the client wants to talk to, once it has said so.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// Whether the client is done with the handshake.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Whether the client said its goodbye.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Why the client gave up, if it said so.
    pub fn alert(&self) -> Option<&str> {
        self.alert.as_deref()
    }

    /// What the client answered to [`ask`](Self::ask).
    pub fn answers(&self) -> &[Vec<u8>] {
        &self.answers
    }

    /// Whether a record has come in part.
    pub fn is_in_record(&self) -> bool {
        !self.rest.is_empty()
    }

    /// Takes what the client meant.
    pub fn take_plain(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.plain)
    }

    /// Takes what is to be sent to the client.
    pub fn take_wire(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.wire)
    }

    /// Data for the client.
    pub fn send(&mut self, plain: &[u8]) {
        for piece in plain.chunks(MOST) {
            self.wire.extend(record(Kind::Data, &combined(piece, self.key)));
        }
    }

    /// Something that only the client's layer cares about.
    pub fn ticket(&mut self) {
        self.wire.extend(record(Kind::Ticket, b"for the next time"));
    }

    /// From now on there is a [`ticket`](Self::ticket) after the handshake, and after all data from the server.
    pub fn tickets(&mut self) {
        self.tickets = true;
    }

    /// Something that the client's layer has to answer.
    pub fn ask(&mut self, question: &[u8]) {
        self.wire.extend(record(Kind::Ask, question));
    }

    /// The goodbye.
    pub fn close(&mut self) {
        self.wire.extend(record(Kind::Close, b""));
    }

    /// Gives up, and says why.
    pub fn refuse(&mut self, why: &str) {
        self.wire.extend(record(Kind::Alert, why.as_bytes()));
    }
}

impl Terminal for ToyPeer {
    fn receive(&mut self, wire: &[u8]) -> io::Result<()> {
        self.take_in(wire)
    }

    fn send(&mut self, plain: Option<&[u8]>) {
        match plain {
            Some(plain) => {
                Self::send(self, plain);
                if self.tickets {
                    self.ticket();
                }
            }
            None => self.close(),
        }
    }

    fn take_plain(&mut self) -> Vec<u8> {
        Self::take_plain(self)
    }

    fn take_wire(&mut self) -> Vec<u8> {
        Self::take_wire(self)
    }

    fn is_closed(&self) -> bool {
        self.closed
    }
}

//! What lies between a transport that is connected and a connection that is ready, one after the other.

use smallvec::SmallVec;

use super::Options;
use crate::conn::Conn;
use crate::error::{Error, ErrorKind, Phase, ProtocolError};
use crate::io::Io;
use crate::key::Key;
use crate::layer::LayerState;
use crate::time::Instant;
use crate::want::Want;

/// What is still to be done for a connection, and the connection as far as it is made.
#[derive(Debug)]
pub(super) struct Stages {
    /// The next one last.
    left: SmallVec<[Stage; 2]>,
    begun: bool,
    /// Until when the stage that was begun may take.
    until: Option<Instant>,
    conn: Conn,
}

/// One agreement with the peer.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// The connection is secured for the key's host.
    Tls,
}

/// What the stages have come to.
#[derive(Debug)]
pub(super) enum Staged {
    Wait(Want),
    /// All is sent and nothing was read that is not in the connection.
    Through(Conn),
    Failed(Error),
}

/// What a stage has come to, for the moment.
enum Moment {
    Done,
    Blocked,
    Failed(Error),
}

impl Stages {
    /// Those that the key asks for, in their order; `None`: there are none, as with plain http.
    pub(super) fn of(key: &Key) -> Option<Self> {
        let mut left = SmallVec::new();
        if key.security().is_some() {
            left.push(Stage::Tls);
        }
        left.reverse();
        if left.is_empty() {
            return None;
        }
        Some(Self { left, begun: false, until: None, conn: Conn::default() })
    }

    /// Bytes before the clock: what was read counts, though it was read late.
    pub(super) fn step(&mut self, key: &Key, options: &Options, io: &mut Io, now: Instant) -> Staged {
        let mut phase = Phase::Connect;
        while let Some(stage) = self.left.last().copied() {
            phase = stage.phase();
            let moment = if self.begun { Ok(()) } else { self.begin(stage, key, options, now) };
            match moment.map_or_else(Moment::Failed, |()| self.go_on(stage, io)) {
                Moment::Done => {
                    self.left.pop();
                    self.begun = false;
                }
                Moment::Blocked => return self.wait(io, phase, now),
                Moment::Failed(error) => return Staged::Failed(error),
            }
        }
        self.finish(io, phase, now)
    }

    fn begin(&mut self, stage: Stage, key: &Key, options: &Options, now: Instant) -> Result<(), Error> {
        self.begun = true;
        match stage {
            Stage::Tls => {
                self.until = options.tls.map(|limit| now + limit);
                let Some(security) = key.security() else { return Ok(()) };
                let layer = security.layer(key.peer());
                self.conn.push(layer.map_err(|why| Error::new(ErrorKind::Tls(why), Phase::Tls))?);
            }
        }
        Ok(())
    }

    fn go_on(&mut self, stage: Stage, io: &mut Io) -> Moment {
        match stage {
            Stage::Tls => match self.conn.shake(io) {
                Err(why) => Moment::Failed(Error::new(ErrorKind::Tls(why), Phase::Tls)),
                Ok(LayerState::Open) => Moment::Done,
                Ok(LayerState::Handshaking | LayerState::PeerClosed) => Moment::Blocked,
            },
        }
    }

    /// The last words are sent before anybody has the connection: the peer may wait for them, however long it is
    /// idle.
    fn finish(&mut self, io: &mut Io, phase: Phase, now: Instant) -> Staged {
        if !io.plain.bytes().is_empty() {
            let what = ProtocolError::BadStatusLine("it came before the request was sent");
            return Staged::Failed(Error::new(ErrorKind::Protocol(what), phase));
        }
        if io.tx.is_delivered() && !io.plain.ended() {
            return Staged::Through(core::mem::take(&mut self.conn));
        }
        self.wait(io, phase, now)
    }

    fn wait(&self, io: &Io, phase: Phase, now: Instant) -> Staged {
        let ended = if io.plain.ended() { &io.plain } else { &io.rx };
        if ended.ended() {
            // Who ended it nobody can tell: what stands between us and the peer does so as well.
            let kind = ended.failure().map_or(ErrorKind::Closed, ErrorKind::Reset);
            return Staged::Failed(Error::new(kind, phase));
        }
        if self.until.is_some_and(|until| until <= now) {
            return Staged::Failed(Error::new(ErrorKind::Timeout, phase));
        }
        let write = !io.tx.pending().is_empty();
        Staged::Wait(Want { read: true, write, until: self.until, phase })
    }
}

impl Stage {
    fn phase(self) -> Phase {
        match self {
            Self::Tls => Phase::Tls,
        }
    }
}

//! What lies between a transport that is connected and a connection that is ready, one after the other.
//!
//! | way | stages |
//! |---|---|
//! | direct | TLS, if it is https |
//! | an http proxy, http | none: it is sent the requests |
//! | an http proxy, https | CONNECT, TLS |
//! | an https proxy, http | TLS with the proxy |
//! | an https proxy, https | TLS with the proxy, CONNECT, TLS within TLS |
//! | a SOCKS proxy | SOCKS; TLS, if it is https |

use core::time::Duration;

use smallvec::SmallVec;

use super::handshake::{Proxied, Said};
use crate::authority::Scheme;
use crate::config::Config;
use crate::conn::Conn;
use crate::error::{Error, ErrorKind, Phase, ProtocolError};
use crate::io::Io;
use crate::key::Key;
use crate::layer::LayerState;
use crate::proxy::Kind;
use crate::time::Instant;
use crate::want::Want;

/// What is still to be done for a connection, and the connection as far as it is made.
#[derive(Debug)]
pub(super) struct Stages {
    /// The next one last.
    left: SmallVec<[Stage; 3]>,
    /// The handshake with the proxy, while it goes on.
    handshake: Option<Proxied>,
    begun: bool,
    /// Until when the stage that was begun may take.
    until: Option<Instant>,
    conn: Conn,
}

/// One agreement with the peer.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// What is spoken to the proxy is secured.
    ProxyTls,
    /// The proxy makes a tunnel.
    Tunnel,
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

/// What all stages are about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) key: &'a Key,
    /// What the transport is connected to.
    pub(super) target: &'a Key,
    /// What a SOCKS proxy is told: the key's host, or the address that it has.
    pub(super) told: &'a str,
    pub(super) config: &'a Config,
}

impl Stages {
    /// Those that the key asks for, in their order; `None`: there are none, as with plain http.
    pub(super) fn of(key: &Key) -> Option<Self> {
        let mut left = SmallVec::new();
        if key.scheme() == Scheme::Https {
            left.push(Stage::Tls);
        }
        if key.is_tunnelled() {
            left.push(Stage::Tunnel);
        }
        if key.proxy().is_some_and(|proxy| proxy.kind() == Kind::Https) {
            left.push(Stage::ProxyTls);
        }
        if left.is_empty() {
            return None;
        }
        Some(Self { left, handshake: None, begun: false, until: None, conn: Conn::default() })
    }

    /// Whether what goes on is between us and the proxy: the connection to it is being secured.
    pub(super) fn is_with_proxy(&self) -> bool {
        matches!(self.left.last(), Some(Stage::ProxyTls))
    }

    /// Bytes before the clock: what was read counts, though it was read late.
    pub(super) fn step(&mut self, about: About<'_>, io: &mut Io, now: Instant) -> Staged {
        let mut phase = Phase::Connect;
        while let Some(stage) = self.left.last().copied() {
            phase = stage.phase();
            let moment = if self.begun { Ok(()) } else { self.begin(stage, about, io, now) };
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

    fn begin(&mut self, stage: Stage, about: About<'_>, io: &mut Io, now: Instant) -> Result<(), Error> {
        self.begun = true;
        let About { key, target, told, config } = about;
        self.until = stage.limit(config).map(|limit| now + limit);
        match stage {
            Stage::ProxyTls => self.secure(key, target, io),
            Stage::Tls => self.secure(key, key, io),
            Stage::Tunnel => {
                self.handshake = key.proxy().map(|proxy| Proxied::new(proxy, key, told, config));
                Ok(())
            }
        }
    }

    fn secure(&mut self, key: &Key, peer: &Key, io: &mut Io) -> Result<(), Error> {
        let Some(security) = key.security() else { return Ok(()) };
        let layer = security.layer(peer.peer(), peer.port());
        let layer = layer.map_err(|why| Error::new(ErrorKind::Tls(why), Phase::Tls))?;
        self.conn.push(layer, io);
        Ok(())
    }

    fn go_on(&mut self, stage: Stage, io: &mut Io) -> Moment {
        match stage {
            Stage::ProxyTls | Stage::Tls => match self.conn.shake(io) {
                Err(why) => Moment::Failed(Error::new(ErrorKind::Tls(why), Phase::Tls)),
                Ok(LayerState::Open) => Moment::Done,
                Ok(LayerState::Handshaking | LayerState::PeerClosed) => Moment::Blocked,
            },
            Stage::Tunnel => self.go_on_with_proxy(io),
        }
    }

    fn go_on_with_proxy(&mut self, io: &mut Io) -> Moment {
        let Some(handshake) = &mut self.handshake else { return Moment::Done };
        self.conn.pull(io);
        if let Some(why) = self.conn.failure() {
            return Moment::Failed(Error::new(ErrorKind::Tls(why.clone()), Phase::Tls));
        }
        loop {
            let (rx, index) = io.input_and_index();
            match handshake.step(rx, index) {
                Ok(Said::Words(words)) => self.conn.send(&mut io.tx, &words.0),
                Ok(Said::Nothing) => return Moment::Blocked,
                Ok(Said::Through) => {
                    self.handshake = None;
                    return Moment::Done;
                }
                Err(error) => return Moment::Failed(error),
            }
        }
    }

    /// The last words are sent before anybody has the connection: the peer may wait for them, however long it is
    /// idle.
    fn finish(&mut self, io: &mut Io, phase: Phase, now: Instant) -> Staged {
        // What came while they were sent, such as a ticket, is the layers', in whole or in part.
        self.conn.pull(io);
        if let Some(why) = self.conn.failure() {
            return Staged::Failed(Error::new(ErrorKind::Tls(why.clone()), Phase::Tls));
        }
        if !io.input().bytes().is_empty() {
            let what = ProtocolError::BadStatusLine("it came before the request was sent");
            return Staged::Failed(Error::new(ErrorKind::Protocol(what), phase));
        }
        if io.tx.is_delivered() && !io.input().ended() {
            return Staged::Through(core::mem::take(&mut self.conn));
        }
        self.wait(io, phase, now)
    }

    fn wait(&self, io: &Io, phase: Phase, now: Instant) -> Staged {
        let ended = if io.input().ended() { io.input() } else { &io.rx };
        if ended.ended() {
            // Who ended it nobody can tell: what stands between us and the peer does so as well.
            let kind = ended.failure().map_or(ErrorKind::Closed, ErrorKind::Reset);
            return Staged::Failed(Error::new(kind, phase));
        }
        if self.until.is_some_and(|until| until <= now) {
            let refusal = self.handshake.as_ref().and_then(|handshake| handshake.refusal());
            return Staged::Failed(refusal.unwrap_or_else(|| Error::new(ErrorKind::Timeout, phase)));
        }
        let write = !io.tx.pending().is_empty();
        Staged::Wait(Want { read: true, write, until: self.until, phase })
    }
}

impl Stage {
    fn phase(self) -> Phase {
        match self {
            Self::ProxyTls | Self::Tls => Phase::Tls,
            Self::Tunnel => Phase::Proxy,
        }
    }

    fn limit(self, config: &Config) -> Option<Duration> {
        match self {
            Self::ProxyTls | Self::Tls => config.dial.tls,
            Self::Tunnel => config.dial.proxy,
        }
    }
}

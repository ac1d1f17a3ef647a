//! One connection of the network: what is in flight, what the server hears and says.

use core::time::Duration;
use std::collections::VecDeque;

use httpocean_core::{Instant, RecvBuf, TransportError};

use super::dice::Dice;
use super::faults::{Fault, Faults};
use super::host::Received;
use super::network::{Happening, Network, Planned, SocketId, Weather};
use super::reply::{Piece, Reply, Truth};
use super::wire::{Heard, Wire};

/// One request and what is said to it, as the server knows it.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) call: Option<usize>,
    pub(super) truth: Truth,
    /// Where in the server's stream the answer begins.
    pub(super) start: u64,
    /// Whether the request has come to its end.
    pub(super) heard_all: bool,
    /// Whether bytes that belong to nothing were on their way when it came: no client can tell.
    pub(super) tainted: bool,
}

#[derive(Debug)]
pub(super) struct Socket {
    host: usize,
    /// Which connection of its host; known when it is open.
    conn: usize,
    wire: Wire,
    dice: Dice,
    jitter: Duration,
    round_trip: Duration,
    splits: bool,
    narrow: bool,
    pub(super) stalled: bool,
    write_error: bool,
    /// Bytes were written that the server did not hear any more: what it says is about something else.
    pub(super) deaf: bool,
    /// The server has gone.
    gone: bool,
    inbox: VecDeque<Piece>,
    /// All bytes that the server ever sent, and all that its client read.
    queued: u64,
    pub(super) read: u64,
    /// The client has read the end, or the failure.
    pub(super) read_end: bool,
    pub(super) heard: u64,
    speaks_until: Instant,
    /// The answer that waits for the end of its request.
    waiting: Option<(Reply, Vec<u8>)>,
    pub(super) exchange: Option<Exchange>,
    /// Once a connection is tainted it stays so.
    tainted: bool,
}

impl Socket {
    pub(super) fn new(host: usize, mut dice: Dice, weather: Weather, faults: &mut Faults) -> Self {
        Self {
            host,
            conn: 0,
            wire: Wire::default(),
            splits: dice.chance(weather.split_percent) && faults.hit(Fault::Split),
            narrow: dice.chance(weather.narrow_percent) && faults.may(Fault::PartialWrite),
            jitter: weather.jitter,
            round_trip: weather.round_trip,
            dice,
            stalled: false,
            write_error: false,
            deaf: false,
            gone: false,
            inbox: VecDeque::new(),
            queued: 0,
            read: 0,
            read_end: false,
            heard: 0,
            speaks_until: Instant::ZERO,
            waiting: None,
            exchange: None,
            tainted: false,
        }
    }

    pub(super) fn read(&mut self, into: &mut RecvBuf, most: usize) -> bool {
        let mut left = most;
        while let Some(piece) = self.inbox.pop_front() {
            match piece {
                Piece::Bytes(bytes) if bytes.len() > left => {
                    into.append(&bytes[..left]);
                    self.read += left as u64;
                    self.inbox.push_front(Piece::Bytes(bytes[left..].to_vec()));
                    return true;
                }
                Piece::Bytes(bytes) => {
                    into.append(&bytes);
                    self.read += bytes.len() as u64;
                    left -= bytes.len();
                }
                Piece::Close => {
                    into.set_eof();
                    self.read_end = true;
                }
                Piece::Reset => {
                    into.fail(TransportError::Reset);
                    self.read_end = true;
                    self.write_error = true;
                }
            }
        }
        false
    }

    /// How much of what comes is taken now.
    fn takes(&mut self, len: usize, faults: &mut Faults) -> usize {
        if !self.narrow || len == 0 {
            return len;
        }
        if self.dice.chance(15) && faults.hit(Fault::WriteStall) {
            self.stalled = true;
            return 0;
        }
        faults.hit(Fault::PartialWrite);
        1 + self.dice.below(len as u64) as usize
    }

    /// Begins an exchange; what the server says at once, and what when the request is whole.
    fn begin(&mut self, request: &Received, reply: Reply) -> Option<Vec<u8>> {
        self.write_error |= reply.write_error;
        let continues = request.expects && !reply.early && !reply.mute && reply.raw.is_none();
        let (bytes, truth) = reply.encode(request.method == "HEAD", continues);
        let owed = self.exchange.as_ref().map_or(0, |last| last.start + last.truth.end);
        self.tainted |= self.queued > owed || self.exchange.as_ref().is_some_and(|last| !last.truth.known);
        self.exchange = Some(Exchange {
            call: request.call,
            truth,
            start: self.queued,
            heard_all: false,
            tainted: self.tainted,
        });
        let at_once = if continues { bytes.len().min(25) } else { 0 };
        let first = bytes[..at_once].to_vec();
        self.waiting = Some((reply, bytes[at_once..].to_vec()));
        (!first.is_empty()).then_some(first)
    }
}

impl Network {
    pub(super) fn opens(&mut self, id: SocketId) -> Option<Happening> {
        let socket = self.sockets.get_mut(id.0 as usize)?.as_deref_mut()?;
        socket.conn = self.hosts[socket.host].conns;
        self.hosts[socket.host].conns += 1;
        self.listen_for_silence(id);
        Some(Happening::Connected(id, Ok(())))
    }

    pub(super) fn send(&mut self, id: SocketId, bytes: &[u8]) -> Result<usize, TransportError> {
        let Some(socket) = self.sockets.get_mut(id.0 as usize).and_then(|s| s.as_deref_mut()) else {
            return Err(TransportError::Reset);
        };
        if socket.write_error {
            self.faults.hit(Fault::WriteError);
            return Err(TransportError::Reset);
        }
        if socket.stalled {
            return Ok(0);
        }
        let taken = socket.takes(bytes.len(), &mut self.faults);
        if socket.stalled {
            let pause = socket.dice.millis(40);
            self.plan_after(pause, Planned::Drains(id));
            return Ok(0);
        }
        socket.deaf |= socket.gone && taken > 0;
        if !socket.gone {
            socket.heard += taken as u64;
            socket.wire.feed(&bytes[..taken]);
            self.listen(id);
        }
        Ok(taken)
    }

    fn listen(&mut self, id: SocketId) {
        loop {
            let Some(socket) = self.sockets.get_mut(id.0 as usize).and_then(|s| s.as_deref_mut()) else {
                return;
            };
            match socket.wire.next() {
                None => break,
                Some(Heard::Head(mut request)) => {
                    let host = &mut self.hosts[socket.host];
                    request.host.clone_from(&host.name);
                    (request.conn, request.of_host) = (socket.conn, host.requests);
                    host.requests += 1;
                    let reply = host.server.answer(&request, &mut self.faults);
                    let early = reply.early;
                    if let Some(first) = socket.begin(&request, reply) {
                        self.say(id, Duration::ZERO, Piece::Bytes(first));
                    }
                    if early {
                        self.reply(id);
                    }
                }
                Some(Heard::End) => {
                    if let Some(exchange) = &mut socket.exchange {
                        exchange.heard_all = true;
                    }
                    self.reply(id);
                }
            }
        }
        self.listen_for_silence(id);
    }

    fn reply(&mut self, id: SocketId) {
        let Some((reply, bytes)) = self.socket(id).and_then(|socket| socket.waiting.take()) else { return };
        if reply.mute {
            return;
        }
        match reply.dribble {
            Some((size, gap)) => {
                for (n, drop) in bytes.chunks(size).enumerate() {
                    let wait = if n == 0 { reply.delay } else { gap };
                    self.say(id, wait, Piece::Bytes(drop.to_vec()));
                }
            }
            None => self.say(id, reply.delay, Piece::Bytes(bytes)),
        }
        if let Some(end) = reply.end {
            self.say(id, Duration::ZERO, end);
        }
    }

    /// One thing after the other, each so long after the last, split as the weather is.
    fn say(&mut self, id: SocketId, wait: Duration, piece: Piece) {
        let now = self.now;
        let Some(socket) = self.socket(id) else { return };
        let Socket { round_trip, splits, jitter, .. } = *socket;
        let mut at = (now + round_trip).max(socket.speaks_until) + wait;
        let Piece::Bytes(mut bytes) = piece else {
            socket.gone = true;
            socket.speaks_until = at;
            return self.plan_at(at, Planned::Arrives(id, piece));
        };
        socket.queued += bytes.len() as u64;
        while splits && bytes.len() > 1 {
            let Some(socket) = self.socket(id) else { return };
            let most = if socket.dice.chance(50) { 8 } else { bytes.len() as u64 };
            let size = 1 + socket.dice.below(most.min(bytes.len() as u64 - 1)) as usize;
            let late = socket.dice.chance(30).then(|| socket.dice.millis(jitter.as_millis() as u64));
            let rest = bytes.split_off(size);
            self.plan_at(at, Planned::Arrives(id, Piece::Bytes(bytes)));
            at = at + late.filter(|_| self.hit(Fault::Delay)).unwrap_or_default();
            bytes = rest;
        }
        if let Some(socket) = self.socket(id) {
            socket.speaks_until = at;
        }
        if !bytes.is_empty() {
            self.plan_at(at, Planned::Arrives(id, Piece::Bytes(bytes)));
        }
    }

    pub(super) fn arrives(&mut self, id: SocketId, piece: Piece) -> Option<Happening> {
        self.socket(id)?.inbox.push_back(piece);
        Some(Happening::Readable(id))
    }

    fn listen_for_silence(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.get_mut(id.0 as usize).and_then(|s| s.as_deref_mut()) else { return };
        let server = &mut self.hosts[socket.host].server;
        let Some((after, _)) = server.silence(socket.conn, socket.wire.requests) else { return };
        let (heard, at) = (socket.heard, socket.speaks_until.max(self.now) + after);
        self.plan_at(at, Planned::Silent(id, heard));
    }

    /// Nothing was heard since: the server does what it does then.
    pub(super) fn falls_silent(&mut self, id: SocketId, heard: u64) -> Option<Happening> {
        let socket = self.sockets.get_mut(id.0 as usize)?.as_deref_mut()?;
        if socket.heard != heard || socket.gone {
            return None;
        }
        let host = &mut self.hosts[socket.host];
        let (_, pieces) = host.server.silence(socket.conn, socket.wire.requests)?;
        host.server.broke_silence(&pieces, &mut self.faults);
        // Said where an answer is due, it is the answer, as far as a client can tell.
        let (queued, owes) = (socket.queued, socket.waiting.is_some());
        let owed = |last: &&mut Exchange| owes || last.start + last.truth.end > queued;
        if let Some(last) = socket.exchange.as_mut().filter(owed) {
            last.tainted = true;
            socket.tainted = true;
        }
        for piece in pieces {
            self.say(id, Duration::ZERO, piece);
        }
        None
    }
}

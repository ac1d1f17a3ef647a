//! A dial through a proxy that says what a test has it say.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::sync::Arc;

use httpocean_core::dial::Route;
use httpocean_core::layer::{Host, Layer, LayerError, LayerState, Secure, Security};
use httpocean_core::proxy::Rules;
use httpocean_core::{
    BodyPlan, Call, Config, Conn, Dial, DialStep, Error, Instant, Io, Phase, RecvBuf, SendBuf, TransportError,
};

pub const NOW: Instant = Instant::ZERO;

/// What a proxy does, one thing after the other.
#[derive(Clone, Debug)]
pub enum Peer<'a> {
    /// It waits until it has read exactly this.
    Hears(&'a [u8]),
    /// It says this, in whichever pieces.
    Says(&'a [u8]),
    /// It closes the connection.
    Closes,
    /// It resets it.
    Resets,
}

/// A dial of `url` through `proxy`, connected.
pub struct Through {
    pub dial: Dial,
    pub io: Io,
    /// All that was sent so far.
    pub sent: Vec<u8>,
}

/// https is not encrypted here, so that what is sent can be read.
#[derive(Debug)]
struct Clear;

impl Secure for Clear {
    fn layer(&self, _: Host<'_>, _: u16) -> Result<Box<dyn Layer>, LayerError> {
        Ok(Box::new(Self))
    }
}

impl Layer for Clear {
    fn receive(
        &mut self,
        wire_in: &[u8],
        _: &mut SendBuf,
        plain: &mut RecvBuf,
    ) -> Result<LayerState, LayerError> {
        plain.append(wire_in);
        Ok(LayerState::Open)
    }

    fn send(&mut self, plain: &[u8], wire_out: &mut SendBuf) -> Result<(), LayerError> {
        wire_out.append(plain);
        Ok(())
    }

    fn close(&mut self, _: &mut SendBuf) {}
}

pub fn config(proxy: &str) -> Config {
    Config { proxy: Rules::all(proxy.parse().unwrap()), tls: Some(Security::new(Clear)), ..Config::default() }
}

impl Through {
    pub fn connected(proxy: &str, url: &str) -> Self {
        Self::connected_with(config(proxy), url)
    }

    pub fn connected_with(config: Config, url: &str) -> Self {
        let config = Arc::new(config);
        let request = http::Request::get(url).body(()).unwrap();
        let call = Call::new(request, BodyPlan::empty(), &config, NOW).unwrap();
        let mut dial = Dial::new(call.key(), &config, NOW);
        let mut io = Io::default();
        while let DialStep::Resolve = dial.step(&mut io, NOW) {
            dial.resolved(Ok(Route::Direct), NOW);
        }
        // The step above said `Connect`.
        dial.connected(0, Ok(()), NOW);
        Self { dial, io, sent: Vec::new() }
    }

    /// Steps, and sends what there is to send.
    pub fn step(&mut self) -> Option<Result<Conn, Error>> {
        loop {
            match self.dial.step(&mut self.io, NOW) {
                DialStep::Wait(want) => {
                    assert_eq!(want.write, !self.io.tx.pending().is_empty());
                    if !want.write {
                        assert!(want.read && want.until.is_some(), "{want:?}");
                        assert_eq!(want.phase, Phase::Proxy);
                        return None;
                    }
                    self.sent.extend_from_slice(self.io.tx.pending());
                    self.io.tx.sent(self.io.tx.pending().len());
                }
                DialStep::Ready(conn) => return Some(Ok(conn)),
                DialStep::Failed(error) => return Some(Err(error)),
                DialStep::Resolve | DialStep::Connect { .. } | DialStep::Abandon { .. } => {
                    panic!("it has a connection")
                }
            }
        }
    }

    /// Goes through a script, whose bytes come in pieces of these lengths, the last one again and again.
    pub fn goes(&mut self, script: &[Peer<'_>], pieces: &[usize]) -> Option<Result<Conn, Error>> {
        let mut ended = self.step();
        let mut pieces = pieces.iter();
        let mut size = usize::MAX;
        for act in script {
            if ended.is_some() {
                return ended;
            }
            match act {
                Peer::Hears(expected) => {
                    assert_eq!(self.sent.escape_ascii().to_string(), expected.escape_ascii().to_string());
                    self.sent.clear();
                }
                Peer::Says(bytes) => {
                    let mut left = *bytes;
                    while !left.is_empty() && ended.is_none() {
                        size = pieces.next().copied().unwrap_or(size).max(1);
                        let (piece, rest) = left.split_at(size.min(left.len()));
                        self.io.rx.append(piece);
                        left = rest;
                        ended = self.step();
                    }
                }
                Peer::Closes => {
                    self.io.rx.set_eof();
                    ended = self.step();
                }
                Peer::Resets => {
                    self.io.rx.fail(TransportError::Reset);
                    ended = self.step();
                }
            }
        }
        ended
    }
}

/// What came of a script, in words that compare.
pub fn outcome(proxy: &str, url: &str, script: &[Peer<'_>], pieces: &[usize]) -> String {
    let ended = Through::connected(proxy, url).goes(script, pieces);
    match ended {
        None => "waits".to_owned(),
        Some(Ok(_)) => "ready".to_owned(),
        Some(Err(error)) => {
            let answer = error.proxy_answer();
            let body = answer.map(|answer| answer.body.escape_ascii().to_string());
            format!("{:?} {:?} {:?} {body:?}", error.kind(), error.fault(), error.phase())
        }
    }
}

/// The same, which has to be the same however the bytes come.
pub fn always(proxy: &str, url: &str, script: &[Peer<'_>]) -> String {
    let whole = outcome(proxy, url, script, &[]);
    assert_eq!(whole, outcome(proxy, url, script, &[1]), "a byte at a time");
    let longest = script.iter().map(|act| if let Peer::Says(bytes) = act { bytes.len() } else { 0 }).max();
    for first in 1..longest.unwrap_or(0) {
        assert_eq!(whole, outcome(proxy, url, script, &[first, usize::MAX]), "{first} bytes first");
    }
    whole
}

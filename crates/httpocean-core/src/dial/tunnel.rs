//! A tunnel through a proxy that speaks HTTP: CONNECT (RFC 9110 section 9.3.6), from our side.

use http::{HeaderValue, Method};

use crate::buf::RecvBuf;
use crate::error::{Error, ProtocolError, ProxyAnswer, ProxyError};
use crate::h1::body::{BodyDecoder, BodyStep};
use crate::h1::framing::{Framing, frame};
use crate::h1::head::{Head, HeadIndex, HeadScan};
use crate::h1::proxied::write_connect;
use crate::key::Key;
use crate::limits::Limits;

use super::handshake::{Said, Words, error, lost};

/// One CONNECT and its answer.
#[derive(Debug)]
pub(super) struct Tunnel {
    state: State,
    /// Those of the proxy, where others are the server's.
    limits: Limits,
    interims: u32,
}

#[derive(Debug)]
enum State {
    /// To ask.
    Start(Words),
    /// For the head of the final answer.
    Head(HeadScan),
    /// For the rest of an answer that makes no tunnel.
    Refused {
        answer: ProxyAnswer,
        body: BodyDecoder,
    },
    Done,
}

impl Tunnel {
    /// Asks the key's proxy for a tunnel to its host. Nothing that the request says is told to the proxy.
    pub(super) fn new(key: &Key, user_agent: Option<&HeaderValue>, limits: &Limits) -> Self {
        let mut ask = Vec::new();
        write_connect(&mut ask, key, user_agent);
        let limits = Limits { head_bytes: limits.proxy_head_bytes, ..limits.clone() };
        Self { state: State::Start(Words(ask)), limits, interims: 0 }
    }

    /// Goes on with what was read.
    pub(super) fn step(&mut self, rx: &mut RecvBuf, index: &mut HeadIndex) -> Result<Said, Error> {
        loop {
            match &mut self.state {
                State::Start(ask) => {
                    let ask = core::mem::take(ask);
                    self.state = State::Head(HeadScan::default());
                    return Ok(Said::Words(ask));
                }
                State::Head(scan) => match scan.scan(rx, index, &self.limits) {
                    Ok(Some(len)) => self.take_head(len, rx, index).map_err(protocol)?,
                    Ok(None) if rx.ended() => return Err(error(lost(rx))),
                    Ok(None) => return Ok(Said::Nothing),
                    Err(what) => return Err(protocol(what)),
                },
                State::Refused { answer, body } => {
                    return match read(body, &mut answer.body, rx, &self.limits) {
                        true => Err(Error::refused_by_proxy(answer.clone())),
                        false => Ok(Said::Nothing),
                    };
                }
                State::Done => return Ok(Said::Through),
            }
        }
    }

    /// The answer so far, if it makes no tunnel and its body is still to come.
    pub(super) fn refusal(&self) -> Option<Error> {
        match &self.state {
            State::Refused { answer, .. } => Some(Error::refused_by_proxy(answer.clone())),
            State::Start(_) | State::Head(_) | State::Done => None,
        }
    }

    fn take_head(&mut self, len: usize, rx: &mut RecvBuf, index: &HeadIndex) -> Result<(), ProtocolError> {
        let head = Head::new(&rx.bytes()[..len], index);
        let framing = frame(&Method::CONNECT, false, &head).map(|verdict| verdict.framing);
        self.state = match framing {
            // A length or a coding of a tunnel means nothing (RFC 9112 section 6.3).
            Ok(Framing::Tunnel) => State::Done,
            Err(what @ ProtocolError::UnsolicitedUpgrade(_)) => return Err(what),
            Ok(_) if head.status().is_informational() => {
                self.interims += 1;
                if self.interims > self.limits.proxy_interim {
                    return Err(ProtocolError::TooLarge("more interim responses than a proxy is allowed"));
                }
                State::Head(HeadScan::default())
            }
            // It is refused, whatever its body is like.
            framing => {
                let (parts, ()) = head.to_response().into_parts();
                let answer = ProxyAnswer { status: parts.status, fields: parts.headers, body: Vec::new() };
                let body = BodyDecoder::new(framing.unwrap_or(Framing::None));
                State::Refused { answer, body }
            }
        };
        rx.consume(len);
        Ok(())
    }
}

/// Reads the first bytes of a body. Whether there will be no more of them.
fn read(body: &mut BodyDecoder, kept: &mut Vec<u8>, rx: &mut RecvBuf, limits: &Limits) -> bool {
    loop {
        let room = limits.proxy_body_bytes.saturating_sub(kept.len());
        match body.next(rx, limits) {
            Ok(BodyStep::Data(n)) if room > 0 => {
                let n = n.min(room);
                kept.extend_from_slice(&rx.bytes()[..n]);
                rx.consume(n);
                body.took(n as u64);
            }
            Ok(BodyStep::Blocked) => return room == 0,
            Ok(BodyStep::Data(_) | BodyStep::End) | Err(_) => return true,
        }
    }
}

fn protocol(what: ProtocolError) -> Error {
    error(ProxyError::Protocol(what))
}

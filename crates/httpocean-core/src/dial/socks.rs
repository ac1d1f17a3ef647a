//! The handshakes of SOCKS 4a and SOCKS 5 (RFC 1928, RFC 1929), from our side.
//!
//! ```text
//!     4a   request ─▶ Granted
//!     5    methods ─▶ Method ─┬──────────────▶ request ─▶ Reply
//!                             └─▶ login ─▶ Login ─┘
//! ```
//!
//! Each answer has a length that its first bytes tell, so there is nothing to limit. What follows the last one is not
//! looked at: it comes from the server behind.

use core::net::IpAddr;

use crate::authority;
use crate::buf::RecvBuf;
use crate::error::ProxyError;
use crate::proxy::{Credentials, Kind, Proxy};

use super::handshake::{Said, Words, lost};

/// One handshake.
#[derive(Debug)]
pub(super) struct Socks {
    state: State,
    /// What asks for the connection.
    request: Words,
    /// What says who we are, if we can.
    login: Option<Words>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// To begin, in version 4 or 5.
    Start {
        four: bool,
    },
    /// For the answer to a request of version 4.
    Granted,
    /// For the method that the proxy chooses.
    Method,
    /// For its verdict on our credentials.
    Login,
    /// For the answer to a request of version 5.
    Reply,
    Done,
}

const NOBODY: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_WILL_DO: u8 = 255;

impl Socks {
    /// Asks `proxy` for a connection to that port of `host`, a name or an address as keys have them.
    pub(super) fn new(proxy: &Proxy, host: &str, port: u16) -> Self {
        let (four, credentials) = (proxy.kind() == Kind::Socks4a, proxy.credentials());
        let request = if four { request_4(host, port, credentials) } else { request_5(host, port) };
        let login = credentials.filter(|_| !four).map(|Credentials { user, password }| {
            Words([&[1, user.len() as u8], &user[..], &[password.len() as u8], &password[..]].concat())
        });
        Self { state: State::Start { four }, request: Words(request), login }
    }

    /// Goes on with what was read.
    pub(super) fn step(&mut self, rx: &mut RecvBuf) -> Result<Said, ProxyError> {
        let (state, said) = match self.state {
            State::Start { four: true } => (State::Granted, Said::Words(core::mem::take(&mut self.request))),
            State::Start { four: false } => (State::Method, Said::Words(Words(self.methods()))),
            State::Granted => match granted(rx.bytes())? {
                Some(len) => self.done(rx, len),
                None => return wait(rx),
            },
            State::Method => match self.method(rx.bytes())? {
                Some(PASSWORD) => {
                    rx.consume(2);
                    (State::Login, Said::Words(self.login.take().unwrap_or_default()))
                }
                Some(_) => self.ask(rx),
                None => return wait(rx),
            },
            State::Login => match let_in(rx.bytes())? {
                Some(()) => self.ask(rx),
                None => return wait(rx),
            },
            State::Reply => match reply(rx.bytes())? {
                Some(len) => self.done(rx, len),
                None => return wait(rx),
            },
            State::Done => (State::Done, Said::Through),
        };
        self.state = state;
        Ok(said)
    }

    fn methods(&self) -> Vec<u8> {
        if self.login.is_some() { vec![5, 2, NOBODY, PASSWORD] } else { vec![5, 1, NOBODY] }
    }

    fn method(&self, bytes: &[u8]) -> Result<Option<u8>, ProxyError> {
        match *bytes {
            [] | [5] => Ok(None),
            [5, NOBODY, ..] => Ok(Some(NOBODY)),
            [5, PASSWORD, ..] if self.login.is_some() => Ok(Some(PASSWORD)),
            [5, NONE_WILL_DO, ..] if self.login.is_some() => {
                Err(ProxyError::NoEntry("it takes neither a password nor nobody"))
            }
            [5, NONE_WILL_DO, ..] => Err(ProxyError::NoEntry("it wants to know who we are")),
            [5, ..] => Err(ProxyError::NotSocks("it chose a method that was not offered")),
            [..] => Err(ProxyError::NotSocks("no version 5 at its start")),
        }
    }

    /// An answer of two bytes was read; next is the request.
    fn ask(&mut self, rx: &mut RecvBuf) -> (State, Said) {
        rx.consume(2);
        (State::Reply, Said::Words(core::mem::take(&mut self.request)))
    }

    fn done(&self, rx: &mut RecvBuf, len: usize) -> (State, Said) {
        rx.consume(len);
        (State::Done, Said::Through)
    }
}

/// More bytes are needed, if there can be any.
fn wait(rx: &RecvBuf) -> Result<Said, ProxyError> {
    if rx.ended() { Err(lost(rx)) } else { Ok(Said::Nothing) }
}

fn granted(bytes: &[u8]) -> Result<Option<usize>, ProxyError> {
    match *bytes {
        [] | [0] => Ok(None),
        [0, 90, ..] => Ok(Some(8).filter(|len| bytes.len() >= *len)),
        [0, code @ 91..=93, ..] => Err(ProxyError::NotConnected(code)),
        [0, ..] => Err(ProxyError::NotSocks("a code that version 4 does not have")),
        [..] => Err(ProxyError::NotSocks("no zero at the start of an answer of version 4")),
    }
}

fn let_in(bytes: &[u8]) -> Result<Option<()>, ProxyError> {
    match *bytes {
        [] | [1] => Ok(None),
        [1, 0, ..] => Ok(Some(())),
        [1, ..] => Err(ProxyError::NoEntry("it does not know that user name and password")),
        [..] => Err(ProxyError::NotSocks("no version 1 at the start of its verdict on a password")),
    }
}

/// The length of an answer that is good, as soon as all of it is there.
fn reply(bytes: &[u8]) -> Result<Option<usize>, ProxyError> {
    let len = match *bytes {
        [] | [5] => return Ok(None),
        [5, 0] | [5, 0, _] | [5, 0, _, 3] => return Ok(None),
        [5, 0, _, 1, ..] => 4 + 4 + 2,
        [5, 0, _, 3, len, ..] => 4 + 1 + usize::from(len) + 2,
        [5, 0, _, 4, ..] => 4 + 16 + 2,
        [5, 0, ..] => return Err(ProxyError::NotSocks("an address of a kind that nobody knows")),
        [5, code, ..] => return Err(ProxyError::NotConnected(code)),
        [..] => return Err(ProxyError::NotSocks("no version 5 at its start")),
    };
    Ok(Some(len).filter(|len| bytes.len() >= *len))
}

/// The proxy resolves what comes after the user, for an address that can't be meant.
fn request_4(host: &str, port: u16, credentials: Option<&Credentials>) -> Vec<u8> {
    let user = credentials.map_or(&[][..], |credentials| &credentials.user);
    let [high, low] = port.to_be_bytes();
    match authority::address(host) {
        Some(IpAddr::V4(addr)) => [&[4, 1, high, low], &addr.octets()[..], user, &[0]].concat(),
        Some(IpAddr::V6(_)) | None => {
            [&[4, 1, high, low, 0, 0, 0, 1], user, &[0], host.as_bytes(), &[0]].concat()
        }
    }
}

fn request_5(host: &str, port: u16) -> Vec<u8> {
    let start = [5, 1, 0];
    let port = port.to_be_bytes();
    match authority::address(host) {
        Some(IpAddr::V4(addr)) => [&start[..], &[1], &addr.octets(), &port].concat(),
        Some(IpAddr::V6(addr)) => [&start[..], &[4], &addr.octets(), &port].concat(),
        // A host in a key has no more than 253 bytes.
        None => [&start[..], &[3, host.len() as u8], host.as_bytes(), &port].concat(),
    }
}

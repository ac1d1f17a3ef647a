//! The handshake with a proxy, of whichever kind.

use core::fmt;

use super::socks::Socks;
use super::tunnel::Tunnel;
use crate::buf::RecvBuf;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Phase, ProxyError};
use crate::h1::head::HeadIndex;
use crate::key::Key;
use crate::proxy::{Kind, Proxy};

/// What a handshake has to say next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// To be sent; then it goes on.
    Words(Words),
    /// Nothing until more is read.
    Nothing,
    /// The proxy is out of the way; what was read behind its answer comes from the server.
    Through,
}

/// Words for a proxy. They may say who we are, so nothing prints them.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Words(pub(super) Vec<u8>);

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// One handshake. A word of the other side that is none is an error, and so is an end in the middle.
#[derive(Debug)]
pub(super) enum Proxied {
    Socks(Socks),
    Tunnel(Box<Tunnel>),
}

impl Proxied {
    /// Asks `proxy` for a tunnel to the key's host and port; a SOCKS proxy is `told` the host in these words.
    pub(super) fn new(proxy: &Proxy, key: &Key, told: &str, config: &Config) -> Self {
        match proxy.kind() {
            Kind::Http | Kind::Https => {
                let user_agent = config.call.user_agent.as_ref();
                Self::Tunnel(Box::new(Tunnel::new(key, user_agent, &config.limits)))
            }
            Kind::Socks4a | Kind::Socks5 | Kind::Socks5h => Self::Socks(Socks::new(proxy, told, key.port())),
        }
    }

    /// Goes on with what was read.
    pub(super) fn step(&mut self, rx: &mut RecvBuf, index: &mut HeadIndex) -> Result<Said, Error> {
        match self {
            Self::Socks(socks) => socks.step(rx).map_err(error),
            Self::Tunnel(tunnel) => tunnel.step(rx, index),
        }
    }

    /// What the proxy has refused already, while the rest of its answer is still to come.
    pub(super) fn refusal(&self) -> Option<Error> {
        match self {
            Self::Socks(_) => None,
            Self::Tunnel(tunnel) => tunnel.refusal(),
        }
    }
}

pub(super) fn error(why: ProxyError) -> Error {
    Error::new(ErrorKind::Proxy(why), Phase::Proxy)
}

/// What it means that the connection ended in the middle.
pub(super) fn lost(rx: &RecvBuf) -> ProxyError {
    rx.failure().map_or(ProxyError::Closed, ProxyError::Reset)
}

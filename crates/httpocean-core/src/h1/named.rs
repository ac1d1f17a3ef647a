//! The fields of a request that matter to how it is sent, found in one look at all of them.

use http::HeaderMap;

use super::framing::has_token;
use super::line;

/// What is there of them. A name that may stand only once does.
#[derive(Debug, Default)]
pub(super) struct Named<'a> {
    pub(super) host: Option<&'a [u8]>,
    pub(super) content_length: Option<&'a [u8]>,
    pub(super) transfer_encoding: Option<&'a [u8]>,
    pub(super) expect: Option<&'a [u8]>,
    pub(super) referer: Option<&'a [u8]>,
    pub(super) content_type: bool,
    pub(super) user_agent: bool,
    pub(super) trailer: bool,
    /// `TE` says that chunked is acceptable.
    pub(super) accepts_chunked: bool,
    /// `Connection` says `close`.
    pub(super) closes: bool,
    /// Fields that are there.
    pub(super) there: Hops,
    /// What `Connection` names.
    pub(super) connection: Hops,
}

/// Fields that are for the next hop alone.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hops {
    pub(super) upgrade: bool,
    pub(super) te: bool,
    pub(super) keep_alive: bool,
}

impl<'a> Named<'a> {
    pub(super) fn of(fields: &'a HeaderMap) -> Self {
        let mut named = Self::default();
        for (name, value) in fields {
            named.add(name.as_str(), value.as_bytes());
        }
        named
    }

    fn add(&mut self, name: &str, value: &'a [u8]) {
        match name {
            "host" => self.host = Some(value),
            "content-length" => self.content_length = Some(value),
            "transfer-encoding" => self.transfer_encoding = Some(value),
            "expect" => self.expect = Some(value),
            "referer" => self.referer = Some(value),
            "content-type" => self.content_type = true,
            "user-agent" => self.user_agent = true,
            "trailer" => self.trailer = true,
            "upgrade" => self.there.upgrade = true,
            "keep-alive" => self.there.keep_alive = true,
            "te" => {
                self.there.te = true;
                self.accepts_chunked |= accepts_chunked(value);
            }
            "connection" => {
                self.closes |= has_token(value, "close");
                self.connection.upgrade |= has_token(value, "upgrade");
                self.connection.te |= has_token(value, "te");
                self.connection.keep_alive |= has_token(value, "keep-alive");
            }
            _ => {}
        }
    }
}

impl Hops {
    pub(super) fn without(self, others: Self) -> Self {
        Self {
            upgrade: self.upgrade && !others.upgrade,
            te: self.te && !others.te,
            keep_alive: self.keep_alive && !others.keep_alive,
        }
    }

    pub(super) fn tokens(self) -> impl Iterator<Item = &'static str> {
        let all = [(self.upgrade, "upgrade"), (self.te, "te"), (self.keep_alive, "keep-alive")];
        all.into_iter().filter(|(there, _)| *there).map(|(_, token)| token)
    }
}

/// With a weight, too: `TE: chunked;q=0.5`.
fn accepts_chunked(te: &[u8]) -> bool {
    te.split(|&byte| byte == b',').any(|member| {
        let coding = member.split(|&byte| byte == b';').next().unwrap_or_default();
        line::trim(coding).eq_ignore_ascii_case(b"chunked")
    })
}

//! For which hosts no proxy is used: `NO_PROXY`.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use crate::authority::{address, normalise, split_port};

/// The hosts that are reached directly, as `NO_PROXY` lists them.
///
/// Nothing says what that list means, and programs differ. Here:
///
/// | entry | matches |
/// |---|---|
/// | `*` | every host |
/// | `example.com`, `.example.com`, `*.example.com` | that host and every host below it; Go takes the latter two for the hosts below alone, curl and Python for this |
/// | `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]` | that address, however the URL spells it; never a part of a name |
/// | `192.0.2.0/24`, `2001:db8::/32` | every address in that range, as curl and Go have it; no name is resolved for it |
/// | `host:8080`, `[::1]:8080` | the same at that port alone, as Go and Python have it |
///
/// Entries are separated by commas or white space. Case does not matter, nor does a dot at the end. An entry that is
/// none of these matches nothing: one with a zone id, a scheme, or a star elsewhere. `localhost` and `127.0.0.1` are
/// hosts like others, as for curl and Python, and unlike for Go.
///
/// ```
/// use httpocean_core::proxy::NoProxy;
///
/// let direct = NoProxy::new("localhost, .corp.example, 10.0.0.0/8, build:8080");
/// assert!(direct.matches("git.corp.example", 443));
/// assert!(direct.matches("10.1.2.3", 80));
/// assert!(!direct.matches("notcorp.example", 80));
/// assert!(!direct.matches("build", 80));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProxy(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Every,
    Name(Box<str>),
    /// The addresses that begin with the same so many bits.
    Range(IpAddr, u32),
}

impl NoProxy {
    /// Reads such a list.
    pub fn new(list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c.is_whitespace());
        Self(entries.filter(|entry| !entry.is_empty()).filter_map(entry).collect())
    }

    /// Whether the host, as a [`Key`](crate::Key) has it, is reached directly at that port.
    pub fn matches(&self, host: &str, port: u16) -> bool {
        let addr = address(host);
        self.0.iter().any(|entry| {
            entry.port.is_none_or(|only| only == port)
                && match (&entry.host, addr) {
                    (Host::Every, _) => true,
                    (Host::Name(name), None) => is_at_or_below(host, name),
                    (Host::Range(start, bits), Some(addr)) => is_within(addr, *start, *bits),
                    (Host::Name(_), Some(_)) | (Host::Range(..), None) => false,
                }
        })
    }
}

/// As a list that is read as the same.
impl fmt::Display for NoProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Entry { host, port }) in self.0.iter().enumerate() {
            f.write_str(if i == 0 { "" } else { "," })?;
            match (host, *port) {
                (Host::Every, _) => f.write_str("*")?,
                (Host::Name(name), Some(port)) => write!(f, "{name}:{port}")?,
                (Host::Name(name), None) => f.write_str(name)?,
                (Host::Range(addr, _), Some(port)) => write!(f, "{}", SocketAddr::new(*addr, port))?,
                (Host::Range(addr, bits), None) => write!(f, "{addr}/{bits}")?,
            }
        }
        Ok(())
    }
}

fn entry(text: &str) -> Option<Entry> {
    if text == "*" {
        return Some(Entry { host: Host::Every, port: None });
    }
    if let Some((start, bits)) = text.split_once('/') {
        return Some(Entry { host: range(bare(start).parse().ok()?, bits)?, port: None });
    }
    if let Ok(addr) = text.parse::<IpAddr>() {
        return Some(Entry { host: whole(addr), port: None });
    }
    let text = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')).unwrap_or(text);
    let (host, port) = split_port(text).ok()?;
    let host = normalise(host).ok()?.into_boxed_str();
    Some(Entry { host: address(&host).map_or(Host::Name(host), whole), port })
}

fn bare(addr: &str) -> &str {
    addr.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(addr)
}

/// One address: the range of all its bits.
fn whole(addr: IpAddr) -> Host {
    let addr = addr.to_canonical();
    Host::Range(addr, width(addr))
}

fn range(start: IpAddr, bits: &str) -> Option<Host> {
    let only_digits = !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit());
    let bits: u32 = bits.parse().ok().filter(|bits| only_digits && *bits <= width(start))?;
    // A range of IPv4 in the clothes of IPv6 is one of IPv4, if it is no wider.
    match (start, start.to_canonical()) {
        (IpAddr::V6(_), IpAddr::V4(v4)) if bits >= 96 => Some(Host::Range(IpAddr::V4(v4), bits - 96)),
        _ => Some(Host::Range(start, bits)),
    }
}

fn width(addr: IpAddr) -> u32 {
    if addr.is_ipv4() { 32 } else { 128 }
}

fn is_within(addr: IpAddr, start: IpAddr, bits: u32) -> bool {
    let differ = match (addr.to_canonical(), start) {
        (IpAddr::V4(addr), IpAddr::V4(start)) => u128::from(addr.to_bits() ^ start.to_bits()) << 96,
        (IpAddr::V6(addr), IpAddr::V6(start)) => addr.to_bits() ^ start.to_bits(),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    differ.leading_zeros() >= bits
}

/// Whole labels only: `notexample.com` is not below `example.com`.
fn is_at_or_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name).is_some_and(|front| front.is_empty() || front.ends_with('.'))
}

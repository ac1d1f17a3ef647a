//! Hosts and ports as URLs have them: the one parser, of origins and proxies alike.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Host;

/// The schemes that a connection can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Plain text over a byte stream, port 80.
    Http,
    /// Secured by TLS, port 443.
    Https,
}

impl Scheme {
    /// As written in a URI.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(crate) fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Whether it is a host that could be in a key, with an optional port.
pub(crate) fn is_authority(text: &str) -> bool {
    split_port(text).is_ok_and(|(host, _)| normalise(host).is_ok())
}

/// A host as it is written, and the port behind it, if there is one.
pub(crate) fn split_port(authority: &str) -> Result<(&str, Option<u16>), &'static str> {
    let after_host = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']').ok_or("the URL's host has an opening bracket and no closing one")? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at(after_host);
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Ok((host, None)),
        None => Err("the URL's host is followed by something that is no port"),
        Some("") => Ok((host, None)),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse() {
            Ok(0) => Err("port 0 can't be connected to"),
            Ok(port) => Ok((host, Some(port))),
            Err(_) => Err("the URL's port is above 65535"),
        },
        Some(_) => Err("the URL's port is not a number"),
    }
}

/// The one spelling of a host: lower case, no trailing dot, IPv6 addresses as short as they get. What other programs
/// may read in another way is an error.
pub(crate) fn normalise(host: &str) -> Result<String, &'static str> {
    if let Some(v6) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        if v6.contains('%') {
            return Err("the URL's host has a zone id, which means nothing to others");
        }
        let address: Ipv6Addr =
            v6.parse().map_err(|_| "the URL's host is in brackets but no IPv6 address")?;
        return Ok(format!("[{address}]"));
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if host.is_empty() {
        return Err("the URL's host is empty");
    }
    if host.len() > 253 {
        return Err("the URL's host is longer than a name may be");
    }
    if !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~')) {
        return Err("the URL's host has a character that no host name has");
    }
    if host.starts_with('.') || host.ends_with('.') || host.contains("..") {
        return Err("the URL's host has an empty label");
    }
    // A reader who shows names in their own script could show another one for it.
    if host.split('.').any(|label| label.starts_with("xn--"))
        && Host::parse(&host) != Ok(Host::Domain(host.clone()))
    {
        return Err(
            "the URL's host has a label that begins with xn-- and stands for no name in another script",
        );
    }
    // What ends in a number is an IPv4 address to some and a name to others, unless it is a plain one.
    if ends_in_number(&host) && host.parse::<Ipv4Addr>().is_err() {
        return Err("the URL's host ends in a number but is no plain IPv4 address");
    }
    Ok(host)
}

/// The normalised host as an address, if it is one.
pub(crate) fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => v6.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    last.bytes().all(|b| b.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

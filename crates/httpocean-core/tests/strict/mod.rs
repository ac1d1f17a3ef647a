//! A strict reading of one request, from the grammars of RFC 9110, 9112 and 3986 alone: what a sender must not
//! generate is an error, however many receivers would shrug at it.
#![allow(dead_code, unreachable_pub)]

mod body;

/// Names and values in their order, the values without the white space around them.
pub type Fields = Vec<(String, Vec<u8>)>;

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub method: String,
    pub target: String,
    pub fields: Fields,
    pub body: Vec<u8>,
    pub trailers: Fields,
    pub framing: Framing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    None,
    Length(u64),
    Chunked,
}

/// Why the bytes are not exactly one request that a client may send to an origin.
pub type Fault = &'static str;

impl Sent {
    /// Reads all of `bytes` as one request.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let (line, rest) = line(bytes)?;
        let (method, target) = request_line(line)?;
        let (fields, rest) = section(rest)?;
        let sent =
            Self { method, target, fields, body: Vec::new(), trailers: Vec::new(), framing: Framing::None };
        sent.check_target()?;
        sent.check_host()?;
        sent.check_singles()?;
        sent.check_hop_by_hop()?;
        let framing = body::framing(&sent)?;
        sent.check_method(framing)?;
        let (body, trailers) = body::read(framing, rest)?;
        Ok(Self { body, trailers, framing, ..sent })
    }

    /// The values of that name.
    pub fn values<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s [u8]> {
        self.fields
            .iter()
            .filter(move |(sent, _)| sent.eq_ignore_ascii_case(name))
            .map(|(_, value)| &value[..])
    }

    fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// Whether one of the lists of that name has the member, whatever its parameters.
    fn lists(&self, name: &str, member: &str) -> bool {
        let members = || self.values(name).flat_map(|value| value.split(|&byte| byte == b','));
        let word = |entry: &[u8]| {
            String::from_utf8_lossy(entry.split(|&b| b == b';').next().unwrap_or_default())
                .trim()
                .to_lowercase()
        };
        members().any(|entry| word(entry) == member)
    }

    /// RFC 9112 section 3.2.
    fn check_target(&self) -> Result<(), Fault> {
        let target = self.target.as_str();
        match self.method.as_str() {
            "CONNECT" => match target.rsplit_once(':') {
                Some((host, port)) if is_host(host) && is_port(port) => Ok(()),
                _ => Err("a tunnel's target is not host:port"),
            },
            "OPTIONS" if target == "*" => Ok(()),
            _ if target.starts_with('/') && is_path_and_query(target.as_bytes()) => Ok(()),
            _ => Err("the target is not in origin-form"),
        }
    }

    /// RFC 9112 section 3.2: exactly one, and it SHOULD come first.
    fn check_host(&self) -> Result<(), Fault> {
        let hosts: Vec<_> = self.values("host").collect();
        let [host] = hosts[..] else { return Err("not one Host") };
        if !self.fields[0].0.eq_ignore_ascii_case("host") {
            return Err("Host is not the first field");
        }
        let Ok(host) = core::str::from_utf8(host) else { return Err("a Host that is no text") };
        match host.rsplit_once(':') {
            _ if is_host(host) => Ok(()),
            Some((host, port)) if is_host(host) && is_port(port) => Ok(()),
            _ => Err("a Host that is not host[:port]"),
        }
    }

    /// RFC 9110 section 5.3: only lists may be repeated.
    fn check_singles(&self) -> Result<(), Fault> {
        let singles = "content-length content-type user-agent authorization proxy-authorization cookie referer \
                       origin from date max-forwards range if-range if-modified-since if-unmodified-since \
                       content-location content-range transfer-encoding";
        let repeated = |name: &str| self.values(name).count() > 1;
        if singles.split_whitespace().any(repeated) {
            Err("a field that is no list is repeated")
        } else {
            Ok(())
        }
    }

    /// RFC 9112 section 7.4, RFC 9110 sections 7.6.1 and 7.8.
    fn check_hop_by_hop(&self) -> Result<(), Fault> {
        if self.lists("te", "chunked") {
            return Err("TE names chunked");
        }
        for name in ["te", "upgrade", "keep-alive"] {
            if self.has(name) && !self.lists("connection", name) {
                return Err("a field for the next hop alone is not named in Connection");
            }
        }
        Ok(())
    }

    /// RFC 9110 sections 9.3.6 to 9.3.8 and 10.1.1.
    fn check_method(&self, framing: Framing) -> Result<(), Fault> {
        let has_body = !matches!(framing, Framing::None | Framing::Length(0));
        match self.method.as_str() {
            "TRACE" | "CONNECT" if has_body => return Err("content where none has a meaning"),
            "TRACE"
                if ["authorization", "proxy-authorization", "cookie"].iter().any(|name| self.has(name)) =>
            {
                return Err("a TRACE with secrets");
            }
            "OPTIONS" if has_body && !self.has("content-type") => return Err("content without its type"),
            _ => {}
        }
        if self.lists("expect", "100-continue") && !has_body {
            return Err("an expectation for no content");
        }
        Ok(())
    }
}

/// `token SP target SP HTTP/1.1`
fn request_line(line: &[u8]) -> Result<(String, String), Fault> {
    let Ok(line) = core::str::from_utf8(line) else { return Err("a request line beyond ASCII") };
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(method), Some(target), Some("HTTP/1.1"), None) if is_token(method.as_bytes()) => {
            Ok((method.to_owned(), target.to_owned()))
        }
        _ => Err("not method SP target SP HTTP/1.1"),
    }
}

/// Field lines and the empty one behind them.
fn section(mut bytes: &[u8]) -> Result<(Fields, &[u8]), Fault> {
    let mut fields = Vec::new();
    loop {
        let (content, rest) = line(bytes)?;
        bytes = rest;
        if content.is_empty() {
            return Ok((fields, bytes));
        }
        let Some(colon) = content.iter().position(|&byte| byte == b':') else { return Err("no colon") };
        let (name, value) = (&content[..colon], &content[colon + 1..]);
        if !is_token(name) {
            return Err("a field name that is no token");
        }
        // RFC 9110 section 5.5: VCHAR, obs-text, SP and HTAB.
        if !value.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7F)) {
            return Err("a control byte in a field value");
        }
        fields.push((String::from_utf8_lossy(name).into_owned(), value.trim_ascii().to_vec()));
    }
}

/// Up to the next CRLF, which is the first CR and the first LF.
fn line(bytes: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    match bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
        Some(end) if bytes[end..].starts_with(b"\r\n") => Ok((&bytes[..end], &bytes[end + 2..])),
        Some(_) => Err("a bare CR or LF"),
        None => Err("it ends within a line"),
    }
}

fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b))
}

/// `absolute-path [ "?" query ]` of RFC 3986: pchar, `/`, and in a query `?`.
fn is_path_and_query(mut bytes: &[u8]) -> bool {
    loop {
        bytes = match bytes {
            [] => return true,
            [b'%', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => rest,
            [byte, rest @ ..] if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(byte) => {
                rest
            }
            _ => return false,
        }
    }
}

/// A name or an address, without escapes: nobody needs them in names that resolve.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(v6) => v6.parse::<core::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)),
    }
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

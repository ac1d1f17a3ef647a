//! What a recording keeps of a message: its framing and what the core decides by; all else as filler of the same
//! length, so that the core counts as before.

use http::{HeaderName, HeaderValue, Uri};

/// Fields whose values the core reads, or that say nothing of anybody. The values of all others are filled.
const KEPT: [&str; 20] = [
    "accept",
    "accept-encoding",
    "age",
    "allow",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "retry-after",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// So much of a status line decides: `HTTP/1.1 200 `.
const STATUS: usize = 13;

/// Longer names than this are of no field that is kept.
const NAME: usize = 32;

/// A field's value as a recording has it.
pub(super) fn value(name: &HeaderName, value: &HeaderValue, secret: bool) -> Vec<u8> {
    let mut bytes = value.as_bytes().to_vec();
    if secret || value.is_sensitive() || KEPT.binary_search(&name.as_str()).is_err() {
        fill_visible(&mut bytes);
    }
    bytes
}

/// A URI without its query and its user.
pub(super) fn uri(uri: &Uri) -> String {
    let mut bytes = uri.to_string().into_bytes();
    Place::default().fill(&mut bytes, true);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A URL's fragment.
pub(super) fn fragment(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes.iter_mut().for_each(fill_in_url);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Letters and signs become `x`, bytes above ASCII another such; blanks and control bytes are judged and stay.
fn fill_visible(bytes: &mut [u8]) {
    for byte in bytes {
        match byte {
            0x21..=0x7e => *byte = b'x',
            0x80..=0xff => *byte = 0x80,
            0..=0x20 | 0x7f => {}
        }
    }
}

/// What a URL may hold becomes `x`; what it may not is judged and stays.
fn fill_in_url(byte: &mut u8) {
    let kept =
        matches!(*byte, 0..=0x20 | 0x7f | b'"' | b'#' | b'<' | b'>' | b'[' | b']' | b'\\' | b'^' | b'`')
            || matches!(*byte, b'{' | b'|' | b'}' | b'&' | b'=');
    *byte = match *byte {
        0x80..=0xff => 0x80,
        same if kept => same,
        _ => b'x',
    };
}

/// Where in a URL one is that comes in pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Scheme,
    /// Behind the first slash.
    Slash,
    /// Where a user name may stand.
    Authority,
    Path,
    /// Behind the first `?` or `#`.
    Query,
}

impl Place {
    /// Fills a piece. `whole`: no more of it follows. A piece that ends where a user name may stand is filled to
    /// its end: better a recording that differs than one that tells.
    fn fill(&mut self, piece: &mut [u8], whole: bool) {
        let mut authority = 0;
        for at in 0..piece.len() {
            let before = *self;
            match (before, piece[at]) {
                (Self::Query, _) => fill_in_url(&mut piece[at]),
                (_, b'?' | b'#') => *self = Self::Query,
                (Self::Scheme, b'/') => *self = Self::Slash,
                (Self::Slash, b'/') => (*self, authority) = (Self::Authority, at + 1),
                (Self::Slash, _) | (Self::Authority, b'/') => *self = Self::Path,
                (Self::Scheme | Self::Authority | Self::Path, _) => {}
            }
            if before == Self::Authority && *self != Self::Authority {
                fill_user(&mut piece[authority..at]);
            }
        }
        if *self == Self::Authority {
            let rest = &mut piece[authority..];
            if whole { fill_user(rest) } else { rest.iter_mut().for_each(fill_in_url) }
        }
    }
}

fn fill_user(authority: &mut [u8]) {
    let user = authority.iter().rposition(|byte| *byte == b'@').unwrap_or(0);
    authority[..user].iter_mut().filter(|byte| **byte != b':').for_each(fill_in_url);
}

/// Reads one response as it comes, in any pieces, and fills what is not kept.
#[derive(Debug, Default)]
pub(super) struct Response {
    state: State,
    status: Vec<u8>,
    name: Vec<u8>,
    rule: Rule,
    coding: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Status,
    Name,
    Value,
    /// The line with a chunk's size; behind its digits everything is filled.
    Size {
        left: u64,
        digits: bool,
    },
    Chunk(u64),
    ChunkEnd,
    Trailers,
    TrailerValue,
    /// All that remains.
    Body,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rule {
    #[default]
    Fill,
    Keep,
    Coding,
    Url(Place),
}

impl Response {
    pub(super) fn fill(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let taken = match self.state {
                State::Body => {
                    bytes.fill(b'x');
                    bytes.len()
                }
                State::Chunk(left) => self.chunk(left, bytes),
                State::Value | State::TrailerValue => self.value(bytes),
                State::Status | State::Name | State::Size { .. } | State::ChunkEnd | State::Trailers => {
                    self.byte(&mut bytes[0]);
                    1
                }
            };
            bytes = &mut bytes[taken..];
        }
    }

    fn chunk(&mut self, left: u64, bytes: &mut [u8]) -> usize {
        let n = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        bytes[..n].fill(b'x');
        let left = left - n as u64;
        self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
        n
    }

    /// What of a value is there, with the end of its line.
    fn value(&mut self, bytes: &mut [u8]) -> usize {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let text = end.unwrap_or(bytes.len());
        match &mut self.rule {
            Rule::Keep => {}
            Rule::Fill => fill_visible(&mut bytes[..text]),
            Rule::Url(place) => place.fill(&mut bytes[..text], end.is_some()),
            Rule::Coding => {
                let room = NAME * 4 - self.coding.len().min(NAME * 4);
                self.coding.extend_from_slice(&bytes[..text.min(room)]);
            }
        }
        match end {
            Some(end) => {
                self.state = if self.state == State::TrailerValue { State::Trailers } else { State::Name };
                end + 1
            }
            None => text,
        }
    }

    fn byte(&mut self, byte: &mut u8) {
        match self.state {
            State::Status => self.status_byte(byte),
            State::Name | State::Trailers => self.name_byte(byte),
            State::Size { left, digits } => {
                self.state = size_byte(left, digits, byte);
            }
            State::ChunkEnd => {
                if *byte == b'\n' {
                    self.state = State::Size { left: 0, digits: true };
                }
                fill_visible(core::slice::from_mut(byte));
            }
            State::Value | State::TrailerValue | State::Chunk(_) | State::Body => {}
        }
    }

    fn status_byte(&mut self, byte: &mut u8) {
        match *byte {
            b'\n' if self.status.iter().all(|byte| *byte == b'\r') => self.status.clear(),
            b'\n' => self.state = State::Name,
            _ if self.status.len() < STATUS => self.status.push(*byte),
            _ => fill_visible(core::slice::from_mut(byte)),
        }
    }

    fn name_byte(&mut self, byte: &mut u8) {
        let value = if self.state == State::Trailers { State::TrailerValue } else { State::Value };
        match *byte {
            b'\n' if self.name.iter().all(|byte| *byte == b'\r') => {
                self.name.clear();
                self.head_is_over();
            }
            // A line without a colon. It is judged as a whole, and says nothing that is kept.
            b'\n' => self.name.clear(),
            // A line that goes on with the value before it.
            b' ' | b'\t' if self.name.is_empty() => self.state = value,
            b':' => {
                self.rule = rule(&self.name.to_ascii_lowercase());
                self.name.clear();
                self.state = value;
            }
            _ if self.name.len() < NAME => self.name.push(*byte),
            // No name that anybody knows.
            _ if byte.is_ascii_alphanumeric() => *byte = b'x',
            _ => {}
        }
    }

    fn head_is_over(&mut self) {
        let trailers = self.state == State::Trailers;
        let status = self.status.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let interim = status.first() == Some(&b'1') && status != b"101";
        let chunked = self.coding.to_ascii_lowercase().windows(7).any(|part| part == b"chunked");
        let Self { state, .. } = core::mem::take(self);
        debug_assert!(matches!(state, State::Name | State::Trailers), "a head ends at the start of a line");
        self.state = match (trailers, interim, chunked) {
            (true, _, _) | (false, false, false) => State::Body,
            (false, true, _) => State::Status,
            (false, false, true) => State::Size { left: 0, digits: true },
        };
    }
}

fn size_byte(left: u64, digits: bool, byte: &mut u8) -> State {
    let digit = char::from(*byte).to_digit(16).filter(|_| digits);
    match digit {
        Some(digit) => State::Size { left: left.saturating_mul(16).saturating_add(u64::from(digit)), digits },
        None if *byte == b'\n' && left == 0 => State::Trailers,
        None if *byte == b'\n' => State::Chunk(left),
        None => {
            if *byte != b';' {
                fill_visible(core::slice::from_mut(byte));
            }
            State::Size { left, digits: false }
        }
    }
}

fn rule(name: &[u8]) -> Rule {
    let name = core::str::from_utf8(name).unwrap_or_default();
    match name {
        "transfer-encoding" => Rule::Coding,
        "location" => Rule::Url(Place::default()),
        _ if KEPT.binary_search(&name).is_ok() => Rule::Keep,
        _ => Rule::Fill,
    }
}

#[cfg(test)]
mod tests {
    use super::{Response, fragment, uri};

    /// Whole, and then cut in two at every place.
    fn filled(text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        Response::default().fill(&mut bytes);
        for cut in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            let mut response = Response::default();
            let (first, second) = other.split_at_mut(cut);
            response.fill(first);
            response.fill(second);
            assert_eq!(other.len(), bytes.len());
            if !text.contains("ocation") {
                assert_eq!(other, bytes, "cut at {cut}");
            }
            assert!(!String::from_utf8_lossy(&other).contains("s3cret"), "cut at {cut}");
        }
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn urls_keep_what_leads_to_a_server() {
        let uri = |text: &str| uri(&text.parse().expect("a URI"));
        assert_eq!(uri("http://a.test:80/p/q?token=1%20&b"), "http://a.test:80/p/q?xxxxx=xxxx&x");
        assert_eq!(uri("http://me:pass@a.test/"), "http://xx:xxxx@a.test/");
        assert_eq!(uri("/a//b@c?http://d"), "/a//b@c?xxxxxxxx");
        assert_eq!(fragment("part=1"), "xxxx=x");
    }

    #[test]
    fn heads_keep_their_framing() {
        let head =
            "HTTP/1.1 200 OK\r\nSet-Cookie: id=s3cret\r\n folded s3cret\r\nContent-Length: 8\r\n\r\ns3cret!!";
        assert_eq!(
            filled(head),
            "HTTP/1.1 200 xx\r\nSet-Cookie: xxxxxxxxx\r\n xxxxxx xxxxxx\r\nContent-Length: 8\r\n\r\nxxxxxxxx"
        );
    }

    #[test]
    fn interim_heads_are_heads() {
        let text = "HTTP/1.1 103 Early\r\nLink: s3cret\r\n\r\nHTTP/1.1 204 s3cret\r\nX: s3cret\r\n\r\n";
        assert!(filled(text).ends_with("\r\n\r\nHTTP/1.1 204 xxxxxx\r\nX: xxxxxx\r\n\r\n"));
    }

    #[test]
    fn chunks_keep_their_sizes() {
        let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n8;n=s3cret\r\ns3cret!!\r\n0\r\nT: s3cret\r\n\r\n";
        assert_eq!(
            filled(text).split_once("\r\n\r\n").map(|(_, body)| body),
            Some("8;xxxxxxxx\r\nxxxxxxxx\r\n0\r\nT: xxxxxx\r\n\r\n")
        );
    }

    #[test]
    fn locations_keep_the_way() {
        let text = |url| format!("HTTP/1.1 302 xxxxx\r\nLocation: {url}\r\n\r\n");
        assert_eq!(filled(&text("http://b.test/p?k=s3cret#s3cret")), text("http://b.test/p?x=xxxxxx#xxxxxx"));
        assert_eq!(filled(&text("http://s3cret@b.test/")), text("http://xxxxxx@b.test/"));
        assert_eq!(filled(&text("../up")), text("../up"));
    }

    #[test]
    fn names_are_sorted() {
        assert!(super::KEPT.is_sorted());
    }
}

//! What a recording keeps of a message: its framing and what the core decides by; all else as filler of the same
//! length, so that the core counts as before.

use http::{HeaderName, HeaderValue};

use super::url::Url;

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

/// Reads one response as it comes, in any pieces, and fills what is not kept.
#[derive(Debug, Default)]
pub(super) struct Response {
    state: State,
    status: Vec<u8>,
    name: Vec<u8>,
    rule: Rule,
    coding: Vec<u8>,
    /// The end of what came so far, as it came: a host or the name of a user, nobody can tell yet.
    undecided: Vec<u8>,
}

/// What came of a piece.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// So many of its last bytes are not decided yet, and still as they came.
    pub(super) undecided: usize,
    /// What was undecided before the piece, now that it is decided.
    pub(super) decided: Option<Vec<u8>>,
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
    Url(Url),
}

impl Response {
    /// Fills a piece, but for what is not decided yet: that is to be kept to oneself until it is, or
    /// [given up](Self::give_up).
    pub(super) fn fill(&mut self, piece: &mut [u8]) -> Filled {
        let mut all = core::mem::take(&mut self.undecided);
        let before = all.len();
        if before == 0 {
            self.fill_from(0, piece);
            self.undecided = self.authority().map_or_else(Vec::new, |from| piece[from..].to_vec());
        } else {
            all.extend_from_slice(piece);
            self.fill_from(before, &mut all);
            piece.copy_from_slice(&all[before..]);
            self.undecided = self.authority().map_or_else(Vec::new, |from| all[from..].to_vec());
        }
        if let Rule::Url(Url { authority: Some(from), .. }) = &mut self.rule {
            *from = 0;
        }
        // It is still the same one if it is longer than the piece.
        let same = self.undecided.len() >= before + piece.len() && before > 0;
        let decided = (before > 0 && !same).then(|| {
            all.truncate(before);
            all
        });
        Filled { undecided: self.undecided.len().min(piece.len()), decided }
    }

    /// Nobody waits any longer for what is not decided: it is filled, and so is what follows of it.
    pub(super) fn give_up(&mut self) {
        self.undecided.clear();
        if let Rule::Url(url) = &mut self.rule {
            (url.authority, url.hidden) = (None, true);
        }
    }

    fn authority(&self) -> Option<usize> {
        if let Rule::Url(url) = &self.rule { url.authority } else { None }
    }

    fn fill_from(&mut self, mut at: usize, bytes: &mut [u8]) {
        while at < bytes.len() {
            self.line_begins(bytes, at);
            let rest = &mut bytes[at..];
            at += match self.state {
                State::Body => {
                    rest.fill(b'x');
                    rest.len()
                }
                State::Chunk(left) => self.chunk(left, rest),
                State::Value | State::TrailerValue => self.value(bytes, at),
                State::Status | State::Name | State::Size { .. } | State::ChunkEnd | State::Trailers => {
                    self.byte(&mut rest[0]);
                    1
                }
            };
        }
    }

    /// A value may go on in the next line. If this line is another, the value has ended.
    fn line_begins(&mut self, bytes: &mut [u8], at: usize) {
        let begins = matches!(self.state, State::Name | State::Trailers) && self.name.is_empty();
        if begins && !matches!(bytes[at], b' ' | b'\t') {
            if let Rule::Url(url) = &mut self.rule {
                url.authority_ends(bytes, at);
            }
        }
    }

    fn chunk(&mut self, left: u64, bytes: &mut [u8]) -> usize {
        let n = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        bytes[..n].fill(b'x');
        let left = left - n as u64;
        self.state = if left == 0 { State::ChunkEnd } else { State::Chunk(left) };
        n
    }

    /// What of a value is there from `at` on, with the end of its line: so many bytes.
    fn value(&mut self, bytes: &mut [u8], at: usize) -> usize {
        let end = bytes[at..].iter().position(|byte| *byte == b'\n');
        let text = at..end.map_or(bytes.len(), |end| at + end);
        match &mut self.rule {
            Rule::Keep => {}
            Rule::Fill => fill_visible(&mut bytes[text.clone()]),
            Rule::Url(url) => text.clone().for_each(|at| url.byte(bytes, at)),
            Rule::Coding => {
                let room = NAME * 4 - self.coding.len().min(NAME * 4);
                self.coding.extend_from_slice(&bytes[at..at + text.len().min(room)]);
            }
        }
        match end {
            Some(end) => {
                self.state = if self.state == State::TrailerValue { State::Trailers } else { State::Name };
                end + 1
            }
            None => text.len(),
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
        "location" => Rule::Url(Url::default()),
        _ if KEPT.binary_search(&name).is_ok() => Rule::Keep,
        _ => Rule::Fill,
    }
}

#[cfg(test)]
mod tests {
    use super::{Filled, Response};

    /// What a recording has of these pieces.
    fn in_pieces(pieces: &[&str]) -> String {
        let mut response = Response::default();
        let (mut out, mut undecided) = (Vec::new(), 0);
        for piece in pieces {
            let mut piece = piece.as_bytes().to_vec();
            let Filled { undecided: end, decided } = response.fill(&mut piece);
            if let Some(decided) = decided {
                assert_eq!(decided.len(), undecided);
                let from = out.len() - undecided;
                out[from..].copy_from_slice(&decided);
                undecided = 0;
            }
            undecided += end;
            out.extend(piece);
        }
        assert_eq!(undecided, 0, "all heads are whole");
        String::from_utf8(out).expect("text")
    }

    /// Whole, cut in two at every place, and byte by byte.
    fn filled(text: &str) -> String {
        let whole = in_pieces(&[text]);
        assert_eq!(whole.len(), text.len());
        assert!(!whole.contains("s3cret"), "{whole}");
        for cut in 0..text.len() {
            assert_eq!(in_pieces(&[&text[..cut], &text[cut..]]), whole, "cut at {cut}");
        }
        let bytes: Vec<_> = (0..text.len()).map(|at| &text[at..=at]).collect();
        assert_eq!(in_pieces(&bytes), whole);
        whole
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
        assert_eq!(
            filled(&text("http://s3cret:s3cret@s3cret@b.test/")),
            text("http://xxxxxx:xxxxxxxxxxxxx@b.test/")
        );
        assert_eq!(filled(&text("http://b.test")), text("http://b.test"));
        assert_eq!(filled(&text("//b.test?s3cret")), text("//b.test?xxxxxx"));
        assert_eq!(
            filled(&text("http://s3cret\r\n s3cret@b.test/")),
            text("http://xxxxxx\r\n xxxxxx@b.test/")
        );
        assert_eq!(filled(&text("http:\\\\/s3cret@b.test/")), text("http:\\\\/xxxxxx@b.test/"));
        assert_eq!(filled(&text("../up")), text("../up"));
    }

    #[test]
    fn what_nobody_waits_for_is_hidden() {
        let mut response = Response::default();
        let mut first = *b"HTTP/1.1 302 x\r\nLocation: http://s3c";
        assert_eq!(response.fill(&mut first).undecided, 3);
        response.give_up();
        let mut second = *b"ret@b.test/p\r\n\r\n";
        assert_eq!(response.fill(&mut second), Filled::default());
        assert_eq!(&second, b"xxxxxxxxxx/p\r\n\r\n");
    }

    #[test]
    fn names_are_sorted() {
        assert!(super::KEPT.is_sorted());
    }
}

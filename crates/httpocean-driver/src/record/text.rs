//! Words on a line: any bytes as printable ASCII without blanks, long runs of one byte as a count.

use core::fmt::Display;

/// From so many equal bytes on they are counted instead of written.
const RUN: usize = 12;

/// What one word may hold when it is read: more was never one read of a socket.
const MOST: usize = 64 * 1024 * 1024;

/// A line that is being put together.
#[derive(Debug, Default)]
pub(super) struct Line(String);

impl Line {
    pub(super) fn of(word: &str) -> Self {
        Self(word.to_owned())
    }

    /// One more word, which has no blank and needs no escape.
    pub(super) fn word(mut self, word: impl Display) -> Self {
        use core::fmt::Write;
        let _ = write!(self.0, " {word}");
        self
    }

    /// One more word, of any bytes.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.push(' ');
        escape(bytes, &mut self.0);
        self
    }

    pub(super) fn into_string(self) -> String {
        self.0
    }
}

/// The bytes as a word of their own.
pub(super) fn escaped(bytes: &[u8]) -> String {
    let mut word = String::new();
    escape(bytes, &mut word);
    word
}

fn escape(bytes: &[u8], out: &mut String) {
    use core::fmt::Write;
    if bytes.is_empty() {
        out.push_str("\\e");
    }
    let mut rest = bytes;
    while let Some(&byte) = rest.first() {
        let run = rest.iter().take_while(|other| **other == byte).count();
        let times = if run >= RUN { run } else { 1 };
        if times > 1 {
            let _ = write!(out, "\\*{times};");
        }
        match byte {
            b'\r' => out.push_str("\\r"),
            b'\n' => out.push_str("\\n"),
            b' ' => out.push_str("\\s"),
            b'\\' => out.push_str("\\\\"),
            0x21..=0x7e => out.push(char::from(byte)),
            0..=0x20 | 0x7f..=0xff => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
        rest = &rest[times..];
    }
}

/// The bytes that a word stands for.
pub(super) fn unescaped(word: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = word.as_bytes();
    while !rest.is_empty() {
        let mut times = 1;
        if let Some(counted) = rest.strip_prefix(b"\\*") {
            let end = counted.iter().position(|byte| *byte == b';')?;
            times = core::str::from_utf8(&counted[..end]).ok()?.parse::<usize>().ok()?;
            rest = &counted[end + 1..];
        }
        let (byte, len) = one(rest)?;
        rest = &rest[len..];
        if let Some(byte) = byte {
            if times > MOST - out.len() {
                return None;
            }
            out.resize(out.len() + times, byte);
        }
    }
    Some(out)
}

/// One byte, or the word that is empty, and how much of the text it is.
fn one(text: &[u8]) -> Option<(Option<u8>, usize)> {
    let (first, rest) = text.split_first()?;
    if *first != b'\\' {
        return Some((Some(*first), 1));
    }
    let after = rest.first()?;
    Some(match after {
        b'e' => (None, 2),
        b'r' => (Some(b'\r'), 2),
        b'n' => (Some(b'\n'), 2),
        b's' => (Some(b' '), 2),
        b'\\' => (Some(b'\\'), 2),
        b'x' => {
            let digits = core::str::from_utf8(text.get(2..4)?).ok()?;
            (Some(u8::from_str_radix(digits, 16).ok()?), 4)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{MOST, escaped, unescaped};

    #[test]
    fn any_bytes_come_back() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in [&b""[..], b"a b", b"\\*3;x", &[b'x'; 100_000], &[b' '; 12], b"\r\n\r\n", &all] {
            let word = escaped(bytes);
            assert!(word.bytes().all(|byte| byte.is_ascii_graphic()), "{word}");
            assert_eq!(unescaped(&word).as_deref(), Some(bytes), "{word}");
        }
    }

    #[test]
    fn what_no_writer_wrote_is_refused() {
        for word in ["\\", "\\q", "\\x", "\\x1", "\\xzz", "\\*", "\\*5", "\\*5;", "\\*-1;x", "\\*x;x"] {
            assert_eq!(unescaped(word), None, "{word}");
        }
        assert_eq!(unescaped(&format!("\\*{};xy", MOST)), None);
    }
}

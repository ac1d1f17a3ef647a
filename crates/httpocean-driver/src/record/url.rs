//! What a recording keeps of a URL: the way to a server, and of the rest its length.

use http::Uri;

/// A URI without its query and its user.
pub(super) fn uri(uri: &Uri) -> String {
    let mut bytes = uri.to_string().into_bytes();
    let (mut url, end) = (Url::default(), bytes.len());
    (0..end).for_each(|at| url.byte(&mut bytes, at));
    url.authority_ends(&mut bytes, end);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A URL's fragment.
pub(super) fn fragment(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes.iter_mut().for_each(fill_in_url);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A URL that is read byte by byte. What stands where a user name may be can be told from a host at its end only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    place: Place,
    /// Where in the bytes at hand the authority begins, while it has not ended.
    pub(super) authority: Option<usize>,
    /// Nobody waits for its end: it is filled as it comes.
    pub(super) hidden: bool,
}

impl Url {
    pub(super) fn byte(&mut self, bytes: &mut [u8], at: usize) {
        let before = self.place;
        // Who resolves it makes nothing of more slashes than two.
        let slashes = self.authority == Some(at) && matches!(bytes[at], b'/' | b'\\');
        self.place = if slashes { Place::Slash } else { before };
        self.place = self.place.step(bytes[at]);
        match (before, self.place) {
            (Place::Query, _) => fill_in_url(&mut bytes[at]),
            (Place::Authority, Place::Authority) if self.hidden => fill_in_url(&mut bytes[at]),
            (Place::Authority, Place::Authority) if slashes => self.authority = Some(at + 1),
            (Place::Authority, Place::Authority) => {}
            (Place::Authority, _) => self.authority_ends(bytes, at),
            (_, Place::Authority) => self.authority = Some(at + 1).filter(|_| !self.hidden),
            (Place::Scheme | Place::Slash | Place::Path, _) => {}
        }
    }

    pub(super) fn authority_ends(&mut self, bytes: &mut [u8], at: usize) {
        if let Some(from) = self.authority.take() {
            fill_user(&mut bytes[from..at]);
        }
    }
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
    /// The place behind that byte.
    fn step(self, byte: u8) -> Self {
        match (self, byte) {
            (_, b'?' | b'#') | (Self::Query, _) => Self::Query,
            (Self::Scheme, b'/' | b'\\') => Self::Slash,
            (Self::Slash, b'/' | b'\\') => Self::Authority,
            (Self::Slash, _) | (Self::Authority, b'/' | b'\\') => Self::Path,
            (Self::Scheme | Self::Authority | Self::Path, _) => self,
        }
    }
}

/// What is decoded to one byte stays such a thing: the length of what is made of it is that of before.
fn fill_user(authority: &mut [u8]) {
    let user = authority.iter().rposition(|byte| *byte == b'@').unwrap_or(0);
    let mut at = 0;
    while at < user {
        at += match decoded(&authority[at..user]) {
            // These are judged.
            Some(byte) if byte.is_ascii_control() || byte == b':' => 3,
            Some(_) => {
                authority[at + 1..at + 3].copy_from_slice(b"78");
                3
            }
            None if matches!(authority[at], b':' | b'%') => 1,
            None => {
                fill_in_url(&mut authority[at]);
                1
            }
        };
    }
}

/// What a percent-encoding at the front stands for.
fn decoded(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

/// What a URL may hold becomes `x`; what it may not is judged and stays.
pub(super) fn fill_in_url(byte: &mut u8) {
    let kept =
        matches!(*byte, 0..=0x20 | 0x7f | b'"' | b'#' | b'<' | b'>' | b'[' | b']' | b'\\' | b'^' | b'`')
            || matches!(*byte, b'{' | b'|' | b'}' | b'&' | b'=');
    *byte = match *byte {
        0x80..=0xff => 0x80,
        same if kept => same,
        _ => b'x',
    };
}

#[cfg(test)]
mod tests {
    use super::{fragment, uri};

    #[test]
    fn urls_keep_what_leads_to_a_server() {
        let uri = |text: &str| uri(&text.parse().expect("a URI"));
        assert_eq!(uri("http://a.test:80/p/q?token=1%20&b"), "http://a.test:80/p/q?xxxxx=xxxx&x");
        assert_eq!(uri("http://me:pass@a.test/"), "http://xx:xxxx@a.test/");
        assert_eq!(uri("http://%6de:p%3a%0a%4@a.test/"), "http://%78x:x%3a%0a%x@a.test/");
        assert_eq!(uri("/a//b@c?http://d"), "/a//b@c?xxxxxxxx");
        assert_eq!(fragment("part=1"), "xxxx=x");
    }
}

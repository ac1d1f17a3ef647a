//! Text in the charsets of the web, by encoding_rs.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// The text that `content` is, as browsers read it: a byte order mark says in which charset, or else the `charset` of
/// its `Content-Type`, or else it is UTF-8. What is no text in that becomes U+FFFD; the second value says whether
/// there was such.
///
/// ```
/// use httpocean_content::charset::decode;
///
/// assert_eq!(decode(b"na\xefve", Some("text/plain; charset=ISO-8859-1")), ("naïve".into(), false));
/// assert_eq!(decode("naïve".as_bytes(), None), ("naïve".into(), false));
/// assert_eq!(decode(b"na\xefve", None), ("na\u{fffd}ve".into(), true));
/// ```
pub fn decode<'c>(content: &'c [u8], content_type: Option<&str>) -> (Cow<'c, str>, bool) {
    let encoding = content_type.and_then(charset_of).and_then(|label| Encoding::for_label(label.as_bytes()));
    let (text, _, broken) = encoding.unwrap_or(UTF_8).decode(content);
    (text, broken)
}

/// The value of the parameter `charset` in a `Content-Type`, the first one; without the quotes that it may stand in.
///
/// ```
/// use httpocean_content::charset::charset_of;
///
/// assert_eq!(charset_of("text/html; boundary=\"a;charset=b\"; Charset=\"utf-8\""), Some("utf-8"));
/// assert_eq!(charset_of("text/html"), None);
/// ```
pub fn charset_of(content_type: &str) -> Option<&str> {
    let mut rest = content_type.split_once(';')?.1;
    loop {
        let (name, value) = rest.split_once('=')?;
        let value = value.trim_ascii_start();
        let end = end_of_value(value);
        // What stands before an earlier `;` is a parameter without a value.
        let name = name.rsplit(';').next().unwrap_or(name).trim_ascii();
        if name.eq_ignore_ascii_case("charset") {
            let value = value[..end].trim_ascii();
            let unquoted = value.strip_prefix('"').map(|value| value.strip_suffix('"').unwrap_or(value));
            return Some(unquoted.unwrap_or(value)).filter(|value| !value.is_empty());
        }
        rest = value[end..].strip_prefix(';')?;
    }
}

/// Where a parameter's value ends: at the next `;` that does not stand in quotes.
fn end_of_value(value: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => return at,
            _ => {}
        }
    }
    value.len()
}

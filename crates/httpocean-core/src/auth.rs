//! Who we are to a server: the values of `Authorization`, and the user name and password of a URL.

use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, Request, Uri};

/// The value that says a user name and a password (RFC 7617), marked as sensitive. The error is a sentence that says
/// what can't be carried.
///
/// ```
/// use httpocean_core::auth;
///
/// let value = auth::basic(b"Aladdin", b"open sesame").unwrap();
/// assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
/// assert!(value.is_sensitive());
/// assert!(auth::basic(b"a:b", b"").is_err());
/// ```
pub fn basic(user: &[u8], password: &[u8]) -> Result<HeaderValue, &'static str> {
    if user.contains(&b':') {
        return Err("HTTP can't carry a user name with a colon in it");
    }
    if user.iter().chain(password).any(u8::is_ascii_control) {
        return Err("a control byte in a user name or a password");
    }
    let pair = [user, b":", password].concat();
    secret(format!("Basic {}", base64(&pair)))
}

/// The value that says a token (RFC 6750), marked as sensitive. The error is a sentence that says what is wrong with it.
///
/// ```
/// use httpocean_core::auth;
///
/// assert_eq!(auth::bearer("mF_9.B5f-4.1JqM").unwrap(), "Bearer mF_9.B5f-4.1JqM");
/// assert!(auth::bearer("two words").is_err());
/// ```
pub fn bearer(token: &str) -> Result<HeaderValue, &'static str> {
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a token has visible ASCII characters and no others");
    }
    secret(format!("Bearer {token}"))
}

/// Whether a URL has something before an `@` in its authority.
pub(crate) fn names_user(uri: &Uri) -> bool {
    uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
}

/// Makes an `Authorization` of the user name and the password of a URL, which has them no longer then. One that the
/// request has already goes first. The error says nothing of what they are.
pub(crate) fn take_userinfo(request: &mut Request<()>) -> Result<(), &'static str> {
    const NO_URL: &str = "what stands before the @ of its URL is no user name and password";
    if request.method() == Method::CONNECT {
        return Err("the target of a CONNECT has no user name");
    }
    let mut parts = request.uri().clone().into_parts();
    let authority = parts.authority.take().ok_or(NO_URL)?;
    let (userinfo, host) = authority.as_str().rsplit_once('@').ok_or(NO_URL)?;
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let decoded = |text| decode(text).ok_or("a broken percent-encoding in its URL's user name or password");
    let (user, password) = (decoded(user)?, decoded(password)?);
    if userinfo.contains('@') || (user.is_empty() && password.is_empty()) {
        return Err(NO_URL);
    }
    parts.authority = Some(host.parse().map_err(|_| NO_URL)?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| NO_URL)?;
    let value = basic(&user, &password)?;
    if !request.headers().contains_key(AUTHORIZATION) {
        request.headers_mut().insert(AUTHORIZATION, value);
    }
    Ok(())
}

/// Undoes percent-encoding; `None` where it is broken.
pub(crate) fn decode(text: &str) -> Option<Box<[u8]>> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => (digit(bytes.next())? * 16 + digit(bytes.next())?) as u8,
            _ => byte,
        });
    }
    Some(decoded.into())
}

fn secret(text: String) -> Result<HeaderValue, &'static str> {
    let mut value = HeaderValue::from_str(&text).map_err(|_| "no field can carry that")?;
    value.set_sensitive(true);
    Ok(value)
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let sextet = (bits >> (18 - 6 * digit)) & 63;
            text.push(if digit <= group.len() { char::from(alphabet[sextet as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (text, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("\u{7ff}\u{7ff}", "37/fvw=="),
        ] {
            assert_eq!(base64(text.as_bytes()), expected, "{text}");
        }
    }

    fn taken(url: &str) -> Result<(String, Option<String>), &'static str> {
        let mut request = Request::get(url).body(()).unwrap();
        take_userinfo(&mut request)?;
        let field = request.headers().get(AUTHORIZATION);
        assert!(field.is_none_or(HeaderValue::is_sensitive));
        Ok((request.uri().to_string(), field.map(|value| value.to_str().unwrap().to_owned())))
    }

    #[test]
    fn userinfo_becomes_a_field_and_leaves_the_url() {
        for (url, left, pair) in [
            ("http://ann:s3cret@h/p?q", "http://h/p?q", "ann:s3cret"),
            ("http://ann@h:81", "http://h:81/", "ann:"),
            ("http://:pw@[::1]:8080/", "http://[::1]:8080/", ":pw"),
            ("http://a%40b:c%3Ad%20@h/", "http://h/", "a@b:c:d "),
            ("http://a:b:c@h/", "http://h/", "a:b:c"),
        ] {
            let value = format!("Basic {}", base64(pair.as_bytes()));
            assert_eq!(taken(url), Ok((left.to_owned(), Some(value))), "{url}");
        }
    }

    #[test]
    fn userinfo_that_can_t_be_carried_is_refused() {
        for url in [
            "http://a%3ab:c@h/",
            "http://a%0d%0ax:c@h/",
            "http://a:%00@h/",
            "http://a:%4@h/",
            "http://@h/",
            "http://:@h/",
        ] {
            let why = taken(url).unwrap_err();
            assert!(!why.contains("http"), "{url}: {why}");
        }
    }

    #[test]
    fn what_the_user_says_goes_before_the_url() {
        let request = Request::get("http://ann:s3cret@h/").header(AUTHORIZATION, "Bearer x");
        let mut request = request.body(()).unwrap();
        take_userinfo(&mut request).unwrap();
        let all: Vec<_> = request.headers().get_all(AUTHORIZATION).iter().collect();
        assert_eq!(all, ["Bearer x"]);
        assert_eq!(request.uri(), "http://h/");
    }

    #[test]
    fn a_bearer_has_no_bytes_that_end_a_field() {
        for token in ["", "a b", "a\r\nx: y", "\u{e9}"] {
            assert!(bearer(token).is_err(), "{token:?}");
        }
    }
}

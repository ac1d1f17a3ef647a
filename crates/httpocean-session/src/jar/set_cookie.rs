//! One `Set-Cookie`, read as RFC 6265 section 5.2 says.

use super::cookie_date as date;

/// Longer values of attributes are passed over, as if the attribute were not there.
const LONGEST_ATTRIBUTE: usize = 1_024;

/// What a server said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
    /// In lower case, without a dot in front.
    pub(super) domain: Option<String>,
    pub(super) path: Option<&'a str>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) expires: Option<u64>,
    /// In seconds from now; 0 and less are over.
    pub(super) max_age: Option<i64>,
}

impl<'a> SetCookie<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        if bytes.iter().any(u8::is_ascii_control) {
            return Err("a cookie with a control byte");
        }
        let mut parts = bytes.split(|byte| *byte == b';');
        let (name, value) = pair(parts.next().unwrap_or_default()).ok_or("a cookie without a name")?;
        if name.is_empty() {
            return Err("a cookie without a name");
        }
        let mut cookie = Self { name, value, ..Self::default() };
        for part in parts {
            let (name, value) = pair(part).unwrap_or((trim(part), b""));
            if value.len() <= LONGEST_ATTRIBUTE {
                cookie.take(name, value)?;
            }
        }
        Ok(cookie)
    }

    /// Of attributes that stand twice the last counts.
    fn take(&mut self, name: &[u8], value: &'a [u8]) -> Result<(), &'static str> {
        match name.to_ascii_lowercase().as_slice() {
            b"expires" => {
                if let Some(at) = date::seconds(value) {
                    self.expires = Some(at);
                }
            }
            b"max-age" => {
                if let Some(age) = whole_number(value) {
                    self.max_age = Some(age);
                }
            }
            b"domain" => {
                let domain = value.strip_prefix(b".").unwrap_or(value);
                let domain = core::str::from_utf8(domain).ok().filter(|text| text.is_ascii());
                let domain = domain.ok_or("the Domain of a cookie is no host")?.to_ascii_lowercase();
                self.domain = Some(domain).filter(|domain| !domain.is_empty());
            }
            b"path" => {
                self.path = core::str::from_utf8(value).ok().filter(|path| path.starts_with('/'));
            }
            b"secure" => self.secure = true,
            b"httponly" => self.http_only = true,
            _ => {}
        }
        Ok(())
    }
}

fn pair(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = part.iter().position(|byte| *byte == b'=')?;
    Some((trim(&part[..at]), trim(&part[at + 1..])))
}

/// Tabs are control bytes, and gone by then.
fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = bytes {
        bytes = rest;
    }
    bytes
}

/// Digits with a `-` in front of them, or without; the largest there are, where they are more.
fn whole_number(bytes: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match bytes.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, bytes),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: i64, digit: &u8| sum.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    let number = digits.iter().fold(0, add);
    Some(if is_negative { -number } else { number })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_in_any_case_and_order() {
        let cookie =
            SetCookie::parse(b" a = b=c ;SECURE; path=/x;  Domain = .Shop.Example ; max-age=5;httponly")
                .unwrap();
        let domain = Some("shop.example".to_owned());
        let wanted = SetCookie {
            name: b"a",
            value: b"b=c",
            domain,
            path: Some("/x"),
            secure: true,
            http_only: true,
            expires: None,
            max_age: Some(5),
        };
        assert_eq!(cookie, wanted);
    }

    #[test]
    fn what_an_attribute_may_not_say_is_passed_over() {
        for attribute in
            ["path=x", "path=", "path", "domain=", "domain=.", "max-age=+5", "max-age=5.0", "max-age="]
        {
            let cookie = format!("a=b; {attribute}");
            let plain = SetCookie { name: b"a", value: b"b", ..SetCookie::default() };
            assert_eq!(SetCookie::parse(cookie.as_bytes()).unwrap(), plain, "{attribute}");
        }
        let long = format!("a=b; Path=/{}", "x".repeat(LONGEST_ATTRIBUTE));
        assert_eq!(SetCookie::parse(long.as_bytes()).unwrap().path, None);
    }

    #[test]
    fn what_is_no_cookie_is_refused() {
        for text in [
            "",
            "a",
            "=b",
            " =b; path=/",
            ";a=b",
            "a=b\0",
            "a=b\x7f",
            "a\tb=c",
            "a=b; domain=\u{e9}",
            "a\r\nb=c",
        ] {
            assert!(SetCookie::parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    #[test]
    fn ages_are_never_too_large_to_be_read() {
        for (text, age) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("99999999999999999999999", Some(i64::MAX)),
            ("-99999999999999999999999", Some(-i64::MAX)),
            ("1e3", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(whole_number(text.as_bytes()), age, "{text}");
        }
    }
}

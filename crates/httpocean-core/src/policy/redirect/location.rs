//! Where a `Location` leads (RFC 9110 section 10.2.2).
//!
//! It is resolved as browsers do, by the WHATWG's rules, because servers check what they send with browsers in
//! mind. What these rules would silently repair is refused first: control bytes and an empty host. The result is
//! read once more by [`Key::of`], and only what that makes of it is compared and connected to.

use std::borrow::Cow;

use http::Uri;
use url::{Position, Url};

use super::NotFollowed;
use crate::key::Key;

/// A URL that a `Location` can be relative to.
#[derive(Debug)]
pub(super) struct Base(Url);

/// Where it leads.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) uri: Uri,
    pub(super) key: Key,
    pub(super) fragment: Option<Box<str>>,
}

/// The one `Location` that a response has, or none; blanks around it don't count.
pub(super) fn only<'l>(
    mut locations: impl Iterator<Item = &'l [u8]>,
) -> Result<Option<&'l [u8]>, NotFollowed> {
    let Some(first) = locations.next().map(trim) else { return Ok(None) };
    if locations.any(|other| trim(other) != first) {
        return Err(NotFollowed::DifferentLocations);
    }
    Ok(Some(first).filter(|location| !location.is_empty()))
}

impl Base {
    pub(super) fn of(uri: &Uri) -> Result<Self, NotFollowed> {
        let unreadable = "the request's own URL is none that a Location can be relative to";
        Url::parse(&uri.to_string()).map(Self).map_err(|_| NotFollowed::BadLocation(unreadable))
    }

    pub(super) fn resolve(&self, location: &[u8]) -> Result<Target, NotFollowed> {
        let url = join(&self.0, location)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NotFollowed::SchemeNotSupported);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotFollowed::Userinfo);
        }
        // What the parser wrote can fail only here: an `Uri` holds 65,534 bytes.
        let uri = Uri::try_from(&url[..Position::AfterQuery])
            .map_err(|_| NotFollowed::BadLocation("its Location is longer than a URL may be"))?;
        let key = Key::of(&uri).map_err(NotFollowed::BadLocation)?;
        Ok(Target { uri, key, fragment: url.fragment().map(Into::into) })
    }

    /// Whether the `Location` says by itself where to go, and does not take the host from here: then another port
    /// here makes no difference.
    pub(super) fn is_named_by(&self, location: &[u8]) -> bool {
        let mut elsewhere = self.0.clone();
        let other_port = if self.0.port() == Some(1) { 2 } else { 1 };
        let moved = elsewhere.set_port(Some(other_port)).is_ok();
        match (join(&self.0, location), join(&elsewhere, location)) {
            (Ok(here), Ok(there)) => !moved || here.port() == there.port(),
            (Err(_), _) | (_, Err(_)) => true,
        }
    }

    /// Path and query, in ASCII.
    pub(super) fn path(&self) -> &str {
        &self.0[Position::BeforePath..Position::AfterQuery]
    }
}

fn join(base: &Url, location: &[u8]) -> Result<Url, NotFollowed> {
    let text = readable(location)?;
    base.join(&text).map_err(|_| NotFollowed::BadLocation("its Location is no URL, nor a part of one"))
}

fn readable(location: &[u8]) -> Result<Cow<'_, str>, NotFollowed> {
    if location.iter().any(u8::is_ascii_control) {
        return Err(NotFollowed::BadLocation("its Location has a control byte"));
    }
    if has_empty_host(location) {
        return Err(NotFollowed::BadLocation("its Location has an empty host"));
    }
    Ok(match core::str::from_utf8(location) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(escaped(location)),
    })
}

/// `http:///path` and `///path`: the next best word of the path would become the host (RFC 9110 section 4.2.1).
fn has_empty_host(location: &[u8]) -> bool {
    let scheme = |name: &[u8]| {
        let (start, rest) = location.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some(rest)
    };
    let rest = scheme(b"https:").or_else(|| scheme(b"http:")).unwrap_or(location);
    rest.iter().take_while(|byte| matches!(byte, b'/' | b'\\')).count() > 2
}

/// Bytes that are no UTF-8 stay the bytes that they are.
fn escaped(location: &[u8]) -> String {
    let mut text = String::with_capacity(3 * location.len());
    for &byte in location {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

fn trim(mut field: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = field {
        field = rest;
    }
    field
}

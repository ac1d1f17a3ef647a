//! Files of cookies: a line each, seven columns with tabs between them.
//!
//! ```text
//! # comment
//! .shop.example  TRUE   /      TRUE    1800000000  id    7
//! domain         tail   path   secure  expires     name  value
//! ```
//! `tail` says whether hosts within the domain have it too. A line of an HttpOnly cookie begins with `#HttpOnly_`.
//! `expires` is 0 where a cookie has no end, as curl has it; python takes that for one that is over.

use std::fmt;

use super::store::{Cookie, Store};

const TITLE: &[u8] = b"# Netscape HTTP Cookie File\n# Written by httpocean.\n\n";
const HTTP_ONLY: &[u8] = b"#HttpOnly_";

/// Why a text is no file of cookies. It repeats nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoJar {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

pub(super) fn write(store: &Store, now: u64) -> Vec<u8> {
    let mut text = TITLE.to_vec();
    for cookie in store.iter().filter(|cookie| !cookie.is_over(now)) {
        let word = |yes: bool| if yes { "TRUE" } else { "FALSE" };
        let (front, dot) =
            (if cookie.http_only { HTTP_ONLY } else { b"" }, if cookie.host_only { "" } else { "." });
        text.extend_from_slice(front);
        let columns = format!(
            "{dot}{}\t{}\t{}\t{}\t{}\t",
            cookie.domain,
            word(!cookie.host_only),
            cookie.path,
            word(cookie.secure),
            // One that has no end is told from one that ended in 1970: that is over.
            cookie.expires.unwrap_or(0)
        );
        text.extend_from_slice(columns.as_bytes());
        for part in [&cookie.name[..], b"\t", &cookie.value, b"\n"] {
            text.extend_from_slice(part);
        }
    }
    text
}

pub(super) fn read(store: &mut Store, text: &[u8], now: u64) -> Result<usize, NoJar> {
    let mut taken = 0;
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (http_only, line) = match line.strip_prefix(HTTP_ONLY) {
            Some(line) => (true, line),
            None => (false, line),
        };
        if !http_only && (line.starts_with(b"#") || line.trim_ascii().is_empty()) {
            continue;
        }
        let mut cookie = cookie(line).map_err(|why| NoJar { line: number, why })?;
        cookie.http_only = http_only;
        if !cookie.is_over(now) && store.restore(cookie, now).is_ok() {
            taken += 1;
        }
    }
    Ok(taken)
}

fn cookie(line: &[u8]) -> Result<Cookie, &'static str> {
    let columns: Vec<_> = line.splitn(7, |byte| *byte == b'\t').collect();
    let (domain, tail, path, secure, expires, name, value) = match columns[..] {
        [domain, tail, path, secure, expires, name, value] => {
            (domain, tail, path, secure, expires, name, value)
        }
        // An empty value, where somebody trimmed the line.
        [domain, tail, path, secure, expires, name] => (domain, tail, path, secure, expires, name, &b""[..]),
        _ => return Err("it has not seven columns"),
    };
    if name.is_empty() || [name, value].concat().iter().any(|byte| byte.is_ascii_control() || *byte == b';') {
        return Err("it has no name, or a byte that no cookie has");
    }
    let text = |column| core::str::from_utf8(column).map_err(|_| "it has a column that is no text");
    let flag = |column: &[u8]| match column.to_ascii_uppercase().as_slice() {
        b"TRUE" => Ok(true),
        b"FALSE" => Ok(false),
        _ => Err("a column says neither TRUE nor FALSE"),
    };
    let domain = text(domain)?.to_ascii_lowercase();
    let domain = domain.strip_prefix('.').unwrap_or(&domain);
    if domain.is_empty()
        || !domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte))
    {
        return Err("its domain is no host");
    }
    let path = text(path)?;
    if !path.starts_with('/') || path.bytes().any(|byte| byte.is_ascii_control()) {
        return Err("its path does not begin with a slash");
    }
    let expires: u64 = match text(expires)? {
        // So python's have it where there is no end.
        "" => 0,
        digits => digits.parse().map_err(|_| "its end is not a number of seconds")?,
    };
    let mut cookie = Cookie::new(name, value, domain, !flag(tail)?, path);
    cookie.secure = flag(secure)?;
    cookie.expires = Some(expires).filter(|at| *at > 0);
    Ok(cookie)
}

impl fmt::Display for NoJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for NoJar {}

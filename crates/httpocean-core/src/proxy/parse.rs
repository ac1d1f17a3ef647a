//! The URL of a proxy.

use super::{Credentials, Kind, Parts};
use crate::auth;
use crate::authority::{normalise, split_port};

/// What SOCKS 5 can say of either (RFC 1929).
const LONGEST: usize = 255;

pub(super) fn proxy(url: &str) -> Result<Parts, &'static str> {
    let (kind, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (kind(scheme)?, rest),
        None => (Kind::Http, url),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains(['/', '?', '#', '\\']) {
        return Err("a proxy's URL ends with its host and port");
    }
    let (userinfo, authority) = match rest.rsplit_once('@') {
        Some((userinfo, authority)) => (Some(userinfo), authority),
        None => (None, rest),
    };
    let (host, port) = split_port(authority)?;
    let (host, port) = (normalise(host)?.into_boxed_str(), port.unwrap_or(kind.default_port()));
    let credentials = match userinfo {
        None | Some("") => None,
        Some(userinfo) => Some(credentials(userinfo)?),
    };
    Parts::new(kind, host, port, credentials)
}

/// Whether that kind of proxy can be told these. Control bytes have no place in either (RFC 7617 section 2).
pub(super) fn check_credentials(kind: Kind, credentials: &Credentials) -> Result<(), &'static str> {
    let Credentials { user, password } = credentials;
    if user.iter().chain(password).any(u8::is_ascii_control) {
        return Err("a control byte in the user name or the password for the proxy");
    }
    match kind {
        Kind::Http | Kind::Https if user.contains(&b':') => {
            Err("HTTP can't carry a user name with a colon in it")
        }
        Kind::Socks4a if !password.is_empty() => Err("SOCKS 4 knows no passwords"),
        Kind::Socks5 | Kind::Socks5h if user.is_empty() => Err("SOCKS 5 can't carry an empty user name"),
        Kind::Socks4a | Kind::Socks5 | Kind::Socks5h if user.len() > LONGEST || password.len() > LONGEST => {
            Err("SOCKS carries no more than 255 bytes of a user name or a password")
        }
        Kind::Http | Kind::Https | Kind::Socks4a | Kind::Socks5 | Kind::Socks5h => Ok(()),
    }
}

fn kind(scheme: &str) -> Result<Kind, &'static str> {
    let scheme = scheme.to_ascii_lowercase();
    let kinds = [Kind::Http, Kind::Https, Kind::Socks4a, Kind::Socks5, Kind::Socks5h];
    if let Some(kind) = kinds.into_iter().find(|kind| kind.as_str() == scheme) {
        return Ok(kind);
    }
    Err(match scheme.as_str() {
        "socks" => "which SOCKS the proxy speaks is not said: socks5h, socks5 or socks4a",
        "socks4" => "SOCKS 4 without names is not spoken: say socks4a",
        _ => "a proxy's URL begins with http, https, socks5, socks5h or socks4a",
    })
}

fn credentials(userinfo: &str) -> Result<Credentials, &'static str> {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let decoded =
        |text| auth::decode(text).ok_or("a broken percent-encoding in the proxy's user name or password");
    Ok(Credentials { user: decoded(user)?, password: decoded(password)? })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_how_where_and_who() {
        for (url, kind, host, port, user, password) in [
            ("http://p", Kind::Http, "p", 80, None, ""),
            ("https://P.example./", Kind::Https, "p.example", 443, None, ""),
            ("p:3128", Kind::Http, "p", 3128, None, ""),
            ("u@p", Kind::Http, "p", 80, Some("u"), ""),
            ("SOCKS5H://u:p@[0::1]", Kind::Socks5h, "[::1]", 1080, Some("u"), "p"),
            ("socks5://127.0.0.1:9", Kind::Socks5, "127.0.0.1", 9, None, ""),
            ("socks4a://me@p", Kind::Socks4a, "p", 1080, Some("me"), ""),
            ("http://a%40b:c%3Ad%2F@p", Kind::Http, "p", 80, Some("a@b"), "c:d/"),
            ("http://a@b:c:d@p", Kind::Http, "p", 80, Some("a@b"), "c:d"),
            ("http://:pw@p", Kind::Http, "p", 80, Some(""), "pw"),
            ("http://@p", Kind::Http, "p", 80, None, ""),
        ] {
            let parts = proxy(url).unwrap();
            assert_eq!((parts.kind, &*parts.host, parts.port), (kind, host, port), "{url}");
            let user = user.map(|user| Credentials {
                user: user.as_bytes().into(),
                password: password.as_bytes().into(),
            });
            assert!(parts.credentials == user, "{url}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_with_a_reason() {
        let long = format!("socks5://{}@p", "u".repeat(256));
        for (url, why) in [
            ("", "empty"),
            ("ftp://p", "begins with"),
            ("://p", "begins with"),
            ("socks://p", "which SOCKS"),
            ("socks4://p", "socks4a"),
            ("http://", "empty"),
            ("http://p/path", "ends with"),
            ("http://p?q", "ends with"),
            ("http://p#f", "ends with"),
            ("http://p\\x", "ends with"),
            ("http://p:0", "port 0"),
            ("http://p:http", "not a number"),
            ("http://127.1", "ends in a number"),
            ("http://[::1%25eth0]", "zone id"),
            ("http://a b", "character"),
            ("http://p\r\nx: y", "port is not a number"),
            ("http://u%0d:p@p", "control byte"),
            ("http://u:p%00@p", "control byte"),
            ("http://u%3ax:p@p", "colon"),
            ("http://u%4:p@p", "percent-encoding"),
            ("http://u%+1@p", "percent-encoding"),
            ("socks4a://u:p@p", "no passwords"),
            ("socks5://:p@p", "empty user name"),
            (&long, "255 bytes"),
        ] {
            let refused = proxy(url).err();
            assert!(refused.is_some_and(|sentence| sentence.contains(why)), "{url}: {refused:?}");
        }
    }
}

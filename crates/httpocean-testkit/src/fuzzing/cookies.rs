//! Any bytes as cookies of several hosts, as a file of cookies, and as a `.netrc`.

use http::Uri;
use httpocean_session::{Jar, JarLimits, Netrc};

use crate::bytes::Bytes;

const NOW: u64 = 1_800_000_000;

/// Each with its site: what somebody registered, or itself.
const HOSTS: [(&str, &str); 8] = [
    ("shop.co.uk", "shop.co.uk"),
    ("www.shop.co.uk", "shop.co.uk"),
    ("evil.co.uk", "evil.co.uk"),
    ("a.test", "a.test"),
    ("b.a.test", "a.test"),
    ("127.0.0.1", "127.0.0.1"),
    ("[::1]", "[::1]"),
    ("me.github.io", "me.github.io"),
];

/// A jar holds no more than it may, gives no host what another site set, and is the same when it is written and read; and
/// nothing panics.
pub fn cookies(bytes: &[u8]) {
    let mut choices = Bytes::new(bytes);
    let limits = JarLimits { per_site: 3, total: 8, cookie_bytes: 60, place_bytes: 60, sent_bytes: 100 };
    let jar = Jar::with_limits(limits);
    for _ in 0..choices.byte() % 16 {
        let url = url(choices.pick(&HOSTS).0, choices.one_in(2), choices.one_in(2));
        // The site that it is of is told by the value.
        let site = site_of(&url);
        let mut said = format!("n{}={site}", choices.byte() % 4).into_bytes();
        said.extend_from_slice(choices.text());
        let _ = jar.set(&url, &said, NOW);
        assert!(jar.len() <= 8, "it holds {}", jar.len());
    }
    for (host, site) in HOSTS {
        for (secure, deep) in [(false, false), (false, true), (true, false), (true, true)] {
            let Some(value) = jar.cookies(&url(host, secure, deep), NOW) else { continue };
            assert!(value.len() <= 100 && value.is_sensitive());
            for cookie in value.as_bytes().split(|byte| *byte == b';') {
                let of = cookie.splitn(2, |byte| *byte == b'=').nth(1).unwrap_or_default();
                assert!(of.starts_with(site.as_bytes()), "{host} is told {:?}", cookie.escape_ascii());
            }
        }
    }
    let text = jar.to_text(NOW);
    let again = Jar::new();
    assert_eq!(again.load(&text, NOW), Ok(jar.len()));
    assert_eq!(again.to_text(NOW), text);
    let rest = choices.rest();
    let _ = Jar::new().load(rest, NOW);
    let _ = String::from_utf8_lossy(rest).parse::<Netrc>();
}

fn site_of(url: &Uri) -> &'static str {
    let host = url.host().unwrap_or_default();
    HOSTS.iter().find(|(name, _)| *name == host).map_or("", |(_, site)| site)
}

fn url(host: &str, secure: bool, deep: bool) -> Uri {
    let (scheme, path) = (if secure { "https" } else { "http" }, if deep { "/a/b" } else { "/" });
    format!("{scheme}://{host}{path}").parse().expect("a URL from constants")
}

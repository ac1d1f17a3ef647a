//! Whatever servers say, a cookie goes to hosts of its own domain alone, and nothing panics.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use httpocean_core::Key;
use httpocean_session::{Jar, JarLimits};
use proptest::prelude::*;

const HOSTS: [&str; 9] = [
    "shop.co.uk",
    "www.shop.co.uk",
    "evil.co.uk",
    "a.test",
    "b.a.test",
    "ba.test",
    "127.0.0.1",
    "[::1]",
    "me.github.io",
];

const PIECES: [&str; 26] = [
    "a",
    "b",
    "=",
    ";",
    " ",
    "Domain",
    "Path",
    "Max-Age",
    "Expires",
    "Secure",
    "HttpOnly",
    "__Host-",
    ".",
    "/",
    "co.uk",
    "shop.co.uk",
    "test",
    "a.test",
    "127.0.0.1",
    "[::1]",
    "github.io",
    "0",
    "99",
    "-",
    "Thu, 01 Jan 2070 00:00:00 GMT",
    "\u{fc}",
];

fn said() -> impl Strategy<Value = (usize, bool, Vec<u8>)> {
    let grammar = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..14)
        .prop_map(|pieces| format!("n=v{}", pieces.concat()).into_bytes());
    let likely = (0..PIECES.len(), prop::bool::ANY).prop_map(|(at, tail)| {
        format!("n=v; Domain={}{}", PIECES[at], if tail { "; Path=/" } else { "" }).into_bytes()
    });
    let noise = prop::collection::vec(any::<u8>(), 0..40);
    (0..HOSTS.len(), any::<bool>(), prop_oneof![grammar, likely, noise])
}

fn url(host: usize, secure: bool) -> http::Uri {
    format!("{}://{}/a/b", if secure { "https" } else { "http" }, HOSTS[host]).parse().unwrap()
}

/// Whether a host may be given a cookie by another, by the plainest reading of all: the same, or in one registered
/// domain.
fn may_share(from: &str, to: &str) -> bool {
    const SITES: [&str; 4] = ["shop.co.uk", "evil.co.uk", "a.test", "me.github.io"];
    let within = |host: &str, site: &str| host == site || host.ends_with(&format!(".{site}"));
    from == to || SITES.iter().any(|site| within(from, site) && within(to, site))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_cookie_stays_in_its_site((from, secure, value) in said()) {
        let jar = Jar::new();
        let taken = jar.set(&url(from, secure), &value, 1_800_000_000);
        prop_assert!(taken.is_ok() || jar.is_empty());
        for (to, host) in HOSTS.iter().enumerate() {
            for to_secure in [false, true] {
                if jar.cookies(&url(to, to_secure), 1_800_000_000).is_some() {
                    prop_assert!(may_share(HOSTS[from], host), "{} -> {host}: {value:?}", HOSTS[from]);
                }
            }
        }
    }

    #[test]
    fn a_jar_is_written_and_read_whatever_is_in_it(all in prop::collection::vec(said(), 0..20)) {
        let limits = JarLimits { per_site: 4, total: 9, ..JarLimits::default() };
        let jar = Jar::with_limits(limits.clone());
        for (from, secure, value) in &all {
            let _ = jar.set(&url(*from, *secure), value, 1_800_000_000);
            prop_assert!(jar.len() <= limits.total);
        }
        let text = jar.to_text(1_800_000_000);
        let again = Jar::new();
        prop_assert_eq!(again.load(&text, 1_800_000_000), Ok(jar.len()));
        prop_assert_eq!(again.to_text(1_800_000_000), text);
    }

    #[test]
    fn no_file_is_too_strange(text in prop::collection::vec(any::<u8>(), 0..200), netrc in ".{0,200}") {
        let _ = Jar::new().load(&text, 0);
        let _ = netrc.parse::<httpocean_session::Netrc>();
    }

    /// What two hosts are is what the core says that they are.
    #[test]
    fn hosts_are_read_as_the_core_reads_them(at in 0..HOSTS.len()) {
        let key = Key::of(&url(at, true)).unwrap();
        prop_assert_eq!(key.host(), HOSTS[at]);
    }
}

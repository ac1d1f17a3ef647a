//! T22: requests that differ in anything that their connections depend on never share one.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use httpocean_core::layer::Security;
use httpocean_core::proxy::Rules;
use httpocean_core::{BodyPlan, Call, Config, Instant, Key};
use httpocean_testkit::toy::Toy;

/// The key of a request as a call makes it.
fn key(url: &str, config: Config) -> Key {
    let request = http::Request::get(url).body(()).unwrap();
    Call::new(request, BodyPlan::empty(), &Arc::new(config), Instant::ZERO).unwrap().key().clone()
}

fn by(proxy: &str) -> Config {
    Config { proxy: Rules::all(proxy.parse().unwrap()), ..Config::default() }
}

/// By a layer of its own.
fn secured(config: Config) -> Config {
    Config { tls: Some(Security::new(Toy::default())), ..config }
}

/// One for each part of a key, that part alone being different from the first.
fn apart() -> BTreeMap<&'static str, Key> {
    let url = "https://example.com";
    BTreeMap::from([
        ("nothing", key(url, Config::default())),
        ("scheme", key("http://example.com:443", Config::default())),
        ("host", key("https://www.example.com", Config::default())),
        ("port", key("https://example.com:444", Config::default())),
        ("local address", key(url, Config { local: Some([127, 0, 0, 2].into()), ..Config::default() })),
        ("partition", key(url, Config { partition: 1, ..Config::default() })),
        ("proxy", key(url, by("http://proxy:1080"))),
        ("proxy's kind", key(url, by("https://proxy:1080"))),
        ("socks4a", key(url, by("socks4a://proxy:1080"))),
        ("socks5", key(url, by("socks5://proxy:1080"))),
        ("socks5h", key(url, by("socks5h://proxy:1080"))),
        ("proxy's host", key(url, by("http://other:1080"))),
        ("proxy's port", key(url, by("http://proxy:1081"))),
        ("proxy's user", key(url, by("http://ann@proxy:1080"))),
        ("proxy's other user", key(url, by("http://bob@proxy:1080"))),
        ("proxy's password", key(url, by("http://ann:x@proxy:1080"))),
        ("proxy's other password", key(url, by("http://ann:y@proxy:1080"))),
        ("socks user", key(url, by("socks5://ann@proxy:1080"))),
        ("socks password", key(url, by("socks5://ann:x@proxy:1080"))),
        ("tls", key(url, secured(Config::default()))),
        ("other tls", key(url, secured(Config::default()))),
        ("tls by a proxy", key(url, secured(by("http://proxy:1080")))),
        ("tls to a proxy", key("http://example.com", secured(by("https://proxy:1080")))),
        ("other tls to a proxy", key("http://example.com", secured(by("https://proxy:1080")))),
        ("no tls to a proxy", key("http://example.com", by("https://proxy:1080"))),
    ])
}

#[test]
fn each_part_of_a_key_matters() {
    let keys = apart();
    for (a, key) in &keys {
        for (b, other) in &keys {
            assert_eq!(key == other, a == b, "{a}, {b}");
        }
    }
    // Compared whole, whatever the hashes are; but hashes that are all the same would be of no use.
    let hash = |key: &Key| {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        hasher.finish()
    };
    // Which TLS it is they don't tell: that is another one in each run.
    let of_tls = keys.keys().filter(|part| part.starts_with("other tls")).count();
    let hashes: std::collections::BTreeSet<_> = keys.values().map(hash).collect();
    assert_eq!(hashes.len(), keys.len() - of_tls);
}

#[test]
fn what_is_made_again_is_the_same() {
    let unsecured = || apart().into_iter().filter(|(part, _)| !part.contains("tls")).collect::<Vec<_>>();
    assert_eq!(unsecured(), unsecured());
    let proxied = key("http://example.com", by("HTTP://ann:%78@PROXY.:1080/"));
    assert_eq!(proxied, key("http://EXAMPLE.com.:80/path", by("http://ann:x@proxy:1080")));
}

/// A target is a part of the key even where the proxy is sent the requests: what one server answers can't be taken for
/// another's.
#[test]
fn a_proxy_does_not_make_servers_one() {
    let by = || by("http://proxy");
    assert_ne!(key("http://a", by()), key("http://b", by()));
    assert_ne!(key("http://a", by()), key("https://a:80", by()));
    assert_ne!(key("http://proxy", Config::default()), key("http://proxy", by()));
}

//! Any text as a URL.

use http::Uri;
use httpocean_core::Key;

/// What a key is made of is a host that everybody reads in one way, and to make a key of it again changes nothing.
pub fn key(bytes: &[u8]) {
    let Ok(uri) = Uri::try_from(bytes) else { return };
    let Ok(key) = Key::of(&uri) else { return };
    let host = key.host();
    assert!(key.port() != 0 && !host.is_empty() && host.len() <= 253, "{key}");
    assert!(host.is_ascii() && host == host.to_ascii_lowercase() && !host.ends_with('.'), "{key}");
    assert!(!host.bytes().any(|byte| byte.is_ascii_control() || b" /\\?#@%<>\"".contains(&byte)), "{key}");
    // Whoever takes it for an address takes it for this one.
    let digits = host.rsplit('.').next().is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(key.address().is_some(), digits || host.starts_with('['), "{key}");
    let spelled = format!("{}://{}:{}/", key.scheme().as_str(), host, key.port());
    for again in [format!("{key}/"), spelled.to_ascii_uppercase().replacen("HTTP", "http", 1), spelled] {
        if uri.scheme().is_none() && again.starts_with(&format!("{key}/")) {
            // What CONNECT names has its port always.
            assert!(key.authority().ends_with(&format!(":{}", key.port())));
        }
        let same = Key::of(&again.parse().expect("a key is a URL")).expect("and a host");
        assert_eq!((same.host(), same.port()), (key.host(), key.port()), "{again}");
    }
}

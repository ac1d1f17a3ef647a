//! https without a word of its user.

use httpocean_core::Config;

/// Options with TLS, where they have none and it is built in.
pub fn with_tls(config: &mut Config) {
    #[cfg(feature = "rustls")]
    config.tls.get_or_insert_with(|| httpocean_rustls::Tls::default().into());
    #[cfg(not(feature = "rustls"))]
    let _ = config;
}

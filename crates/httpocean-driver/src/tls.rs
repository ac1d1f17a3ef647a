//! https without a word of its user.

use std::sync::Arc;

use httpocean_core::Config;

/// Options with TLS, where they have none and it is built in.
#[cfg_attr(not(feature = "rustls"), expect(unused_mut, reason = "nothing is built in"))]
pub fn with_tls(mut config: Arc<Config>) -> Arc<Config> {
    #[cfg(feature = "rustls")]
    if config.tls.is_none() {
        Arc::make_mut(&mut config).tls = Some(httpocean_rustls::Tls::default().into());
    }
    config
}

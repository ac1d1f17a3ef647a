//! What the process's environment says of proxies.

use httpocean_core::proxy::{Environment, Rules};

/// The proxies that the environment names, by the variables of [`Environment`]. Read now, once.
///
/// ```
/// use httpocean_core::Config;
///
/// let config = Config { proxy: httpocean_driver::proxies_from_env(), ..Config::default() };
/// # drop(config);
/// ```
pub fn proxies_from_env() -> Rules {
    Environment::of(|name| std::env::var(name).ok()).rules()
}

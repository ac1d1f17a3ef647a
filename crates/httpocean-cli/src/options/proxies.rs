//! The options of proxies.

use httpocean_std::proxy::{Choice, NoProxy, Proxy, Rules};
use serde_json::Value;

use super::{Run, Unfit, value};

/// Sets the option of that name; `false`: it is none of these.
pub(super) fn set(rules: &mut Rules, name: &str, value: &Value) -> Result<bool, Unfit> {
    match name {
        "proxy" => {
            let choice = value::maybe(name, value, proxy)?.map_or(Choice::Direct, Choice::By);
            (rules.http, rules.https) = (choice.clone(), choice);
        }
        "no_proxy" => {
            let list = value::maybe(name, value, value::text)?;
            rules.no_proxy = NoProxy::new(list.as_deref().unwrap_or_default());
        }
        "proxy_from_env" => {
            if value::yes_or_no(name, value)? {
                fill(rules, httpocean_std::proxies_from_env());
            }
        }
        _ => return Ok(false),
    }
    Ok(true)
}

impl Run {
    /// With the proxies of the environment, unless flags that follow say otherwise.
    pub(crate) fn with_env_proxies(mut self) -> Self {
        self.request.config.proxy = httpocean_std::proxies_from_env();
        self
    }
}

/// What is said already stays.
fn fill(rules: &mut Rules, environment: Rules) {
    if rules.http == Choice::Direct && rules.https == Choice::Direct {
        (rules.http, rules.https) = (environment.http, environment.https);
    }
    if rules.no_proxy == NoProxy::default() {
        rules.no_proxy = environment.no_proxy;
    }
}

/// The URL is not repeated: it may hold a password.
fn proxy(name: &str, value: &Value) -> Result<Proxy, Unfit> {
    value::text(name, value)?.parse().map_err(|why| format!("`{name}` is the URL of a proxy: {why}"))
}

//! Proxies as the environment names them.

use super::{Choice, NoProxy, Rules};

/// What the environment says of proxies. Who reads an environment is not decided here: the look-up is given.
///
/// | variable | for |
/// |---|---|
/// | `http_proxy`, `HTTP_PROXY` | `http` URLs |
/// | `https_proxy`, `HTTPS_PROXY` | `https` URLs |
/// | `all_proxy`, `ALL_PROXY` | URLs for which there is none of these |
/// | `no_proxy`, `NO_PROXY` | hosts that are reached directly: [`NoProxy`] |
///
/// The spelling in lower case goes first; an empty variable is none. In a CGI program, which one knows by
/// `REQUEST_METHOD`, `HTTP_PROXY` is ignored: there a client's `Proxy` field is called so (CVE-2016-5385).
///
/// ```
/// use httpocean_core::proxy::{Environment, Rules};
///
/// let variables = [("https_proxy", "http://proxy.example:3128"), ("NO_PROXY", "localhost")];
/// let environment = Environment::of(|name| {
///     variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| value.to_string())
/// });
/// let rules = environment.rules();
/// assert_eq!(rules.http, Rules::default().http);
/// assert!(rules.no_proxy.matches("localhost", 443));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    http: Option<String>,
    https: Option<String>,
    all: Option<String>,
    no_proxy: Option<String>,
}

impl Environment {
    /// What the variables say that `variable` looks up by their names.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let either = |name: &str| set(name).or_else(|| set(&name.to_ascii_uppercase()));
        let is_cgi = variable("REQUEST_METHOD").is_some();
        Self {
            http: if is_cgi { set("http_proxy") } else { either("http_proxy") },
            https: either("https_proxy"),
            all: either("all_proxy"),
            no_proxy: either("no_proxy"),
        }
    }

    /// The same as rules. A variable that names no proxy fails the requests that would take it.
    pub fn rules(&self) -> Rules {
        let choice = |own: &Option<String>| match own.as_ref().or(self.all.as_ref()) {
            None => Choice::Direct,
            Some(url) => url.trim().parse().map_or_else(Choice::Wrong, Choice::By),
        };
        let no_proxy = NoProxy::new(self.no_proxy.as_deref().unwrap_or_default());
        Rules { http: choice(&self.http), https: choice(&self.https), no_proxy }
    }
}

/// What is set, and no value: it may hold a password.
impl core::fmt::Debug for Environment {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { http, https, all, no_proxy } = self;
        f.debug_struct("Environment")
            .field("http", &http.is_some())
            .field("https", &https.is_some())
            .field("all", &all.is_some())
            .field("no_proxy", &no_proxy.is_some())
            .finish()
    }
}

//! Who the user is to which origin.

use std::collections::BTreeMap;
use std::fmt;

use http::{HeaderValue, Uri};
use httpocean_core::{Call, Key, Scheme, auth};

use crate::netrc::Netrc;

/// Who the user is to which origin: scheme, host and port. Nothing of it is ever printed.
///
/// Those of an origin go with every attempt to it, whether the user or a redirect leads there, and with no attempt to
/// any other. A request with an `Authorization` of its own is left alone where it has it.
///
/// A [`Netrc`] names hosts only, so what it says is sent more carefully: to the first origin of that host in a call, be
/// it the user's own URL or where a redirect leads, but to no other port or scheme of that host afterwards, and in plain
/// text not after https. Its `default` entry is sent to nobody: a redirect could lead anywhere.
///
/// ```
/// use httpocean_session::Credentials;
///
/// let credentials = Credentials::new()
///     .basic("https://a.example", "ann", "s3cret")?
///     .bearer("https://b.example:8443", "mF_9.B5f-4.1JqM")?;
/// assert!(!format!("{credentials:?}").contains("s3cret"));
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Default)]
pub struct Credentials {
    /// By their origins, as a key prints them.
    values: BTreeMap<String, HeaderValue>,
    netrc: Option<Netrc>,
}

impl Credentials {
    /// Of nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a user name and a password (RFC 7617) for `origin`, a URL of which scheme, host and port count. The error is
    /// a sentence that says what is wrong.
    pub fn basic(self, origin: &str, user: &str, password: &str) -> Result<Self, &'static str> {
        self.with(origin, auth::basic(user.as_bytes(), password.as_bytes())?)
    }

    /// With a token (RFC 6750) for `origin`.
    pub fn bearer(self, origin: &str, token: &str) -> Result<Self, &'static str> {
        self.with(origin, auth::bearer(token)?)
    }

    /// With any value of `Authorization` for `origin`.
    pub fn with(mut self, origin: &str, mut value: HeaderValue) -> Result<Self, &'static str> {
        let uri: Uri = origin.parse().map_err(|_| "the origin is no URL")?;
        if uri.scheme().is_none() {
            return Err("the origin has no scheme, such as https://");
        }
        value.set_sensitive(true);
        self.values.insert(Key::of(&uri)?.to_string(), value);
        Ok(self)
    }

    /// With what a file says of hosts that have no other credentials.
    #[must_use]
    pub fn netrc(mut self, netrc: Netrc) -> Self {
        self.netrc = Some(netrc);
        self
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.netrc.as_ref().is_none_or(Netrc::is_empty)
    }

    pub(crate) fn of(&self, call: &Call) -> Option<HeaderValue> {
        let key = call.key();
        if !self.values.is_empty() {
            if let Some(value) = self.values.get(&key.to_string()) {
                return Some(value.clone());
            }
        }
        let netrc = self.netrc.as_ref()?;
        let entry = netrc.machine(key.host()).filter(|_| is_first_of_its_host(call))?;
        auth::basic(entry.login()?.as_bytes(), entry.password().unwrap_or_default().as_bytes()).ok()
    }
}

/// Whether the attempt goes to the origin that was the first of its host in this call, and not from https to http.
fn is_first_of_its_host(call: &Call) -> bool {
    let key = call.key();
    let before = || call.history().iter().filter_map(|hop| Key::of(&hop.uri).ok());
    let downgraded = key.scheme() == Scheme::Http && before().any(|hop| hop.scheme() == Scheme::Https);
    let first = before().find(|hop| hop.host() == key.host());
    !downgraded && first.is_none_or(|first| first.to_string() == key.to_string())
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: Vec<_> = self.values.keys().collect();
        f.debug_struct("Credentials").field("origins", &origins).field("netrc", &self.netrc).finish()
    }
}

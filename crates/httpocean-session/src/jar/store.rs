//! What is kept, what is refused, and what goes to whom (RFC 6265 sections 5.3 and 5.4).

use std::collections::BTreeMap;

use http::HeaderValue;
use psl::Psl;

use super::set_cookie::SetCookie;
use super::{JarLimits, Place};

/// Nothing is kept longer than 400 days.
const LONGEST_LIFE: u64 = 400 * 86_400;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cookie {
    pub(super) name: Box<[u8]>,
    pub(super) value: Box<[u8]>,
    /// A host, or a domain all of whose hosts it is for.
    pub(super) domain: Box<str>,
    pub(super) host_only: bool,
    pub(super) path: Box<str>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    /// Seconds since 1970; `None`: as long as the jar.
    pub(super) expires: Option<u64>,
    /// When it was first set, and when it was last sent or set, in the order of things.
    created: u64,
    used: u64,
}

impl Cookie {
    /// One without attributes.
    pub(super) fn new(name: &[u8], value: &[u8], domain: &str, host_only: bool, path: &str) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            domain: domain.into(),
            host_only,
            path: path.into(),
            secure: false,
            http_only: false,
            expires: None,
            created: 0,
            used: 0,
        }
    }

    pub(super) fn is_over(&self, now: u64) -> bool {
        self.expires.is_some_and(|at| at <= now)
    }

    fn is_same(&self, other: &Self) -> bool {
        (&self.name, &self.domain, self.host_only, &self.path)
            == (&other.name, &other.domain, other.host_only, &other.path)
    }

    fn goes_to(&self, place: Place<'_>) -> bool {
        let host = place.host == &*self.domain || (!self.host_only && is_within(place.host, &self.domain));
        host && is_path_within(place.path, &self.path) && (place.is_secure || !self.secure)
    }
}

/// By their sites, so that no site pays for another.
#[derive(Default)]
pub(super) struct Store {
    limits: JarLimits,
    sites: BTreeMap<Box<str>, Vec<Cookie>>,
    len: usize,
    /// How many things happened.
    moment: u64,
}

impl Store {
    pub(super) fn new(limits: JarLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn clear(&mut self) {
        self.sites.clear();
        self.len = 0;
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.sites.values().flatten()
    }

    pub(super) fn set(&mut self, place: Place<'_>, value: &[u8], now: u64) -> Result<(), &'static str> {
        let said = SetCookie::parse(value)?;
        let domain = domain_of(&said, place)?;
        if said.secure && !place.is_secure {
            return Err("a Secure cookie in plain text");
        }
        let path = said.path.unwrap_or_else(|| directory(place.path));
        keeps_its_promise(&said, domain.is_none())?;
        let expires = match said.max_age {
            Some(age) => Some(now.saturating_add(u64::try_from(age).unwrap_or(0).min(LONGEST_LIFE))),
            None => said.expires.map(|at| at.min(now.saturating_add(LONGEST_LIFE))),
        };
        let (host, host_only) = (domain.as_deref().unwrap_or(place.host), domain.is_none());
        let mut cookie = Cookie::new(said.name, said.value, host, host_only, path);
        (cookie.secure, cookie.http_only, cookie.expires) = (said.secure, said.http_only, expires);
        if !place.is_secure && self.hides_a_secure_one(&cookie, now) {
            return Err("a cookie in plain text in the place of a Secure one");
        }
        self.put(cookie, now)
    }

    /// A cookie of a file.
    pub(super) fn restore(&mut self, cookie: Cookie, now: u64) -> Result<(), &'static str> {
        let place = Place { host: &cookie.domain, is_address: false, path: "/", is_secure: true };
        if !cookie.host_only && is_public(place.host) {
            return Err("a cookie for a public suffix");
        }
        let expires = cookie.expires.map(|at| at.min(now.saturating_add(LONGEST_LIFE)));
        self.put(Cookie { expires, ..cookie }, now)
    }

    pub(super) fn cookies(&mut self, place: Place<'_>, now: u64) -> Option<HeaderValue> {
        self.moment += 1;
        let (moment, room) = (self.moment, self.limits.sent_bytes);
        let cookies = self.sites.get_mut(site_of(place.host))?;
        let mut all: Vec<&mut Cookie> =
            cookies.iter_mut().filter(|cookie| !cookie.is_over(now) && cookie.goes_to(place)).collect();
        all.sort_by_key(|cookie| (core::cmp::Reverse(cookie.path.len()), cookie.created));
        let mut value = Vec::new();
        for cookie in all {
            let between: &[u8] = if value.is_empty() { b"" } else { b"; " };
            if value.len() + between.len() + cookie.name.len() + 1 + cookie.value.len() > room {
                break;
            }
            cookie.used = moment;
            for part in [between, &cookie.name, b"=", &cookie.value] {
                value.extend_from_slice(part);
            }
        }
        let mut value = HeaderValue::from_bytes(&value).ok().filter(|value| !value.is_empty())?;
        value.set_sensitive(true);
        Some(value)
    }

    fn put(&mut self, mut cookie: Cookie, now: u64) -> Result<(), &'static str> {
        let limits = &self.limits;
        if cookie.name.len() + cookie.value.len() > limits.cookie_bytes {
            return Err("a cookie that is larger than the limit");
        }
        if cookie.domain.len() + cookie.path.len() > limits.place_bytes {
            return Err("a cookie whose domain and path are larger than the limit");
        }
        self.moment += 1;
        (cookie.created, cookie.used) = (self.moment, self.moment);
        let site = site_of(&cookie.domain);
        if let Some(cookies) = self.sites.get_mut(site) {
            if let Some(at) = cookies.iter().position(|old| old.is_same(&cookie)) {
                cookie.created = cookies[at].created;
                cookies.remove(at);
                self.len -= 1;
            }
        }
        if !cookie.is_over(now) {
            self.sites.entry(site.into()).or_default().push(cookie.clone());
            self.len += 1;
        }
        self.keep_within_limits(site_of(&cookie.domain), now);
        Ok(())
    }

    /// Lets go of what is out of date, and then of what was not used for longest.
    fn keep_within_limits(&mut self, site: &str, now: u64) {
        if let Some(cookies) = self.sites.get_mut(site) {
            let before = cookies.len();
            cookies.retain(|cookie| !cookie.is_over(now));
            while cookies.len() > self.limits.per_site {
                let coldest = cookies.iter().enumerate().min_by_key(|(_, cookie)| cookie.used);
                let Some((at, _)) = coldest else { break };
                cookies.remove(at);
            }
            self.len -= before - cookies.len();
            if cookies.is_empty() {
                self.sites.remove(site);
            }
        }
        if self.len > self.limits.total {
            self.sites.values_mut().for_each(|cookies| cookies.retain(|cookie| !cookie.is_over(now)));
            let mut used: Vec<u64> = self.iter().map(|cookie| cookie.used).collect();
            used.sort_unstable();
            let surplus = used.len().saturating_sub(self.limits.total);
            let last = surplus.checked_sub(1).map(|at| used[at]);
            let is_cold = |cookie: &Cookie| last.is_some_and(|last| cookie.used <= last);
            self.sites.values_mut().for_each(|cookies| cookies.retain(|cookie| !is_cold(cookie)));
            self.sites.retain(|_, cookies| !cookies.is_empty());
            self.len = self.iter().count();
        }
    }

    /// Whether some of the requests that it would go to have a `Secure` one of its name already.
    fn hides_a_secure_one(&self, new: &Cookie, now: u64) -> bool {
        let related = |a: &str, b: &str| a == b || is_within(a, b) || is_within(b, a);
        let others = self.sites.get(site_of(&new.domain)).into_iter().flatten();
        others
            .filter(|old| old.secure && !old.is_over(now) && old.name == new.name)
            .any(|old| related(&old.domain, &new.domain) && is_path_within(&new.path, &old.path))
    }
}

/// The domain that it is for; `None`: its host alone.
fn domain_of(said: &SetCookie<'_>, place: Place<'_>) -> Result<Option<String>, &'static str> {
    let Some(domain) = &said.domain else { return Ok(None) };
    if domain == place.host && (place.is_address || is_public(domain)) {
        return Ok(None);
    }
    if place.is_address || (domain != place.host && !is_within(place.host, domain)) {
        return Err("a cookie for a domain that its host is not in");
    }
    if is_public(domain) {
        return Err("a cookie for a public suffix");
    }
    Ok(Some(domain.clone()))
}

/// Names that begin so say something of how they were set.
fn keeps_its_promise(said: &SetCookie<'_>, host_only: bool) -> Result<(), &'static str> {
    let name = said.name.to_ascii_lowercase();
    let has_root = said.path == Some("/");
    if name.starts_with(b"__secure-") && !said.secure {
        return Err("a __Secure- cookie that is not Secure");
    }
    if name.starts_with(b"__host-") && !(said.secure && host_only && said.domain.is_none() && has_root) {
        return Err("a __Host- cookie that is not Secure, for one host and for all of it");
    }
    Ok(())
}

/// Whether it is a suffix under which anybody can have a domain.
pub(super) fn is_public(domain: &str) -> bool {
    psl::List.suffix(domain.as_bytes()).is_some_and(|suffix| suffix == domain)
}

/// The domain that somebody registered with all that is in it; of an address, and of a suffix, that itself.
fn site_of(host: &str) -> &str {
    if host.starts_with('[') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return host;
    }
    let domain = psl::List.domain(host.as_bytes());
    let len = domain.map_or(host.len(), |domain| domain.as_bytes().len());
    &host[host.len() - len..]
}

fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.len() > 1 && front.ends_with('.'))
}

/// RFC 6265 section 5.1.4.
fn is_path_within(path: &str, of_cookie: &str) -> bool {
    let path = if path.starts_with('/') { path } else { "/" };
    let rest = path.strip_prefix(of_cookie);
    rest.is_some_and(|rest| rest.is_empty() || of_cookie.ends_with('/') || rest.starts_with('/'))
}

/// The path of a cookie that says none.
fn directory(path: &str) -> &str {
    match path.rfind('/') {
        Some(at) if at > 0 && path.starts_with('/') => &path[..at],
        Some(_) | None => "/",
    }
}

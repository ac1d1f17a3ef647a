//! What the tests of secrets share: requests that have some, and what each origin may see of them.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test takes what it needs")]

use http::{HeaderName, HeaderValue, Method, Request};
use httpocean_core::policy::redirect::Redirects;
use httpocean_core::{Config, call};
use httpocean_tests::{Body, Client, On, Seen, Sites};

/// Name, value, and whether it is marked as sensitive.
pub type Secret<'s> = (&'s str, &'s str, bool);

/// What each secret of a request is called and made of.
pub const SECRETS: [(&str, &[Secret<'_>]); 11] = [
    ("authorization", &[("authorization", "Basic c2VjcmV0", false)]),
    (
        "two challenges",
        &[("proxy-authenticate", "secret one", false), ("proxy-authenticate", "secret two", false)],
    ),
    ("cookies", &[("cookie", "secret=1", false), ("cookie", "secret=2", false)]),
    ("cookie2", &[("cookie2", "$Version=secret", false)]),
    ("proxy-authorization", &[("proxy-authorization", "secret", false)]),
    ("www-authenticate", &[("www-authenticate", "secret", false)]),
    ("proxy-authenticate", &[("proxy-authenticate", "secret", false)]),
    ("marked", &[("x-token", "secret", true)]),
    ("one of two marked", &[("x-token", "not by itself", false), ("x-token", "secret", true)]),
    ("listed", &[("x-api-key", "secret", false)]),
    ("listed and marked", &[("x-api-key", "secret", true), ("x-api-key", "secret", false)]),
];

pub const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

pub const METHODS: [Method; 5] = [Method::GET, Method::HEAD, Method::DELETE, Method::POST, Method::PUT];

const PUBLIC: [(&str, &str); 5] = [
    ("user-agent", "test/1"),
    ("accept", "text/*"),
    ("x-public", "for all"),
    ("referer", "http://of.the.user/"),
    ("content-language", "en"),
];

const CONTENT: &str = "content";

/// A name and a value.
type Field = (String, String);

/// Where a request of a chain goes to.
#[derive(Clone, Copy, Debug)]
pub struct Stop<'s> {
    /// Scheme and authority as the user or a `Location` writes them; nothing, where the `Location` is relative.
    pub spelled: &'s str,
    /// What the `Host` field says then: it also tells origins apart, all being `http`.
    pub host: &'s str,
    /// The server that is reached.
    pub site: &'s str,
}

/// A request with secrets.
#[derive(Clone, Debug)]
pub struct Order<'s> {
    pub method: Method,
    pub secrets: Vec<Secret<'s>>,
    /// Says by itself, and not by the client, what is secret.
    pub per_request: bool,
}

impl<'s> Order<'s> {
    /// With one of the [`SECRETS`], or with all.
    pub fn of(method: &Method, secret: Option<usize>) -> Self {
        let secrets = match secret {
            Some(which) => SECRETS[which].1.to_vec(),
            None => SECRETS.iter().flat_map(|(_, fields)| *fields).copied().collect(),
        };
        Self { method: method.clone(), secrets, per_request: false }
    }

    pub fn has_body(&self) -> bool {
        [Method::POST, Method::PUT].contains(&self.method)
    }

    fn request(&self, url: &str) -> Request<Body> {
        let body = if self.has_body() { Body::from(CONTENT) } else { Body::empty() };
        let mut request = Request::builder().method(self.method.clone()).uri(url).body(body).unwrap();
        for (name, value) in PUBLIC {
            request.headers_mut().append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        for (name, value, marked) in &self.secrets {
            let mut value = HeaderValue::from_str(value).unwrap();
            value.set_sensitive(*marked);
            request.headers_mut().append(name.parse::<HeaderName>().unwrap(), value);
        }
        if self.per_request {
            request.extensions_mut().insert(std::sync::Arc::new(config(true)));
        }
        request
    }

    /// What the server of a stop is to see after so many redirects of that status, all told.
    fn told(&self, stop: Stop<'_>, hop: usize, status: u16, secrets: bool) -> (String, String, Vec<Field>) {
        let (method, described) = match (hop, status) {
            (0, _) | (_, 307 | 308) => (self.method.clone(), true),
            (_, 303) if ![Method::GET, Method::HEAD].contains(&self.method) => (Method::GET, false),
            (_, 301 | 302) if self.method == Method::POST => (Method::GET, false),
            _ => (self.method.clone(), true),
        };
        let mut fields: Vec<_> = PUBLIC.iter().map(|(name, value)| field(name, value)).collect();
        if secrets {
            let (cookies, others): (Vec<_>, Vec<_>) = self
                .secrets
                .iter()
                .map(|(name, value, _)| (*name, *value))
                .partition(|(name, _)| *name == "cookie");
            fields.extend(others.iter().map(|(name, value)| field(name, value)));
            // They go on one line.
            let cookies: Vec<_> = cookies.iter().map(|(_, value)| *value).collect();
            fields.extend((!cookies.is_empty()).then(|| field("cookie", &cookies.join("; "))));
        }
        fields.retain(|(name, _)| described || !name.starts_with("content-"));
        if described && self.has_body() {
            fields.push(field("content-length", &CONTENT.len().to_string()));
        }
        fields.push(field("host", stop.host));
        fields.sort();
        (method.to_string(), format!("/{hop}"), fields)
    }
}

/// Options by which `x-api-key` is secret, or is not; with no field that the user did not give.
pub fn config(listed: bool) -> Config {
    let call = call::Options { user_agent: None, ..call::Options::default() };
    let sensitive = if listed { vec![HeaderName::from_static("x-api-key")] } else { Vec::new() };
    Config { call, redirects: Redirects { sensitive, ..Redirects::default() }, ..Config::default() }
}

/// A client that knows where the sites are; `x-api-key` is secret to it, or it is to requests alone.
pub fn client(on: On, sites: &Sites, listed: bool) -> Client {
    on.builder().names(&sites.names()).config(config(listed)).build()
}

/// Sends the order along the stops, and checks all that every site was told.
///
/// # Panics
/// When one was told more than it may be, or less.
#[track_caller]
pub fn goes(client: &Client, sites: &Sites, order: &Order<'_>, status: u16, stops: &[Stop<'_>]) {
    let url = |(hop, stop): (usize, &Stop<'_>)| format!("{}/{hop}", stop.spelled);
    let urls: Vec<_> = stops.iter().enumerate().map(url).collect();
    sites.redirect(status, &urls[1..]);
    let what = || format!("{status}, {order:?}, {stops:?}");
    let mut response =
        client.send(order.request(&urls[0])).unwrap_or_else(|error| panic!("{error}: {}", what()));
    response.body_mut().read_to_vec(100).unwrap();
    assert_eq!(
        (response.status().as_u16(), response.body().hops().len()),
        (200, stops.len() - 1),
        "{}",
        what()
    );

    let seen = sites.take();
    assert_eq!(seen.len(), stops.len(), "{}", what());
    let mut secrets = true;
    for (hop, (seen, stop)) in seen.iter().zip(stops).enumerate() {
        secrets &= stop.host == stops[0].host;
        assert_eq!(seen.site, stop.site, "request {hop} of {}", what());
        assert_eq!(told(seen), order.told(*stop, hop, status, secrets), "request {hop} of {}", what());
    }
}

/// Method, target and fields in the order of the alphabet.
pub fn told(seen: &Seen) -> (String, String, Vec<Field>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let request = &seen.request;
    let mut fields: Vec<_> =
        request.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    fields.sort();
    (request.method.clone(), request.target.clone(), fields)
}

fn field(name: &str, value: &str) -> Field {
    (name.to_owned(), value.to_owned())
}

/// A stop at a name.
pub fn stop<'s>(spelled: &'s str, host: &'s str, site: &'s str) -> Stop<'s> {
    Stop { spelled, host, site }
}

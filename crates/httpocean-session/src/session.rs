//! All of it together, as a driver asks for it.

use std::sync::Arc;

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, PROXY_AUTHORIZATION};
use http::{Method, Request};
use httpocean_core::{Call, Head};

use crate::credentials::Credentials;
#[cfg(feature = "cookies")]
use crate::jar::Jar;

/// Fields that nothing prints.
const SECRET: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];

/// What a client adds to requests: to all, and to each attempt by its origin.
///
/// Nothing is sent, or learnt from, where the user's own `Host` names another site than the URL does, nor with `TRACE`,
/// which comes back whole, nor with `CONNECT`, whose target is a stream.
#[derive(Clone, Debug, Default)]
pub struct Session {
    fields: HeaderMap,
    credentials: Arc<Credentials>,
    #[cfg(feature = "cookies")]
    jar: Option<Jar>,
}

impl Session {
    /// One that adds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// With fields that each request has unless it has some of that name. They count as the request's own: a redirect
    /// takes them along, but for secrets, which no other origin is told.
    #[must_use]
    pub fn default_fields(mut self, mut fields: HeaderMap) -> Self {
        for (_, value) in fields.iter_mut().filter(|(name, _)| SECRET.contains(name)) {
            value.set_sensitive(true);
        }
        self.fields = fields;
        self
    }

    /// With who the user is to which origin.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Arc::new(credentials);
        self
    }

    /// With cookies that are kept in `jar`.
    #[cfg(feature = "cookies")]
    #[must_use]
    pub fn jar(mut self, jar: Jar) -> Self {
        self.jar = Some(jar);
        self
    }

    /// Its cookies.
    #[cfg(feature = "cookies")]
    pub fn cookies(&self) -> Option<&Jar> {
        self.jar.as_ref()
    }

    /// Whether it adds anything at all, ever. A driver without a session does less.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && !self.looks_at_attempts()
    }

    /// Whether it has anything to say of attempts; else only [`begin`](Self::begin) does something.
    pub fn looks_at_attempts(&self) -> bool {
        #[cfg(feature = "cookies")]
        let keeps_cookies = self.jar.is_some();
        #[cfg(not(feature = "cookies"))]
        let keeps_cookies = false;
        keeps_cookies || !self.credentials.is_empty()
    }

    /// Gives a request the default fields that it has not, before a call is made of it. Of a name that the request has
    /// none is added.
    pub fn begin<B>(&self, request: &mut Request<B>) {
        let fields = request.headers_mut();
        for name in self.fields.keys().filter(|name| !fields.contains_key(*name)).collect::<Vec<_>>() {
            for value in self.fields.get_all(name) {
                fields.append(name, value.clone());
            }
        }
    }

    /// What the attempt that a call makes next is to have beside the request's own fields, at `now`, in seconds since
    /// 1970. All of it is for that attempt's origin alone.
    pub fn fields_for(&self, call: &Call, now: u64) -> HeaderMap {
        let mut fields = HeaderMap::new();
        if !is_ours(call) {
            return fields;
        }
        if !call.request().headers().contains_key(AUTHORIZATION) {
            if let Some(value) = self.credentials.of(call) {
                fields.insert(AUTHORIZATION, value);
            }
        }
        #[cfg(feature = "cookies")]
        if let Some(value) = self.jar.as_ref().and_then(|jar| jar.of(call.key(), call.uri().path(), now)) {
            fields.insert(COOKIE, value);
        }
        let _ = now;
        fields
    }

    /// Takes in what a response to a call says, of the answer or in passing, at `now`, in seconds since 1970. Interim
    /// responses are not for it.
    pub fn learn(&self, call: &Call, head: &Head<'_>, now: u64) {
        #[cfg(feature = "cookies")]
        if let Some(jar) = self.jar.as_ref().filter(|_| is_ours(call)) {
            for value in head.values("set-cookie") {
                // What is refused was the server's to know better.
                let _ = jar.learn(call.key(), call.uri().path(), value, now);
            }
        }
        #[cfg(not(feature = "cookies"))]
        let _ = (call, head, now);
    }
}

fn is_ours(call: &Call) -> bool {
    let request = call.request();
    if *request.method() == Method::TRACE || *request.method() == Method::CONNECT {
        return false;
    }
    let host = request.headers().get(HOST);
    host.is_none_or(|host| host.as_bytes().eq_ignore_ascii_case(call.key().authority().as_bytes()))
}

//! Requests, put together in a line.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use httpocean_core::policy::Retries;
use httpocean_core::policy::redirect::{Fragment, Redirects};
use httpocean_core::{Config, auth};
use httpocean_driver::Error;

use crate::body::Body;
use crate::client::Client;
use crate::response::Response;

/// A request on its way to [`send`](Self::send).
///
/// ```
/// use httpocean_std::Client;
/// # let server = httpocean_testkit::server::Server::start(|_| httpocean_testkit::server::Reply::ok("thanks"));
/// # let url = server.url("/");
///
/// let response = Client::new().post(&url)?.header("content-type", "text/plain").body("hello").send()?;
/// assert_eq!(response.status(), 200);
/// # Ok::<(), httpocean_std::Error>(())
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: Client,
    pub(crate) request: Request<Body>,
    own: Option<Config>,
    pub(crate) fault: Option<&'static str>,
}

impl RequestBuilder {
    pub(crate) fn new(client: Client, method: Method, uri: Uri, fragment: Option<Fragment>) -> Self {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        if let Some(fragment) = fragment {
            request.extensions_mut().insert(fragment);
        }
        Self { client, request, own: None, fault: None }
    }

    /// One more header field. One that is not acceptable fails the request when it is sent, before anything
    /// else is done.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(value)) => {
                self.request.headers_mut().append(name, value);
            }
            (Err(_), _) => self.fault = Some("a header name has a byte that no name may have"),
            (_, Err(_)) => self.fault = Some("a header value has a byte that no value may have"),
        }
        self
    }

    /// These header fields in place of all so far.
    pub fn headers(mut self, fields: HeaderMap) -> Self {
        *self.request.headers_mut() = fields;
        self
    }

    /// Says who the user is by a name and a password (RFC 7617): to the origin of the URL, and to no other.
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.authorization(auth::basic(user.as_bytes(), password.as_bytes()))
    }

    /// Says who the user is by a token (RFC 6750): to the origin of the URL, and to no other.
    pub fn bearer_auth(self, token: &str) -> Self {
        self.authorization(auth::bearer(token))
    }

    fn authorization(mut self, value: Result<HeaderValue, &'static str>) -> Self {
        match value {
            Ok(value) => _ = self.request.headers_mut().insert(AUTHORIZATION, value),
            Err(what) => self.fault = Some(what),
        }
        self
    }

    /// The body.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        *self.request.body_mut() = body.into();
        self
    }

    /// Other options than the client's. What concerns dials is the client's all the same: a dial is not made for
    /// one request alone.
    pub fn config(mut self, config: Config) -> Self {
        self.own = Some(config);
        self
    }

    /// From the start of the request to the end of the response's body, redirects, retries and waits included, at
    /// most so long.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.own().call.total = Some(limit);
        self
    }

    /// Which redirects are followed, and how.
    pub fn redirects(mut self, options: Redirects) -> Self {
        self.own().redirects = options;
        self
    }

    /// When it is tried again, within the client's budget.
    pub fn retries(mut self, options: Retries) -> Self {
        self.own().retries = options;
        self
    }

    /// Sends it and waits for the head of the response.
    pub fn send(mut self) -> Result<Response, Error> {
        if let Some(what) = self.fault {
            return Err(Error::request(what, self.request.uri().clone()));
        }
        if let Some(config) = self.own.take() {
            self.request.extensions_mut().insert(Arc::new(config));
        }
        self.client.send(self.request)
    }

    /// Options of its own, to begin with those of the client.
    fn own(&mut self) -> &mut Config {
        let client = &self.client;
        self.own.get_or_insert_with(|| Config::clone(client.config()))
    }
}

/// What may be secret is left out: a user name, a password, the query, the values of fields.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder")
            .field("method", self.request.method())
            .field("host", &self.request.uri().host())
            .field("path", &self.request.uri().path())
            .field("fields", &self.request.headers().keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

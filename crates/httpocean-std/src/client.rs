//! The client: one pool for every host.

use std::sync::Arc;

use http::{Method, Request, Uri};
use httpocean_core::policy::redirect::Fragment;
use httpocean_core::{Call, Config};
use httpocean_driver::{Error, Stats};

use crate::body::Body;
use crate::builder::ClientBuilder;
use crate::contention::Contention;
use crate::decoding::Content;
use crate::incoming::Incoming;
use crate::request::RequestBuilder;
use crate::response::Response;
use crate::shared::Shared;

/// A blocking HTTP/1.1 client. It makes a pool for every host by itself, and keeps connections open between
/// requests.
///
/// Connecting takes at most 10 s; nothing else has a deadline unless you give it one, as with
/// [`ClientBuilder::total_timeout`]: a server that is silent for ever is waited for for ever.
///
/// Clones share one pool, and so do threads. When the last clone is dropped, idle connections close; bodies
/// that are still being read keep theirs to the end.
///
/// ```
/// use httpocean_std::Client;
/// # let server = httpocean_testkit::server::Server::start(|_| httpocean_testkit::server::Reply::ok("hello"));
/// # let url = server.url("/");
///
/// let client = Client::new();
/// let mut response = client.get(&url)?.send()?;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.body_mut().read_to_string(1_000_000)?, "hello");
/// # Ok::<(), httpocean_std::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    content: Content,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.shut_down();
    }
}

impl Client {
    pub(crate) fn of(shared: Shared, content: Content) -> Self {
        Self { inner: Arc::new(Inner { shared: Arc::new(shared), content }) }
    }

    /// A client with the default options.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A client with options of your own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A GET of `url`. The error says what is wrong with the URL.
    pub fn get(&self, url: impl AsRef<str>) -> Result<RequestBuilder, Error> {
        self.request(Method::GET, url)
    }

    /// A HEAD of `url`.
    pub fn head(&self, url: impl AsRef<str>) -> Result<RequestBuilder, Error> {
        self.request(Method::HEAD, url)
    }

    /// A POST to `url`.
    pub fn post(&self, url: impl AsRef<str>) -> Result<RequestBuilder, Error> {
        self.request(Method::POST, url)
    }

    /// A PUT to `url`.
    pub fn put(&self, url: impl AsRef<str>) -> Result<RequestBuilder, Error> {
        self.request(Method::PUT, url)
    }

    /// A DELETE of `url`.
    pub fn delete(&self, url: impl AsRef<str>) -> Result<RequestBuilder, Error> {
        self.request(Method::DELETE, url)
    }

    /// A request of any method.
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> Result<RequestBuilder, Error> {
        let uri: Uri = url.as_ref().parse().map_err(|_| Error::url(url.as_ref()))?;
        Ok(RequestBuilder::new(self.clone(), method, uri, Fragment::of(url.as_ref())))
    }

    /// Sends a request and waits for the head of its response; the body is read from the response.
    ///
    /// An `Arc<`[`Config`]`>` among the request's extensions stands in for the client's as
    /// [`Config::of_request`] says: what concerns dials stays the client's.
    pub fn send<B: Into<Body>>(&self, request: Request<B>) -> Result<Response, Error> {
        let Inner { shared, content } = &*self.inner;
        let (parts, body) = request.into_parts();
        let mut request = Request::from_parts(parts, ());
        let decoding = content.ask(&mut request);
        let mut body = body.into();
        body.start_here();
        let uri = request.uri().clone();
        let now = shared.clock.now();
        let config = match shared.config.of_request(request.extensions()) {
            Ok(config) => config.clone(),
            Err(verdict) => return Err(Error::new(verdict, uri)),
        };
        if let Some(session) = &shared.session {
            session.begin(&mut request);
        }
        let known = shared.known_key(request.uri());
        let call = Call::of_client(request, body.plan(), &config, &shared.common, known.clone(), now);
        let mut incoming = match Incoming::begin(shared, call, body, now) {
            Ok(incoming) => incoming,
            Err(verdict) => return Err(Error::new(verdict, uri)),
        };
        if known.as_ref() != Some(incoming.key()) {
            shared.remember_key(incoming.key());
        }
        let mut head = incoming.take_head()?;
        content.take_in(&mut head, &mut incoming, decoding);
        let response = head.map(|()| Body::incoming_from(incoming));
        Ok(Response::new(response, content.collect_limit))
    }

    /// The options that requests have unless they bring others.
    pub fn config(&self) -> &Arc<Config> {
        &self.inner.shared.config
    }

    /// What it did so far, and what it holds.
    pub fn stats(&self) -> Stats {
        self.inner.shared.stats()
    }

    /// How often the threads that use it, and its own, got in each other's way.
    pub fn contention(&self) -> Contention {
        self.inner.shared.contention()
    }

    /// Closes connections whose time is over. Every request does that on its way; this is for who sends none
    /// for long and cares about sockets.
    pub fn tend(&self) {
        self.inner.shared.with_pool(|_, _| ());
    }

    /// Makes connections before anybody asks for them, until so many to the host of this URL are there for the taking.
    /// It returns at once. It is a wish, obeyed within all limits and past nobody: see
    /// [`Pool::preconnect`](httpocean_core::Pool::preconnect).
    ///
    /// # Errors
    /// When no request could be made for it.
    pub fn preconnect(&self, url: impl AsRef<str>, count: usize) -> Result<(), Error> {
        let url = url.as_ref();
        let uri: Uri = url.parse().map_err(|_| Error::url(url))?;
        let shared = &self.inner.shared;
        let key = shared.config.key_for(&uri).map_err(|verdict| Error::new(verdict, uri))?;
        shared.with_pool(|pool, now| pool.preconnect(&key, count, now));
        Ok(())
    }

    /// Closes all idle connections; those in use close when their request is done.
    pub fn clear_idle(&self) {
        self.inner.shared.with_pool(|pool, now| pool.evict(|_| true, now));
    }

    /// Closes all idle connections, and refuses all requests from now on, of every clone.
    pub fn close(&self) {
        self.inner.shared.shut_down();
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

//! The client: one pool for every host.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Uri};
use httpocean_core::layer::Security;
use httpocean_core::policy::redirect::{Fragment, Redirects};
use httpocean_core::policy::{Budget, Common, Retries, Seed};
use httpocean_core::proxy::Rules;
use httpocean_core::{Call, Config, call, dial, pool};
use httpocean_driver::session::Session;
use httpocean_driver::{Error, Observer, Stats, random_seed, with_tls};

use crate::body::Body;
use crate::contention::Contention;
use crate::decoding::Content;
use crate::incoming::Incoming;
use crate::request::RequestBuilder;
use crate::response::Response;
use crate::shared::Shared;
use crate::tcp::TcpConnector;
use crate::transport::Connect;

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
        let (mut parts, body) = request.into_parts();
        let decoding = content.ask(&mut parts);
        let mut body = body.into();
        body.start_here();
        let uri = parts.uri.clone();
        let now = shared.clock.now();
        let config = match shared.config.of_request(&parts.extensions) {
            Ok(config) => config.clone(),
            Err(verdict) => return Err(Error::new(verdict, uri)),
        };
        let mut request = Request::from_parts(parts, ());
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
        let (mut parts, ()) = incoming.take_head()?.into_parts();
        content.take_in(&mut parts, &mut incoming, decoding);
        let response = http::Response::from_parts(parts, Body::incoming_from(incoming));
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

/// Makes a [`Client`].
///
/// ```
/// use std::time::Duration;
/// use httpocean_std::{Client, pool};
///
/// let client = Client::builder()
///     .pool(pool::Options { max_per_key: 8, ..pool::Options::default() })
///     .total_timeout(Duration::from_secs(30))
///     .build();
/// # drop(client);
/// ```
#[derive(Default)]
pub struct ClientBuilder {
    pool: Option<pool::Options>,
    pub(crate) config: Config,
    pub(crate) session: Session,
    connector: Option<Box<dyn Connect>>,
    observer: Option<Arc<dyn Observer>>,
    dial_threads: Option<usize>,
    probe_after: Duration,
    names_for: Duration,
    budget: Budget,
    content: Content,
}

impl ClientBuilder {
    /// What the pool may hold, for how long, and in which order it hands out. A seed of 0 is replaced by a
    /// random one.
    ///
    /// A connection that is being made counts as one, though several sockets may be open for it for a moment,
    /// while the addresses of its host race.
    #[must_use]
    pub fn pool(mut self, options: pool::Options) -> Self {
        self.pool = Some(options);
        self
    }

    /// All options of requests and dials at once.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// What requests obey: deadlines, expectations.
    #[must_use]
    pub fn call(mut self, options: call::Options) -> Self {
        self.config.call = options;
        self
    }

    /// What dials obey: deadlines, the head start of each address before the next, and which addresses may be
    /// connected to at all.
    ///
    /// ```
    /// use httpocean_std::dial::{self, AddressFilter};
    /// use httpocean_std::{Client, ErrorKind, TransportError};
    ///
    /// // URLs come from outside: they must not lead to this machine.
    /// let filter = AddressFilter::new(|addr| !addr.ip().is_loopback() && !addr.ip().is_unspecified());
    /// let client = Client::builder().dial(dial::Options { filter, ..dial::Options::default() }).build();
    /// let error = client.get("http://localhost/")?.send().unwrap_err();
    /// assert_eq!(error.kind(), &ErrorKind::Resolve(TransportError::Filtered));
    /// # Ok::<(), httpocean_std::Error>(())
    /// ```
    #[must_use]
    pub fn dial(mut self, options: dial::Options) -> Self {
        self.config.dial = options;
        self
    }

    /// Addresses to connect to for some hosts, in place of those that their names lead to. Default none.
    ///
    /// ```
    /// use httpocean_std::{Client, dial::Pins};
    /// # let server = httpocean_testkit::server::Server::start(|_| httpocean_testkit::server::Reply::ok("hello"));
    /// # let staging = server.addr();
    ///
    /// let pins = Pins::default().pin("shop.example:80", [staging]).expect("a host and a port");
    /// let client = Client::builder().pins(pins).build();
    /// let response = client.get("http://shop.example/")?.send()?;
    /// assert_eq!(response.body().connection().map(|connection| connection.peer), Some(Some(staging)));
    /// # Ok::<(), httpocean_std::Error>(())
    /// ```
    #[must_use]
    pub fn pins(mut self, pins: dial::Pins) -> Self {
        self.config.dial.pins = pins;
        self
    }

    /// Which proxies requests take: one for all, or [`Rules`], such as those of the environment
    /// ([`proxies_from_env`](crate::proxies_from_env)). Default none.
    #[must_use]
    pub fn proxy(mut self, rules: impl Into<Rules>) -> Self {
        self.config.proxy = rules.into();
        self
    }

    /// How connections of https are secured. Default, with the feature `rustls`: for whom Mozilla's authorities vouch,
    /// by TLS 1.2 or 1.3.
    ///
    /// ```
    /// use httpocean_std::Client;
    /// use httpocean_std::rustls::Tls;
    ///
    /// # let ca = std::env::temp_dir().join("httpocean-ca-of-an-example.pem");
    /// // Our own authority, and nobody else.
    /// let tls = Tls::builder().ca_file(ca).build();
    /// # let tls = tls.or_else(|_| Tls::builder().build());
    /// let client = Client::builder().tls(tls?).build();
    /// # drop(client);
    /// # Ok::<(), httpocean_std::rustls::OptionsError>(())
    /// ```
    #[must_use]
    pub fn tls(mut self, tls: impl Into<Security>) -> Self {
        self.config.tls = Some(tls.into());
        self
    }

    /// From the start of a request to the end of its response's body. Default none.
    #[must_use]
    pub fn total_timeout(mut self, limit: Duration) -> Self {
        self.config.call.total = Some(limit);
        self
    }

    /// Connecting, all addresses of a host together, at most so long. Default 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.config.dial.connect = Some(limit);
        self
    }

    /// Waiting for the first byte of a response, and for each next one, at most so long: urllib3's and
    /// requests' read timeout. Default none.
    #[must_use]
    pub fn read_timeout(mut self, limit: Duration) -> Self {
        self.config.call.first_byte = Some(limit);
        self.config.call.idle = Some(limit);
        self
    }

    /// Which redirects are followed, and how. Default 10, as browsers follow them, without secrets to another
    /// origin.
    ///
    /// ```
    /// use httpocean_std::Client;
    /// use httpocean_std::policy::redirect::Redirects;
    ///
    /// // Hands redirects over as the responses that they are.
    /// let client = Client::builder().redirects(Redirects { limit: 0, ..Redirects::default() }).build();
    /// # drop(client);
    /// ```
    #[must_use]
    pub fn redirects(mut self, options: Redirects) -> Self {
        self.config.redirects = options;
        self
    }

    /// When a request is tried again. Default never, but for a connection that had gone stale.
    ///
    /// ```
    /// use httpocean_std::Client;
    /// use httpocean_std::policy::Retries;
    ///
    /// let client = Client::builder().retries(Retries::new(3)).build();
    /// # drop(client);
    /// ```
    #[must_use]
    pub fn retries(mut self, options: Retries) -> Self {
        self.config.retries = options;
        self
    }

    /// How many of its requests may be retrying at a time. Default 20, or 20 percent of those that are under way.
    #[must_use]
    pub fn retry_budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Who makes connections. Default: [`TcpConnector`].
    #[must_use]
    pub fn connector(mut self, connector: impl Connect) -> Self {
        self.connector = Some(Box::new(connector));
        self
    }

    /// Who is told what is decided.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Threads that make connections, at most; they are started when needed. Default: as many as
    /// dials may run at a time, [`pool::Options::max_dials`].
    #[must_use]
    pub fn dial_threads(mut self, most: usize) -> Self {
        self.dial_threads = Some(most);
        self
    }

    /// Ask a connection whether it is still there only if it was idle for so long. Default: always, with one
    /// system call that does not wait.
    #[must_use]
    pub fn probe_after(mut self, idle: Duration) -> Self {
        self.probe_after = idle;
        self
    }

    /// How long the addresses of a name are kept. Default not at all: the system's resolver does not say how long they
    /// hold. Look-ups of one name at a time are one in any case.
    #[must_use]
    pub fn names_for(mut self, time: Duration) -> Self {
        self.names_for = time;
        self
    }

    /// How many bytes of a body [`Response::bytes`], [`Response::text`] and their like hold at most, once decoded,
    /// unless the response is told otherwise. Default [`COLLECT_LIMIT`](crate::COLLECT_LIMIT).
    #[must_use]
    pub fn collect_limit(mut self, bytes: u64) -> Self {
        self.content.collect_limit = bytes;
        self
    }

    /// What becomes of responses in a content coding such as gzip, unless a request says otherwise. Default: those that
    /// are built in are asked for and decoded, within the default [`Limits`](crate::content::Limits).
    #[cfg(feature = "_codings")]
    #[must_use]
    pub fn decoding(mut self, decoding: crate::Decoding) -> Self {
        self.content.decoding = decoding;
        self
    }

    /// The client.
    pub fn build(self) -> Client {
        let mut pool = self.pool.unwrap_or_default();
        if pool.seed == 0 {
            pool.seed = random_seed();
        }
        let connector = self.connector.unwrap_or_else(|| Box::new(TcpConnector::default()));
        let threads = self.dial_threads.unwrap_or(pool.max_dials);
        let shows_passing = self.session.looks_at_attempts();
        let seed = Seed::new(pool.seed);
        let common = Common { budget: self.budget, seed, shows_passing, ..Common::default() };
        let config = with_tls(Arc::new(self.config));
        let shared = Shared::new(pool, config, connector, self.observer, threads, self.probe_after, common)
            .with(self.session)
            .keeping_names(self.names_for);
        Client { inner: Arc::new(Inner { shared: Arc::new(shared), content: self.content }) }
    }
}

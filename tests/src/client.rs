//! A client by whichever adapter, as handy as the one of httpocean-std.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request, Response, Uri};
use httpocean_core::layer::Security;
use httpocean_core::policy::redirect::{Fragment, Redirects};
use httpocean_core::policy::{Budget, Retries};
use httpocean_std::session::Session;
use httpocean_std::{Config, Error, Observer, Stats, call, dial, pool};

use crate::adapter::{Adapter, Setup};
use crate::body::{Body, Told};
use crate::counted::Open;
use crate::names::Names;
use crate::proxy::{Proxy, Sent};
use crate::way::{Journey, Way};

/// Clones share one pool.
#[derive(Clone)]
pub struct Client {
    adapter: Arc<dyn Adapter>,
    config: Arc<Config>,
    way: Way,
    /// Ends after the adapter, where the way leads through one.
    proxy: Option<Arc<Proxy>>,
}

impl Client {
    /// A GET of `url`.
    #[track_caller]
    pub fn get(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A HEAD of `url`.
    #[track_caller]
    pub fn head(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// A POST to `url`.
    #[track_caller]
    pub fn post(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// A PUT to `url`.
    #[track_caller]
    pub fn put(&self, url: impl AsRef<str>) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// A request of any method.
    ///
    /// # Panics
    /// When `url` is none: nothing that a client could be asked to do.
    #[track_caller]
    pub fn request(&self, method: Method, url: impl AsRef<str>) -> RequestBuilder {
        let uri: Uri = url.as_ref().parse().unwrap_or_else(|error| panic!("{:?}: {error}", url.as_ref()));
        let mut request = Request::new(());
        (*request.method_mut(), *request.uri_mut()) = (method, uri);
        if let Some(fragment) = Fragment::of(url.as_ref()) {
            request.extensions_mut().insert(fragment);
        }
        RequestBuilder { client: self.clone(), request, body: Body::empty() }
    }

    /// Sends a request and waits for the head of its response.
    ///
    /// # Errors
    /// The adapter's.
    pub fn send<B: Into<Body>>(&self, request: Request<B>) -> Result<Response<Body>, Error> {
        let (mut parts, body) = request.into_parts();
        if let Some(own) = parts.extensions.get_mut::<Arc<Config>>() {
            self.way.take(Arc::make_mut(own), self.proxy.as_deref());
        }
        let answer = self.adapter.send(Request::from_parts(parts, ()), body.into())?;
        let (parts, ()) = answer.head.into_parts();
        let told = Told {
            body: answer.body,
            reason: answer.reason,
            interim: answer.interim,
            hops: answer.hops,
            connection: answer.connection,
            url: answer.url,
        };
        let body = Body::received(told);
        Ok(Response::from_parts(parts, body))
    }

    /// Whether all that servers sent is here, or on its way by TCP: nothing of it is in the hands of a proxy.
    pub fn is_reached_by(&self, sent: &Sent) -> bool {
        self.proxy.as_ref().is_none_or(|proxy| proxy.has_handed_on(sent))
    }

    /// What it did so far, and what it holds.
    pub fn stats(&self) -> Stats {
        self.adapter.stats()
    }

    /// Makes connections before anybody asks, until so many are there for the taking.
    ///
    /// # Panics
    /// When that is no URL.
    #[track_caller]
    pub fn preconnect(&self, url: impl AsRef<str>, count: usize) -> Result<(), Error> {
        self.adapter.preconnect(url.as_ref().parse().expect("a URL"), count)
    }

    /// Closes what has been idle for too long.
    pub fn tend(&self) {
        self.adapter.tend();
    }

    /// Closes all idle connections.
    pub fn clear_idle(&self) {
        self.adapter.clear_idle();
    }

    /// Closes all idle connections, and refuses all requests from now on.
    pub fn close(&self) {
        self.adapter.close();
    }
}

/// Makes a [`Client`].
pub struct Builder {
    build: fn(Setup) -> Arc<dyn Adapter>,
    journey: &'static Journey,
    setup: Setup,
}

impl Builder {
    pub(crate) fn new(build: fn(Setup) -> Arc<dyn Adapter>, journey: &'static Journey) -> Self {
        Self { build, journey, setup: Setup::default() }
    }

    /// What the pool may hold.
    #[must_use]
    pub fn pool(mut self, options: pool::Options) -> Self {
        self.setup.pool = options;
        self
    }

    /// All options of requests and dials.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.setup.config = Arc::new(config);
        self
    }

    /// What requests obey.
    #[must_use]
    pub fn call(mut self, options: call::Options) -> Self {
        Arc::make_mut(&mut self.setup.config).call = options;
        self
    }

    /// Which redirects are followed.
    #[must_use]
    pub fn redirects(mut self, options: Redirects) -> Self {
        Arc::make_mut(&mut self.setup.config).redirects = options;
        self
    }

    /// How https is secured.
    #[must_use]
    pub fn tls(mut self, tls: impl Into<Security>) -> Self {
        Arc::make_mut(&mut self.setup.config).tls = Some(tls.into());
        self
    }

    /// When requests are tried again.
    #[must_use]
    pub fn retries(mut self, options: Retries) -> Self {
        Arc::make_mut(&mut self.setup.config).retries = options;
        self
    }

    /// What dials obey.
    #[must_use]
    pub fn dial(mut self, options: dial::Options) -> Self {
        Arc::make_mut(&mut self.setup.config).dial = options;
        self
    }

    /// How many of its requests may be retrying at a time.
    #[must_use]
    pub fn retry_budget(mut self, budget: Budget) -> Self {
        self.setup.budget = budget;
        self
    }

    /// What is added to requests.
    #[must_use]
    pub fn session(mut self, session: Session) -> Self {
        self.setup.session = session;
        self
    }

    /// Who is told what is decided.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer) -> Self {
        self.setup.observer = Some(Arc::new(observer));
        self
    }

    /// How long addresses are kept.
    #[must_use]
    pub fn names_for(mut self, time: Duration) -> Self {
        self.setup.names_for = time;
        self
    }

    /// Connects to a Unix socket.
    #[must_use]
    pub fn unix(mut self, path: impl Into<PathBuf>) -> Self {
        self.setup.unix = Some(path.into());
        self
    }

    /// Finds the addresses of hosts here.
    #[must_use]
    pub fn names(mut self, names: &Names) -> Self {
        self.setup.names = Some(names.clone());
        self
    }

    /// Counts its sockets.
    #[must_use]
    pub fn counted(mut self, open: &Open) -> Self {
        self.setup.open = Some(open.clone());
        self
    }

    /// The client.
    pub fn build(mut self) -> Client {
        let (way, proxy) = (self.journey.way, self.journey.proxy(self.setup.names.as_ref()));
        way.take(Arc::make_mut(&mut self.setup.config), proxy.as_ref());
        let config = self.setup.config.clone();
        Client { adapter: (self.build)(self.setup), config, way, proxy: proxy.map(Arc::new) }
    }
}

/// A request that is being made.
#[must_use = "nothing is sent until `send`"]
pub struct RequestBuilder {
    client: Client,
    request: Request<()>,
    body: Body,
}

impl RequestBuilder {
    /// One more field.
    ///
    /// # Panics
    /// When it is none.
    #[track_caller]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        let (Ok(name), Ok(value)) = (name.try_into(), value.try_into()) else { panic!("that is no field") };
        self.request.headers_mut().append(name, value);
        self
    }

    /// A body.
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self
    }

    /// Options in place of the client's.
    pub fn config(mut self, config: Config) -> Self {
        self.request.extensions_mut().insert(Arc::new(config));
        self
    }

    /// From now to the end of the response's body.
    pub fn timeout(self, limit: Duration) -> Self {
        self.change(|config| config.call.total = Some(limit))
    }

    /// Which redirects it follows.
    pub fn redirects(self, options: Redirects) -> Self {
        self.change(|config| config.redirects = options)
    }

    /// When it is tried again.
    pub fn retries(self, options: Retries) -> Self {
        self.change(|config| config.retries = options)
    }

    /// Options that differ from the client's in this.
    pub fn change(self, change: impl FnOnce(&mut Config)) -> Self {
        let own = self.request.extensions().get::<Arc<Config>>();
        let mut config = Config::clone(own.unwrap_or(&self.client.config));
        change(&mut config);
        self.config(config)
    }

    /// Sends it, and waits for the head of the response.
    ///
    /// # Errors
    /// The adapter's.
    pub fn send(self) -> Result<Response<Body>, Error> {
        self.client.send(self.request.map(|()| self.body))
    }
}

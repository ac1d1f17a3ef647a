//! What a client is made with.

use std::sync::Arc;
use std::time::Duration;

use httpocean_core::layer::Security;
use httpocean_core::policy::redirect::Redirects;
use httpocean_core::policy::{Budget, Common, Retries, Seed};
use httpocean_core::proxy::Rules;
use httpocean_core::{Config, call, dial, pool};
use httpocean_driver::session::Session;
use httpocean_driver::{Observer, random_seed, with_tls};

use crate::client::Client;
use crate::decoding::Content;
use crate::shared::Shared;
use crate::tcp::TcpConnector;
use crate::transport::Connect;

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

    /// How many bytes of a body [`Response::bytes`](crate::Response::bytes),
    /// [`Response::text`](crate::Response::text) and their like hold at most, once decoded,
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
        Client::of(shared, self.content)
    }
}

//! What a client is made with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use httpocean_core::layer::Security;
use httpocean_core::policy::Budget;
use httpocean_core::proxy::Rules;
use httpocean_core::{Config, pool};
use httpocean_driver::Observer;
use httpocean_driver::record::Recording;
use httpocean_driver::session::Session;
use mio::Waker;

use crate::resolver::{Resolve, SystemResolver};
use crate::stream::Connector;

/// Attempts of one dial that may be under way at a time; one more fails at once.
const ATTEMPTS: usize = 8;

/// What a [`Client`](crate::Client) is made with.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use httpocean_mio::{Config, Options, call, pool};
///
/// let options = Options {
///     pool: pool::Options { max_per_key: 8, ..pool::Options::default() },
///     config: Arc::new(Config {
///         call: call::Options { total: Some(Duration::from_secs(30)), ..call::Options::default() },
///         ..Config::default()
///     }),
///     ..Options::default()
/// };
/// assert!(options.tokens() > options.pool.max_total);
/// ```
#[derive(Clone)]
pub struct Options {
    /// What the pool may hold, for how long, and in which order it hands out. A seed of 0 is replaced by a random
    /// one.
    pub pool: pool::Options,
    /// What requests and dials obey, unless a request brings its own.
    pub config: Arc<Config>,
    /// How many of its requests may be retrying at a time. Default 20, or 20 percent of those that are under way.
    pub budget: Budget,
    /// How connections are made. Default by TCP.
    pub connector: Connector,
    /// Who finds the addresses of hosts. Default the system.
    pub resolver: Arc<dyn Resolve>,
    /// Threads that resolve, at most; they are started when needed. Default 4.
    pub resolver_threads: usize,
    /// How long the addresses of a name are kept. Default not at all: the system's resolver does not say how long they hold,
    /// and a name that leads elsewhere is found by the next dial. Look-ups of one name at a time are one in any case.
    pub names_for: Duration,
    /// Who wakes the poll when a name is resolved. A poll may have one waker only, so give yours if you have one:
    /// after its event ask for [`next_event`](crate::Client::next_event) as after any other. Without one the
    /// client makes its own, with a token of its range.
    pub waker: Option<Arc<Waker>>,
    /// Read a connection once more before it is used again, only if it was idle, and no poll was made, for so long: what
    /// came since is noticed before the request is written. What had come by the last poll is noticed in any case, and
    /// a program that polls often may leave the rest to its polls, by some 100 ms. Default always, with one system call a
    /// request: what a server says too late must not be taken for the answer to the next request.
    pub probe_after: Duration,
    /// What is added to requests: to all, and to each attempt by its origin. Default nothing.
    pub session: Session,
    /// Whether [`Event::Passing`](crate::Event::Passing) is said even if the session has no use for it. Default no.
    pub shows_passing: bool,
    /// Who is told what is decided.
    pub observer: Option<Arc<dyn Observer>>,
    /// Where all that the client tells its engine is written, for `httpocean replay`. Default nowhere.
    pub record: Option<Recording>,
}

/// More than a process can open, whatever limits the pool has: several ranges of tokens fit in a `usize`.
const SOCKETS_MOST: usize = 1 << 24;

impl Options {
    /// The same, with https secured in this way. Default, with the feature `rustls`: for whom Mozilla's authorities
    /// vouch, by TLS 1.2 or 1.3.
    ///
    /// ```
    /// use httpocean_mio::Options;
    /// use httpocean_mio::rustls::{Tls, Version};
    ///
    /// let options = Options::default().with_tls(Tls::builder().versions(&[Version::Tls13]).build()?);
    /// # drop(options);
    /// # Ok::<(), httpocean_mio::rustls::OptionsError>(())
    /// ```
    #[must_use]
    pub fn with_tls(mut self, tls: impl Into<Security>) -> Self {
        Arc::make_mut(&mut self.config).tls = Some(tls.into());
        self
    }

    /// How many tokens a client with these options needs: one for each connection, some for attempts that race,
    /// one for the waker. A larger range tells late events of a closed socket from those of its successor.
    pub fn tokens(&self) -> usize {
        1 + self.sockets()
    }

    /// With proxies for requests that bring no options of their own: one for all, or [`Rules`], such as
    /// those of the environment ([`proxies_from_env`](crate::proxies_from_env)).
    #[must_use]
    pub fn proxy(mut self, rules: impl Into<Rules>) -> Self {
        Arc::make_mut(&mut self.config).proxy = rules.into();
        self
    }

    pub(crate) fn sockets(&self) -> usize {
        let total = self.pool.max_total.clamp(1, SOCKETS_MOST);
        let dials = self.pool.max_dials.clamp(1, total);
        total + dials * (ATTEMPTS - 1)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pool: pool::Options::default(),
            config: Arc::default(),
            budget: Budget::default(),
            connector: Connector::default(),
            resolver: Arc::new(SystemResolver),
            resolver_threads: 4,
            names_for: Duration::ZERO,
            waker: None,
            probe_after: Duration::ZERO,
            session: Session::default(),
            shows_passing: false,
            observer: None,
            record: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("pool", &self.pool)
            .field("config", &self.config)
            .field("connector", &self.connector)
            .field("resolver_threads", &self.resolver_threads)
            .field("names_for", &self.names_for)
            .field("probe_after", &self.probe_after)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}

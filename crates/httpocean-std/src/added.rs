//! What a client adds to its requests by where they go.

use http::{HeaderMap, HeaderValue};
#[cfg(feature = "cookies")]
use httpocean_driver::session::Jar;
use httpocean_driver::session::{Credentials, Session};

use crate::builder::ClientBuilder;
use crate::flow::Flow;

impl ClientBuilder {
    /// Fields that every request has unless it has some of that name. A redirect takes them along as a request's own:
    /// the secret ones among them stay with the origin of the request's URL.
    ///
    /// ```
    /// use httpocean_std::Client;
    /// use httpocean_std::http::{HeaderMap, HeaderValue};
    ///
    /// let mut token = HeaderValue::from_static("s3cret");
    /// token.set_sensitive(true);
    /// let fields = [("x-token".parse().unwrap(), token)].into_iter().collect::<HeaderMap>();
    /// let client = Client::builder().default_headers(fields).build();
    /// # drop(client);
    /// ```
    #[must_use]
    pub fn default_headers(mut self, fields: HeaderMap) -> Self {
        self.session = self.session.default_fields(fields);
        self
    }

    /// The `User-Agent` of requests that have none of their own; `None` sends none. Default `httpocean/` and the version.
    #[must_use]
    pub fn user_agent(mut self, agent: impl Into<Option<HeaderValue>>) -> Self {
        self.config.call.user_agent = agent.into();
        self
    }

    /// Who the user is to which origin, or to which host by a `.netrc`. Each goes to its own origin alone, whoever leads
    /// there.
    ///
    /// ```
    /// use httpocean_std::Client;
    /// use httpocean_std::session::Credentials;
    ///
    /// let credentials = Credentials::new().basic("https://api.example", "ann", "s3cret")?;
    /// let client = Client::builder().credentials(credentials).build();
    /// # drop(client);
    ///
    /// // What ~/.netrc says, or the file that NETRC names:
    /// let netrc = httpocean_std::netrc_from_env().unwrap_or_default();
    /// let client = Client::builder().credentials(Credentials::new().netrc(netrc)).build();
    /// # drop(client);
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.session = self.session.credentials(credentials);
        self
    }

    /// Where cookies are kept: what a server sets goes with later requests to where it belongs, redirects included.
    /// Default nowhere. A clone of the jar is the same jar.
    ///
    /// ```
    /// use httpocean_std::Client;
    /// use httpocean_std::session::Jar;
    /// # use httpocean_testkit::server::{Reply, Request, Server};
    /// # let server = Server::start(|request: &Request| match request.header("cookie") {
    /// #     Some(cookie) => Reply::ok(cookie),
    /// #     None => Reply::status(302, "Found").header("location", "/").header("set-cookie", "id=7"),
    /// # });
    /// # let url = server.url("/login");
    ///
    /// let jar = Jar::new();
    /// let client = Client::builder().cookies(jar.clone()).build();
    /// let mut response = client.get(url)?.send()?;
    /// assert_eq!(response.body_mut().read_to_string(100)?, "id=7");
    /// assert_eq!(jar.len(), 1);
    /// # Ok::<(), httpocean_std::Error>(())
    /// ```
    #[cfg(feature = "cookies")]
    #[must_use]
    pub fn cookies(mut self, jar: Jar) -> Self {
        self.session = self.session.jar(jar);
        self
    }

    /// All of that at once.
    #[must_use]
    pub fn session(mut self, session: Session) -> Self {
        self.session = session;
        self
    }
}

impl Flow {
    /// What belongs to the origin that the next attempt goes to.
    pub(crate) fn add_fields(&mut self) {
        if let Some(session) = self.shared.session.as_ref().filter(|session| session.looks_at_attempts()) {
            let fields = session.fields_for(&self.call, self.shared.clock.wall(self.now));
            self.call.set_attempt_fields(&fields);
        }
    }

    /// A head came: of the answer, or in passing.
    pub(crate) fn learn(&self, len: usize) {
        if let Some(session) = &self.shared.session {
            session.learn(&self.call, &self.io.head(len), self.shared.clock.wall(self.now));
        }
    }
}

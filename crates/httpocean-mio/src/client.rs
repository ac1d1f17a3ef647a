//! The client: what a user's loop calls.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Uri};
use httpocean_core::policy::{Common, Seed};
use httpocean_core::{BodyPlan, CallId, Config, ConnId, Hop, Instant, Io};
use httpocean_driver::record::Recorder;
use httpocean_driver::session::Session;
use httpocean_driver::{
    Clock, Connection, Error, Observed, Stats, Teller, random_seed, with_tls, without_userinfo,
};
use mio::{Registry, Token, Waker};

use crate::calls::{Calls, Record};
use crate::event::{Event, Said};
use crate::links::Links;
use crate::options::Options;
use crate::resolver::Resolvers;
use crate::sockets::{Place, Sockets};
use crate::stream::Connector;

/// An HTTP/1.1 client beside the other sources of a user's own [`mio::Poll`].
///
/// The loop, in this order, for ever:
/// 1. poll, for [`next_timeout`](Self::next_timeout) at most;
/// 2. [`handle`](Self::handle) each event; those that are not the client's are yours;
/// 3. ask for [`next_event`](Self::next_event) until it says `None`.
///
/// After [`start`](Self::start) and its like, do 3 before you poll; who forgets only finds the next timeout to be
/// zero.
///
/// What an event lends is yours until you ask for the next one, and until then no socket at all is read: a user
/// who needs time for one call [`pause`](Self::pause)s it and goes on with the others.
///
/// ```
/// # let server = httpocean_testkit::server::Server::start(|_| httpocean_testkit::server::Reply::ok("hello"));
/// # let url = server.url("/");
/// use httpocean_mio::{BodyPlan, Client, Event, Options, http::Request, mio};
///
/// let mut poll = mio::Poll::new()?;
/// let mut events = mio::Events::with_capacity(64);
/// // Tokens from 1,000 on are the client's, all others are ours.
/// let mut client = Client::new(poll.registry(), 1_000..10_000, Options::default())?;
/// let call = client.start(Request::get(url).body(()).unwrap(), BodyPlan::empty()).unwrap();
///
/// let mut body = Vec::new();
/// 'done: loop {
///     while let Some((of, event)) = client.next_event() {
///         assert_eq!(of, call);
///         match event {
///             Event::Head(head) => assert_eq!(head.status(), 200),
///             Event::Data(bytes) => body.extend_from_slice(bytes),
///             Event::End { .. } => break 'done,
///             Event::Failed(error) => panic!("{error}"),
///             Event::Hop(_)
///             | Event::Interim(_)
///             | Event::Passing(_)
///             | Event::NeedBody { .. }
///             | Event::Upgraded(_) => {}
///         }
///     }
///     poll.poll(&mut events, client.next_timeout())?;
///     for event in &events {
///         if !client.handle(event) {
///             // One of our own sources.
///         }
///     }
/// }
/// assert_eq!(body, b"hello");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Client {
    pub(crate) engine: Recorder,
    pub(crate) clock: Clock,
    pub(crate) now: Instant,
    tokens: Range<usize>,
    waker: Option<Token>,
    pub(crate) connector: Connector,
    pub(crate) resolvers: Resolvers,
    pub(crate) sockets: Sockets,
    pub(crate) links: Links,
    pub(crate) calls: Calls,
    pub(crate) teller: Teller,
    pub(crate) probe_after: Duration,
    /// What is added to requests, if anything is.
    pub(crate) session: Option<Session>,
    /// Sockets on their way that are to be looked at.
    pub(crate) connecting: Vec<Place>,
    /// Attempts that found no room, and when to try them again.
    pub(crate) crowded: Vec<(ConnId, u8)>,
    pub(crate) retry_at: Option<Instant>,
    /// The connection and the call of the event that was handed out last.
    pub(crate) lent: Option<ConnId>,
    pub(crate) ended: Option<CallId>,
    /// A round lasts until there is nothing to say. Connections that did enough in it wait for the next.
    pub(crate) round: u32,
    pub(crate) round_is_over: bool,
    /// The next timeout was asked for, and so a poll follows; when the last one was over.
    pub(crate) polls: bool,
    pub(crate) polled: Instant,
    pub(crate) deferred: Vec<ConnId>,
}

impl Client {
    /// A client whose sockets are registered with `registry`, under `tokens`, which nobody else may use.
    ///
    /// # Errors
    /// When `tokens` are fewer than [`Options::tokens`], or when the system refuses the waker that the client
    /// makes where the options bring none.
    pub fn new(registry: &Registry, tokens: Range<usize>, mut options: Options) -> io::Result<Self> {
        if tokens.len() < options.tokens() {
            let why = format!(
                "{} tokens are too few: with its options the client needs {}",
                tokens.len(),
                options.tokens()
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        if options.pool.seed == 0 {
            options.pool.seed = random_seed();
        }
        options.config = with_tls(options.config);
        let token = Token(tokens.end - 1);
        let (waker, token) = match options.waker.take() {
            Some(waker) => (waker, None),
            None => (Arc::new(Waker::new(registry, token)?), Some(token)),
        };
        let room = tokens.start..tokens.end - 1;
        let capacity = options.sockets();
        let clock = Clock::start();
        let (seed, epoch) = (Seed::new(options.pool.seed), clock.epoch());
        let shows_passing = options.shows_passing || options.session.looks_at_attempts();
        let common = Common { budget: options.budget, seed, epoch, shows_passing };
        Ok(Self {
            engine: Recorder::new(options.pool, options.config, common, options.record),
            clock,
            now: Instant::ZERO,
            tokens,
            waker: token,
            connector: options.connector,
            resolvers: Resolvers::new(options.resolver, options.resolver_threads, waker, options.names_for),
            sockets: Sockets::new(registry.try_clone()?, &room, capacity),
            links: Links::default(),
            calls: Calls::default(),
            teller: Teller::new(options.observer),
            probe_after: options.probe_after,
            session: Some(options.session).filter(|session| !session.is_empty()),
            connecting: Vec::new(),
            crowded: Vec::new(),
            retry_at: None,
            lent: None,
            ended: None,
            round: 0,
            round_is_over: false,
            polls: false,
            polled: Instant::ZERO,
            deferred: Vec::new(),
        })
    }

    /// Begins a request; what comes of it is told by [`next_event`](Self::next_event). The error says what is
    /// wrong with the request.
    ///
    /// An `Arc<`[`Config`]`>` among the request's extensions stands in for the client's as
    /// [`Config::of_request`] says: what concerns dials stays the client's.
    pub fn start(&mut self, mut request: Request<()>, body: BodyPlan) -> Result<CallId, Error> {
        self.now = self.clock.now();
        let (method, mut uri) = (request.method().clone(), request.uri().clone());
        if let Some(session) = &self.session {
            session.begin(&mut request);
        }
        let call =
            self.engine.start(request, body, self.now).map_err(|error| Error::new(error, uri.clone()))?;
        self.add_fields(call);
        if self.engine.waits_for_others(call) {
            self.teller.count_wait();
        }
        let number = self.teller.number_request();
        if number > 0 {
            // An error leaves it out by itself.
            uri = without_userinfo(uri);
            self.teller.tell(&Observed::Started { request: number, method: &method, uri: &uri });
        }
        self.calls.insert(call, Record::new(number, method, uri, self.now));
        Ok(call)
    }

    /// Fields for the next attempt of a call, and for no other: to be given right after [`start`](Self::start), and when
    /// [`Event::Hop`] was said, before the next event is asked for. See
    /// [`Call::set_attempt_fields`](httpocean_core::Call::set_attempt_fields).
    pub fn set_attempt_fields(&mut self, call: CallId, fields: &HeaderMap) {
        self.engine.set_attempt_fields(call, fields);
    }

    /// Makes connections before anybody asks for them, until so many to the host of this URL are there for the taking:
    /// a wish, obeyed within all limits and past nobody, as
    /// [`Pool::preconnect`](httpocean_core::Pool::preconnect) says.
    ///
    /// # Errors
    /// When no request could be made for it.
    pub fn preconnect(&mut self, url: &Uri, count: usize) -> Result<(), Error> {
        self.now = self.clock.now();
        self.engine.preconnect(url, count, self.now).map_err(|error| Error::new(error, url.clone()))
    }

    /// Gives a call up. It still ends with an event: `Failed`, unless it had ended already.
    pub fn cancel(&mut self, call: CallId) {
        self.resume(call);
        if self.is_alive(call) {
            self.engine.cancel(call, self.clock.now());
        }
    }

    /// Wants no more of the response: what is left is read within [`Limits`](httpocean_core::Limits) so that the
    /// connection can be used again, or the connection is closed. `End` follows, without further `Data`. Before
    /// the head has come it is a [`cancel`](Self::cancel).
    pub fn discard(&mut self, call: CallId) {
        self.resume(call);
        if self.is_alive(call) {
            self.engine.discard(call, self.clock.now());
        }
    }

    /// From now on that call's socket is not read, so that its peer has to wait, and it says nothing that needs a
    /// socket. Its deadlines are looked at again when it goes on.
    pub fn pause(&mut self, call: CallId) {
        if let Some(record) = self.calls.get_mut(call) {
            record.paused = true;
        }
    }

    /// That call goes on.
    pub fn resume(&mut self, call: CallId) {
        let Some(record) = self.calls.get_mut(call).filter(|record| record.paused) else { return };
        record.paused = false;
        if let Some((conn, _)) = self.engine.connection(call) {
            self.engine.ready(conn, self.now);
        }
    }

    /// An answer to `NeedBody`: the next bytes of the body. `false`, and nothing is taken, if that was not asked.
    pub fn send_body(&mut self, call: CallId, bytes: &[u8]) -> bool {
        self.answer_body(call, |engine, io| engine.send_body(call, bytes, io))
    }

    /// An answer to `NeedBody`: there is no more. Trailers can only follow a chunked body.
    pub fn finish_body(&mut self, call: CallId, trailers: Option<&HeaderMap>) -> bool {
        self.answer_body(call, |engine, io| engine.finish_body(call, trailers, io))
    }

    /// An answer to `NeedBody`: the body can't be had. The sentence says why, in the error of `Failed`.
    pub fn body_failed(&mut self, call: CallId, why: &'static str) -> bool {
        self.answer_body(call, |engine, _| engine.body_failed(call, why))
    }

    /// Takes note of an event of the poll. `false`: it is not the client's. Events of sockets that are gone do
    /// nothing.
    pub fn handle(&mut self, event: &mio::event::Event) -> bool {
        if !self.tokens.contains(&event.token().0) {
            return false;
        }
        if Some(event.token()) == self.waker {
            return true;
        }
        if let Some(place) = self.sockets.note(event) {
            if let Some(socket) = self.sockets.get_mut(place) {
                let conn = socket.conn;
                if socket.attempt.is_some() {
                    self.connecting.push(place);
                } else {
                    self.engine.ready(conn, self.now);
                }
            }
        }
        true
    }

    /// How long a poll may sleep; `None`: until something happens.
    pub fn next_timeout(&mut self) -> Option<Duration> {
        self.polls = true;
        if self.lent.is_some() || !self.deferred.is_empty() || !self.connecting.is_empty() {
            return Some(Duration::ZERO);
        }
        let at = Instant::earliest(self.engine.next_timeout(), self.retry_at)?;
        Some(rounded_up(at - self.clock.now()))
    }

    /// The next thing to know, and which call it is about; `None`: poll. Does all reading and writing, bounded for
    /// each connection, so that it comes to a `None` however fast a peer is.
    pub fn next_event(&mut self) -> Option<(CallId, Event<'_>)> {
        let (call, said) = self.advance()?;
        Some((call, self.lend(said)))
    }

    /// The connection that serves a call, or served it until its last event, which was the latest.
    pub fn connection(&self, call: CallId) -> Option<&Connection> {
        self.calls.get(call)?.connection.as_ref()
    }

    /// The URL that a call asks for by now, redirects and all, with its fragment.
    pub fn url(&self, call: CallId) -> Option<String> {
        Some(self.engine.call(call)?.url())
    }

    /// The attempts of a call before the one that is made, with their reasons; of more than 64 the first and the last 32. Of
    /// a call that failed, the error has them.
    pub fn hops(&self, call: CallId) -> &[Hop] {
        self.engine.call(call).map_or(&[], |call| call.history())
    }

    /// Calls that have not ended.
    pub fn calls(&self) -> usize {
        self.engine.calls()
    }

    /// The options that requests have unless they bring others.
    pub fn config(&self) -> &Arc<Config> {
        self.engine.config()
    }

    /// What it did so far, and what it holds.
    pub fn stats(&self) -> Stats {
        self.teller.stats(self.engine.counts())
    }

    /// Closes all idle connections; those in use close when their request is done.
    pub fn clear_idle(&mut self) {
        self.engine.evict(|_| true, self.clock.now());
    }

    /// Closes all idle connections, and refuses all requests from now on. Calls that have a connection go on.
    pub fn close(&mut self) {
        self.engine.shut_down(self.clock.now());
    }

    pub(crate) fn advance(&mut self) -> Option<(CallId, Said)> {
        self.now = self.clock.now();
        self.turn()
    }

    pub(crate) fn lend(&self, said: Said) -> Event<'_> {
        match said {
            Said::Hop(hop) => Event::Hop(hop),
            Said::Interim(conn, len) => Event::Interim(self.io(conn).head(len)),
            Said::Passing(conn, len) => Event::Passing(self.io(conn).head(len)),
            Said::Head(conn, len) => Event::Head(self.io(conn).head(len)),
            Said::Data(conn, len) => Event::Data(self.io(conn).data(len)),
            Said::NeedBody { from } => Event::NeedBody { from },
            Said::End { trailers, parked } => Event::End { trailers, parked },
            Said::Upgraded(upgraded) => Event::Upgraded(upgraded),
            Said::Failed(error) => Event::Failed(error),
        }
    }

    /// What belongs to the origin that the next attempt of a call goes to.
    pub(crate) fn add_fields(&mut self, id: CallId) {
        let session = self.session.as_ref().filter(|session| session.looks_at_attempts());
        let Some(session) = session else { return };
        let Some(call) = self.engine.call(id) else { return };
        let fields = session.fields_for(call, self.clock.wall(self.now));
        self.engine.set_attempt_fields(id, &fields);
    }

    /// A head came: of the answer, or in passing.
    pub(crate) fn learn(&self, call: CallId, conn: ConnId, len: usize) {
        if let (Some(session), Some(call)) = (&self.session, self.engine.call(call)) {
            session.learn(call, &self.io(conn).head(len), self.clock.wall(self.now));
        }
    }

    fn io(&self, conn: ConnId) -> &Io {
        let awake = self.links.get(conn).and_then(|link| link.awake.as_deref());
        let awake =
            awake.expect("a connection that has something to lend keeps its buffers until the next turn");
        &awake.io
    }

    fn is_alive(&self, call: CallId) -> bool {
        self.engine.call(call).is_some()
    }

    fn answer_body(&mut self, call: CallId, answer: impl FnOnce(&mut Recorder, &mut Io)) -> bool {
        let Some(record) = self.calls.get_mut(call).filter(|record| record.owes_body) else { return false };
        record.owes_body = false;
        let Some((conn, _)) = self.engine.connection(call) else { return false };
        let Some(awake) = self.links.wake(conn).and_then(|link| link.awake.as_deref_mut()) else {
            return false;
        };
        answer(&mut self.engine, &mut awake.io);
        true
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// In whole milliseconds, upwards: who sleeps so long never wakes before the time.
fn rounded_up(left: Duration) -> Duration {
    Duration::from_millis(u64::try_from(left.as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
}

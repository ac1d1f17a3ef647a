//! One request of a user, from its start to its end, whatever happens to its connections.
//!
//! ```text
//!     Start ──Acquire──▶ Queued ──attach──▶ Exchange ──▶ Releasing ──Release──▶ Released ──▶ End
//!       ▲                 │ │                   │ (drain)                      ▲    ├──────▶ Failed
//!       │                 │ └─refused─▶ Failed  └──▶ Upgraded                  │    │
//!       │                 └───refused──────────────────────────────────────────┘    │
//!     Pausing ◀───Hop───────────────────────────────────────────────────────────────┘
//! ```

mod attempt;
mod body;
mod clock;
mod drive;
mod hop;
mod options;
mod step;

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Uri};

pub use options::Options;
pub use step::CallStep;

use crate::auth;
use crate::config::Config;
use crate::conn::Conn;
use crate::error::{Error, ErrorKind, Fault, Hop, Phase, Sent};
use crate::exchange::Exchange;
use crate::h1::encode::{BodyPlan, Plan};
use crate::io::Io;
use crate::key::Key;
use crate::policy::redirect::{self, Fragment};
use crate::policy::{Common, Place, Spent};
use crate::pool::{Demand, Facts, Fate, Refusal};
use crate::reason::CloseReason;
use crate::time::Instant;
use crate::want::Want;
use attempt::Added;
use clock::Clock;

/// One request of a user, through every attempt.
///
/// ```
/// use std::sync::Arc;
/// use httpocean_core::{BodyPlan, Call, CallStep, Config, Instant, Io, Pool, PoolCommand, pool};
/// use httpocean_core::dial::{Dial, DialStep, Route};
///
/// let config = Arc::new(Config::default());
/// let (mut io, now) = (Io::default(), Instant::ZERO);
/// let request = http::Request::get("http://example.com/").body(()).unwrap();
/// let mut call = Call::new(request, BodyPlan::empty(), &config, now).unwrap();
///
/// // A driver asks a pool; here the dial is played by hand.
/// let CallStep::Acquire(_) = call.step(&mut io, now) else { panic!() };
/// let mut dial = Dial::new(call.key(), &config, now);
/// let DialStep::Resolve = dial.step(&mut io, now) else { panic!() };
/// dial.resolved(Ok(Route::Direct), now);
/// let DialStep::Connect { attempt, .. } = dial.step(&mut io, now) else { panic!() };
/// dial.connected(attempt, Ok(()), now);
/// let DialStep::Ready(conn) = dial.step(&mut io, now) else { panic!() };
/// call.attach(conn, pool::Facts::default(), now);
///
/// let CallStep::Wait(want) = call.step(&mut io, now) else { panic!() };
/// assert!(want.write && io.tx.pending().starts_with(b"GET / HTTP/1.1\r\nhost: example.com\r\n"));
/// io.tx.sent(io.tx.pending().len());
/// io.rx.append(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
///
/// let CallStep::Head(len) = call.step(&mut io, now) else { panic!() };
/// assert_eq!(io.head(len).status(), 200);
/// let CallStep::Data(len) = call.step(&mut io, now) else { panic!() };
/// assert_eq!(io.data(len), b"hi");
/// let CallStep::Release(pool::Fate::Reusable { .. }) = call.step(&mut io, now) else { panic!() };
/// assert!(call.detach().is_some());
/// let CallStep::End = call.step(&mut io, now) else { panic!() };
/// ```
#[derive(Debug)]
pub struct Call {
    request: Request<()>,
    key: Key,
    config: Arc<Config>,
    body: BodyPlan,
    plan: Plan,
    /// The request with what was added for this attempt alone.
    added: Option<Box<Added>>,
    state: State,
    conn: Option<Conn>,
    exchange: Option<Exchange>,
    facts: Facts,
    now: Instant,
    deadline: Option<Instant>,
    clock: Clock,
    /// The fragment of the URL, which a [`Uri`] does not hold.
    fragment: Option<Box<str>>,
    /// What led here.
    history: Vec<Hop>,
    redirects: u32,
    retries: Spent,
    /// In the budget of all who are retried.
    place: Place,
    /// Seconds since 1970 at zero of the driver's time.
    epoch: Option<u64>,
    /// Bytes of the body that were handed over in this attempt.
    handed: u64,
    /// Whether the driver was asked for the body, ever: what it read once may not be there again.
    body_touched: bool,
    /// What earlier attempts sent.
    sent_before: Sent,
    /// This attempt takes the place of one on a stale connection.
    replays: bool,
    /// What the attempt had sent that gave its connection back last.
    sent_last: Sent,
    shows_passing: bool,
    head_said: bool,
    draining: Option<Drain>,
    /// What comes when no connection is held any more; while a body is drained, after that.
    then: Then,
    /// Hardly any response has some.
    trailers: Option<Box<HeaderMap>>,
}

#[derive(Debug)]
enum State {
    /// To say `Acquire`.
    Start {
        fresh: bool,
    },
    /// For the pool's answer.
    Queued(Demand),
    /// For the exchange; its first step writes the request's head.
    Exchange {
        begun: bool,
    },
    /// To say that it was cancelled in the middle of the exchange.
    Cancelling,
    /// To say `Release`.
    Releasing(Fate),
    /// To say what comes then: no connection is held, once the driver has detached it.
    Released,
    /// For the time to make the next attempt.
    Pausing {
        until: Instant,
    },
    Ended,
    Upgraded,
    Failed(Error),
}

#[derive(Debug, Default)]
enum Then {
    #[default]
    End,
    Hop(Box<Next>),
    Fail(Error),
}

/// The attempt that comes next.
#[derive(Debug)]
struct Next {
    hop: Hop,
    /// Where a redirect leads; else it is the same request once more.
    follow_up: Option<Box<Turn>>,
    /// On a connection that nobody has used yet: it can't be stale.
    fresh: bool,
    /// Not before then.
    at: Instant,
}

/// The request that a redirect leads to, found sendable.
#[derive(Debug)]
struct Turn {
    request: Request<()>,
    body: BodyPlan,
    plan: Plan,
    key: Key,
    fragment: Option<Box<str>>,
}

/// An unwanted body that is read to save its connection.
#[derive(Debug, Clone, Copy)]
struct Drain {
    until: Instant,
    left: u64,
}

impl Call {
    /// Judges the request and makes a call of it, the only one of its client; nothing else happens yet. The error is
    /// of the caller's making: wrong fields, a body that contradicts them, a URL that can't be connected to.
    ///
    /// A user name and a password in the URL become an `Authorization` field of the request, unless it has one, and are
    /// gone from the URL. The request's secrets are marked by `HeaderValue::set_sensitive`, so that no log shows them: those that a
    /// redirect to another origin drops (see [`policy::redirect`](crate::policy::redirect)).
    pub fn new(
        request: Request<()>,
        body: BodyPlan,
        config: &Arc<Config>,
        now: Instant,
    ) -> Result<Self, Error> {
        Self::of_client(request, body, config, &Common::default(), None, now)
    }

    /// The same, as one of the calls of a client, which share some things. `known` is a key that may be its own, as
    /// [`Keys`](crate::Keys) has it; any other is passed over.
    pub fn of_client(
        mut request: Request<()>,
        body: BodyPlan,
        config: &Arc<Config>,
        common: &Common,
        known: Option<Key>,
        now: Instant,
    ) -> Result<Self, Error> {
        let refuse = |what| Error::new(ErrorKind::Request(what), Phase::Start);
        if request.uri().scheme().is_none() && request.method() != Method::CONNECT {
            return Err(refuse("its URL has no scheme, such as http://"));
        }
        let key = match config.key_of(request.uri(), known) {
            Ok(key) => key,
            Err(error) if !auth::names_user(request.uri()) => return Err(error),
            Err(_) => {
                auth::take_userinfo(&mut request).map_err(refuse)?;
                config.key_of(request.uri(), None)?
            }
        };
        let plan = hop::sendable(&request, body, &key, config).map_err(refuse)?;
        redirect::mark_secrets(request.headers_mut(), &config.redirects);
        let fragment = request.extensions().get().map(|fragment: &Fragment| fragment.as_str().into());
        Ok(Self {
            request,
            key,
            config: config.clone(),
            body,
            plan,
            added: None,
            state: State::Start { fresh: false },
            conn: None,
            exchange: None,
            facts: Facts::default(),
            now,
            deadline: config.call.total.map(|limit| now + limit),
            clock: Clock::default(),
            fragment,
            history: Vec::new(),
            redirects: 0,
            retries: Spent::default(),
            place: common.enter(),
            epoch: common.epoch,
            handed: 0,
            body_touched: false,
            sent_before: Sent::Nothing,
            replays: false,
            sent_last: Sent::Nothing,
            shows_passing: common.shows_passing,
            head_said: false,
            draining: None,
            then: Then::End,
            trailers: None,
        })
    }

    /// What its connection has to be connected to.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The URI of the request that is being made.
    pub fn uri(&self) -> &Uri {
        self.request.uri()
    }

    /// The URL of the request that is being made, with its fragment: the request's own, by way of [`Fragment`], or
    /// that of a redirect (RFC 9110 section 10.2.2).
    pub fn url(&self) -> String {
        match &self.fragment {
            Some(fragment) => format!("{}#{fragment}", self.request.uri()),
            None => self.request.uri().to_string(),
        }
    }

    /// The attempts before this one, and why they were not the last; of more than 64 the first
    /// and the last 32.
    pub fn history(&self) -> &[Hop] {
        &self.history
    }

    /// The request that is being made.
    pub fn request(&self) -> &Request<()> {
        &self.request
    }

    /// The answer to `Acquire`: a connection, and what the pool knows of it. After the call has failed in the
    /// meantime, by [`cancel`](Self::cancel) or by its total deadline, the next step gives it back.
    pub fn attach(&mut self, conn: Conn, facts: Facts, now: Instant) {
        self.now = self.now.max(now);
        self.conn = Some(conn);
        self.facts = facts;
        if let State::Queued(_) = self.state {
            self.state = State::Exchange { begun: false };
        } else if let State::Failed(error) = &self.state {
            self.then = Then::Fail(error.clone());
            self.state = State::Releasing(Fate::Untouched);
        }
    }

    /// The answer to `Acquire`: no connection, and why. `dial` is the error of [`Refusal::DialFailed`]. While the call
    /// waits before its next attempt it is told so that there is none to be had any more.
    pub fn refused(&mut self, why: Refusal, dial: Option<Error>, now: Instant) {
        self.now = self.now.max(now);
        if let State::Queued(demand) = &self.state {
            // The pool may have been told a later time than the call, by another thread.
            self.now = demand.refused_at(why).map_or(self.now, |passed| passed.max(self.now));
        }
        if let State::Queued(_) | State::Pausing { .. } = self.state {
            let error = match (why, dial) {
                (Refusal::DialFailed, Some(error)) => error,
                (Refusal::WaitedTooLong, _) => {
                    // Others of ours had all connections that it could have had.
                    Error::new(ErrorKind::Timeout, Phase::PoolWait).with_fault(Fault::Local)
                }
                (Refusal::DialTooSlow, _) => Error::new(ErrorKind::Timeout, Phase::Connect),
                (Refusal::QueueFull | Refusal::DialFailed | Refusal::ShutDown, _) => {
                    Error::new(ErrorKind::Pool(why), Phase::PoolWait)
                }
            };
            match self.after_failure(error) {
                Then::Fail(error) => self.state = State::Failed(error),
                then @ (Then::Hop(_) | Then::End) => (self.state, self.then) = (State::Released, then),
            }
        }
    }

    /// Takes the connection: after `Release`, after `Upgraded`, or of a call that is being dropped.
    pub fn detach(&mut self) -> Option<Conn> {
        self.exchange = None;
        self.conn.take()
    }

    /// What to do next.
    pub fn step(&mut self, io: &mut Io, now: Instant) -> CallStep {
        self.now = self.now.max(now);
        match &self.state {
            State::Start { .. } | State::Queued(_) if self.is_over() => {
                let first = matches!(self.state, State::Start { .. }) && self.history.is_empty();
                let error =
                    self.early(ErrorKind::Timeout, if first { Phase::Start } else { Phase::PoolWait });
                self.fail_early(error)
            }
            State::Start { fresh } => self.acquire(*fresh),
            State::Queued(demand) => {
                // Whether it has waited too long for others, only the pool can tell.
                let patience = demand.patience.filter(|patience| *patience > self.now);
                let until = Instant::earliest(patience, demand.deadline);
                CallStep::Wait(Want { read: false, write: false, until, phase: Phase::PoolWait })
            }
            State::Exchange { begun: false } if self.is_over() => {
                let error = self.early(ErrorKind::Timeout, Phase::PoolWait);
                self.release(Fate::Untouched, Then::Fail(error), io)
            }
            State::Exchange { begun: false } if self.is_too_new_for_its_peer() => {
                let what = "its body has no length, and the server speaks HTTP/1.0, which knows no chunks";
                let error = self.early(ErrorKind::Request(what), Phase::Start);
                self.release(Fate::Untouched, Then::Fail(error), io)
            }
            State::Exchange { begun } => {
                if !*begun {
                    self.begin(io);
                }
                self.exchange(io)
            }
            State::Cancelling => {
                let why = if self.head_said { CloseReason::NotDrained } else { CloseReason::Cancelled };
                self.fail(ErrorKind::Cancelled, why, io)
            }
            State::Releasing(fate) => self.give_back(*fate, io),
            State::Released => self.go_on(),
            State::Pausing { until } => self.pause(*until),
            State::Ended => CallStep::End,
            State::Upgraded => CallStep::Upgraded(io.input().bytes().len()),
            State::Failed(error) => CallStep::Failed(error.clone()),
        }
    }

    /// The user wants no more of the response: what is left is read within [`Limits`](crate::Limits), or the
    /// connection is closed. Before the head has come this is a [`cancel`](Self::cancel).
    pub fn discard(&mut self, now: Instant) {
        self.now = self.now.max(now);
        if !self.head_said {
            return self.cancel(now);
        }
        if let State::Exchange { .. } = self.state {
            self.drain_within_limits();
        }
    }

    /// The user gives up. A connection that is attached is given back at the next step; what the pool still
    /// owes is the driver's to cancel.
    pub fn cancel(&mut self, now: Instant) {
        self.now = self.now.max(now);
        match self.state {
            State::Released if !matches!(self.then, Then::Hop(_)) => {}
            State::Start { .. } | State::Queued(_) | State::Released => {
                self.state = State::Failed(self.early(ErrorKind::Cancelled, Phase::PoolWait));
            }
            State::Exchange { begun: false } => {
                self.then = Then::Fail(self.early(ErrorKind::Cancelled, Phase::PoolWait));
                self.state = State::Releasing(Fate::Untouched);
            }
            // How much was sent, only the buffers know: the next step says it.
            State::Exchange { begun: true } => self.state = State::Cancelling,
            State::Pausing { .. } => {
                self.state = State::Failed(self.early(ErrorKind::Cancelled, Phase::Backoff));
            }
            State::Cancelling | State::Releasing(_) | State::Ended | State::Upgraded | State::Failed(_) => {}
        }
    }

    /// The error of a reader who can't use the response, with what is known of its request.
    pub fn rejected(&self, error: Error, io: &Io) -> Error {
        let sent = drive::more(self.sent_last, self.sent(io));
        self.of_call(error.with_sent(sent))
    }

    /// Whether it waits for the time of its next attempt.
    pub(crate) fn is_pausing(&self) -> bool {
        matches!(self.state, State::Pausing { .. })
    }

    /// The trailer fields of the response, once, after `End`.
    pub fn trailers(&mut self) -> Option<HeaderMap> {
        self.trailers.take().map(|trailers| *trailers)
    }
}

//! What is kept of a client's doings.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Method, StatusCode, Uri};
use httpocean_core::{CloseReason, ConnId, Hop, HopReason, Instant, Key, Phase};

use super::text;
use crate::{Connection, Observed, Whose};

/// So many requests of a record are drawn, those that began first.
pub const MOST_REQUESTS: usize = 2_000;
/// So many connections are, those whose making began first.
pub const MOST_CONNECTIONS: usize = 500;
/// So many attempts of one request, those that were made first and the latest.
pub const MOST_ATTEMPTS: usize = 32;
/// So many beyond the first of each, of all requests together.
const MOST_FURTHER_ATTEMPTS: usize = 2_000;
/// A body that is sent while the answer comes changes its phase often.
const MOST_PHASES: usize = 16;

/// What is kept of a client's doings; [`page`](super::page) draws it.
///
/// ```
/// use httpocean_core::Instant;
/// use httpocean_driver::Observed;
/// use httpocean_driver::timeline::{Record, page};
///
/// let (method, uri) = (http::Method::GET, "http://a.example/?token=s3cret".parse().unwrap());
/// let mut record = Record::default();
/// record.note(Instant::from_micros(5), &Observed::Started { request: 1, method: &method, uri: &uri });
/// let page = page("One request", &[("", &record)]);
/// assert!(page.contains("a.example") && !page.contains("s3cret"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub(super) began: Option<Instant>,
    pub(super) last: Instant,
    pub(super) requests: Vec<Request>,
    /// Where those are that are not over, by their numbers.
    current: BTreeMap<u64, usize>,
    further_attempts: usize,
    pub(super) connections: Vec<Made>,
    /// Where those are that are not closed.
    open: BTreeMap<ConnId, usize>,
    pub(super) totals: Totals,
}

/// Of all that was told, drawn or not.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) requests: u64,
    /// Attempts that got a connection.
    pub(super) grants: u64,
    /// Of these: one that had served before.
    pub(super) reused: u64,
    /// Of these: one that came free just then.
    pub(super) queued: u64,
    pub(super) longest_wait: Duration,
    pub(super) dials: u64,
    pub(super) made: u64,
    pub(super) dials_failed: u64,
    pub(super) redirects: u64,
    pub(super) retries: u64,
    pub(super) stale: u64,
    pub(super) failed: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) number: u64,
    pub(super) attempts: Vec<Attempt>,
    /// Attempts that there was no room for.
    pub(super) left_out: usize,
    pub(super) over: Option<Instant>,
    pub(super) error: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) method: String,
    /// Without what may be secret.
    pub(super) url: String,
    /// The key's name, as far as a URL says it.
    pub(super) origin: String,
    pub(super) asked: Instant,
    pub(super) grant: Option<Grant>,
    pub(super) phases: Vec<(Phase, Instant)>,
    pub(super) response: Option<(Instant, StatusCode)>,
    /// What came of it, if another one followed.
    pub(super) hop: Option<Left>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) at: Instant,
    /// Where the connection is in [`Record::connections`], if it is there.
    pub(super) on: Option<usize>,
    pub(super) number: u64,
    pub(super) reused: u32,
    pub(super) idle_for: Option<Duration>,
}

/// How an attempt was left for the next one.
#[derive(Clone, Debug)]
pub(super) struct Left {
    pub(super) at: Instant,
    pub(super) why: HopReason,
    pub(super) status: Option<StatusCode>,
    pub(super) error: Option<String>,
    pub(super) after: Duration,
}

/// A connection, or the attempt to make one.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) key: String,
    pub(super) proxy: Option<String>,
    /// 0 until it is granted.
    pub(super) number: u64,
    pub(super) began: Instant,
    pub(super) phases: Vec<(Phase, Instant)>,
    pub(super) ready: Option<Instant>,
    pub(super) ends: Option<String>,
    pub(super) served: u64,
    pub(super) closed: Option<(Instant, CloseReason)>,
    pub(super) failed: Option<(Instant, String)>,
}

impl Record {
    /// Takes note of what was told at that time.
    pub fn note(&mut self, at: Instant, event: &Observed<'_>) {
        self.began.get_or_insert(at);
        // Threads may tell in another order than they looked at the clock.
        self.began = self.began.min(Some(at));
        self.last = self.last.max(at);
        match event {
            Observed::Started { request, method, uri } => self.start(at, *request, method, uri),
            Observed::Phase { whose, phase } => self.enter(at, *whose, *phase),
            Observed::Dialing { conn, key } => self.dial(at, *conn, key),
            Observed::Dialed { conn, local, peer, .. } => {
                self.totals.made += 1;
                if let Some(made) = self.connection(*conn) {
                    made.ready = Some(at);
                    made.ends = local.zip(*peer).map(|(local, peer)| format!("from {local} to {peer}"));
                }
            }
            Observed::DialFailed { conn, error, .. } => {
                self.totals.dials_failed += 1;
                if let Some(made) = self.open.remove(conn).and_then(|on| self.connections.get_mut(on)) {
                    made.failed = Some((at, text::clipped(&error.to_string())));
                }
            }
            Observed::Granted { request, method, uri, conn, connection, idle_for, waited, .. } => {
                self.totals.longest_wait = self.totals.longest_wait.max(*waited);
                self.grant(at, *request, (method, uri), *conn, connection, *idle_for);
            }
            Observed::Response { request, status, .. } => {
                if let Some(attempt) = self.attempt(*request) {
                    attempt.response = Some((at, *status));
                }
            }
            Observed::Hop { request, uri, hop } => self.hop(at, *request, uri, hop),
            Observed::Ended { request } => self.end(at, *request, None),
            Observed::Failed { request, error, .. } => self.end(at, *request, Some(error.to_string())),
            Observed::Closed { conn, why, .. } => {
                if let Some(made) = self.open.remove(conn).and_then(|on| self.connections.get_mut(on)) {
                    made.closed = Some((at, *why));
                }
            }
            // A connection that was found dead is closed, and that is told, too.
            Observed::Stale { .. } | Observed::Parked { .. } => {}
        }
    }

    fn start(&mut self, at: Instant, number: u64, method: &Method, uri: &Uri) {
        self.totals.requests += 1;
        if self.requests.len() < MOST_REQUESTS {
            self.current.insert(number, self.requests.len());
            let attempts = vec![Attempt::new(method, uri, at)];
            self.requests.push(Request { number, attempts, left_out: 0, over: None, error: None });
        }
    }

    fn enter(&mut self, at: Instant, whose: Whose, phase: Phase) {
        let phases = match whose {
            Whose::Request(number) => {
                let attempt = self.attempt(number).filter(|attempt| attempt.grant.is_some());
                attempt.map(|attempt| &mut attempt.phases)
            }
            Whose::Dial(conn) => {
                let made = self.connection(conn).filter(|made| made.ready.is_none());
                made.map(|made| &mut made.phases)
            }
        };
        if let Some(phases) = phases.filter(|phases| phases.len() < MOST_PHASES) {
            phases.push((phase, at));
        }
    }

    fn dial(&mut self, at: Instant, conn: ConnId, key: &Key) {
        self.totals.dials += 1;
        if self.connections.len() < MOST_CONNECTIONS {
            self.open.insert(conn, self.connections.len());
            self.connections.push(Made::new(key, at));
        }
    }

    fn grant(
        &mut self,
        at: Instant,
        request: u64,
        (method, uri): (&Method, &Uri),
        conn: ConnId,
        connection: &Connection,
        idle_for: Option<Duration>,
    ) {
        self.totals.grants += 1;
        if connection.reused > 0 {
            self.totals.reused += 1;
            self.totals.queued += u64::from(idle_for.is_none());
        }
        let on = self.open.get(&conn).copied();
        if let Some(made) = on.and_then(|on| self.connections.get_mut(on)) {
            made.number = connection.number;
            made.served += 1;
        }
        if let Some(attempt) = self.attempt(request) {
            let (number, reused) = (connection.number, connection.reused);
            attempt.grant = Some(Grant { at, on, number, reused, idle_for });
            // A redirect may have changed both.
            (attempt.method, attempt.url) = (method.to_string(), text::url(uri));
        }
    }

    fn hop(&mut self, at: Instant, request: u64, uri: &Uri, hop: &Hop) {
        let totals = &mut self.totals;
        if hop.why == HopReason::Redirect {
            totals.redirects += 1;
        } else if hop.why.is_retry() {
            totals.retries += 1;
        } else {
            totals.stale += 1;
        }
        let Some(request) = self.current.get(&request).and_then(|at| self.requests.get_mut(*at)) else {
            return;
        };
        let is_full =
            request.attempts.len() >= MOST_ATTEMPTS || self.further_attempts >= MOST_FURTHER_ATTEMPTS;
        let Some(attempt) = request.attempts.last_mut() else { return };
        let (method, after) = (attempt.method.clone(), hop.after);
        let next = Attempt { method, ..Attempt::new(&Method::GET, uri, at + after) };
        if is_full {
            // The last one that there is room for is the latest.
            request.left_out += 1;
            *attempt = next;
            return;
        }
        let error = hop.error.as_ref().map(|error| text::clipped(&error.to_string()));
        attempt.hop = Some(Left { at, why: hop.why, status: hop.status, error, after });
        request.attempts.push(next);
        self.further_attempts += 1;
    }

    /// An error may follow an end: what came was whole, and of no use to its reader.
    fn end(&mut self, at: Instant, number: u64, error: Option<String>) {
        let mut place = self.current.remove(&number);
        if error.is_some() {
            self.totals.failed += 1;
            place = place.or_else(|| self.requests.iter().position(|request| request.number == number));
        }
        if let Some(request) = place.and_then(|place| self.requests.get_mut(place)) {
            request.over.get_or_insert(at);
            request.error = error.map(|error| text::clipped(&error));
        }
    }

    fn attempt(&mut self, request: u64) -> Option<&mut Attempt> {
        let at = *self.current.get(&request)?;
        self.requests.get_mut(at)?.attempts.last_mut()
    }

    fn connection(&mut self, conn: ConnId) -> Option<&mut Made> {
        let on = *self.open.get(&conn)?;
        self.connections.get_mut(on)
    }
}

impl Attempt {
    fn new(method: &Method, uri: &Uri, asked: Instant) -> Self {
        Self {
            method: method.to_string(),
            url: text::url(uri),
            origin: Key::of(uri).map(|key| key.to_string()).unwrap_or_default(),
            asked,
            grant: None,
            phases: Vec::new(),
            response: None,
            hop: None,
        }
    }
}

impl Made {
    /// When it was made, or failed to be.
    pub(super) fn done(&self) -> Option<Instant> {
        self.ready.or(self.failed.as_ref().map(|(at, _)| *at))
    }

    fn new(key: &Key, began: Instant) -> Self {
        Self {
            key: key.to_string(),
            proxy: key.proxy().map(ToString::to_string),
            number: 0,
            began,
            phases: Vec::new(),
            ready: None,
            ends: None,
            served: 0,
            closed: None,
            failed: None,
        }
    }
}

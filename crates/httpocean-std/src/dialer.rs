//! Threads that make connections, so that no caller's thread ever resolves or connects.
//!
//! They are started on demand, are bounded in number, and end when there is nothing to dial for a while. While
//! requests wait, one of them also keeps the pool's deadlines.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant as StdInstant};

use httpocean_core::dial::{Dial, DialStep};
use httpocean_core::pool::Lease;
use httpocean_core::{ErrorKind, Io, Key, Phase, TransportError};
use httpocean_driver::{Ends, Observed, Whose};

use crate::attempts::{Attempts, guarded};
use crate::shared::{DialError, Parked, Shared};
use crate::wire::last_words;

/// How long a thread without work stays.
const STAY: Duration = Duration::from_secs(5);

impl Shared {
    /// Starts one of the threads that [`threads_to_spawn`](Self::threads_to_spawn) has counted.
    pub(crate) fn spawn_dial_thread(self: &Arc<Self>) {
        let shared = self.clone();
        let spawned =
            std::thread::Builder::new().name("httpocean-dial".into()).spawn(move || shared.dial_jobs());
        if let Err(error) = spawned {
            self.no_thread(error);
        }
    }

    fn dial_jobs(self: Arc<Self>) {
        let _guard = Unwinding(&self);
        let mut quiet_since = StdInstant::now();
        let mut starting = true;
        while let Some(next) = self.next_job(quiet_since, std::mem::take(&mut starting)) {
            if let Some(lease) = next {
                self.run_dial(lease);
                quiet_since = StdInstant::now();
            } else {
                self.with_pool(|_, _| ());
            }
        }
    }

    /// Sleeps until there is a job, or a deadline of the pool to keep (`Some(None)`), or it is time to end.
    fn next_job(&self, quiet_since: StdInstant, starting: bool) -> Option<Option<Lease>> {
        let mut state = self.lock();
        state.starting -= usize::from(starting);
        if let Some(lease) = state.jobs.pop_front() {
            return Some(Some(lease));
        }
        let due = state.pool.next_timeout().filter(|_| state.pool.counts().waiting > 0);
        // A timer that was set behind the back of sleeping requests has nobody else: the last thread stays for it.
        let keeps_time = due.is_some() && state.idle_threads == 0;
        let stayed = quiet_since.elapsed();
        if state.ended || (stayed >= STAY && !keeps_time) {
            state.threads -= 1;
            return None;
        }
        let end = if stayed >= STAY { None } else { Some(quiet_since + STAY) };
        let until = self.clock.system(due).into_iter().chain(end).min();
        let left = until.map_or(STAY, |until| until.saturating_duration_since(StdInstant::now()));
        state.idle_threads += 1;
        let (mut state, _) = self.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        state.idle_threads -= 1;
        Some(state.jobs.pop_front())
    }

    /// Carries one dial through and tells the pool what came of it; the observer before, so that it hears of a
    /// connection before it hears of what is done with it.
    fn run_dial(self: &Arc<Self>, lease: Lease) {
        let (key, conn) = (lease.key().clone(), lease.conn());
        self.teller.tell(&Observed::Dialing { conn, key: &key });
        let started = StdInstant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.dial(&key, &lease)));
        let outcome = outcome.unwrap_or_else(|_| Err(panicked()));
        match outcome {
            Ok(parked) => {
                let ((local, peer), took) = (parked.ends.both(), started.elapsed());
                self.teller.tell(&Observed::Dialed { conn, key: &key, local, peer, took });
                self.with_pool(|pool, now| pool.dialed(lease, parked, now));
            }
            Err(error) => {
                self.teller.tell(&Observed::DialFailed { conn, key: &key, error: &error.verdict });
                self.with_pool(|pool, now| pool.dial_failed(lease, error, now));
            }
        }
        // Only now, since the pool may have abandoned it until it was answered.
        self.lock().abandoned.retain(|abandoned| *abandoned != conn);
    }

    fn dial(&self, key: &Key, lease: &Lease) -> Result<Parked, DialError> {
        let mut dial = Dial::new(key, &self.config, self.clock.now());
        let mut attempts = Attempts::new(&*self.connector, self.clock, &self.names);
        let mut io = Io::default();
        let (whose, mut phase) = (Whose::Dial(lease.conn()), Phase::Start);
        loop {
            if self.lock().abandoned.contains(&lease.conn()) {
                return Err(abandoned());
            }
            match dial.step(&mut io, self.clock.now()) {
                // Done at the wait that follows, which says until when.
                DialStep::Resolve => {}
                DialStep::Wait(want) if want.phase == Phase::Resolve => {
                    self.teller.tell_phase(whose, &mut phase, want.phase);
                    attempts.resolve(&mut dial, self.clock.system(want.until));
                }
                DialStep::Wait(want) => {
                    self.teller.tell_phase(whose, &mut phase, want.phase);
                    attempts.wait(&mut dial, &mut io, want);
                }
                DialStep::Connect { attempt, addr } => attempts.start(&mut dial, attempt, addr),
                DialStep::Abandon { attempt } => attempts.abandon(attempt),
                DialStep::Ready(conn) => {
                    let Some(transport) = attempts.take_winner() else { return Err(abandoned()) };
                    // What a user's transport does here must not cost the slot.
                    let addrs = guarded(|| Ok((transport.local_addr(), transport.peer_addr())));
                    let (local, peer) = addrs.unwrap_or_default();
                    return Ok(Parked { conn, transport, ends: Ends::new(local, peer) });
                }
                DialStep::Failed(verdict) => {
                    if let Some(mut transport) = attempts.take_winner() {
                        last_words(&mut *transport, &dial.goodbye());
                    }
                    let source = attempts.source(&verdict);
                    return Err(DialError { verdict, source });
                }
            }
        }
    }

    /// Without a thread nothing can be dialed: the jobs fail, unless another thread is there to do them.
    fn no_thread(self: &Arc<Self>, error: io::Error) {
        let mut state = self.lock();
        state.threads -= 1;
        state.starting -= 1;
        if state.threads > 0 {
            return;
        }
        let jobs = std::mem::take(&mut state.jobs);
        drop(state);
        let mut source = Some(error);
        for lease in jobs {
            let kind = ErrorKind::Connect(TransportError::Other(0));
            let verdict = httpocean_core::Error::new(kind, Phase::Connect);
            let error = DialError { verdict, source: source.take() };
            self.with_pool(|pool, now| pool.dial_failed(lease, error, now));
        }
    }
}

/// A transport whose drop panics takes its thread along; the count of threads must not go with it.
struct Unwinding<'a>(&'a Shared);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().threads -= 1;
        }
    }
}

/// What is left of a dial whose connector panics where nobody expects it, as in a `Drop`.
fn panicked() -> DialError {
    let kind = ErrorKind::Connect(TransportError::Other(0));
    let source = io::Error::other("the connector panicked");
    DialError { verdict: httpocean_core::Error::new(kind, Phase::Connect), source: Some(source) }
}

fn abandoned() -> DialError {
    let verdict = httpocean_core::Error::new(ErrorKind::Cancelled, Phase::Connect);
    DialError { verdict, source: None }
}

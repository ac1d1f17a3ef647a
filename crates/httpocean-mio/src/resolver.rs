//! Names are looked up on a few threads of the client's, since the system's resolver waits.

use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use httpocean_core::{ConnId, Instant, Key};
use httpocean_driver::{Look, Names};
use mio::Waker;

/// How long a thread without work stays.
const STAY: Duration = Duration::from_secs(5);

/// Finds the addresses of a host. It is called on the client's resolver threads and may wait.
///
/// ```
/// use std::io;
/// use std::net::SocketAddr;
/// use std::sync::Arc;
/// use httpocean_mio::{Key, Options, Resolve};
///
/// /// Sends every request to one address, whatever its host is called.
/// struct Pinned(SocketAddr);
///
/// impl Resolve for Pinned {
///     fn resolve(&self, _: &Key) -> io::Result<Vec<SocketAddr>> {
///         Ok(vec![self.0])
///     }
/// }
///
/// let pinned = Pinned("127.0.0.1:8080".parse().unwrap());
/// let options = Options { resolver: Arc::new(pinned), ..Options::default() };
/// # drop(options);
/// ```
pub trait Resolve: Send + Sync + 'static {
    /// Where `key`'s host and port can be reached, the best first. A panic counts as a failure.
    fn resolve(&self, key: &Key) -> io::Result<Vec<SocketAddr>>;

    /// Whether to ask for hosts that are addresses already, too. Default no: they need no thread.
    fn overrides_addresses(&self) -> bool {
        false
    }
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, key: &Key) -> io::Result<Vec<SocketAddr>> {
        Ok((key.host(), key.port()).to_socket_addrs()?.collect())
    }
}

/// What a look-up came to.
pub(crate) type Answer = (ConnId, io::Result<Vec<SocketAddr>>);

/// The threads; they are started when needed, and end when there was nothing to look up for a while.
pub(crate) struct Resolvers {
    shared: Arc<Shared>,
    answers: Receiver<(Key, io::Result<Vec<SocketAddr>>)>,
    /// Look-ups that are still to be answered.
    pending: usize,
    names: Names<Vec<SocketAddr>, ConnId>,
    /// Answers that nobody has taken yet.
    ready: VecDeque<Answer>,
}

struct Shared {
    resolver: Arc<dyn Resolve>,
    waker: Arc<Waker>,
    most: usize,
    answer: Sender<(Key, io::Result<Vec<SocketAddr>>)>,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Key>,
    threads: usize,
    idle: usize,
    ended: bool,
}

impl Resolvers {
    /// `names_for`: how long an answer is kept.
    pub(crate) fn new(
        resolver: Arc<dyn Resolve>,
        most: usize,
        waker: Arc<Waker>,
        names_for: Duration,
    ) -> Self {
        let (answer, answers) = channel();
        let (state, work) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { resolver, waker, most: most.max(1), answer, state, work });
        Self { shared, answers, pending: 0, names: Names::new(names_for), ready: VecDeque::new() }
    }

    pub(crate) fn overrides_addresses(&self) -> bool {
        self.shared.resolver.overrides_addresses()
    }

    pub(crate) fn ask(&mut self, conn: ConnId, key: Key, now: Instant) {
        match self.names.look(&key, conn, now) {
            Look::Known(addrs) => self.ready.push_back((conn, Ok(addrs))),
            Look::Wait => {}
            Look::Ask => self.look_up(key),
        }
    }

    fn look_up(&mut self, key: Key) {
        self.pending += 1;
        let mut state = self.shared.lock();
        state.jobs.push_back(key);
        if state.jobs.len() > state.idle && state.threads < self.shared.most {
            state.threads += 1;
            drop(state);
            self.spawn();
        } else {
            drop(state);
            self.shared.work.notify_one();
        }
    }

    /// Nobody waits for that look-up any more; one that runs already ends in its own time.
    pub(crate) fn forget(&mut self, conn: ConnId) {
        self.ready.retain(|(other, _)| *other != conn);
        let Some(key) = self.names.forget(&conn) else { return };
        let mut state = self.shared.lock();
        let before = state.jobs.len();
        state.jobs.retain(|other| *other != key);
        if state.jobs.len() < before {
            drop(state);
            self.pending -= 1;
            self.names.answered(&key, None, Instant::ZERO);
        }
    }

    pub(crate) fn answer(&mut self, now: Instant) -> Option<Answer> {
        while self.ready.is_empty() && self.pending > 0 {
            let (key, found) = self.answers.try_recv().ok()?;
            self.pending -= 1;
            for conn in self.names.answered(&key, found.as_ref().ok().cloned(), now) {
                self.ready.push_back((conn, again(&found)));
            }
        }
        self.ready.pop_front()
    }

    fn spawn(&self) {
        let shared = self.shared.clone();
        let spawned =
            std::thread::Builder::new().name("httpocean-resolve".into()).spawn(move || shared.run());
        if let Err(error) = spawned {
            let mut state = self.shared.lock();
            state.threads -= 1;
            if state.threads == 0 {
                for key in state.jobs.drain(..) {
                    self.shared.tell((key, Err(io::Error::new(error.kind(), "no thread to resolve it"))));
                }
            }
        }
    }
}

impl Drop for Resolvers {
    /// Threads that look something up are not waited for; they end when that returns.
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.ended = true;
        state.jobs.clear();
        drop(state);
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn run(&self) {
        while let Some(key) = self.next_job() {
            let found = catch_unwind(AssertUnwindSafe(|| self.resolver.resolve(&key)));
            self.tell((key, found.unwrap_or_else(|_| Err(io::Error::other("the resolver panicked")))));
        }
    }

    fn next_job(&self) -> Option<Key> {
        let mut state = self.lock();
        if state.jobs.is_empty() && !state.ended {
            state.idle += 1;
            let waited =
                self.work.wait_timeout_while(state, STAY, |state| state.jobs.is_empty() && !state.ended);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.idle -= 1;
        }
        let job = state.jobs.pop_front().filter(|_| !state.ended);
        state.threads -= usize::from(job.is_none());
        job
    }

    /// A client that is gone hears nothing; a poll that can't be woken finds the answer at its next turn.
    fn tell(&self, answer: (Key, io::Result<Vec<SocketAddr>>)) {
        let _ = self.answer.send(answer);
        let _ = self.waker.wake();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same for another connection: an error is told by its kind and its words.
fn again(found: &io::Result<Vec<SocketAddr>>) -> io::Result<Vec<SocketAddr>> {
    match found {
        Ok(addrs) => Ok(addrs.clone()),
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    }
}

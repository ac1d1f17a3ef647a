//! The attempts of one dial, all carried out by its thread: it sleeps in one poll for those that are under way.

use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use httpocean_core::dial::{Dial, Route};
use httpocean_core::{ErrorKind, Io, Key, TransportError, Want};
use httpocean_driver::{Clock, Look, Names, resolve_error, transport_error};
use smallvec::SmallVec;

use crate::socket;
use crate::transport::{Connect, Connecting, Started, Transport};
use crate::wire::{READ, carry};

pub(crate) struct Attempts<'a> {
    connector: &'a dyn Connect,
    clock: Clock,
    names: &'a Mutex<Lookups>,
    /// In the order in which they began.
    under_way: Vec<(u8, Box<dyn Connecting>)>,
    winner: Option<Box<dyn Transport>>,
    /// What the system said, and what the core was told.
    failures: Vec<(TransportError, io::Error)>,
}

/// The names that are being looked up, and who waits for them.
pub(crate) type Lookups = Names<Route, Waiting>;

/// Who waits for a look-up of somebody else's.
pub(crate) struct Waiting(Sender<io::Result<Route>>);

/// Nobody stops waiting but by not listening.
impl PartialEq for Waiting {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

/// Of attempts.
type Numbers = SmallVec<[u8; 4]>;

impl<'a> Attempts<'a> {
    pub(crate) fn new(connector: &'a dyn Connect, clock: Clock, names: &'a Mutex<Lookups>) -> Self {
        Self { connector, clock, names, under_way: Vec::new(), winner: None, failures: Vec::new() }
    }

    pub(crate) fn resolve(&mut self, dial: &mut Dial, until: Option<Instant>) {
        let target = dial.target();
        let found = match target.address() {
            Some(_) => guarded(|| self.connector.resolve(target, until)),
            None => self.look_up(target, until),
        };
        let route = found.map_err(|error| self.keep(resolve_error(&error), error));
        dial.resolved(route, self.clock.now());
    }

    /// One look-up of a name at a time: who comes meanwhile waits for its answer.
    fn look_up(&self, target: &Key, until: Option<Instant>) -> io::Result<Route> {
        let lock = || self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let (tell, hear) = channel();
        let look = lock().look(target, Waiting(tell), self.clock.now());
        match (look, until) {
            (Look::Known(route), _) => Ok(route),
            (Look::Ask, _) => {
                let found = guarded(|| self.connector.resolve(target, until));
                let waiting = lock().answered(target, found.as_ref().ok().cloned(), self.clock.now());
                for Waiting(tell) in waiting {
                    // That of whoever asked is heard by nobody.
                    let _ = tell.send(again(&found));
                }
                found
            }
            (Look::Wait, None) => hear.recv().unwrap_or_else(|_| Err(io::ErrorKind::Other.into())),
            (Look::Wait, Some(until)) => {
                let left = until.saturating_duration_since(Instant::now());
                hear.recv_timeout(left).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }

    pub(crate) fn start(&mut self, dial: &mut Dial, attempt: u8, addr: Option<SocketAddr>) {
        let made = match guarded(|| self.connector.start(dial.target(), addr)) {
            Ok(Started::Connecting(connecting)) => return self.under_way.push((attempt, connecting)),
            Ok(Started::Connected(transport)) => Ok(transport),
            Ok(Started::Blocking) => {
                let until = self.clock.system(dial.until(attempt));
                guarded(|| self.connector.connect(dial.target(), addr, until))
            }
            Err(error) => Err(error),
        };
        self.answer(dial, attempt, made);
    }

    /// Sleeps until an attempt has come to its end, and tells the core how. Once one has won, moves its bytes.
    pub(crate) fn wait(&mut self, dial: &mut Dial, io: &mut Io, want: Want) {
        let until = self.clock.system(want.until);
        if let Some(transport) = &mut self.winner {
            return carry(&mut **transport, io, &mut READ.clone(), want, until);
        }
        match self.poll(until) {
            Ok(ended) => {
                for attempt in ended {
                    let Some(connecting) = self.take(attempt) else { continue };
                    self.answer(dial, attempt, guarded(|| connecting.finish()));
                    if self.winner.is_some() {
                        // Another one that is done as well is going to be abandoned.
                        break;
                    }
                }
            }
            Err((broken, error)) => {
                let why = self.keep(transport_error(&error), error);
                for attempt in broken {
                    drop(self.take(attempt));
                    dial.connected(attempt, Err(why), self.clock.now());
                }
            }
        }
    }

    pub(crate) fn abandon(&mut self, attempt: u8) {
        drop(self.take(attempt));
    }

    pub(crate) fn take_winner(&mut self) -> Option<Box<dyn Transport>> {
        self.winner.take()
    }

    /// What the system said to what the verdict speaks of.
    #[expect(clippy::wildcard_enum_match_arm, reason = "a dial has no other verdicts that the system causes")]
    pub(crate) fn source(self, verdict: &httpocean_core::Error) -> Option<io::Error> {
        let told = match verdict.kind() {
            ErrorKind::Resolve(why) | ErrorKind::Connect(why) | ErrorKind::Reset(why) => *why,
            ErrorKind::Timeout => TransportError::TimedOut,
            _ => return None,
        };
        self.failures.into_iter().rev().find(|(why, _)| *why == told).map(|(_, error)| error)
    }

    /// The attempts that came to their end, or those that can't be waited for.
    fn poll(&self, until: Option<Instant>) -> Result<Numbers, (Numbers, io::Error)> {
        let mut fds: SmallVec<[BorrowedFd<'_>; 4]> = SmallVec::new();
        for (attempt, connecting) in &self.under_way {
            match guarded(|| Ok(connecting.as_fd())) {
                Ok(fd) => fds.push(fd),
                Err(error) => return Err(([*attempt].into_iter().collect(), error)),
            }
        }
        match socket::wait_for_any(&fds, until) {
            Ok(ended) => Ok(ended.into_iter().map(|i| self.under_way[i].0).collect()),
            Err(error) => Err((self.under_way.iter().map(|(attempt, _)| *attempt).collect(), error)),
        }
    }

    fn take(&mut self, attempt: u8) -> Option<Box<dyn Connecting>> {
        let at = self.under_way.iter().position(|(number, _)| *number == attempt)?;
        Some(self.under_way.remove(at).1)
    }

    fn answer(&mut self, dial: &mut Dial, attempt: u8, made: io::Result<Box<dyn Transport>>) {
        let result = match made {
            Ok(transport) => {
                self.winner = Some(transport);
                Ok(())
            }
            Err(error) => Err(self.keep(transport_error(&error), error)),
        };
        dial.connected(attempt, result, self.clock.now());
    }

    fn keep(&mut self, why: TransportError, error: io::Error) -> TransportError {
        self.failures.push((why, error));
        why
    }
}

/// The same for somebody else: an error is told by its kind and its words.
fn again(found: &io::Result<Route>) -> io::Result<Route> {
    match found {
        Ok(route) => Ok(route.clone()),
        Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
    }
}

/// A connector that panics has failed, but no other attempt has.
pub(crate) fn guarded<T>(act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|_| Err(io::Error::other("the connector panicked")))
}

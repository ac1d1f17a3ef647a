//! A connector that can be made to hang.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use httpocean_std::core::dial::Route;
use httpocean_std::{Connect, Key, TcpConnector, Transport};

use crate::lock;

/// Connects by TCP, but not while its gate is shut.
#[derive(Debug)]
pub struct Gated {
    inner: TcpConnector,
    gate: Gate,
}

/// Open at first.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    shut: bool,
    held: usize,
    most: usize,
}

impl Gated {
    /// The connector, and its gate.
    pub fn tcp() -> (Self, Gate) {
        let gate = Gate::default();
        (Self { inner: TcpConnector::default(), gate: gate.clone() }, gate)
    }
}

impl Gate {
    /// From now on nobody gets through.
    pub fn shut(&self) {
        lock(&self.0.state).shut = true;
    }

    /// Lets everybody through.
    pub fn open(&self) {
        lock(&self.0.state).shut = false;
        self.0.changed.notify_all();
    }

    /// How many stand before it.
    pub fn held(&self) -> usize {
        lock(&self.0.state).held
    }

    /// How many stood before it at once, at the most.
    pub fn most_held(&self) -> usize {
        lock(&self.0.state).most
    }

    /// Waits before it, at most until then or for a minute.
    pub(crate) fn pass(&self, until: Option<Instant>) -> io::Result<()> {
        let left = until.map_or(Duration::from_secs(60), |at| at.saturating_duration_since(Instant::now()));
        let mut state = lock(&self.0.state);
        state.held += 1;
        state.most = state.most.max(state.held);
        let (mut state, _) = self
            .0
            .changed
            .wait_timeout_while(state, left, |state| state.shut)
            .unwrap_or_else(PoisonError::into_inner);
        state.held -= 1;
        if state.shut { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

impl Connect for Gated {
    fn resolve(&self, key: &Key, until: Option<Instant>) -> io::Result<Route> {
        self.inner.resolve(key, until)
    }

    fn connect(
        &self,
        key: &Key,
        addr: Option<SocketAddr>,
        until: Option<Instant>,
    ) -> io::Result<Box<dyn Transport>> {
        self.gate.pass(until)?;
        self.inner.connect(key, addr, until)
    }
}

//! Addresses of hosts as a test wants them, and when it wants them.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use httpocean_mio::Resolve;
use httpocean_std::Key;
use httpocean_testkit::server::Server;

use crate::gated::Gate;
use crate::lock;

/// Knows where every host is, whatever it is called. While its gate is shut nobody gets an answer, so that every
/// dial hangs; it is open at first.
#[derive(Clone, Debug, Default)]
pub struct Names(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// None: at the port that was asked for, on this machine.
    addresses: Vec<SocketAddr>,
    /// By `host:port`, if each has an address of its own.
    pins: Option<BTreeMap<String, SocketAddr>>,
    gate: Gate,
    asked: AtomicUsize,
    /// How long each answer takes.
    delay: Mutex<Duration>,
}

impl Names {
    /// Every host is this machine.
    pub fn here() -> Self {
        Self::default()
    }

    /// Every host has these addresses.
    pub fn at(addresses: &[SocketAddr]) -> Self {
        Self(Arc::new(Inner { addresses: addresses.to_vec(), ..Inner::default() }))
    }

    /// Each `host:port` has an address of its own, and no other has any.
    pub fn pinned(pins: impl IntoIterator<Item = (String, SocketAddr)>) -> Self {
        Self(Arc::new(Inner { pins: Some(pins.into_iter().collect()), ..Inner::default() }))
    }

    /// Every host is this machine, as is found out after a while.
    pub fn slow(delay: Duration) -> Self {
        let names = Self::here();
        names.slow_down(delay);
        names
    }

    /// From now on an answer takes so long.
    pub fn slow_down(&self, delay: Duration) {
        *lock(&self.0.delay) = delay;
    }

    /// From now on nobody gets through.
    pub fn shut(&self) {
        self.0.gate.shut();
    }

    /// Lets everybody through.
    pub fn open(&self) {
        self.0.gate.open();
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.0.asked.load(SeqCst)
    }

    /// How many stand before the gate.
    pub fn held(&self) -> usize {
        self.0.gate.held()
    }

    /// How many stood before the gate at once, at the most.
    pub fn most_held(&self) -> usize {
        self.0.gate.most_held()
    }

    /// Of a `host:port`, as soon as the gate lets it through.
    pub(crate) fn of(&self, target: &str) -> io::Result<Vec<SocketAddr>> {
        let (host, port) = target.rsplit_once(':').ok_or(io::ErrorKind::InvalidInput)?;
        self.find(host, port.parse().map_err(io::Error::other)?, None)
    }

    pub(crate) fn look_up(&self, key: &Key, until: Option<Instant>) -> io::Result<Vec<SocketAddr>> {
        self.find(key.host(), key.port(), until)
    }

    fn find(&self, host: &str, port: u16, until: Option<Instant>) -> io::Result<Vec<SocketAddr>> {
        let delay = *lock(&self.0.delay);
        std::thread::sleep(delay);
        self.0.asked.fetch_add(1, SeqCst);
        self.0.gate.pass(until)?;
        if let Some(pins) = &self.0.pins {
            let pin = pins.get(&format!("{host}:{port}"));
            return pin.map(|addr| vec![*addr]).ok_or_else(|| io::ErrorKind::NotFound.into());
        }
        let here = || vec![(Ipv4Addr::LOCALHOST, port).into()];
        Ok(if self.0.addresses.is_empty() { here() } else { self.0.addresses.clone() })
    }
}

impl Resolve for Names {
    fn resolve(&self, key: &Key) -> io::Result<Vec<SocketAddr>> {
        self.look_up(key, None)
    }
}

/// The URL of a path at a server that is called by a name, so that its address is asked for.
pub fn named(server: &Server, path: &str) -> String {
    server.url_at("named.test", path)
}

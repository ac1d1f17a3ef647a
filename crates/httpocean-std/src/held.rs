//! The right to a connection, in hands that can't lose it.

use std::sync::Arc;

use httpocean_core::pool::{Fate, Lease};
use httpocean_core::{CloseReason, Conn, Instant, Io, Key};

use crate::shared::{Parked, Shared};
use crate::transport::Transport;

/// A granted connection. Dropped in whatever way, by a panic too, it goes back to the pool: closed.
pub(crate) struct Held {
    shared: Arc<Shared>,
    grant: Option<(Lease, Parked)>,
}

impl Held {
    pub(crate) fn new(shared: &Arc<Shared>, lease: Lease, parked: Parked) -> Self {
        Self { shared: shared.clone(), grant: Some((lease, parked)) }
    }

    /// `None` only after the connection was given away.
    pub(crate) fn transport(&mut self) -> Option<&mut dyn Transport> {
        match &mut self.grant {
            Some((_, parked)) => Some(&mut *parked.transport),
            None => None,
        }
    }

    /// The protocol's part of the connection, for the time of an exchange.
    pub(crate) fn take_conn(&mut self) -> Conn {
        self.grant.as_mut().map(|(_, parked)| std::mem::take(&mut parked.conn)).unwrap_or_default()
    }

    /// Back to the pool, with its buffers, which are clean. Whether it stays open.
    pub(crate) fn release(mut self, conn: Option<Conn>, fate: Fate, io: &mut Io, now: Instant) -> bool {
        let Some((lease, mut parked)) = self.grant.take() else { return false };
        parked.conn = conn.unwrap_or_default();
        self.shared.release(lease, parked, fate, io, now)
    }

    /// What it is connected to.
    pub(crate) fn key(&self) -> Option<&Key> {
        self.grant.as_ref().map(|(lease, _)| lease.key())
    }

    /// Out of the pool, alive.
    pub(crate) fn forget(mut self) -> Option<Box<dyn Transport>> {
        let (lease, parked) = self.grant.take()?;
        self.shared.with_pool(|pool, now| pool.forget(lease, now));
        Some(parked.transport)
    }

    /// What a look for another connection needs.
    pub(crate) fn into_grant(mut self) -> Option<(Lease, Parked)> {
        self.grant.take()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some((lease, parked)) = self.grant.take() {
            let now = self.shared.clock.now();
            self.shared.release(lease, parked, Fate::Spent(CloseReason::Cancelled), &mut Io::default(), now);
        }
    }
}

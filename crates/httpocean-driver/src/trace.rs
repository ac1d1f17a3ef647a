//! What the pool decides, as `tracing` events, in the words of urllib3's log.

use tracing::{debug, warn};

use crate::{Observed, Observer};
use httpocean_core::{CloseReason, HopReason};

/// An [`Observer`] that says with [`tracing`] what urllib3's log would say, target `httpocean`.
///
/// ```
/// use httpocean_driver::{Observer, Tracing};
///
/// fn observes(_: impl Observer) {}
/// observes(Tracing);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing;

impl Observer for Tracing {
    fn observe(&self, event: &Observed<'_>) {
        match event {
            // Not in urllib3's log.
            Observed::Started { .. } | Observed::Phase { .. } | Observed::Ended { .. } => {}
            Observed::Dialing { key, .. } => {
                debug!(target: "httpocean", "Starting new HTTP connection: {key}")
            }
            Observed::Dialed { key, took, .. } => {
                debug!(target: "httpocean", "Connected to {key} in {took:?}");
            }
            Observed::DialFailed { key, error, .. } => {
                warn!(target: "httpocean", "Failed to establish a new connection to {key}: {error}");
            }
            Observed::Granted { key, connection, waited, .. } => {
                let (number, reused) = (connection.number, connection.reused);
                debug!(target: "httpocean", number, reused, ?waited, "Connection to {key} taken from the pool");
            }
            Observed::Stale { key, .. } => debug!(target: "httpocean", "Resetting dropped connection: {key}"),
            Observed::Response { method, uri, status, .. } => {
                debug!(target: "httpocean", "{uri} \"{method}\" {status}");
            }
            Observed::Failed { method, uri, error, .. } => {
                warn!(target: "httpocean", "{uri} \"{method}\" failed: {error}");
            }
            Observed::Hop { uri, hop, .. } => {
                let (from, after) = (&hop.uri, hop.after);
                if hop.why == HopReason::Redirect {
                    debug!(target: "httpocean", "Redirecting {from} -> {uri}");
                } else {
                    debug!(target: "httpocean", ?after, "Retrying {uri}: {}", hop.why.explain());
                }
            }
            Observed::Parked { key, connection } => {
                debug!(target: "httpocean", number = connection.number, "Connection to {key} kept");
            }
            Observed::Closed { key, number, why: CloseReason::IdleFull, .. } => {
                warn!(target: "httpocean", number, "Connection pool is full, discarding connection: {key}");
            }
            Observed::Closed { key, number, why, .. } => {
                debug!(target: "httpocean", number, "Connection to {key} closed: {}", why.explain());
            }
        }
    }
}

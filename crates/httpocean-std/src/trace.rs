//! What the pool decides, as `tracing` events, in the words of urllib3's log.

use tracing::{debug, warn};

use crate::observer::{Event, Observer};
use httpocean_core::CloseReason;

/// An [`Observer`] that says with [`tracing`] what urllib3's log would say, target `httpocean`.
///
/// ```
/// use httpocean_std::{Client, Tracing};
///
/// let client = Client::builder().observer(Tracing).build();
/// # drop(client);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracing;

impl Observer for Tracing {
    fn observe(&self, event: &Event<'_>) {
        match event {
            Event::Dialing { key } => debug!(target: "httpocean", "Starting new HTTP connection: {key}"),
            Event::Dialed { key, took, .. } => {
                debug!(target: "httpocean", "Connected to {key} in {took:?}");
            }
            Event::DialFailed { key, error } => {
                warn!(target: "httpocean", "Failed to establish a new connection to {key}: {error}");
            }
            Event::Granted { key, connection, waited, .. } => {
                let (number, reused) = (connection.number, connection.reused);
                debug!(target: "httpocean", number, reused, ?waited, "Connection to {key} taken from the pool");
            }
            Event::Refused { key, why } => {
                warn!(target: "httpocean", "No connection to {key}: {}", why.explain());
            }
            Event::Stale { key, .. } => debug!(target: "httpocean", "Resetting dropped connection: {key}"),
            Event::Response { method, uri, status, .. } => {
                debug!(target: "httpocean", "{uri} \"{method}\" {status}");
            }
            Event::Hop { uri, hop } => {
                debug!(target: "httpocean", "Retrying {uri}: {}", hop.why.explain());
            }
            Event::Parked { key, connection } => {
                debug!(target: "httpocean", number = connection.number, "Connection to {key} kept");
            }
            Event::Closed { key, number, why: CloseReason::IdleFull } => {
                warn!(target: "httpocean", number, "Connection pool is full, discarding connection: {key}");
            }
            Event::Closed { key, number, why } => {
                debug!(target: "httpocean", number, "Connection to {key} closed: {}", why.explain());
            }
        }
    }
}
